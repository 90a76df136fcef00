"""What jobs read of orders by number, whoever's they are."""

from orders.models import Order
from orders.queries.snapshot import snapshot_of
from orders.records import OrderSnapshot


def all_status_of(number: str) -> str | None:
    """Our status of an order, None for a number that is not ours."""
    return Order.objects.filter(number=number).values_list("status", flat=True).first()


def all_snapshot_of(number: str) -> OrderSnapshot | None:
    """The canonical order as it is now, None for a number that is not ours."""
    order = Order.objects.select_related(
        "company", "bill_to_company", "placed_by", "payment_term", "warehouse"
    ).filter(number=number)
    found = order.first()
    return snapshot_of(found) if found else None
