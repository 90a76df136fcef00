"""Prices out of Tryton: its formulas are never evaluated here, it is asked at each of its breaks.

A price list is Python formulas over lines of which the first match wins. What is stored is the ladder that
follows from asking `sale_price_uom` at every distinct break of a list, for the products that a change
touches.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from integrations.batches import Batch, PriceBatch
from integrations.connectors.tryton.company import ground_of
from integrations.connectors.tryton.reading import (
    OVERLAP,
    clock_of,
    cursor_at,
    moved,
    pages,
    since_of,
)
from integrations.connectors.tryton.transport import Tryton
from integrations.connectors.tryton.values import stamp_of, version_of
from pricing.records import AssignmentRecord, PriceListRecord, PriceRecord

Row = dict[str, Any]
Cursor = dict[str, Any]

# The list that everybody has: Tryton's own list prices, which it keeps on the products.
LIST_CODE, LIST_NAME = "LIST", "List prices"
STAMPS = ["write_date", "create_date"]
LINE_FIELDS = ["price_list", "sequence", "product", "category", "quantity", "formula"]


def read_price_lists(erp: Tryton, cursor: Cursor, *, is_full: bool) -> Batch[PriceListRecord]:
    """All price lists, and the one of list prices."""
    as_of, ground = clock_of(erp), ground_of(erp)
    batch: Batch[PriceListRecord] = Batch(as_of=as_of, cursor=cursor_at(as_of), is_full=True)
    rows: list[Row] = [{"id": "", "name": LIST_NAME, "code": LIST_CODE, "kind": "list"}]
    rows += [
        {**row, "code": row["name"], "kind": "contract"}
        for row in pages(erp, "product.price_list", [], ["name"])
    ]
    batch.take(
        rows,
        key=lambda row: row["code"],
        record=lambda row: PriceListRecord(
            code=row["code"],
            name=row["name"],
            kind=row["kind"],
            currency=ground.currency,
            erp_id=str(row["id"]),
            as_of=as_of,
        ),
    )
    return batch


def read_assignments(erp: Tryton, cursor: Cursor, *, is_full: bool) -> Batch[AssignmentRecord]:
    """Who has which list; everybody has the list prices. All are compared, since some may be gone."""
    as_of, ground = clock_of(erp), ground_of(erp)
    batch: Batch[AssignmentRecord] = Batch(as_of=as_of, cursor=cursor_at(as_of), is_full=True)
    parties = pages(
        erp,
        "party.party",
        [["code", "!=", None], ["id", "!=", ground.party_id]],
        ["code", "sale_price_list.name"],
    )
    rows: list[Row] = [{"list": LIST_CODE, "company": None}]
    rows += [
        {"list": row["sale_price_list."]["name"], "company": row["code"]}
        for row in parties
        if row["sale_price_list."]
    ]
    batch.take(
        rows,
        key=lambda row: f"{row['list']}@{row['company'] or '*'}",
        record=lambda row: AssignmentRecord(price_list_code=row["list"], company_number=row["company"]),
    )
    return batch


def read_prices(erp: Tryton, cursor: Cursor, *, is_full: bool) -> PriceBatch:
    """The ladders of all lists, or of what a changed line, list or product touches.

    A changed line asks its whole list again, a changed product (list price, category) its own
    prices in every list. `lines` in the cursor tells also of lines that are gone, `seen` which
    states of products have been asked already, since readings overlap.
    """
    as_of, since = clock_of(erp), since_of(cursor)
    batch = PriceBatch(as_of=as_of, is_full=is_full or since is None)
    lists = list(pages(erp, "product.price_list", [], ["name"]))
    lines = _lines_by_list(erp)
    digests = {str(one["id"]): _digest(lines[one["id"]]) for one in lists}
    seen = _moved_products(erp, as_of - OVERLAP if since is None or is_full else since)
    batch.cursor = cursor_at(as_of, lines=digests, seen=seen)
    known, asked_before = ({}, {}) if batch.is_full else (cursor.get("lines", {}), cursor.get("seen", {}))

    changed_lists = [one for one in lists if known.get(str(one["id"])) != digests[str(one["id"])]]
    touched = {int(key) for key, stamp in seen.items() if asked_before.get(key) != stamp}
    if not (batch.is_full or changed_lists or touched):
        return batch
    products = _products(erp)
    some = products if batch.is_full else [row for row in products if row["id"] in touched]
    batch.full_lists = {one["name"] for one in changed_lists}
    if batch.is_full:
        batch.full_lists.add(LIST_CODE)
    _take_list_prices(batch, some)
    for one in lists:
        _take_ladders(erp, batch, one, lines[one["id"]], products if one in changed_lists else some)
    return batch


def _products(erp: Tryton) -> list[Row]:
    """The products for sale, each with the categories that lines may name: its own and all above."""
    above = {row["id"]: row["parent"] for row in pages(erp, "product.category", [], ["parent"])}
    fields = ["code", "list_price_used", "default_uom", "categories_all"]
    rows = list(pages(erp, "product.product", [["code", "!=", None], ["salable", "=", True]], fields))
    for row in rows:
        found: set[int] = set()
        for category in row["categories_all"]:
            at: int | None = category
            while at is not None and at not in found:
                found.add(at)
                at = above.get(at)
        row["categories"] = found
    return rows


def _moved_products(erp: Tryton, since: datetime) -> dict[str, str]:
    """The products that moved since, each with the stamp of its state; a list price moves the template."""
    context = {"active_test": False}
    templates = {
        row["id"]: version_of(stamp_of(row))
        for row in pages(erp, "product.template", [moved(since)], STAMPS, context=context)
    }
    domain = ["OR", moved(since), ["template", "in", sorted(templates)]]
    rows = pages(erp, "product.product", [domain], [*STAMPS, "template"], context=context)
    return {
        str(row["id"]): max(version_of(stamp_of(row)), templates.get(row["template"], "")) for row in rows
    }


def _lines_by_list(erp: Tryton) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in pages(erp, "product.price_list.line", [], LINE_FIELDS):
        found[row["price_list"]].append(row)
    for lines in found.values():
        # Tryton's own order: sequence first, those without one before all others.
        lines.sort(key=lambda row: (row["sequence"] is not None, row["sequence"] or 0, row["id"]))
    return found


def _digest(lines: Iterable[Row]) -> str:
    text = "\n".join(repr([row["id"], *(row[name] for name in LINE_FIELDS)]) for row in lines)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _take_list_prices(batch: PriceBatch, products: Iterable[Row]) -> None:
    batch.take(
        (row for row in products if row["list_price_used"] is not None),
        key=lambda row: f"{LIST_CODE}:{row['code']}",
        record=lambda row: PriceRecord(
            price_list_code=LIST_CODE, sku=row["code"], unit_price=row["list_price_used"]
        ),
    )


def _take_ladders(
    erp: Tryton, batch: PriceBatch, price_list: Row, lines: Sequence[Row], products: Sequence[Row]
) -> None:
    """Ask at each break that touches a product, in one call per break and unit; keep the steps that differ."""
    asks: dict[tuple[Decimal, int], list[int]] = defaultdict(list)
    touching = {row["code"]: _touching(row, lines) for row in products}
    for row in products:
        for at in {Decimal(0), *(at for at, _formula in touching[row["code"]])}:
            asks[at, row["default_uom"]].append(row["id"])
    ladders: dict[str, list[tuple[Decimal, Decimal]]] = {row["code"]: [] for row in products}
    for at, unit in sorted(asks):
        for code, price in _ask(erp, price_list["id"], at, unit, asks[at, unit]):
            steps = ladders[code]
            if price is not None and (not steps or steps[-1][1] != price):
                steps.append((at, price))
    rows = [{"sku": sku, "from": at, "price": price} for sku, steps in ladders.items() for at, price in steps]
    batch.take(
        rows,
        key=lambda row: f"{price_list['name']}:{row['sku']}:{row['from'].normalize():f}",
        record=lambda row: PriceRecord(
            price_list_code=price_list["name"],
            sku=row["sku"],
            min_quantity=row["from"],
            unit_price=row["price"],
            formula=_formula_at(row["from"], touching[row["sku"]])[:200],
        ),
    )


def _touching(product: Row, lines: Sequence[Row]) -> list[tuple[Decimal, str]]:
    """The lines of a list that may price a product: (from this quantity, formula), in their order.

    The first line that matches wins, so none behind one without a quantity can ever match.
    """
    found = []
    for line in lines:
        if line["product"] not in (None, product["id"]):
            continue
        if line["category"] is not None and line["category"] not in product["categories"]:
            continue
        at = Decimal(str(line["quantity"] or 0))
        found.append((at, line["formula"] or ""))
        if at <= 0:
            break
    return found


def _formula_at(quantity: Decimal, touching: Sequence[tuple[Decimal, str]]) -> str:
    """The formula by which the ERP prices a quantity, as text for people; "" for the plain list price."""
    return next((formula for at, formula in touching if at <= quantity), "")


def _ask(
    erp: Tryton, price_list: int, quantity: Decimal, unit: int, ids: Sequence[int]
) -> Iterable[tuple[str, Decimal | None]]:
    ground = ground_of(erp)
    context = {
        "price_list": price_list,
        "quantity": quantity,
        "uom": unit,
        "currency": ground.main_currency_id,
    }
    domain = [["id", "in", list(ids)]]
    for row in pages(erp, "product.product", domain, ["code", "sale_price_uom"], context=context):
        yield row["code"], row["sale_price_uom"]
