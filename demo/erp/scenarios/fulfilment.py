"""Shipping: whole, in part with a backorder, and giving up on the rest."""

from __future__ import annotations

from demo.erp.databases import ScenarioError
from demo.erp.lookups import sale_of, sale_summary


def ship(sale: str, fraction: float = 1.0, lines: dict[str, float] | None = None) -> dict:
    """Assign, pick, pack, ship the open shipments of a sale.

    With fraction below 1, or lines={item number: quantity in the line's unit}, less is picked and
    Tryton leaves a new shipment, the backorder, for the rest.
    """
    record = sale_of(sale)
    shipments = [s for s in record.shipments if s.state in {"waiting", "assigned"}]
    if not shipments:
        raise ScenarioError(f"Sale {sale} has nothing to ship.")
    done = []
    for shipment in shipments:
        if lines is not None or fraction < 1:
            pick_less(shipment, fraction, lines)
        if not shipment.click("assign_try") and shipment.state == "waiting":
            raise ScenarioError(f"Shipment {shipment.number}: not enough stock.")
        for button in ("pick", "pack", "ship", "do"):
            shipment.click(button)
        done.append(
            {
                "number": shipment.number,
                "state": shipment.state,
                "warehouse": shipment.warehouse.code,
                "moves": {m.product.code: m.quantity for m in shipment.outgoing_moves},
            }
        )
    record.reload()
    return {
        "shipped": done,
        "sale": sale_summary(record),
        "backorders": [s.number for s in record.shipments if s.state == "waiting"],
        "draft_invoices": [i.id for i in record.invoices if i.state == "draft"],
    }


def pick_less(shipment, fraction: float, lines: dict[str, float] | None) -> None:
    """Lower the picked quantities, to whole units."""
    for move in shipment.inventory_moves:
        if lines is not None:
            move.quantity = min(float(lines.get(move.product.code, 0)), move.quantity)
        else:
            move.quantity = float(int(move.quantity * fraction))
    if not any(move.quantity for move in shipment.inventory_moves):
        raise ScenarioError(f"Shipment {shipment.number}: nothing would be left to ship.")
    shipment.save()


def cancel_shipment(sale: str) -> dict:
    """Cancel what is left to ship: the sale goes to shipment exception."""
    record = sale_of(sale)
    cancelled = []
    for shipment in record.shipments:
        if shipment.state not in {"done", "cancelled"}:
            shipment.click("cancel")
            cancelled.append(shipment.number)
    record.reload()
    return {"cancelled": cancelled, "sale": sale_summary(record)}
