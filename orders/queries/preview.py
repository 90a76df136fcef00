"""What a rule would have done to the orders of the last days."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.queries.lines import tree_of
from accounts.scope import Scope
from accounts.states import Right
from orders.models import ApprovalRule, Order
from orders.queries.facts import Judged, facts_of, goods_of
from orders.rules.conditions import hits


@dataclass(frozen=True)
class Preview:
    """What a rule would have done. orders: how many were looked at; stopped: numbers, newest first."""

    days: int
    orders: int
    stopped: tuple[str, ...]


LOOKED_AT = 1000


def preview_of(
    scope: Scope, conditions: Sequence[dict[str, Any]], *, applies_below: bool, days: int = 90
) -> Preview:
    """Which orders of the last days a rule would have stopped, by what they were when they were placed.

    Of the acting company, and those below where the rule is meant for them; the newest thousand. Budgets and
    the ERP's word of then are not known any more: conditions on them stop none. Six statements at most.
    """
    scope.require(Right.MANAGE_COMPANY)
    units = scope.reach(Right.MANAGE_COMPANY)
    return _preview(units if applies_below else units & {scope.company_id or 0}, conditions, days)


def all_preview_of(rule: ApprovalRule, *, days: int = 90) -> Preview:
    """The same of a version as it is, for staff."""
    units = {rule.company_id}
    if rule.applies_below:
        units |= set(tree_of(rule.company_id).values_list("pk", flat=True))
    return _preview(units, rule.conditions, days)


def _preview(units: Iterable[int], conditions: Sequence[dict[str, Any]], days: int) -> Preview:
    since = timezone.now() - timedelta(days=days)
    orders = list(
        Order.objects.filter(company_id__in=units, placed_at__gte=since)
        .select_related("company", "placed_by", "ship_to_address")
        .prefetch_related("lines")
        .order_by("-pk")[:LOOKED_AT]
    )
    kinds = {one["kind"] for one in conditions}
    judged = [_judged(order) for order in orders]
    goods = goods_of(judged, kinds)
    stopped = [
        order.number
        for order, one in zip(orders, judged, strict=True)
        if hits(conditions, facts_of(one, kinds, goods)) is not None
    ]
    return Preview(days, len(orders), tuple(stopped))


def _judged(order: Order) -> Judged:
    """An order as it was when it was placed."""
    lines = order.lines.all()
    return Judged(
        company=order.company,
        lineage=(order.company_id,),
        net_amount=order.net_amount,
        product_ids=tuple(line.product_id for line in lines),
        limit=None,
        requester=order.placed_by.email,
        ship_to=order.ship_to_address.erp_id,
        cost_centre=order.cost_centre,
        lines=len(lines),
        before=order.placed_at,
    )
