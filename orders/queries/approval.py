"""Whether an order would wait for an approver, who is asked, and how far its approval is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Max, Min, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.queries.companies import acting_company
from accounts.queries.members import order_limit_of, ordering_membership
from accounts.scope import Scope
from accounts.seats import Seat, seats_of
from accounts.states import Right
from orders.models import ApprovalDecision, ApprovalRequest, ApprovalStep, Order, OrderLine
from orders.queries.budget import BudgetState, height_of, outlook_of
from orders.queries.facts import Judged
from orders.queries.orders import approvals_for
from orders.queries.rules import ORDER_LIMIT, hits_of
from orders.rules.steps import AskedOf, Hit, StepPlan, plan
from orders.rules.steps import may_decide as may_sit
from orders.states import OnExceeding, OrderStatus, StepState


@dataclass(frozen=True)
class Ask:
    """Whom a rule would ask: one of the people, or all of them."""

    rule: str
    people: tuple[str, ...]
    needs_all: bool


@dataclass(frozen=True)
class ApprovalOutlook:
    """What rules and budgets mean for an order before it is placed.

    limit: of the member. approvers: names of those who are asked first. steps: who is asked, stage by stage.
    budgets: as they stand without it; exceeded: those it does not fit into.
    """

    is_needed: bool
    limit: Decimal | None
    approvers: tuple[str, ...]
    hits: tuple[Hit, ...] = ()
    stages: tuple[tuple[str, ...], ...] = ()
    budgets: tuple[BudgetState, ...] = ()
    exceeded: tuple[BudgetState, ...] = ()
    asks: tuple[Ask, ...] = ()

    @property
    def is_above_limit(self) -> bool:
        """Whether the member's own limit asks for it."""
        return any(hit.code == ORDER_LIMIT and not hit.version for hit in self.hits)

    @property
    def company_hits(self) -> tuple[Hit, ...]:
        """The rules that ask for it, but for the member's own limit."""
        return tuple(hit for hit in self.hits if hit.code != ORDER_LIMIT or hit.version)

    @property
    def refusing(self) -> tuple[BudgetState, ...]:
        """The budgets that refuse it."""
        return tuple(one for one in self.exceeded if one.budget.on_exceeding == OnExceeding.REFUSE)


def approval_outlook(
    scope: Scope,
    net_amount: Decimal,
    *,
    product_ids: Sequence[int] = (),
    ship_to: str = "",
    cost_centre: str = "",
) -> ApprovalOutlook:
    """Whether an order of the acting person would wait now, and who would be asked."""
    member = ordering_membership(scope)
    if member is None or scope.company_id is None:
        return ApprovalOutlook(False, None, ())
    limit = order_limit_of(member, scope)
    budgets = outlook_of(scope, cost_centre)
    exceeded = tuple(one for one in budgets if one.figures.exceeded_by(net_amount) > 0)
    asking = [one for one in exceeded if one.budget.on_exceeding == OnExceeding.APPROVE]
    judged = Judged(
        company=acting_company(scope),
        lineage=scope.lineage,
        net_amount=net_amount,
        product_ids=tuple(product_ids),
        limit=limit,
        is_unseen=not scope.may(Right.VIEW_PRICES),
        requester=member.user.email,
        ship_to=ship_to,
        cost_centre=cost_centre,
        budgets=tuple(one.budget.name for one in asking),
        budget_height=height_of(asking, scope.lineage),
    )
    hits = hits_of(judged)[0]
    if not hits:
        return ApprovalOutlook(False, limit, (), budgets=tuple(budgets), exceeded=exceeded)
    steps = plan(hits, member.manager_id)
    seats = seats_of(scope.company_id)
    excluded = frozenset({member.user_id})
    by_stage: dict[int, dict[str, None]] = {}
    for step in steps:
        names = by_stage.setdefault(step.stage, {})
        names.update(
            dict.fromkeys(str(seat.user) for seat in asked_by_plan(step, seats, net_amount, excluded))
        )
    asks = tuple(
        Ask(
            step.hit.name,
            tuple(dict.fromkeys(str(seat.user) for seat in asked_by_plan(step, seats, net_amount, excluded))),
            step.needs_all,
        )
        for step in steps
    )
    stages = tuple(tuple(names) for names in by_stage.values())
    return ApprovalOutlook(True, limit, stages[0], tuple(hits), stages, tuple(budgets), exceeded, asks)


def asked_by_plan(
    step: StepPlan, seats: Iterable[Seat], net_amount: Decimal, excluded: frozenset[int]
) -> list[Seat]:
    """The seats that a planned step would ask."""
    asked = AskedOf(
        any_approver=step.any_approver,
        roles=frozenset(step.roles),
        people=frozenset(step.people),
        allows_own=step.hit.allows_own,
        excluded=excluded,
        net_amount=net_amount,
    )
    return sitting(asked, seats)


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
    rows = ApprovalDecision.objects.filter(request=request)
    return {(step_id, row.instead_of_id or row.actor_user_id or 0) for row in rows for step_id in row.steps}


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
    done = {
        (step_id, row.instead_of_id or row.actor_user_id or 0) for row in decisions for step_id in row.steps
    }
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


def all_company_of(number: str) -> int | None:
    """The id of the company of an order, None for an unknown one; for whoever looks next whether it may be seen."""
    return Order.objects.filter(number=number).values_list("company_id", flat=True).first()


def all_requests() -> QuerySet[ApprovalRequest]:
    """Every approval request with when its first open step is escalated, for staff and jobs."""
    due = ApprovalStep.objects.filter(request=OuterRef("pk"), state=StepState.OPEN, escalated_at=None)
    first = due.order_by().values("request").annotate(first=Min("due_at")).values("first")
    return ApprovalRequest.objects.select_related("order", "unit", "requester").annotate(due=Subquery(first))


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
