"""The monitor: how every flow is now, read as sets so that the number of statements stays the same (INT-05, ORD-03)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, OuterRef, Q, Subquery, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.staff import names_by_role
from core import freshness
from core.models import Case, CaseState
from integrations.criteria import companies_inside
from integrations.effective import Effective, all_effective
from integrations.flows import FLOWS, Flow
from integrations.inbox import KINDS
from integrations.lights import WORST, Bounds, Reason, Standing, alarm_age, light_of, reasons_of
from integrations.models import (
    Delivery,
    DeliveryAttempt,
    Difference,
    FlowRun,
    FlowState,
    InboxMessage,
    RejectedRow,
    System,
)
from integrations.register import FLOW_ERRORS, SERVICES, Service
from integrations.rest import all_rests
from integrations.states import DeliveryState, Direction, FlowMode, InboxState, Light
from orders.models import Order
from quotes.models import Quote
from quotes.states import QuoteStatus

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)
# Orders whose live questions are looked at: the newest, whatever the traffic.
ORDERS_ASKED = 300
UNHEARD = ("unheard", "unheard_stale")
PERSONS_NOTE = 0  # the number of an attempt that only notes what a person decided

Counts = Mapping[str, Any]
NONE: Counts = {}


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
    seen = _look(now)
    return [_health(flow, seen, now) for flow in FLOWS.values()]


def flow_health(name: str, now: datetime) -> FlowHealth:
    """One flow as it is now. Raises KeyError for an unknown one."""
    return _health(FLOWS[name], _look(now), now)


@dataclass(frozen=True)
class Seen:
    """What one look at the tables found, each by flow, destination or system."""

    set_to: dict[str, Effective]
    states: Mapping[str, FlowState]
    last_runs: dict[str, FlowRun]
    rests: dict[str, tuple[datetime, datetime]]
    systems: dict[str, System]
    runs: dict[str, Counts]
    deliveries: dict[str, Counts]
    attempts: dict[str, Counts]
    inbox: dict[str, Counts]
    rejected: dict[str, int]
    differs: dict[str, int]
    questions: dict[str, Counts]
    cases: dict[str, str] = field(default_factory=dict)


def _look(now: datetime) -> Seen:
    freshness.read_up_to()
    set_to = all_effective()
    newest = FlowRun.objects.filter(flow=OuterRef("flow")).order_by("-id").values("id")[:1]
    states = {row.flow: row for row in FlowState.objects.annotate(newest_run=Subquery(newest))}
    noted = [state.newest_run for state in states.values() if state.newest_run]
    return Seen(
        set_to=set_to,
        states=states,
        last_runs={run.flow: run for run in FlowRun.objects.filter(pk__in=noted)},
        rests=all_rests(now),
        systems={system.key: system for system in System.objects.all()},
        runs=_runs(now),
        deliveries=_deliveries(set_to),
        attempts=_attempts(now),
        inbox=_inbox(),
        rejected=_counted(RejectedRow.objects.values_list("flow").annotate(count=Count("id"))),
        differs=_counted(Difference.objects.values_list("run__flow").annotate(count=Count("id"))),
        questions=_questions(now),
        cases=_cases(),
    )


def _counted(rows: Any) -> dict[str, int]:
    return dict(rows)


def _by(key: str, rows: Any) -> dict[str, Counts]:
    return {row[key]: row for row in rows}


def _runs(now: datetime) -> dict[str, Counts]:
    """Noted runs of the last day and rows of the last hour; a run without news leaves no row."""
    recent = Q(ended_at__gte=now - HOUR, mode=FlowMode.LIVE, error="")
    rows = FlowRun.objects.filter(started_at__gte=now - DAY).values("flow")
    return _by(
        "flow",
        rows.annotate(
            runs=Count("id"),
            bad_runs=Count("id", filter=~Q(error="")),
            seen=Sum("seen", filter=recent),
            rejected=Sum("rejected", filter=recent),
        ),
    )


def _deliveries(set_to: dict[str, Effective]) -> dict[str, Counts]:
    """What waits at each destination and what is dead; messages outside the wave wait on purpose."""
    outside = Q(pk__in=[])
    for name, flow in FLOWS.items():
        companies = companies_inside(set_to[name].rollout) if flow.destination else None
        if companies is not None:
            outside |= Q(destination=flow.destination, attempts=0) & ~Q(event__company_number__in=companies)
    is_dead = Q(state=DeliveryState.BURIED)
    rows = Delivery.objects.exclude(state__in=[DeliveryState.DELIVERED, DeliveryState.DROPPED])
    return _by(
        "destination",
        rows.exclude(outside)
        .values("destination")
        .annotate(
            waiting=Count("id", filter=~is_dead),
            oldest=Min("created_at", filter=~is_dead),
            next_try=Min("next_try_at", filter=~is_dead),
            dead=Count("id", filter=is_dead),
        ),
    )


def _attempts(now: datetime) -> dict[str, Counts]:
    """Tries of the last hour, and the last one of the day that arrived."""
    came = Q(outcome="delivered")
    recent = Q(started_at__gte=now - HOUR) & ~Q(outcome="")
    tries = DeliveryAttempt.objects.filter(started_at__gte=now - DAY).exclude(number=PERSONS_NOTE)
    return _by(
        "delivery__destination",
        tries.values("delivery__destination").annotate(
            tried=Count("id", filter=recent),
            failed=Count("id", filter=recent & ~came),
            retries=Count("id", filter=recent & Q(number__gt=1)),
            last=Max("ended_at", filter=came),
        ),
    )


def _inbox() -> dict[str, Counts]:
    """What came in and waits, by flow; of what was pushed once more by `erp.events`, which brought it."""
    found: dict[str, Counter[str]] = {}
    oldest: dict[str, datetime] = {}
    rows = InboxMessage.objects.filter(state__in=[InboxState.NEW, InboxState.PARKED])
    for row in rows.values("kind", "channel").annotate(
        waiting=Count("id"),
        retried=Count("id", filter=Q(attempts__gt=1)),
        oldest=Min("received_at", filter=Q(state=InboxState.NEW)),
    ):
        taken_by = KINDS[row["kind"]].flow if row["kind"] in KINDS else "erp.events"
        for name in {taken_by, "erp.events"} if row["channel"] == "push" else {taken_by}:
            found.setdefault(name, Counter()).update(waiting=row["waiting"], retried=row["retried"])
            if row["oldest"]:
                oldest[name] = min(row["oldest"], oldest.get(name, row["oldest"]))
    return {name: {**counts, "oldest": oldest.get(name)} for name, counts in found.items()}


def _questions(now: datetime) -> dict[str, Counts]:
    """Live questions of the last hour, as the newest orders keep them, by the flow that asked."""
    found: dict[str, dict[str, Any]] = {}
    since = now - HOUR
    for checks in Order.objects.order_by("-pk").values_list("live_checks", flat=True)[:ORDERS_ASKED]:
        for check in checks:
            asked_at = _moment(check.get("at"))
            if check.get("situation") in (None, "not_asked") or asked_at is None or asked_at < since:
                continue
            counts = found.setdefault(
                f"erp.live-{check.get('kind')}", {"tried": 0, "failed": 0, "last": None}
            )
            counts["tried"] += 1
            if check["situation"] in UNHEARD:
                counts["failed"] += 1
            else:
                counts["last"] = max(asked_at, counts["last"] or asked_at)
    return found  # type: ignore[return-value]


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None


def _cases() -> dict[str, str]:
    """The open case of each flow, the oldest where there are more."""
    rows = Case.objects.filter(state=CaseState.OPEN, subject__startswith="flow:").order_by("-pk")
    return {subject.partition(":")[2]: number for subject, number in rows.values_list("subject", "number")}


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


@dataclass(frozen=True)
class ServiceHealth:
    """How a business service is now: the worst colour of what it is measured by, its open cases, its owners.

    figures: what it is measured by besides its flows, in words.
    """

    service: Service
    light: Light
    flows: tuple[FlowHealth, ...]
    open_cases: int
    owners: tuple[str, ...]
    figures: str = ""


def all_service_health(found: list[FlowHealth], now: datetime) -> list[ServiceHealth]:
    """The business services with health, figures and owners (INT-53). Five statements."""
    by_name = {health.flow.name: health for health in found}
    cases = dict(
        Case.objects.filter(state=CaseState.OPEN).values_list("kind").annotate(count=Count("id")).order_by()
    )
    flow_cases = _flow_cases()
    staff = names_by_role({service.owner for service in SERVICES})
    return [_service(service, by_name, cases, flow_cases, staff, now) for service in SERVICES]


def _flow_cases() -> Counter[str]:
    """Open cases of flows and of their rows, by flow."""
    rows = Case.objects.filter(state=CaseState.OPEN).filter(
        Q(subject__startswith="flow:") | Q(subject__startswith="row:")
    )
    return Counter(subject.split(":")[1] for subject in rows.values_list("subject", flat=True))


def _service(
    service: Service,
    by_name: Mapping[str, FlowHealth],
    cases: Mapping[str, int],
    flow_cases: Counter[str],
    staff: Mapping[str, list[str]],
    now: datetime,
) -> ServiceHealth:
    flows = tuple(by_name[name] for name in service.flows)
    lights = [health.light for health in flows if health.light != Light.OFF]
    light = min(lights, key=WORST.__getitem__, default=Light.OFF if flows else Light.GREEN)
    own = sum(cases.get(kind, 0) for kind in service.errors if kind not in FLOW_ERRORS)
    count = own + sum(flow_cases[name] for name in service.flows)
    figures = ""
    if service.key == "exception-handling":
        count = sum(cases.values())
        late = Case.objects.filter(state=CaseState.OPEN, owner=None, due_at__lt=now).count()
        light = Light.AMBER if late else Light.GREEN
        figures = _("%(late)s of %(count)s open cases are past their time and nobody's") % {
            "late": late,
            "count": count,
        }
    elif service.key == "quote-approval":
        waiting = Quote.objects.filter(status=QuoteStatus.IN_APPROVAL).count()
        figures = _("%(count)s quotes wait for a decision") % {"count": waiting}
    return ServiceHealth(service, Light(light), flows, count, tuple(staff.get(service.owner, [])), figures)
