"""How far an order is, computed from its movement rows: what the stored columns must say."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from orders.models import Invoice, InvoiceLine, Order, OrderLine, ShipmentLine
from orders.rules.standing import (
    ZERO,
    Claim,
    LineProgress,
    backordered,
    delivery_status,
    invoice_status,
    payment_status,
)
from orders.states import InvoiceKind, OrderStatus, ShipmentStatus

SENT = (ShipmentStatus.SHIPPED, ShipmentStatus.DELIVERED)
IN_HAND = (ShipmentStatus.PICKED, ShipmentStatus.PACKED)
ENDED = (OrderStatus.CANCELLED, OrderStatus.REJECTED)


@dataclass(frozen=True)
class Standing:
    """The counters per line (by its key) and the states of an order. names: of the counters."""

    lines: dict[int, dict[str, Any]]
    states: dict[str, str]

    names = ("shipped", "invoiced", "credited", "backordered", "backorder_on")


@dataclass
class _Moved:
    """What the movement rows say of one line."""

    shipped: Decimal = ZERO
    in_hand: Decimal = ZERO
    invoiced: Decimal = ZERO
    credited: Decimal = ZERO
    next_on: date | None = None


def standing_of(order: Order, lines: list[OrderLine], delivery_word: str, invoice_word: str) -> Standing:
    """What counters and states of an order must be. Three statements, whatever the lines.

    delivery_word, invoice_word: the ERP's own states, which alone know of trouble.
    """
    moved: defaultdict[int, _Moved] = defaultdict(_Moved)
    has_shipment = _add_shipments(order, moved)
    _add_invoices(order, moved)
    has_left = any(row.shipped > 0 for row in moved.values())
    counters = {line.pk: _counters(order, line, moved[line.pk], has_left) for line in lines}
    progress = [
        LineProgress(line.ordered, line.cancelled, moved[line.pk].shipped, moved[line.pk].invoiced)
        for line in lines
    ]
    claims = [
        Claim(gross, open_amount)
        for gross, open_amount in Invoice.objects.filter(orders=order, kind=InvoiceKind.INVOICE).values_list(
            "gross_amount", "open_amount"
        )
    ]
    return Standing(
        counters,
        {
            "delivery_status": delivery_status(progress, delivery_word, has_shipment),
            "invoice_status": invoice_status(progress, invoice_word),
            "payment_status": payment_status(claims),
        },
    )


def _add_shipments(order: Order, moved: defaultdict[int, _Moved]) -> bool:
    """Add up the shipments of an order; tell whether one is still to leave."""
    rows = (
        ShipmentLine.objects.filter(shipment__order=order)
        .exclude(shipment__status=ShipmentStatus.CANCELLED)
        .values_list("order_line_id", "quantity", "shipment__status", "shipment__planned_on")
    )
    is_waiting = False
    for line_id, quantity, status, planned_on in rows:
        row = moved[line_id]
        if status in SENT:
            row.shipped += quantity
            continue
        is_waiting = True
        if status in IN_HAND:
            row.in_hand += quantity
        if planned_on is not None:
            row.next_on = min(row.next_on or planned_on, planned_on)
    return is_waiting


def _add_invoices(order: Order, moved: defaultdict[int, _Moved]) -> None:
    rows = InvoiceLine.objects.filter(order_line__order=order).values_list(
        "order_line_id", "quantity", "invoice__kind"
    )
    for line_id, quantity, kind in rows:
        if line_id is not None and kind == InvoiceKind.INVOICE:
            moved[line_id].invoiced += quantity
        elif line_id is not None:
            moved[line_id].credited += abs(quantity)


def _counters(order: Order, line: OrderLine, row: _Moved, has_left: bool) -> dict[str, Any]:
    progress = LineProgress(line.ordered, line.cancelled, row.shipped)
    is_over = order.status in ENDED
    missing = ZERO if is_over else backordered(progress, line.allocated, row.in_hand, has_left)
    return {
        "shipped": row.shipped,
        "invoiced": row.invoiced,
        "credited": row.credited,
        "backordered": missing,
        "backorder_on": row.next_on if missing else None,
    }
