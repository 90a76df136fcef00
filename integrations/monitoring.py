"""The monitor: how every flow is now, from what one look at the tables finds (INT-05, ORD-03)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from core import freshness
from integrations.effective import Effective
from integrations.flows import FLOWS, Flow
from integrations.lights import Bounds, Reason, Standing, alarm_age, light_of, reasons_of
from integrations.models import FlowRun, FlowState, System
from integrations.observed import NONE, Counts, Seen, look
from integrations.states import Direction, FlowMode, Light


@dataclass(frozen=True)
class FlowHealth:
    """How a flow is now: its colour with the reasons, and the figures that they were made of.

    system: None before its first call. standing: the figures that the rules saw. retries: repeated tries
    of the last hour, or runs that failed in a row. runs, bad_runs: of the last 24 h. differs: rows in
    which the newest shadow run found a difference. case: the number of the open case that tells of it.
    last_result: what its newest noted run brought.
    """

    flow: Flow
    set_to: Effective
    system: System | None
    state: FlowState | None
    standing: Standing
    reasons: tuple[Reason, ...]
    light: Light
    last_result: FlowRun | None = None
    retries: int = 0
    runs: int = 0
    bad_runs: int = 0
    differs: int = 0
    case: str = ""
    last_success: datetime | None = None
    next_run: datetime | None = None

    @property
    def alarms(self) -> dict[str, Reason]:
        """The reasons of which somebody has to be told, by the kind of their case."""
        return {reason.kind: reason for reason in self.reasons if reason.is_alarm}

    @property
    def red_kinds(self) -> frozenset[str]:
        """The kinds of its red reasons: a case of such a kind is not settled yet."""
        return frozenset(reason.kind for reason in self.reasons if reason.light == Light.RED)

    @property
    def is_paused(self) -> bool:
        """Whether a person has stopped it."""
        return bool(self.state and self.state.is_paused)


def all_flow_health(now: datetime) -> list[FlowHealth]:
    """Every flow as it is now, in the order of flows.py.

    Fourteen statements for any number of flows and messages, and one more per outgoing flow that is live for some
    companies alone.
    """
    seen = look(now)
    return [_health(flow, seen, now) for flow in FLOWS.values()]


def flow_health(name: str, now: datetime) -> FlowHealth:
    """One flow as it is now. Raises KeyError for an unknown one."""
    return _health(FLOWS[name], look(now), now)


def _health(flow: Flow, seen: Seen, now: datetime) -> FlowHealth:
    set_to, state = seen.set_to[flow.name], seen.states.get(flow.name)
    runs, tries = seen.runs.get(flow.name, NONE), seen.attempts.get(flow.destination, NONE)
    inbox = seen.inbox.get(flow.name, NONE)
    standing = _standing(flow, seen, now)
    reasons = tuple(reasons_of(standing, bounds_of(set_to)))
    retries = tries.get("retries", 0) if flow.destination else standing.failures or inbox.get("retried", 0)
    asked = seen.questions.get(flow.name, NONE)
    return FlowHealth(
        flow=flow,
        set_to=set_to,
        system=seen.systems.get(flow.system),
        state=state,
        standing=standing,
        reasons=reasons,
        light=light_of(reasons),
        last_result=seen.last_runs.get(flow.name),
        retries=retries,
        runs=runs.get("runs", 0),
        bad_runs=runs.get("bad_runs", 0),
        differs=seen.differs.get(flow.name, 0) if set_to.mode == FlowMode.SHADOW else 0,
        case=seen.cases.get(flow.name, ""),
        last_success=tries.get("last") or asked.get("last") or (state.last_success_at if state else None),
        next_run=_next_run(flow, seen, standing),
    )


def bounds_of(set_to: Effective) -> Bounds:
    """What a flow may be, by its settings in force and its alert rule."""
    flow, rule = set_to.flow, set_to.flow.alert
    if rule is None:
        return Bounds(set_to.limit, set_to.limit, 100, 0)
    told = alarm_age(rule.age, agreed=flow.limit, limit=set_to.limit)
    return Bounds(set_to.limit, told, rule.error_percent, rule.backlog)


def _standing(flow: Flow, seen: Seen, now: datetime) -> Standing:
    state = seen.states.get(flow.name)
    waits = seen.deliveries.get(flow.destination) or seen.inbox.get(flow.name) or NONE
    tried = seen.attempts.get(flow.destination) or seen.questions.get(flow.name) or NONE
    runs = seen.runs.get(flow.name, NONE)
    return Standing(
        direction=flow.direction,
        age=_age(flow, state, waits, now),
        backlog=waits.get("waiting", 0),
        tried=(runs.get("seen") if flow.is_fed else tried.get("tried")) or 0,
        failed=(runs.get("rejected") if flow.is_fed else tried.get("failed")) or 0,
        failures=state.failures if state else 0,
        last_error=state.last_error if state else "",
        dead=waits.get("dead", 0),
        rejected=seen.rejected.get(flow.name, 0),
        off=_off(flow, seen, state),
        away=_away(flow, seen.systems.get(flow.system)),
        is_read=not flow.is_fed or bool(state and state.last_success_at),
    )


def _age(flow: Flow, state: FlowState | None, waits: Counts, now: datetime) -> timedelta | None:
    if flow.direction == Direction.ASK:
        return None
    if flow.is_fed:
        since = state.as_of if state else None
    else:
        since = waits.get("oldest") or now
    if since is None:
        return None
    return max(now - since - freshness.rested(flow.kind, since, now), timedelta())


def _off(flow: Flow, seen: Seen, state: FlowState | None) -> str:
    """Why nothing is expected of a flow now; a person's decision comes before the calendar."""
    if state and state.is_paused:
        return _("Paused by %(who)s: %(why)s") % {"who": state.paused_by, "why": state.pause_reason}
    if seen.set_to[flow.name].mode != FlowMode.LIVE:
        return str(seen.set_to[flow.name].mode.label)
    if flow.system in seen.rests:
        until = timezone.localtime(seen.rests[flow.system][1])
        return _("The %(system)s rests until %(time)s") % {
            "system": flow.system.upper(),
            "time": f"{until:%H:%M}",
        }
    return ""


def _away(flow: Flow, system: System | None) -> str:
    if system is None or system.down_since is None:
        return ""
    since = timezone.localtime(system.down_since)
    return _("the %(system)s has not answered since %(time)s") % {
        "system": flow.system.upper(),
        "time": f"{since:%H:%M}",
    }


def _next_run(flow: Flow, seen: Seen, standing: Standing) -> datetime | None:
    """When it goes on by itself; None while it is off, and where nothing waits or only the moment calls."""
    if standing.off:
        return None
    if flow.destination:
        next_try: datetime | None = seen.deliveries.get(flow.destination, NONE).get("next_try")
        return next_try
    state = seen.states.get(flow.name)
    return state.next_run_at if state and flow.is_fed else None
