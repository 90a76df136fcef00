"""What tests look at of an order: the counters of its lines, the ledger, its events."""

from io import StringIO

from django.core.management import call_command

from catalog.models import Allocation
from core.models import Event
from orders.models import Order


def counters(order):
    names = ("shipped", "backordered", "cancelled", "invoiced", "credited")
    return [tuple(int(getattr(line, name)) for name in names) for line in order.lines.order_by("position")]


def agrees():
    """The ledger command finds nothing."""
    out = StringIO()
    call_command("verify_ledger", stdout=out)
    return "agree" in out.getvalue()


def events(order):
    return list(Event.objects.filter(subject=f"order:{order.number}").values_list("name", flat=True))


def nothing_was_ordered() -> bool:
    told = Event.objects.exclude(name="cart.updated")
    return not Order.objects.exists() and not Allocation.objects.exists() and not told.exists()
