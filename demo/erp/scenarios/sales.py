"""Looking at sales as the ERP's staff sees them, and the buttons they would press."""

from __future__ import annotations

from demo.erp.lookups import invoice_summary, sale_of, sale_summary


def show_sale(sale: str) -> dict:
    """Everything of a sale: lines, shipments, invoices with their states and amounts."""
    record = sale_of(sale)
    return {
        **sale_summary(record),
        "party": record.party.code,
        "invoice_party": record.invoice_party and record.invoice_party.code,
        "warehouse": record.warehouse and record.warehouse.code,
        "payment_term": record.payment_term and record.payment_term.name,
        "shipment_address": record.shipment_address and record.shipment_address.rec_name,
        "lines": [
            {
                "id": line.id,
                "product": line.product and line.product.code,
                "quantity": line.quantity,
                "unit": line.unit and line.unit.symbol,
                "unit_price": str(line.unit_price),
                "amount": str(line.amount),
                "taxes": [tax.name for tax in line.taxes],
            }
            for line in record.lines
            if line.type == "line"
        ],
        "shipments": [
            {
                "number": shipment.number,
                "state": shipment.state,
                "moves": {move.product.code: move.quantity for move in shipment.outgoing_moves},
            }
            for shipment in record.shipments
        ],
        "invoices": [invoice_summary(invoice) for invoice in record.invoices],
    }


def count_sales(portal_key: str | None = None, reference: str | None = None) -> dict:
    """Count sales, all or those of a portal key or a customer's reference."""
    from proteus import Model

    domain = []
    if portal_key is not None:
        domain.append(("portal_key", "=", portal_key))
    if reference is not None:
        domain.append(("reference", "=", reference))
    records = Model.get("sale.sale").find(domain, order=[("id", "ASC")])
    return {
        "count": len(records),
        "sales": [{"number": r.number, "portal_key": r.portal_key, "state": r.state} for r in records[:200]],
    }


def cancel_sale(sale: str) -> dict:
    """Cancel a draft or a quotation."""
    record = sale_of(sale)
    record.click("cancel")
    record.reload()
    return sale_summary(record)


def process_sale(sale: str) -> dict:
    """Process a confirmed sale, as the worker does."""
    record = sale_of(sale)
    record.click("process")
    record.reload()
    return sale_summary(record)
