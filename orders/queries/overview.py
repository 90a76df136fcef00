"""What a buyer's start page says of orders: how many are open, what is still to come, and when."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, F, Min, OuterRef, Q, QuerySet, Subquery, Sum

from accounts.scope import Scope
from accounts.states import Right
from core.money import ZERO
from orders.models import Order, OrderLine, Shipment
from orders.queries.orders import TABS, order_stretch, orders_for
from orders.queries.standing import SENT
from orders.states import OPEN, OrderStatus, ShipmentStatus


@dataclass(frozen=True)
class OpenOrder:
    """An open order in one row. rest_lines of lines: with something still to ship.

    next_on: when the next part is planned to leave; None when nobody has said.
    """

    order: Order
    lines: int
    rest_lines: int
    backordered_lines: int
    next_on: date | None


@dataclass(frozen=True)
class OpenOrders:
    """All open orders in figures, and the newest of them in rows. approval_count: not let through yet, or returned.

    net_amount: of the companies whose prices may be seen; has_all_amounts: whether these are all of `count`'s.
    """

    count: int
    net_amount: Decimal
    has_all_amounts: bool
    waiting_lines: int
    approval_count: int
    rows: tuple[OpenOrder, ...]


def open_orders(scope: Scope, *, limit: int = 8) -> OpenOrders:
    """The open orders of what may be seen; six statements at most."""
    orders = orders_for(scope).filter(status__in=OPEN)
    priced = scope.reach(Right.VIEW_PRICES)
    has_all = scope.reach(Right.SEE_ORDERS) <= priced
    net = Sum("net_amount", filter=None if has_all else Q(company__in=priced))
    sums = orders.aggregate(count=Count("pk"), net=net)
    waiting = OrderLine.objects.filter(order__in=orders.values("pk"), backordered__gt=0).count()
    newest = [order.pk for order in order_stretch(scope, tab="open", size=limit).rows]
    return OpenOrders(
        count=sums["count"],
        net_amount=sums["net"] or ZERO,
        has_all_amounts=has_all,
        waiting_lines=waiting,
        approval_count=orders_for(scope).filter(TABS["waiting"]).count(),
        rows=tuple(_row(order) for order in _with_progress(orders.filter(pk__in=newest)).order_by("-pk")),
    )


def returned_to(scope: Scope) -> QuerySet[Order]:
    """The person's own orders that an approver gave back, to be changed and submitted again; oldest first."""
    if scope.company_id is None or not scope.may(Right.BUY):
        return Order.objects.none()
    mine = Order.objects.filter(
        company_id=scope.company_id, placed_by_id=scope.buyer_id, status=OrderStatus.RETURNED
    )
    return mine.order_by("pk")


def _with_progress(orders: QuerySet[Order]) -> QuerySet[Order]:
    planned = (
        Shipment.objects.filter(order=OuterRef("pk"), planned_on__isnull=False)
        .exclude(status__in=[*SENT, ShipmentStatus.CANCELLED])
        .order_by()
        .values("order")
        .annotate(first=Min("planned_on"))
        .values("first")
    )
    rest = Q(lines__shipped__lt=F("lines__ordered") - F("lines__cancelled"))
    return orders.annotate(
        line_count=Count("lines"),
        rest_count=Count("lines", filter=rest),
        late_count=Count("lines", filter=Q(lines__backordered__gt=0)),
        next_on=Subquery(planned),
    )


def _row(order: Order) -> OpenOrder:
    facts = vars(order)
    return OpenOrder(order, facts["line_count"], facts["rest_count"], facts["late_count"], facts["next_on"])
