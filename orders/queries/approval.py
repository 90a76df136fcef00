"""Who is asked to approve an order, and who may decide on it now."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db.models import Min, OuterRef, QuerySet, Subquery

from accounts.models import User
from accounts.scope import Scope
from accounts.seats import Seat, seats_of
from orders.models import ApprovalDecision, ApprovalRequest, ApprovalStep, Order
from orders.queries.orders import approvals_for
from orders.rules.steps import AskedOf
from orders.rules.steps import may_decide as may_sit
from orders.states import OrderStatus, StepState


def sitting(asked: AskedOf, seats: Iterable[Seat]) -> list[Seat]:
    """The seats that a step asks."""
    return [
        seat
        for seat in seats
        if may_sit(asked, user_id=seat.user.pk, holder_id=seat.holder_id, roles=seat.roles, limit=seat.limit)
    ]


def asked_of(step: ApprovalStep, request: ApprovalRequest, net_amount: Decimal) -> AskedOf:
    """A step as it asks."""
    return AskedOf(
        any_approver=step.any_approver,
        roles=frozenset(step.roles),
        people=frozenset(step.people),
        allows_own=step.allows_own,
        excluded=frozenset({request.requester_id, request.submitted_by_id or request.requester_id}),
        net_amount=net_amount,
        is_escalated=step.escalated_at is not None,
    )


def approvers_now(request: ApprovalRequest, order: Order, seats: Sequence[Seat] | None = None) -> list[User]:
    """Who may decide on an open request now and has not yet, each once."""
    seats = seats_of(order.company_id) if seats is None else seats
    done = deciders_of(request)
    found: dict[int, User] = {}
    for step in request.steps.all():
        if step.state == StepState.OPEN:
            for seat in sitting(asked_of(step, request, order.net_amount), seats):
                if (step.pk, seat.holder_id) not in done:
                    found[seat.user.pk] = seat.user
    return list(found.values())


def deciders_of(request: ApprovalRequest) -> set[tuple[int, int]]:
    """Who has approved which step: (id of the step, id of whose seat it was)."""
    return approved_in(ApprovalDecision.objects.filter(request=request))


def approved_in(decisions: Iterable[ApprovalDecision]) -> set[tuple[int, int]]:
    """Who has approved which step by decisions that have been read already."""
    return {
        (step_id, row.instead_of_id or row.actor_user_id or 0) for row in decisions for step_id in row.steps
    }


def may_decide(scope: Scope, order: Order) -> bool:
    """Whether this person may approve, return or reject the order now."""
    return order.status == OrderStatus.PENDING_APPROVAL and approvals_for(scope).filter(pk=order.pk).exists()


def open_request(order: Order) -> ApprovalRequest | None:
    """The request that an order waits by."""
    return order.approval_requests.filter(state="open").prefetch_related("steps").first()


def is_last_stage(order: Order) -> bool:
    """Whether no further stage comes after the one that is decided on now."""
    request = open_request(order)
    return request is not None and all(step.state != StepState.WAITING for step in request.steps.all())


def all_company_of(number: str) -> int | None:
    """The id of the company of an order, None for an unknown one; for whoever looks next whether it may be seen."""
    return Order.objects.filter(number=number).values_list("company_id", flat=True).first()


def all_requests() -> QuerySet[ApprovalRequest]:
    """Every approval request with when its first open step is escalated, for staff and jobs."""
    due = ApprovalStep.objects.filter(request=OuterRef("pk"), state=StepState.OPEN, escalated_at=None)
    first = due.order_by().values("request").annotate(first=Min("due_at")).values("first")
    return ApprovalRequest.objects.select_related("order", "unit", "requester").annotate(due=Subquery(first))


def all_open_steps(requests: Iterable[ApprovalRequest]) -> dict[int, list[ApprovalStep]]:
    """The steps that are decided on now, by the request's id. One statement."""
    steps = ApprovalStep.objects.filter(request__in=[one.pk for one in requests], state=StepState.OPEN)
    found: dict[int, list[ApprovalStep]] = {}
    for step in steps.order_by("stage", "pk"):
        found.setdefault(step.request_id, []).append(step)
    return found


def all_seats_for(order: Order, request: ApprovalRequest) -> list[User]:
    """Who may be asked about an order: people who may approve it by their own seat, for staff."""
    seats = [seat for seat in seats_of(order.company_id) if seat.instead_of is None]
    everybody = AskedOf(
        any_approver=True,
        roles=frozenset(),
        people=frozenset(),
        allows_own=False,
        excluded=frozenset({request.requester_id, request.submitted_by_id or request.requester_id}),
        net_amount=order.net_amount,
    )
    return [seat.user for seat in sitting(everybody, seats)]
