"""How budgets stand: what is reserved, spent and left in a period."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from accounts.queries.lines import lineage_of
from accounts.scope import Scope
from accounts.states import Right
from core.days import erp_today
from core.errors import NotFound
from core.money import ZERO
from orders.models import Budget, BudgetEntry, CostCentre, Invoice, Order
from orders.rules.budget import BudgetFigures, Weight, period_of
from orders.states import BudgetMove, InvoiceKind


@dataclass(frozen=True)
class BudgetState:
    """A budget in one of its periods. first_on, after_on: the period, half-open."""

    budget: Budget
    first_on: date
    after_on: date
    figures: BudgetFigures

    @property
    def stamp(self) -> str:
        """How it is set, see `stamp_of`."""
        return stamp_of(self.budget)

    @property
    def last_on(self) -> date:
        """The last day of the period."""
        return self.after_on - timedelta(days=1)

    @property
    def reserved_percent(self) -> int:
        """How much of the bar is reserved, after what is spent."""
        return min(self.figures.percent(self.figures.reserved), 100 - self.spent_percent)

    @property
    def spent_percent(self) -> int:
        """How much of the bar is spent."""
        return self.figures.percent(self.figures.spent)

    @property
    def held_until(self) -> int:
        """Where the reserved part of the bar ends."""
        return self.spent_percent + self.reserved_percent

    @property
    def tone(self) -> str:
        """good; warn from four fifths on; bad when nothing is left."""
        left = self.figures.left
        if left is None:
            return "good"
        if left <= 0:
            return "bad"
        return "warn" if left * 5 <= (self.figures.amount or ZERO) else "good"


def applicable(lineage: Sequence[int], user_id: int | None, cost_centre: str) -> QuerySet[Budget]:
    """The budgets that an order weighs on: of its company, and of those above that include it.

    lineage: the company and those above it, nearest first.
    """
    own, above = lineage[:1], lineage[1:]
    where = Q(company_id__in=own) | Q(company_id__in=above, includes_below=True)
    whose = Q(member=None) | Q(member_id=user_id)
    what = Q(cost_centre=None) | Q(cost_centre__code__iexact=cost_centre)
    return Budget.objects.filter(where, whose, what, is_active=True)


def states_of(budgets: Iterable[Budget], day: date) -> list[BudgetState]:
    """How budgets stand on a day; one outside of its days is left out. One statement."""
    found = []
    for budget in budgets:
        period = period_of(budget.period, day, budget.starts_on, budget.ends_on)
        if period is not None:
            found.append((budget, *period))
    if not found:
        return []
    pairs = Q()
    for budget, first, _after in found:
        pairs |= Q(budget_id=budget.pk, period_on=first)
    sums: dict[int, dict[str, Decimal]] = {}
    rows = BudgetEntry.objects.filter(pairs).order_by().values_list("budget_id", "kind")
    for budget_id, kind, total in rows.annotate(total=Sum("amount")):
        sums.setdefault(budget_id, {})[kind] = total
    return [
        BudgetState(budget, first, after, figures_from(budget.amount, sums.get(budget.pk, {})))
        for budget, first, after in found
    ]


def height_of(states: Iterable[BudgetState], lineage: Sequence[int]) -> int:
    """How far above a company the highest of these budgets stands; 0 for its own, and without any."""
    return max((lineage.index(one.budget.company_id) for one in states), default=0)


def figures_from(amount: Decimal | None, sums: dict[str, Decimal]) -> BudgetFigures:
    """The figures of a budget from the sums of its movements by kind."""
    held = _held(sums)
    return BudgetFigures(amount, held.reserved, held.spent)


def _held(sums: dict[str, Decimal]) -> Weight:
    spent = sums.get(BudgetMove.SPENT, ZERO)
    return Weight(
        sums.get(BudgetMove.RESERVED, ZERO) - sums.get(BudgetMove.RELEASED, ZERO) - spent,
        spent - sums.get(BudgetMove.REFUNDED, ZERO),
    )


def figures_by_pair(order: Order) -> dict[tuple[int, date], Weight]:
    """What an order weighs by the ledger, by (budget, first day of the period). One statement."""
    sums: dict[tuple[int, date], dict[str, Decimal]] = {}
    rows = BudgetEntry.objects.filter(order=order).order_by().values_list("budget_id", "period_on", "kind")
    for budget_id, day, kind, total in rows.annotate(total=Sum("amount")):
        sums.setdefault((budget_id, day), {})[kind] = total
    return {pair: _held(kinds) for pair, kinds in sums.items()}


def states_without(order: Order) -> list[BudgetState]:
    """The budgets that an order weighs on, in the periods it is booked in, as they stand now without it.

    What an approver is shown, and what is kept of it when he or she decides (APR-11). Three statements at most.
    """
    own = figures_by_pair(order)
    if not own:
        return []
    budgets = Budget.objects.in_bulk({budget_id for budget_id, _day in own})
    pairs = Q()
    for budget_id, day in own:
        pairs |= Q(budget_id=budget_id, period_on=day)
    sums: dict[tuple[int, date], dict[str, Decimal]] = {}
    rows = BudgetEntry.objects.filter(pairs).exclude(order=order).order_by()
    for budget_id, day, kind, total in rows.values_list("budget_id", "period_on", "kind").annotate(
        total=Sum("amount")
    ):
        sums.setdefault((budget_id, day), {})[kind] = total
    found = []
    for budget_id, day in sorted(own):
        budget = budgets[budget_id]
        period = period_of(budget.period, day, budget.starts_on, budget.ends_on)
        if period is not None:
            figures = figures_from(budget.amount, sums.get((budget_id, day), {}))
            found.append(BudgetState(budget, *period, figures))
    return found


def credited_net(order: Order) -> Decimal:
    """The net of an order's lines that credit notes have taken back, zero or more. Two statements at most.

    A note that names no line of any order counts whole, where it is for this order alone.
    """
    notes = list(
        Invoice.objects.filter(orders=order, kind=InvoiceKind.CREDIT_NOTE).annotate(
            own=Sum("lines__net_amount", filter=Q(lines__order_line__order=order)),
            named=Count("lines__order_line"),
        )
    )
    whole = [note.pk for note in notes if not note.named]
    shared = set(
        Invoice.orders.through.objects.filter(invoice_id__in=whole)
        .exclude(order_id=order.pk)
        .values_list("invoice_id", flat=True)
        if whole
        else ()
    )
    taken = [note.own for note in notes if note.own is not None]
    taken += [note.net_amount for note in notes if note.pk in set(whole) - shared]
    return sum((abs(net) for net in taken), ZERO)


def budgets_for(scope: Scope) -> QuerySet[Budget]:
    """The budgets that may be seen: all of the company and below by who manages it, else those
    that one orders by and those of the companies that one approves for."""
    budgets = Budget.objects.select_related("company", "member", "cost_centre")
    if scope.may(Right.MANAGE_COMPANY):
        return budgets.filter(company__in=scope.reach(Right.MANAGE_COMPANY), is_active=True)
    if scope.company_id is None:
        return budgets.none()
    where = Q(company_id__in={scope.company_id, *scope.reach(Right.APPROVE)}) | Q(
        company_id__in=scope.lineage[1:], includes_below=True
    )
    whose = Q(member_id=scope.buyer_id)
    if scope.may(Right.BUY) or scope.may(Right.APPROVE):
        whose |= Q(member=None)
    return budgets.filter(where, whose, is_active=True)


def own_budget(scope: Scope, key: int) -> Budget:
    """A budget of the acting company. Raises NotFound, the same for a foreign one."""
    found = budgets_for(scope).filter(pk=key, company_id=scope.company_id or 0).first()
    if found is None:
        raise NotFound(_("There is no such budget."))
    return found


def stamp_of(budget: Budget) -> str:
    """How a budget is set, as a form that changes it carries back: another setting is another stamp."""
    names = (
        "name", "amount", "period", "on_exceeding", "member_id", "cost_centre_id", "includes_below",
        "starts_on", "ends_on",
    )  # fmt: skip
    text = "|".join(str(getattr(budget, name)) for name in names)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def budget_states(scope: Scope, day: date | None = None) -> list[BudgetState]:
    """The budgets that may be seen, as they stand in the period of a day, today's unless given."""
    return states_of(budgets_for(scope), day or erp_today())


def outlook_of(scope: Scope, cost_centre: str) -> list[BudgetState]:
    """The budgets that an order of the acting person would weigh on now."""
    return states_of(applicable(scope.lineage, scope.buyer_id, cost_centre), erp_today())


def cost_centres_for(scope: Scope) -> QuerySet[CostCentre]:
    """The cost centres to choose from: the acting company's, and those of the companies above."""
    rows = CostCentre.objects.filter(company_id__in=scope.lineage, is_active=True)
    return rows.select_related("company").order_by("code", "pk")


def named_cost_centre(order: Order) -> str:
    """The cost centre of an order with its name as it is now; the code alone where there is none any more.

    Two statements, none without a cost centre.
    """
    if not order.cost_centre:
        return ""
    lineage = lineage_of(order.company_id)
    found = CostCentre.objects.filter(company_id__in=lineage, code__iexact=order.cost_centre)
    nearest = min(found, key=lambda one: lineage.index(one.company_id), default=None)
    return f"{order.cost_centre} {nearest.name}" if nearest else order.cost_centre


def own_cost_centre(scope: Scope, key: int) -> CostCentre:
    """A cost centre of the acting company itself, for who manages it. Raises NotFound for every other one."""
    own = scope.reach(Right.MANAGE_COMPANY) & {scope.company_id or 0}
    found = CostCentre.objects.filter(pk=key, company_id__in=own).first()
    if found is None:
        raise NotFound(_("There is no such cost centre."))
    return found


def cost_centres_below(scope: Scope) -> QuerySet[CostCentre]:
    """The cost centres that orders of the companies that somebody manages can name: theirs, and those from above."""
    units = {*scope.reach(Right.MANAGE_COMPANY), *scope.lineage}
    rows = CostCentre.objects.filter(company_id__in=units, is_active=True)
    return rows.select_related("company").order_by("code", "pk")


def all_budgets() -> QuerySet[Budget]:
    """Every budget, for staff."""
    return Budget.objects.select_related("company", "member", "cost_centre")
