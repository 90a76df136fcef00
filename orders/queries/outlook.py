"""What rules and budgets mean for an order before it is placed: whether it would wait, and for whom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from accounts.queries.companies import acting_company
from accounts.queries.members import order_limit_of, ordering_membership
from accounts.scope import Scope
from accounts.seats import Seat, seats_of
from accounts.states import Right
from orders.queries.approval import sitting
from orders.queries.budget import BudgetState, height_of, outlook_of
from orders.queries.facts import Judged
from orders.queries.rules import ORDER_LIMIT, hits_of
from orders.rules.steps import AskedOf, Hit, StepPlan, plan
from orders.states import OnExceeding


@dataclass(frozen=True)
class Ask:
    """Whom a rule would ask: one of the people, or all of them."""

    rule: str
    people: tuple[str, ...]
    needs_all: bool


@dataclass(frozen=True)
class ApprovalOutlook:
    """What rules and budgets mean for an order before it is placed.

    limit: of the member. approvers: names of those who are asked first. stages: who is asked, stage by stage;
    asks: the same rule by rule.
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
    asks = tuple(
        Ask(
            step.hit.name,
            tuple(dict.fromkeys(str(seat.user) for seat in asked_by_plan(step, seats, net_amount, excluded))),
            step.needs_all,
        )
        for step in steps
    )
    by_stage: dict[int, dict[str, None]] = {}
    for step, ask in zip(steps, asks, strict=True):
        by_stage.setdefault(step.stage, {}).update(dict.fromkeys(ask.people))
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
