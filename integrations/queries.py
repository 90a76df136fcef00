"""Reads of the hub."""

from orders.models import Order


def all_order_status(number: str) -> str:
    """The status of an order by its number, "" when there is none."""
    return Order.objects.filter(number=number).values_list("status", flat=True).first() or ""
