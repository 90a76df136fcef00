"""What an order is judged by, and what its approvers are shown."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from accounts.queries.members import order_limit_of
from accounts.queries.scopes import Acting
from accounts.states import Right
from orders.models import OrderLine
from orders.queries.budget import BudgetState, height_of
from orders.queries.facts import Judged


def judged_of(
    acting: Acting,
    lines: Sequence[OrderLine],
    net_amount: Decimal,
    *,
    ship_to: str,
    cost_centre: str,
    exceeded: Sequence[BudgetState],
) -> Judged:
    """An order as approval rules judge it, in its requester's place (failure bank 47). exceeded: budgets that ask."""
    return Judged(
        company=acting.company,
        lineage=acting.scope.lineage,
        net_amount=net_amount,
        product_ids=tuple(line.product_id for line in lines),
        limit=order_limit_of(acting.ordering, acting.scope),
        is_unseen=not acting.scope.may(Right.VIEW_PRICES),
        requester=acting.membership.user.email,
        ship_to=ship_to,
        cost_centre=cost_centre,
        budgets=tuple(one.budget.name for one in exceeded),
        budget_height=height_of(exceeded, acting.scope.lineage),
        lines=len(lines),
    )


def shown_figures(lines: Sequence[OrderLine], budgets: Sequence[BudgetState]) -> dict[str, Any]:
    """What approvers are shown, as it is kept with the request: the lines, and the budgets without the order."""
    return {
        "order_lines": [
            {
                "sku": line.sku,
                "quantity": str(line.ordered),
                "unit_key": line.unit_key,
                "unit_price": str(line.unit_price),
                "net_amount": str(line.net_amount),
            }
            for line in lines
        ],
        "budget_figures": budget_figures(budgets),
    }


def budget_figures(budgets: Sequence[BudgetState]) -> list[dict[str, Any]]:
    """How budgets stand, as it is kept with a request and with each decision on it."""
    return [{"budget": one.budget.name, **one.figures.to_json()} for one in budgets]
