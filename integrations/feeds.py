"""The feeds: a connector reads records, the app that owns the facts takes them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actions import erp as accounts
from accounts.actions.licences import apply_licences
from accounts.queries.companies import all_merged
from accounts.records import CreditRecord
from catalog.actions.categories import apply_categories
from catalog.actions.content import apply_content
from catalog.actions.products import apply_products
from catalog.actions.stock import apply_stock, apply_warehouses
from core.actor import Actor
from core.applied import Applied
from core.tolerance import ANY, BeyondTolerance, TooMuchGone, check_gone, check_tolerance
from integrations import inbox
from integrations.actions.identifiers import keep_identifiers
from integrations.batches import Batch, PriceBatch
from integrations.connectors.pim_files import reading as pim
from integrations.connectors.supplier_files import reading as suppliers
from integrations.connectors.supplier_files.mapping import PRICES, Format
from integrations.connectors.tryton import documents, masters
from integrations.connectors.tryton import prices as tryton_prices
from integrations.connectors.tryton.transport import connection
from integrations.criteria import inside
from integrations.identifiers import all_renamed
from integrations.reading import Fed, Reading
from integrations.rehearsal import rehearsed
from integrations.systems import ERP
from integrations.words import laid_over
from pricing.actions.lists import apply_assignments, apply_costs, apply_price_lists, apply_tax_rates
from pricing.actions.prices import RunScope, apply_prices

Take = Callable[[Batch[Any], Actor, bool], Applied]
Feed = Callable[[Reading], Fed]


def _from_erp(read: Callable[..., Batch[Any]], take: Take, identity: tuple[str, str] | None = None) -> Feed:
    """The feed of a reading. identity: the kind of thing that the records are, and their key's field."""

    def feed(reading: Reading) -> Fed:
        erp = connection()
        before = erp.calls
        with laid_over(reading.mapping):
            batch = read(erp, reading.cursor, is_full=reading.is_full)
        return _taken(batch, take, reading, calls=erp.calls - before, identity=identity)

    return feed


def _identify(batch: Batch[Any], kind: str, key: str) -> None:
    """Leave out the records whose id over there stands for something else here (INT-07)."""
    if kind == "customer":
        # The ERP may still have both of two that are one here: the old one brings nothing any more.
        merged = all_merged()
        batch.records = [record for record in batch.records if getattr(record, key) not in merged]
    refused = keep_identifiers(ERP, kind, [(record.erp_id, getattr(record, key)) for record in batch.records])
    names = {item.key for item in refused}
    batch.records = [record for record in batch.records if getattr(record, key) not in names]
    batch.rejected += refused


# By which fields records name things that the ERP may have renamed.
NAMES = {"sku": "product", "company_number": "customer"}


def _follow_renamed(batch: Batch[Any]) -> None:
    """Let records that name a thing as it was named before land on what it is now (INT-09)."""
    for field, kind in NAMES.items():
        if not batch.records or not hasattr(batch.records[0], field):
            continue
        if names := all_renamed(ERP, kind):
            if isinstance(batch.records[0], CreditRecord):
                told = {record.company_number for record in batch.records}
                batch.records = [
                    record for record in batch.records if names.get(record.company_number) not in told
                ]
            batch.records = [
                record.model_copy(update={field: names[getattr(record, field)]})
                if getattr(record, field) in names
                else record
                for record in batch.records
            ]


def _from_pim(read: Callable[..., Batch[Any]], take: Take) -> Feed:
    def feed(reading: Reading) -> Fed:
        return _taken(read(reading.cursor, is_full=reading.is_full), take, reading, calls=0)

    return feed


def _taken(
    batch: Batch[Any],
    take: Take,
    reading: Reading,
    *,
    calls: int,
    identity: tuple[str, str] | None = None,
) -> Fed:
    """Let the owning app take the batch, or nothing of it when it has more bad rows than tolerated.

    Raises BeyondTolerance with every bad row, or TooMuchGone when a whole reading lacks more of what we
    have than may end at once; what was written before it was noticed is rolled back as a whole (INT-48).
    """
    ends = batch.is_full and reading.most_gone != ANY
    if ends and not batch.keys:
        _check_none_is_here(reading)
    outside = _leave_outside(batch, reading)
    batch.tolerance = reading.tolerance

    def apply() -> Applied:
        if identity is not None:
            _identify(batch, *identity)
        else:
            _follow_renamed(batch)
        # A row that could not be mapped, or is not our turn yet, is not a row that is gone.
        is_whole = batch.is_full and not batch.rejected and not outside
        applied = _take_records(batch, take, reading.by, is_whole=is_whole)
        applied += Applied(rejected=tuple(batch.rejected), outside=outside)
        applied = check_tolerance(batch.tolerance, applied)
        return check_gone(reading.most_gone, applied) if ends else applied

    found = None
    if reading.rehearses is not None:
        applied, found = rehearsed(apply, reading.rehearses)
    elif batch.tolerance == ANY and not ends:
        # Each action is a transaction of its own, and so is each message.
        applied = apply()
    else:
        with transaction.atomic():
            applied = apply()
    keys = frozenset(batch.keys)
    return Fed(applied, batch.as_of, batch.cursor, keys, batch.is_full, calls, found or ())


def _check_none_is_here(reading: Reading) -> None:
    """Refuse an empty reading of everything while we have something: that all has ended is no answer."""
    if any(apps.get_model(model)._default_manager.exists() for model in reading.writes[:1]):
        raise TooMuchGone(
            _(
                "What came as the whole is empty, and we have rows of it: what we have stays. If all has really "
                "ended, set “May end at once” of the flow to any and let it run once."
            )
        )


def _take_records(batch: Batch[Any], take: Take, by: Actor, *, is_whole: bool) -> Applied:
    if not batch.records:
        return Applied()
    try:
        return take(batch, by, is_whole)
    except BeyondTolerance as refusal:
        # The rows that were no records are bad rows of the same batch.
        told = refusal.applied + Applied(rejected=tuple(batch.rejected))
        raise BeyondTolerance(refusal.tolerance, told) from refusal


def _leave_outside(batch: Batch[Any], reading: Reading) -> int:
    """Take out the records that the flow is not live for; what we have of them stays (OPS-03)."""
    if not any(reading.rollout.values()):
        return 0
    before = len(batch.records)
    live = inside(batch.records, reading.rollout)
    batch.records = [record for record, is_inside in zip(batch.records, live, strict=True) if is_inside]
    outside = before - len(batch.records)
    if outside and isinstance(batch, PriceBatch):
        # A list that is only taken in part was not read whole: what it lacks has not ended.
        batch.full_lists = set()
    return outside


def _all(action: Callable[..., Applied]) -> Take:
    return lambda batch, by, is_whole: action(batch.records, by=by)


def _maybe_full(action: Callable[..., Applied]) -> Take:
    return lambda batch, by, is_whole: action(batch.records, by=by, is_full=is_whole)


def _prices(batch: Batch[Any], by: Actor, is_whole: bool, *, flow: str = "erp.prices") -> Applied:
    full = frozenset(getattr(batch, "full_lists", ())) if not batch.rejected else frozenset()
    scope_of_run = RunScope(full_lists=full, tolerance=batch.tolerance)
    return apply_prices(batch.records, by=by, flow=flow, as_of=batch.as_of, scope_of_run=scope_of_run)


def supplier_file(
    name: str, form: Format, *, as_of: datetime | None = None, silent: Sequence[str] = ()
) -> Feed:
    """The feed of a file that a supplier delivered. as_of: by its clock; None: when it was written.

    silent: systems that tell no stock just now: what they once said gives way.
    """

    def take_prices(batch: Batch[Any], by: Actor, is_whole: bool) -> Applied:
        own, everybody = form.lists(batch.as_of)
        apply_price_lists([own], by=by)
        apply_assignments([everybody], by=by)
        return _prices(batch, by, is_whole, flow="supplier.prices")

    def take_stock(batch: Batch[Any], by: Actor, is_whole: bool) -> Applied:
        return apply_stock(batch.records, by=by, silent=silent)

    def feed(reading: Reading) -> Fed:
        if form.brings == PRICES:
            prices = suppliers.read_prices(name, form, as_of=as_of)
            return _taken(prices, take_prices, reading, calls=0)
        return _taken(suppliers.read_stock(name, form, as_of=as_of), take_stock, reading, calls=0)

    return feed


payment_terms = _from_erp(masters.read_payment_terms, _all(accounts.apply_payment_terms))
customers = _from_erp(masters.read_customers, _maybe_full(accounts.apply_customers), ("customer", "number"))
credit = _from_erp(masters.read_credit, _all(accounts.apply_credit))
licences = _from_erp(masters.read_licences, _maybe_full(apply_licences))
tax_rates = _from_erp(masters.read_tax_rates, _all(apply_tax_rates))
warehouses = _from_erp(masters.read_warehouses, _maybe_full(apply_warehouses))
products = _from_erp(masters.read_products, _maybe_full(apply_products), ("product", "sku"))
costs = _from_erp(masters.read_costs, _all(apply_costs))
stock = _from_erp(masters.read_stock, _maybe_full(apply_stock))
price_lists = _from_erp(tryton_prices.read_price_lists, _maybe_full(apply_price_lists))
assignments = _from_erp(tryton_prices.read_assignments, _maybe_full(apply_assignments))
prices = _from_erp(tryton_prices.read_prices, _prices)
categories = _from_pim(pim.read_categories, _maybe_full(apply_categories))
content = _from_pim(pim.read_content, _maybe_full(apply_content))
order_states = _from_erp(documents.read_order_states, inbox.taking("order_state"))
shipments = _from_erp(documents.read_shipments, inbox.taking("shipment"))
invoices = _from_erp(documents.read_invoices, inbox.taking("invoice"))
