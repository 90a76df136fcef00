"""Orders leave as a batch: all that were placed before a cut-off, in one snapshot, streamed (INT-50)."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TextIO

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.errors import InvalidValue

CSV, JSONL = "csv", "jsonl"
# An order is stamped before it is committed: younger ones might still arrive behind the cut-off.
SETTLED = timedelta(minutes=1)
AT_ONCE = 500

# What each column says. Times are UTC, amounts in the order's currency, quantities in the line's unit.
ORDER_COLUMNS: dict[str, str] = {
    "number": "the order's number, the key of the file together with position",
    "placed_at": "when it was placed; orders are sorted by it, then by number",
    "company_number": "the customer's number in the ERP",
    "company_name": "the customer's name as it is now",
    "status": "ours: pending_approval, returned, received, confirmed, on_hold, closed, rejected, cancelled",
    "currency": "ISO 4217",
    "order_net_amount": "sum of the lines before tax",
    "order_tax_amount": "tax",
    "order_gross_amount": "with tax",
    "po_number": "the customer's own number",
    "requested_on": "the day that the customer wants it, empty if none",
    "warehouse_code": "from where it is shipped",
    "erp_number": "the ERP's number, empty until it has one",
    "delivery_status": "the ERP's word",
    "invoice_status": "the ERP's word",
    "payment_status": "the ERP's word",
    "lines": "how many lines the order has: so many rows of the CSV file belong to it",
}
LINE_COLUMNS: dict[str, str] = {
    "position": "the line",
    "sku": "product number",
    "name": "its name when it was ordered",
    "unit_code": "UN/ECE Rec 20, or X and the Rec 21 code",
    "ordered": "quantity",
    "confirmed": "quantity",
    "shipped": "quantity",
    "cancelled": "quantity",
    "invoiced": "quantity",
    "returned": "quantity",
    "unit_price": "price of price_unit of them",
    "price_unit": "how many the price is for",
    "net_amount": "of the line, before tax",
    "tax_percent": "percent",
}

# The lines come with their order, as text: a decimal of JSON would lose its last places on the way.
ORDERS = """
    SELECT purchase.number, purchase.placed_at, company.number, company.name, purchase.status,
        purchase.currency, purchase.net_amount::text, purchase.tax_amount::text,
        purchase.gross_amount::text, purchase.po_number, purchase.requested_on::text, warehouse.code,
        purchase.erp_number, purchase.delivery_status, purchase.invoice_status,
        purchase.payment_status, line.many, line.found
    FROM orders_order AS purchase
    JOIN accounts_company AS company ON company.id = purchase.company_id
    JOIN catalog_warehouse AS warehouse ON warehouse.id = purchase.warehouse_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS many, coalesce(array_agg(ARRAY[
            position::text, sku, name, unit_code, ordered::text, confirmed::text, shipped::text,
            cancelled::text, invoiced::text, returned::text, unit_price::text, price_unit::text,
            net_amount::text, tax_percent::text
        ] ORDER BY position), '{}') AS found
        FROM orders_orderline WHERE order_id = purchase.id
    ) AS line
    WHERE purchase.placed_at < %(until)s
        AND (%(at)s::timestamptz IS NULL OR (purchase.placed_at, purchase.number) > (%(at)s, %(number)s))
    ORDER BY purchase.placed_at, purchase.number
"""


@dataclass(frozen=True)
class Place:
    """Where an export goes on: after this order. Both stand in its first two columns."""

    placed_at: datetime
    number: str


@dataclass(frozen=True)
class Exported:
    """What an export wrote. last: where the next one goes on; None when there was nothing."""

    orders: int
    lines: int
    last: Place | None


def export_orders(to: TextIO, *, until: datetime, form: str, after: Place | None = None) -> Exported:
    """Write every order placed before `until`, as it stands at this moment, whatever happens meanwhile.

    form: csv, one row per line of an order, with a head unless it goes on after another export;
    jsonl, one object per order. One snapshot, one statement, memory for some hundred orders.
    Raises InvalidValue for a cut-off that is not a minute old, or a form that there is not.
    """
    _check(until, form)
    orders = lines = 0
    last = after
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        write = _csv(to, with_head=after is None) if form == CSV else _jsonl(to)
        for order, found in _orders(until, after):
            write(order, found)
            orders, lines = orders + 1, lines + len(found)
            last = Place(order["placed_at"], order["number"])
    return Exported(orders, lines, last)


def _check(until: datetime, form: str) -> None:
    if form not in (CSV, JSONL):
        raise InvalidValue(_("Choose csv or jsonl."), field="format")
    if until > timezone.now() - SETTLED:
        raise InvalidValue(
            _(
                "The cut-off must be at least a minute ago: orders of the last minute may still be on their way."
            ),
            field="until",
        )


def _orders(until: datetime, after: Place | None) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    values = {
        "until": until,
        "at": after.placed_at if after else None,
        "number": after.number if after else "",
    }
    with connection.chunked_cursor() as cursor:
        cursor.execute(ORDERS, values)
        while rows := cursor.fetchmany(AT_ONCE):
            for *order, found in rows:
                lines = [dict(zip(LINE_COLUMNS, line, strict=True)) for line in found]
                yield dict(zip(ORDER_COLUMNS, order, strict=True)), lines


def _csv(to: TextIO, *, with_head: bool) -> Any:
    writer = csv.writer(to)
    if with_head:
        writer.writerow([*ORDER_COLUMNS, *LINE_COLUMNS])

    def write(order: dict[str, Any], lines: list[dict[str, Any]]) -> None:
        told = {**order, "placed_at": _utc(order["placed_at"])}
        for line in lines:
            writer.writerow([safe_cell(value) for value in [*told.values(), *line.values()]])

    return write


def _jsonl(to: TextIO) -> Any:
    def write(order: dict[str, Any], lines: list[dict[str, Any]]) -> None:
        told = {**order, "placed_at": _utc(order["placed_at"]), "lines": lines}
        to.write(json.dumps(told, ensure_ascii=False) + "\n")

    return write


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def safe_cell(value: Any) -> Any:
    """A cell that no spreadsheet runs: text that begins like a formula gets an apostrophe before it.

    A number with its sign is a number. Source: OWASP, CSV injection.
    """
    if not isinstance(value, str) or not value.lstrip().startswith(("=", "+", "-", "@")):
        return f"'{value}" if isinstance(value, str) and value[:1] in ("\t", "\r", "\n") else value
    sign, rest = value[0], value[1:]
    is_number = sign in "+-" and rest.replace(".", "", 1).isascii() and rest.replace(".", "", 1).isdigit()
    return value if is_number else f"'{value}"
