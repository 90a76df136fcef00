"""What tests look at of an order: the counters of its lines, the ledger, its events."""

from io import StringIO

from django.core.management import call_command

from core.models import Event


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
