"""Customers, terms, credit, products, taxes, warehouses, stock and costs out of Tryton."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from accounts.records import CreditRecord, CustomerRecord, LicenceRecord, PaymentTermRecord
from catalog.records import ProductRecord, StockRecord, WarehouseRecord
from integrations.batches import Batch
from integrations.connectors.tryton import mapping
from integrations.connectors.tryton.company import ground_of
from integrations.connectors.tryton.reading import (
    by_ids,
    clock_of,
    cursor_at,
    ids_moved,
    moved,
    pages,
    since_of,
)
from integrations.connectors.tryton.transport import Tryton
from pricing.records import CostRecord, TaxRateRecord

Row = dict[str, Any]
Cursor = dict[str, Any]

BRANCH = "is branch of"
PARTY_FIELDS = [
    "code",
    "name",
    "active",
    "tax_identifier.code",
    "customer_payment_term.name",
    "categories.name",
    "contact_mechanisms.type",
    "contact_mechanisms.value",
    "contact_mechanisms.name",
    "contact_mechanisms.invoice",
    "contact_mechanisms.active",
    "addresses.party_name",
    "addresses.street",
    "addresses.postal_code",
    "addresses.city",
    "addresses.country.code",
    "addresses.delivery",
    "addresses.invoice",
    "addresses.active",
    "addresses.identifiers.type",
    "addresses.identifiers.code",
    "addresses.identifiers.active",
]
# What belongs to a customer and moves without moving the party (observed).
PARTY_PARTS = ("party.address", "party.contact_mechanism", "party.identifier")
TEMPLATE_FIELDS = [
    "active",
    "salable",
    "account_category.customer_taxes_used",
    "default_uom.symbol",
    "default_uom.factor",
    "sale_uom.symbol",
    "sale_uom.factor",
]
PACKAGING_FIELDS = [
    "min_sale_quantity",
    "sale_quantity_step",
    "sale_units.uom.symbol",
    "sale_units.code",
    "sale_units.base_quantity",
]
LICENCE_FIELDS = ["party.code", "kind", "number", "valid_from", "valid_to", "withdrawn"]
EVERYTHING = {"active_test": False}


def read_payment_terms(erp: Tryton, cursor: Cursor, *, is_full: bool) -> Batch[PaymentTermRecord]:
    """All terms: there are few, and their lines move without them."""
    as_of = clock_of(erp)
    fields = ["name"] + [f"lines.relativedeltas.{unit}" for unit in ("days", "weeks", "months")]
    batch: Batch[PaymentTermRecord] = Batch(as_of=as_of, cursor=cursor_at(as_of), is_full=True)
    rows = pages(erp, "account.invoice.payment_term", [], fields)
    batch.take(rows, key=lambda row: row["name"] or str(row["id"]), record=mapping.payment_term)
    return batch


def read_customers(erp: Tryton, cursor: Cursor, *, is_full: bool) -> Batch[CustomerRecord]:
    """The customers: parties with a term for customers, and branches of others."""
    as_of, since, ground = clock_of(erp), since_of(cursor), ground_of(erp)
    batch: Batch[CustomerRecord] = Batch(as_of=as_of, cursor=cursor_at(as_of), is_full=is_full)
    relations = list(
        pages(erp, "party.relation.all", [["type.name", "=", BRANCH]], ["from_", "to", "to.code"])
    )
    parents = {row["from_"]: row["to."]["code"] for row in relations}
    tree = sorted((row["from_"], row["to"]) for row in relations)
    batch.cursor["tree"] = [list(pair) for pair in tree]
    domain: list[Any] = [["id", "!=", ground.party_id], ["code", "!=", None]]
    if is_full or since is None:
        rows = pages(erp, "party.party", domain, PARTY_FIELDS, context=EVERYTHING)
    else:
        ids = ids_moved(erp, "party.party", since)
        for part in PARTY_PARTS:
            ids |= ids_moved(erp, part, since, up="party")
        before = {tuple(pair) for pair in cursor.get("tree", [])}
        ids |= {child for child, _parent in before ^ set(tree)}
        rows = (row for row in by_ids(erp, "party.party", ids, PARTY_FIELDS) if row["code"])
    customers = (
        row
        for row in rows
        if row["id"] != ground.party_id and (row["customer_payment_term."] or row["id"] in parents)
    )
    batch.take(
        customers,
        key=lambda row: row["code"],
        record=lambda row: mapping.customer(
            row, parent=parents.get(row["id"]), currency=ground.currency, as_of=as_of
        ),
    )
    return batch


def read_credit(erp: Tryton, cursor: Cursor, *, is_full: bool) -> Batch[CreditRecord]:
    """Limit and balance of every customer: a new balance moves nothing, so all are compared."""
    as_of, ground = clock_of(erp), ground_of(erp)
    batch: Batch[CreditRecord] = Batch(as_of=as_of, cursor=cursor_at(as_of), is_full=True)
    rows = pages(
        erp,
        "party.party",
        [["id", "!=", ground.party_id], ["code", "!=", None]],
        ["code", "customer_payment_term", "credit_amount", "credit_limit_amount"],
    )
    relations = pages(erp, "party.relation.all", [["type.name", "=", BRANCH]], ["from_"])
    branches = {row["from_"] for row in relations}
    batch.take(
        (row for row in rows if row["customer_payment_term"] or row["id"] in branches),
        key=lambda row: row["code"],
        record=lambda row: mapping.credit(row, currency=ground.currency, as_of=as_of),
    )
    return batch


def read_licences(erp: Tryton, cursor: Cursor, *, is_full: bool) -> Batch[LicenceRecord]:
    """All licences: there are few, and one that is taken off a record leaves no trace.

    Nothing where the ERP has not our module: then it vouches for none, and none ends.
    """
    as_of, ground = clock_of(erp), ground_of(erp)
    has_some = "licences" in erp.call("model.party.party.fields_get", ["licences"], context=ground.context)
    batch: Batch[LicenceRecord] = Batch(as_of=as_of, cursor=cursor_at(as_of), is_full=has_some)
    if has_some:
        batch.take(
            pages(erp, "party.licence", [], LICENCE_FIELDS, context=EVERYTHING, may_be_none=True),
            key=lambda row: f"{(row['party.'] or {}).get('code')}/{row['kind']}/{row['number']}",
            record=lambda row: mapping.licence(row, as_of=as_of),
        )
    return batch


def read_tax_rates(erp: Tryton, cursor: Cursor, *, is_full: bool) -> Batch[TaxRateRecord]:
    """All percentage taxes."""
    as_of = clock_of(erp)
    batch: Batch[TaxRateRecord] = Batch(as_of=as_of, cursor=cursor_at(as_of), is_full=True)
    rows = pages(erp, "account.tax", [["type", "=", "percentage"]], ["name", "rate"])
    batch.take(rows, key=lambda row: row["name"], record=lambda row: mapping.tax_rate(row, as_of=as_of))
    return batch


def read_warehouses(erp: Tryton, cursor: Cursor, *, is_full: bool) -> Batch[WarehouseRecord]:
    """All warehouses."""
    as_of = clock_of(erp)
    batch: Batch[WarehouseRecord] = Batch(as_of=as_of, cursor=cursor_at(as_of), is_full=True)
    batch.take(_warehouses(erp), key=lambda row: row["code"] or str(row["id"]), record=mapping.warehouse)
    return batch


def _warehouses(erp: Tryton) -> list[Row]:
    return list(pages(erp, "stock.location", [["type", "=", "warehouse"]], ["code", "name"]))


def read_products(erp: Tryton, cursor: Cursor, *, is_full: bool) -> Batch[ProductRecord]:
    """Products with their units; retired ones vanish from searches and are asked for by name."""
    as_of, since, ground = clock_of(erp), since_of(cursor), ground_of(erp)
    batch: Batch[ProductRecord] = Batch(as_of=as_of, cursor=cursor_at(as_of), is_full=is_full)
    taxes = {
        row["id"]: row["name"]
        for row in pages(erp, "account.tax", [["type", "=", "percentage"]], ["name"], context=EVERYTHING)
    }
    below = TEMPLATE_FIELDS + (PACKAGING_FIELDS if ground.has_packaging else [])
    fields = ["code", "name", "active", *(f"template.{name}" for name in below)]
    domain: list[Any] = [["code", "!=", None]]
    if since is not None and not is_full:
        domain += _moved_products(erp, since)
    rows = pages(erp, "product.product", domain, fields, context=EVERYTHING)
    batch.take(
        rows,
        key=lambda row: row["code"],
        record=lambda row: mapping.product(row, taxes=taxes, as_of=as_of),
    )
    return batch


def _moved_products(erp: Tryton, since: datetime) -> list[Any]:
    templates = ids_moved(erp, "product.template", since)
    if ground_of(erp).has_packaging:
        templates |= ids_moved(erp, "product.sale_unit", since, up="template")
    return [["OR", ["template", "in", sorted(templates)], moved(since)]]


def read_costs(erp: Tryton, cursor: Cursor, *, is_full: bool) -> Batch[CostRecord]:
    """What each product costs. Costs live in a table of their own, so all are compared."""
    as_of, ground = clock_of(erp), ground_of(erp)
    batch: Batch[CostRecord] = Batch(as_of=as_of, cursor=cursor_at(as_of), is_full=True)
    rows = pages(erp, "product.product", [["code", "!=", None]], ["code", "cost_price"])
    batch.take(
        (row for row in rows if row["cost_price"] is not None),
        key=lambda row: row["code"],
        record=lambda row: mapping.cost(row, currency=ground.currency, as_of=as_of),
    )
    return batch


def read_stock(erp: Tryton, cursor: Cursor, *, is_full: bool) -> Batch[StockRecord]:
    """The stock of each product in each warehouse; moved goods move the move, not the product."""
    as_of, since = clock_of(erp), since_of(cursor)
    batch: Batch[StockRecord] = Batch(as_of=as_of, cursor=cursor_at(as_of), is_full=is_full)
    domain: list[Any] = [["code", "!=", None], ["type", "=", "goods"]]
    if since is not None and not is_full:
        ids = ids_moved(erp, "stock.move", since, up="product")
        if not ids:
            return batch
        domain.append(["id", "in", sorted(ids)])
    for place in _warehouses(erp):
        if not place["code"]:
            continue
        context = {"locations": [place["id"]], "stock_date_end": as_of.date()}
        rows = pages(erp, "product.product", domain, ["code", "quantity"], context=context)
        _take_stock(batch, rows, place["code"])
    return batch


def _take_stock(batch: Batch[StockRecord], rows: Iterable[Row], warehouse: str) -> None:
    batch.take(
        rows,
        key=lambda row: f"{row['code']}@{warehouse}",
        record=lambda row: mapping.stock(row, warehouse=warehouse, as_of=batch.as_of),
    )
