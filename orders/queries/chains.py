"""How far the approvals of orders are, as pages and lists show it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min
from django.utils.translation import gettext as _

from accounts.seats import Seat, seats_of
from orders.models import ApprovalDecision, ApprovalRequest, ApprovalStep, Order, OrderLine
from orders.queries.approval import approved_in, asked_of, sitting
from orders.states import StepState


def all_dues_of(orders: Iterable[Order]) -> dict[int, datetime]:
    """When the approvals of waiting orders are escalated, by the order's id; those left out never or no more.

    One statement.
    """
    steps = ApprovalStep.objects.filter(
        request__order__in=[order.pk for order in orders],
        state=StepState.OPEN,
        escalated_at=None,
        due_at__isnull=False,
    )
    found = steps.order_by().values_list("request__order_id").annotate(first=Min("due_at"))
    return dict(found)


@dataclass(frozen=True)
class Glance:
    """A waiting order at a glance. skus: of its first lines; more: how many lines beside; stage of stages."""

    skus: tuple[str, ...]
    more: int
    stage: int
    stages: int


SHOWN_LINES = 2


def all_glances_of(orders: Iterable[Order]) -> dict[int, Glance]:
    """What is in waiting orders and how far their approval is, by the order's id. Three statements."""
    ids = [order.pk for order in orders]
    lines = OrderLine.objects.filter(order__in=ids).order_by()
    counts = dict(lines.values_list("order_id").annotate(count=Count("pk")))
    first: dict[int, list[str]] = {}
    for order_id, sku in (
        lines.filter(position__lte=SHOWN_LINES)
        .order_by("order_id", "position")
        .values_list("order_id", "sku")
    ):
        first.setdefault(order_id, []).append(sku)
    steps = ApprovalStep.objects.filter(request__order__in=ids, request__state="open").order_by()
    stages = steps.values_list("request__order_id", "request__stage").annotate(last=Max("stage"))
    return {
        order_id: Glance(
            tuple(first.get(order_id, ())), counts[order_id] - len(first.get(order_id, ())), stage, last
        )
        for order_id, stage, last in stages
        if order_id in counts
    }


@dataclass(frozen=True)
class StepView:
    """A step as the order's page shows it. people: who may decide and has not; decisions: what was decided."""

    step: ApprovalStep
    people: tuple[str, ...]
    decisions: tuple[ApprovalDecision, ...]


@dataclass(frozen=True)
class ChainView:
    """One round of an order's approval, with its steps in order."""

    request: ApprovalRequest
    steps: tuple[StepView, ...]
    decisions: tuple[ApprovalDecision, ...]

    @property
    def due_at(self) -> datetime | None:
        """When the first open step is escalated."""
        dues = [row.step.due_at for row in self.steps if row.step.state == StepState.OPEN and row.step.due_at]
        return min(dues, default=None)


def chains_of(order: Order) -> list[ChainView]:
    """All rounds of an order's approval, the newest first; who is asked is read for an open one alone."""
    requests = list(
        order.approval_requests.select_related("requester", "submitted_by").prefetch_related(
            "steps", "decisions__actor_user", "decisions__instead_of"
        )
    )
    is_open = any(request.state == "open" for request in requests)
    seats = seats_of(order.company_id) if is_open else []
    return [_chain(request, order, seats) for request in requests]


def _chain(request: ApprovalRequest, order: Order, seats: Sequence[Seat]) -> ChainView:
    decisions = tuple(request.decisions.all())
    done = approved_in(decisions)
    steps = []
    for step in request.steps.all():
        people: dict[str, None] = {}
        if step.state in (StepState.OPEN, StepState.WAITING) and request.state == "open":
            for seat in sitting(asked_of(step, request, order.net_amount), seats):
                if (step.pk, seat.holder_id) not in done:
                    people[_seat_name(seat)] = None
        own = tuple(row for row in decisions if step.pk in row.steps)
        steps.append(StepView(step, tuple(people), own))
    return ChainView(request, tuple(steps), decisions)


def _seat_name(seat: Seat) -> str:
    if not seat.instead_of:
        return str(seat.user)
    return _("%(person)s for %(absent)s") % {"person": seat.user, "absent": seat.instead_of}
