"""What one look at the tables finds of all flows: the same statements whatever there is (INT-05, ORD-03)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, OuterRef, Q, Subquery, Sum

from core import freshness
from core.models import Case, CaseState
from integrations.criteria import companies_inside
from integrations.effective import Effective, all_effective
from integrations.flows import FLOWS
from integrations.inbox import KINDS
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
from integrations.rest import all_rests
from integrations.states import DeliveryState, FlowMode, InboxState
from orders.models import Order

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)
# Orders whose live questions are looked at: the newest, whatever the traffic.
ORDERS_ASKED = 300
UNHEARD = ("unheard", "unheard_stale")
PERSONS_NOTE = 0  # the number of an attempt that only notes what a person decided
Counts = Mapping[str, Any]
NONE: Counts = {}


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


def look(now: datetime) -> Seen:
    """Look at all flows, destinations and systems at once."""
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
