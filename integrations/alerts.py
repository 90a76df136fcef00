"""The alarm: looks at all flows twice a minute, opens and settles their cases, and tells who is next (INT-61, ORD-03)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.staff import all_staff_in
from core.actor import Actor
from core.cases import CaseFacts
from core.models import Case, CaseState, Severity
from integrations.actions.alerts import (
    ALARMS,
    TOLD_NEXT,
    TOLD_STEWARD,
    claim_watch,
    escalate_case,
    raise_flow_alarm,
    settle_flow_alarms,
)
from integrations.actions.flows import FLOW_BROKEN
from integrations.actions.systems import SYSTEM_DOWN
from integrations.effective import Effective
from integrations.flows import FLOWS, Flow
from integrations.monitoring import FlowHealth, all_flow_health
from integrations.playbooks import playbook
from integrations.register import touches_buyers
from integrations.states import Light
from integrations.systems import job_actor

EVERY = timedelta(seconds=30)
ESCALATED = (*ALARMS, FLOW_BROKEN, SYSTEM_DOWN)
Level = tuple[str, timedelta, str, str]


def watch(now: datetime) -> bool:
    """Look at all flows, if it is time and no other worker does; True when this one did."""
    if not claim_watch(now, every=EVERY):
        return False
    by = job_actor("alerts")
    found = all_flow_health(now)
    open_cases = _open_cases()
    for health in found:
        _keep_cases(health, open_cases, now=now, by=by)
    _escalate(found, now=now, by=by)
    return True


def _open_cases() -> dict[str, set[str]]:
    rows = Case.objects.filter(state=CaseState.OPEN, kind__in=ALARMS).values_list("subject", "kind")
    found: dict[str, set[str]] = {}
    for subject, kind in rows:
        found.setdefault(subject.partition(":")[2], set()).add(kind)
    return found


def _keep_cases(health: FlowHealth, open_cases: dict[str, set[str]], *, now: datetime, by: Actor) -> None:
    """One case per red flow, of its worst reason; one that is open stays while its reason is red."""
    name, is_open = health.flow.name, open_cases.get(health.flow.name, set())
    gone = tuple(sorted(is_open - health.red_kinds))
    if gone:
        reason = _why_gone(health)
        settle_flow_alarms(name, gone, by=by, reason=reason)
    told = is_open & health.red_kinds
    kind = next(iter(told), None) or next(iter(health.alarms), None)
    if kind is not None:
        raise_flow_alarm(name, kind, facts_of(health, kind, now=now), now=now, by=by)


def _why_gone(health: FlowHealth) -> str:
    if health.light == Light.OFF:
        return _("Nothing is expected of it now: %(why)s") % {"why": health.reasons[0].words}
    return _("It is within its limits again.")


def facts_of(health: FlowHealth, kind: str, *, now: datetime) -> CaseFacts:
    """What the case of a red flow tells: the reason, what the buyer has of it, the figures, the playbook."""
    flow, standing = health.flow, health.standing
    words = next(reason.words for reason in health.reasons if reason.kind == kind)
    section = playbook(flow.playbook)
    share = standing.error_percent
    return CaseFacts(
        cause=f"{flow.label}: {words}",
        promise=section.for_the_buyer if section else "",
        severity=Severity.AT_RISK if touches_buyers(flow.name) else Severity.NONE,
        system=flow.system,
        evidence={
            "flow": flow.name,
            "reasons": [reason.words for reason in health.reasons],
            "age_minutes": int(standing.age.total_seconds()) // 60 if standing.age is not None else None,
            "waiting": standing.backlog,
            "error_percent": None if share is None else round(share, 1),
            "last_success": health.last_success.isoformat() if health.last_success else None,
            "last_error": standing.last_error,
            "playbook": flow.playbook,
        },
        due_at=now + flow.escalation.first,
    )


def _escalate(found: list[FlowHealth], *, now: datetime, by: Actor) -> None:
    """Tell the steward, then the next level, of cases that nobody has taken; not while nothing is expected."""
    set_to = {health.flow.name: health.set_to for health in found}
    quiet = {health.flow.name for health in found if health.light == Light.OFF}
    awaited = {health.flow.system for health in found if health.light != Light.OFF}
    cases = Case.objects.filter(state=CaseState.OPEN, kind__in=ESCALATED, owner=None)
    for case in cases.order_by("pk"):
        name = case.subject.partition(":")[2]
        if name in set_to and name not in quiet:
            _tell(case, levels_of(set_to[name]), label=str(FLOWS[name].label), now=now, by=by)
        elif case.kind == SYSTEM_DOWN and name in awaited:
            _tell(case, levels_of_systems(), label=name.upper(), now=now, by=by)


def levels_of(set_to: Effective) -> list[Level]:
    """Who is told and after how long: the step, the time, a mail address or "", the role in its place."""
    escalation, steward = set_to.flow.escalation, set_to.flow.steward
    return [
        (TOLD_STEWARD, escalation.first, set_to.steward, steward),
        (TOLD_NEXT, set_to.escalate_after, set_to.escalate_to, escalation.then),
    ]


def levels_of_systems() -> list[Level]:
    """Who is told of a system that is away: whoever answers for a flow that says nothing else."""
    usual = Flow.escalation
    return [
        (TOLD_STEWARD, usual.first, "", Flow.steward),
        (TOLD_NEXT, usual.second, "", usual.then),
    ]


def _tell(case: Case, levels: list[Level], *, label: str, now: datetime, by: Actor) -> None:
    for step, after, address, role in levels:
        if now - case.opened_at >= after:
            to: Sequence[User | str] = [address] if address else all_staff_in(role)
            escalate_case(case, step, to, label=label, now=now, by=by)
