"""What the ERP tells of orders, as records: its answer, its state, what it shipped and invoiced."""

from datetime import UTC, date, datetime
from decimal import Decimal

from orders.records import (
    ErpOrderLineRecord,
    ErpOrderRecord,
    InvoiceLineRecord,
    InvoiceRecord,
    OrderStatusRecord,
    PaymentRecord,
    ShipmentLineRecord,
    ShipmentRecord,
)

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def answer(order, **changes):
    values = {
        "order_number": order.number,
        "erp_id": "7",
        "erp_number": "SALE-7",
        "erp_status": "processing",
        "lines": [
            ErpOrderLineRecord(
                position=line.position,
                erp_id=f"7{line.position}",
                quantity=line.ordered,
                net_amount=line.net_amount,
            )
            for line in order.lines.all()
        ],
        "net_amount": order.net_amount,
        "as_of": NOON,
    }
    return ErpOrderRecord(**{**values, **changes})


def status(order, version="1", **changes):
    values = {
        "order_number": order.number,
        "erp_number": "SALE-7",
        "erp_status": "processing",
        "version": version,
        "as_of": NOON,
    }
    return OrderStatusRecord(**{**values, **changes})


def shipment(order, quantities, *, key="S1", state="shipped", version="1", **changes):
    values = {
        "order_number": order.number,
        "erp_id": key,
        "number": f"SHP-{key}",
        "status": state,
        "warehouse_code": "LNZ",
        "shipped_at": NOON if state == "shipped" else None,
        "version": version,
        "as_of": NOON,
        "lines": [ShipmentLineRecord(position=p, quantity=q) for p, q in quantities.items()],
    }
    return ShipmentRecord(**{**values, **changes})


def invoice(order, quantities, *, key="I1", kind="invoice", paid=(), version="1", **changes):
    sign = -1 if kind == "credit_note" else 1
    net = sum((Decimal(q) for q in quantities.values()), Decimal(0)) * sign
    gross = net * Decimal("1.2")
    payments = [
        PaymentRecord(erp_id=f"{key}-P{n}", amount=amount, paid_on=date(2026, 11, 25))
        for n, amount in enumerate(paid)
    ]
    left = gross - sum((Decimal(amount) for amount in paid), Decimal(0))
    values = {
        "erp_id": key,
        "number": f"INV-{key}",
        "kind": kind,
        "company_number": order.company.number,
        "order_numbers": [order.number],
        "currency": "EUR",
        "net_amount": net,
        "tax_amount": gross - net,
        "gross_amount": gross,
        "open_amount": left,
        "status": "paid" if left == 0 else "open",
        "issued_on": date(2026, 11, 21),
        "due_on": date(2026, 12, 21),
        "version": version,
        "as_of": NOON,
        "lines": [
            InvoiceLineRecord(
                position=n,
                order_number=order.number,
                order_line_position=position,
                quantity=Decimal(q) * sign,
                unit_price=1,
                net_amount=Decimal(q) * sign,
            )
            for n, (position, q) in enumerate(quantities.items(), start=1)
        ],
        "payments": payments,
    }
    return InvoiceRecord(**{**values, **changes})
