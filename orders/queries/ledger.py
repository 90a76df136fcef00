"""Whether the stored counters and states of orders are what their movement rows make them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.money import ZERO
from orders.models import Order
from orders.queries.standing import standing_of
from orders.rules.standing import LineProgress, is_complete
from orders.rules.totals import totals_of
from orders.states import OrderStatus, PaymentStatus


@dataclass(frozen=True)
class Fault:
    """A stored value that its rows contradict. field: of the order, or "line/position.field"."""

    order: str
    field: str
    stored: str
    proven: str

    def __str__(self) -> str:
        return f"{self.order} {self.field}: stored {self.stored}, proven {self.proven}"


def all_faults(orders: Iterable[Order]) -> Iterator[Fault]:
    """Every fault of these orders, order by order; nothing is written."""
    for order in orders:
        yield from _faults(order)


def _faults(order: Order) -> Iterator[Fault]:
    lines = list(order.lines.order_by("position"))
    standing = standing_of(order, lines, order.delivery_status, order.invoice_status)
    for line in lines:
        for name, proven in standing.lines[line.pk].items():
            stored = getattr(line, name)
            if stored != proven:
                yield Fault(order.number, f"line/{line.position}.{name}", str(stored), str(proven))
    for name, proven in standing.states.items():
        if getattr(order, name) != proven:
            yield Fault(order.number, name, str(getattr(order, name)), proven)
    yield from _amounts(order, [(line.net_amount, line.tax_percent) for line in lines])
    yield from _life(order)
    progress = [LineProgress(line.ordered, line.cancelled, line.shipped, line.invoiced) for line in lines]
    done = is_complete(progress, PaymentStatus(order.payment_status))
    if order.status == OrderStatus.CONFIRMED and done:
        yield Fault(order.number, "status", order.status, OrderStatus.CLOSED)


def _amounts(order: Order, nets: list[tuple[object, object]]) -> Iterator[Fault]:
    totals = totals_of(nets, order.currency)  # type: ignore[arg-type]
    for name in ("net_amount", "tax_amount", "gross_amount"):
        stored, proven = getattr(order, name), getattr(totals, name)
        if stored - proven != ZERO:
            yield Fault(order.number, name, str(stored), str(proven))


def _life(order: Order) -> Iterator[Fault]:
    """The moves must lead without a gap from nothing to the stored status."""
    at = ""
    for move in order.moves.order_by("pk"):
        if move.old != at:
            yield Fault(order.number, "moves", move.old, at)
        at = move.new
    if at != order.status:
        yield Fault(order.number, "status", order.status, at)
