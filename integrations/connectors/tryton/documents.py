"""What became of our orders, out of Tryton: its states, shipments, invoices, credit notes, payments."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from integrations.batches import Batch
from integrations.connectors.tryton.company import Ground, ground_of
from integrations.connectors.tryton.reading import (
    by_ids,
    clock_of,
    cursor_at,
    ids_moved,
    moved,
    pages,
    since_of,
)
from integrations.connectors.tryton.states import (
    invoice_states,
    payment_state,
    shipment_status,
    shipping_status,
)
from integrations.connectors.tryton.transport import Tryton
from integrations.connectors.tryton.values import stamp_of, version_of
from integrations.connectors.tryton.writing.sale import SEQUENCE_STEP
from integrations.identifiers import all_keys_of
from integrations.systems import ERP
from orders.records import (
    InvoiceLineRecord,
    InvoiceRecord,
    OrderStatusRecord,
    PaymentRecord,
    ShipmentLineRecord,
    ShipmentRecord,
)
from orders.states import InvoiceKind

Row = dict[str, Any]
Cursor = dict[str, Any]

STAMPS = ["write_date", "create_date"]
SHIPMENT_FIELDS = [
    *STAMPS,
    "number",
    "state",
    "planned_date",
    "effective_date",
    "warehouse.code",
    *(f"outgoing_moves.{name}" for name in (*STAMPS, "origin", "quantity", "state")),
]
INVOICE_FIELDS = [
    *STAMPS,
    "number",
    "state",
    "invoice_date",
    "party.code",
    "currency.code",
    "untaxed_amount",
    "tax_amount",
    "total_amount",
    "amount_to_pay",
    "lines_to_pay.maturity_date",
    "payment_lines.credit",
    "payment_lines.debit",
    "payment_lines.date",
    "payment_lines.move_origin",
    *(f"lines.{name}" for name in ("origin", "type", "description", "quantity", "unit_price", "amount")),
    "lines.product.code",
    "lines.unit.symbol",
]


@dataclass(frozen=True)
class Place:
    """Where a line of the ERP belongs: our order and the position in it."""

    order_number: str
    position: int


@dataclass
class Places:
    """Finds our order lines for lines of the ERP, with one question for many."""

    erp: Tryton
    ground: Ground
    known: dict[str, Place] = field(default_factory=dict)
    credits: dict[str, int] = field(default_factory=dict)

    def look_up(self, origins: Iterable[str | None]) -> None:
        """Learn where these origins lead: sale lines, and invoice lines that were credited."""
        wanted = {origin for origin in origins if origin} - set(self.known)
        credited = _ids(wanted, "account.invoice.line")
        rows = list(by_ids(self.erp, "account.invoice.line", credited, ["origin", "invoice"]))
        for row in rows:
            self.credits[f"account.invoice.line,{row['id']}"] = row["invoice"]
        self._learn_sale_lines(_ids(wanted, "sale.line") | _ids({r["origin"] for r in rows}, "sale.line"))
        for row in rows:
            if row["origin"] in self.known:
                self.known[f"account.invoice.line,{row['id']}"] = self.known[row["origin"]]

    def _learn_sale_lines(self, ids: set[int]) -> None:
        """By what was kept when the ERP took the order; else by the sequence that we gave the line.

        Staff of the ERP may put its lines in another order, which changes their sequences.
        """
        for external, line in all_keys_of(ERP, "order_line", map(str, ids)).items():
            number, _slash, position = line.rpartition("/")
            self.known[f"sale.line,{external}"] = Place(number, int(position))
        ids = {number for number in ids if f"sale.line,{number}" not in self.known}
        key = "portal_key" if self.ground.has_portal_key else "reference"
        for row in by_ids(self.erp, "sale.line", ids, ["sequence", f"sale.{key}"]):
            number, sequence = row["sale."][key], row["sequence"]
            if number and sequence and sequence % SEQUENCE_STEP == 0:
                self.known[f"sale.line,{row['id']}"] = Place(number, sequence // SEQUENCE_STEP)


def _ids(origins: Iterable[str | None], model: str) -> set[int]:
    pairs = (origin.partition(",") for origin in origins if origin)
    return {int(number) for name, _comma, number in pairs if name == model and int(number) >= 0}


def read_order_states(erp: Tryton, cursor: Cursor, *, is_full: bool) -> Batch[OrderStatusRecord]:
    """The ERP's own states of the orders that came from us."""
    as_of, since, ground = clock_of(erp), since_of(cursor), ground_of(erp)
    batch: Batch[OrderStatusRecord] = Batch(as_of=as_of, cursor=cursor_at(as_of), is_full=is_full)
    key = "portal_key" if ground.has_portal_key else "reference"
    domain: list[Any] = [[key, "!=", None], ["state", "not in", ["draft", "quotation"]]]
    if since is not None and not is_full:
        domain.append(moved(since))
    fields = [*STAMPS, key, "number", "state", "shipment_state", "invoice_state"]

    def record(row: Row) -> OrderStatusRecord:
        delivery = shipping_status(row["shipment_state"])
        invoices, payment = invoice_states(row["invoice_state"], delivery)
        return OrderStatusRecord(
            order_number=row[key],
            erp_number=row["number"] or "",
            erp_status=row["state"],
            delivery_status=delivery,
            invoice_status=invoices,
            payment_status=payment,
            is_cancelled=row["state"] == "cancelled",
            version=version_of(stamp_of(row)),
            as_of=as_of,
        )

    batch.take(pages(erp, "sale.sale", domain, fields), key=lambda row: row[key], record=record)
    return batch


def read_shipments(erp: Tryton, cursor: Cursor, *, is_full: bool) -> Batch[ShipmentRecord]:
    """Shipments of our orders, each with all its lines; what remains is a shipment of its own."""
    as_of, since, ground = clock_of(erp), since_of(cursor), ground_of(erp)
    batch: Batch[ShipmentRecord] = Batch(as_of=as_of, cursor=cursor_at(as_of), is_full=is_full)
    if is_full or since is None:
        rows = list(pages(erp, "stock.shipment.out", [], SHIPMENT_FIELDS))
    else:
        ids = ids_moved(erp, "stock.shipment.out", since)
        rows = list(by_ids(erp, "stock.shipment.out", ids, SHIPMENT_FIELDS))
    places = Places(erp, ground)
    places.look_up(move["origin"] for row in rows for move in row["outgoing_moves."])
    parts = [part for row in rows for part in _by_order(row, places)]
    batch.take(
        parts,
        key=lambda part: part["erp_id"],
        record=lambda part: _shipment(part, as_of=as_of),
    )
    return batch


def _by_order(row: Row, places: Places) -> list[Row]:
    """A shipment once per order of ours in it; nearly always there is one."""
    lines: dict[str, dict[int, Decimal]] = {}
    for move in row["outgoing_moves."]:
        place = places.known.get(move["origin"] or "")
        if place is None or move["state"] == "cancelled" and row["state"] != "cancelled":
            continue
        of_order = lines.setdefault(place.order_number, {})
        of_order[place.position] = of_order.get(place.position, Decimal(0)) + move["quantity"]
    is_shared = len(lines) > 1
    return [
        {**row, "order": order, "erp_id": f"{row['id']}/{order}" if is_shared else str(row["id"]), "in": held}
        for order, held in lines.items()
    ]


def _shipment(row: Row, *, as_of: datetime) -> ShipmentRecord:
    moves = row["outgoing_moves."]
    status = shipment_status(row["state"])
    done = [stamp_of(move) for move in moves if move["state"] == "done"]
    return ShipmentRecord(
        order_number=row["order"],
        erp_id=row["erp_id"],
        number=row["number"] or "",
        status=status,
        erp_status=row["state"],
        warehouse_code=(row["warehouse."] or {}).get("code"),
        planned_on=row["planned_date"],
        shipped_on=row["effective_date"],
        shipped_at=max((stamp for stamp in done if stamp), default=None),
        version=version_of(stamp_of(row), *(stamp_of(move) for move in moves)),
        as_of=as_of,
        lines=tuple(
            ShipmentLineRecord(position=position, quantity=quantity)
            for position, quantity in sorted(row["in"].items())
        ),
    )


def read_invoices(erp: Tryton, cursor: Cursor, *, is_full: bool) -> Batch[InvoiceRecord]:
    """Issued invoices and credit notes of all customers, with what was paid on them."""
    as_of, since, ground = clock_of(erp), since_of(cursor), ground_of(erp)
    batch: Batch[InvoiceRecord] = Batch(as_of=as_of, cursor=cursor_at(as_of), is_full=is_full)
    domain: list[Any] = [
        ["type", "=", "out"],
        ["state", "in", ["posted", "paid", "cancelled"]],
        ["number", "!=", None],
        ["party.code", "!=", None],
    ]
    if since is not None and not is_full:
        domain.append(moved(since))
    rows = list(pages(erp, "account.invoice", domain, INVOICE_FIELDS))
    # Invoices before the credit notes that name them.
    rows.sort(key=lambda row: (row["total_amount"] < 0, row["id"]))
    places = Places(erp, ground)
    places.look_up(line["origin"] for row in rows for line in row["lines."])
    batch.take(
        rows,
        key=lambda row: row["number"],
        record=lambda row: _invoice(row, places=places, as_of=as_of),
    )
    return batch


def _invoice(row: Row, *, places: Places, as_of: datetime) -> InvoiceRecord:
    is_note = row["total_amount"] < 0
    goods = [line for line in row["lines."] if line["type"] == "line"]
    lines = tuple(_invoice_line(line, at, places) for at, line in enumerate(goods, 1))
    credited = {places.credits[o] for line in goods if (o := line["origin"] or "") in places.credits}
    due = [line["maturity_date"] for line in row["lines_to_pay."] if line["maturity_date"]]
    return InvoiceRecord(
        erp_id=str(row["id"]),
        number=row["number"],
        kind=InvoiceKind.CREDIT_NOTE if is_note else InvoiceKind.INVOICE,
        company_number=row["party."]["code"],
        order_numbers=tuple(sorted({line.order_number for line in lines if line.order_number})),
        credits_erp_id=str(min(credited)) if is_note and credited else None,
        currency=row["currency."]["code"],
        net_amount=row["untaxed_amount"],
        tax_amount=row["tax_amount"],
        gross_amount=row["total_amount"],
        open_amount=row["amount_to_pay"] or Decimal(0),
        status=payment_state(row["state"], total=row["total_amount"], to_pay=row["amount_to_pay"]),
        erp_status=row["state"],
        is_credited=row["state"] == "cancelled" and not is_note,
        issued_on=row["invoice_date"],
        due_on=max(due, default=None),
        version=version_of(stamp_of(row)),
        as_of=as_of,
        lines=lines,
        payments=tuple(_payment(line) for line in row["payment_lines."] if _is_payment(line, row["id"])),
    )


def _invoice_line(row: Row, position: int, places: Places) -> InvoiceLineRecord:
    place = places.known.get(row["origin"] or "")
    symbol = (row["unit."] or {}).get("symbol", "")
    sku = (row["product."] or {}).get("code") or ""
    return InvoiceLineRecord(
        position=position,
        order_number=place.order_number if place else None,
        order_line_position=place.position if place else None,
        sku=sku,
        text=(row["description"] or sku)[:300],
        quantity=Decimal(str(row["quantity"] or 0)),
        unit_code=places.ground.unit_code(symbol),
        unit_price=row["unit_price"] or Decimal(0),
        net_amount=row["amount"] or Decimal(0),
    )


def _is_payment(line: Row, invoice: int) -> bool:
    """Money, not the other side of a reconciliation: the move of another invoice or credit note."""
    origin = str(line["move_origin"] or "")
    return not origin.startswith("account.invoice,") or origin == f"account.invoice,{invoice}"


def _payment(line: Row) -> PaymentRecord:
    return PaymentRecord(
        erp_id=str(line["id"]),
        amount=(line["credit"] or Decimal(0)) - (line["debit"] or Decimal(0)),
        paid_on=line["date"],
    )
