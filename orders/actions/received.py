"""An order that goes to the ERP."""

from collections.abc import Sequence

from core.actor import Actor
from orders.actions.moves import record
from orders.models import Order, OrderLine
from orders.queries.snapshot import snapshot_of


def record_received(
    order: Order, lines: Sequence[OrderLine] | None = None, *, by: Actor, name: str = "order.received"
) -> None:
    """Write the event that starts the way to the ERP; "order" in it is the canonical order.

    lines: as for snapshot_of.
    """
    record(name, order, {"order": snapshot_of(order, lines).model_dump(mode="json")}, by=by)
