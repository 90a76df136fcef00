"""Budgets as orders weigh on them: locked, reserved, spent and given back, each movement a row (APR-08).

Whoever changes what an order weighs has locked the order, then the credit, then the budgets by their keys:
in this order alone, so that two orders wait for each other but never both.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from core import amounts
from core.actor import Actor
from core.days import erp_today
from core.errors import InvalidValue
from core.money import ZERO, round_amount
from orders.models import Budget, BudgetEntry, Order
from orders.queries.budget import BudgetState, applicable, credited_net, figures_by_pair, states_of
from orders.rules.budget import OverBudget, Weight, moves_to, weight
from orders.states import BudgetMove, OnExceeding


@dataclass(frozen=True)
class Room:
    """The budgets that an order weighs on, locked, as they stand without it."""

    states: tuple[BudgetState, ...] = ()

    def exceeded(self, net_amount: Decimal) -> list[BudgetState]:
        """Those that an amount exceeds."""
        return [one for one in self.states if one.figures.exceeded_by(net_amount) > 0]


def lock_room(lineage: Sequence[int], user_id: int, cost_centre: str, currency: str) -> Room:
    """Lock the budgets that an order of a member would weigh on, by their keys, and read how they stand.

    lineage: the company and those above it, nearest first. Two statements, one while there is no budget.
    Raises InvalidValue for a budget in another currency: it cannot be compared.
    """
    wanted = applicable(lineage, user_id, cost_centre)
    budgets = list(wanted.order_by("pk").select_for_update(of=("self",), no_key=True))
    if any(budget.currency != currency for budget in budgets):
        raise InvalidValue(
            _("A budget is in another currency than the order; ask the administrator of your company."),
            field="currency",
        )
    return Room(tuple(states_of(budgets, erp_today())))


def check_room(room: Room, net_amount: Decimal) -> list[BudgetState]:
    """Refuse an order beyond a budget that says so; those that ask for an approval are the answer.

    Raises OverBudget naming the budget and what is left of it.
    """
    exceeded = room.exceeded(net_amount)
    for one in exceeded:
        if one.budget.on_exceeding == OnExceeding.REFUSE and amounts.are_hidden():
            raise OverBudget(
                _("This order exceeds the budget “%(budget)s”. Order less, or ask who manages it.")
                % {"budget": one.budget.name},
                budget=one.budget.name,
            )
        if one.budget.on_exceeding == OnExceeding.REFUSE:
            raise OverBudget(
                _("The budget “%(budget)s” has %(left)s %(currency)s left; this order needs %(net)s.")
                % {
                    "budget": one.budget.name,
                    "left": max(one.figures.left or ZERO, ZERO).quantize(Decimal("0.01")),
                    "currency": one.budget.currency,
                    "net": net_amount.quantize(Decimal("0.01")),
                },
                budget=one.budget.name,
                left=str(one.figures.left),
                needed=str(net_amount),
            )
    return exceeded


def reserve_room(order: Order, room: Room, *, by: Actor) -> None:
    """Let an order that was just placed, or submitted again, weigh on its budgets. The room is locked."""
    wanted = Weight(order.net_amount, ZERO)
    _write(order, [(one.budget.pk, one.first_on, Weight(ZERO, ZERO)) for one in room.states], wanted, by)


def settle_budgets(order: Order, *, by: Actor) -> None:
    """Bring the ledger to what a locked order weighs now: given back, spent, or as it is.

    What was given back stays so: only `reserve_room` takes anew. One statement without any budget.
    """
    pairs = figures_by_pair(order)
    live = {pair: held for pair, held in pairs.items() if held != Weight(ZERO, ZERO)}
    if not live:
        return
    ids = sorted({budget_id for budget_id, _day in live})
    list(Budget.objects.filter(pk__in=ids).order_by("pk").select_for_update(of=("self",), no_key=True))
    rows = [(budget_id, day, held) for (budget_id, day), held in sorted(live.items())]
    _write(order, rows, _weight_of(order), by)


def give_back_credited(orders: Sequence[Order], *, by: Actor) -> None:
    """Give back what credit notes have taken back of locked orders, once (APR-08); nothing where no budget is.

    It goes back into the period that the order was booked in, over or not: a return in January leaves
    January's budget as it is. All budgets are locked first, since several orders may share some.
    """
    lock_budgets_of(*orders)
    for order in orders:
        settle_budgets(order, by=by)


def lock_budgets_of(*orders: Order) -> None:
    """Lock the budgets that orders weigh on before their stock is, as placing an order does."""
    entries = BudgetEntry.objects.filter(order__in=orders).order_by()
    ids = set(entries.values_list("budget_id", flat=True))
    if ids:
        list(Budget.objects.filter(pk__in=ids).order_by("pk").select_for_update(of=("self",), no_key=True))


def _weight_of(order: Order) -> Weight:
    rest = order.net_amount
    if order.status in ("confirmed", "closed"):
        totals = order.lines.filter(cancelled__gt=0).values_list("cancelled", "unit_price", "price_unit")
        gone = sum(
            (round_amount(cancelled * price / per, order.currency) for cancelled, price, per in totals), ZERO
        )
        rest = max(rest - gone - credited_net(order), ZERO)
    return weight(order.status, order.net_amount, rest)


def _write(order: Order, rows: Iterable[tuple[int, object, Weight]], after: Weight, by: Actor) -> None:
    entries = [
        BudgetEntry(
            budget_id=budget_id,
            period_on=day,  # type: ignore[misc]
            order=order,
            kind=BudgetMove(kind),
            amount=amount,
            actor_label=by.label,
            correlation_id=by.correlation_id,
        )
        for budget_id, day, held in rows
        for kind, amount in moves_to(held, after)
    ]
    BudgetEntry.objects.bulk_create(entries)
