"""The canonical order that leaves us, and what people are told of one."""

from collections.abc import Iterable
from typing import Any

from orders.models import Order, OrderLine
from orders.records import AddressOfOrder, OrderSnapshot, OrderSnapshotLine, PartyOfOrder


def snapshot_of(order: Order, lines: Iterable[OrderLine] | None = None) -> OrderSnapshot:
    """The canonical order with everything that the ERP needs, from the stored order alone.

    lines: all of it by position, with product and unit, where they are in hand.
    """
    if lines is None:
        lines = order.lines.select_related("product", "unit").order_by("position")
    return OrderSnapshot(
        number=order.number,
        company=_party(order.company),
        bill_to_company=_party(order.bill_to_company),
        ship_to=AddressOfOrder(**order.ship_to),
        bill_to=AddressOfOrder(**order.bill_to),
        placed_at=order.placed_at,
        placed_by=str(order.placed_by),
        currency=order.currency,
        po_number=order.po_number,
        note=order.note,
        requested_on=order.requested_on,
        payment_term_code=order.payment_term.code if order.payment_term else "",
        payment_term_erp_id=order.payment_term.erp_id if order.payment_term else "",
        warehouse_code=order.warehouse.code,
        warehouse_erp_id=order.warehouse.erp_id,
        origin=order.origin,
        origin_ref=order.origin_ref,
        net_amount=order.net_amount,
        tax_amount=order.tax_amount,
        gross_amount=order.gross_amount,
        lines=tuple(_line(line) for line in lines),
    )


def told(order: Order) -> dict[str, Any]:
    """What every event of an order carries: which, whose, worth what, and whom to tell."""
    return {
        "number": order.number,
        "company": order.company.number,
        "company_name": order.company.name,
        "buyer": {
            "name": str(order.placed_by),
            "email": order.placed_by.email,
            "locale": order.placed_by.locale,
        },
        "currency": order.currency,
        "net_amount": str(order.net_amount),
        "gross_amount": str(order.gross_amount),
        "po_number": order.po_number,
        "origin": order.origin,
        "origin_ref": order.origin_ref,
        "erp_number": order.erp_number,
        **({"entered_by": str(order.entered_by)} if order.entered_by_id else {}),
    }


def _party(company: Any) -> PartyOfOrder:
    return PartyOfOrder(number=company.number, name=company.name, erp_id=company.erp_id)


def _line(line: OrderLine) -> OrderSnapshotLine:
    return OrderSnapshotLine(
        position=line.position,
        sku=line.sku,
        product_erp_id=line.product.erp_id,
        name=line.name,
        unit_key=line.unit_key,
        unit_code=line.unit_code,
        unit_erp_id=line.unit.erp_id if line.unit else "",
        quantity=line.ordered - line.cancelled,
        unit_price=line.unit_price,
        price_unit=line.price_unit,
        net_amount=line.net_amount,
        tax_code=line.tax_code,
        tax_percent=line.tax_percent,
        note=line.note,
    )
