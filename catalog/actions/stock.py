"""Warehouses and stock, as the ERP tells them; nobody else writes them (INV-15)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models import Allocation, StockLevel, Warehouse
from catalog.records import StockRecord, WarehouseRecord
from core import conflicts, freshness, outbox, ownership, staging
from core.actor import Actor, action
from core.applied import Applied, Rejected, latest_of
from core.changes import assign, differs, write
from core.conflicts import Disagreement
from core.errors import InvalidValue, NotFound

COLUMNS = {
    "sku": "text",
    "warehouse_code": "text",
    "on_hand": "numeric(18,6)",
    "as_of": "timestamptz",
    "record": "jsonb",
}

# Two figures of one place in a batch: the later reading counts.
DROP_REPEATED = """
    DELETE FROM staged_stock s USING staged_stock later
    WHERE later.sku = s.sku AND later.warehouse_code = s.warehouse_code
        AND (later.as_of, later.line) > (s.as_of, s.line)
    RETURNING s.sku, s.warehouse_code, s.record
"""

POINT = """
    ALTER TABLE staged_stock ADD product_id bigint, ADD warehouse_id bigint, ADD verdict text,
        ADD was numeric(18,6), ADD was_as_of timestamptz, ADD was_source text;
    UPDATE staged_stock s SET product_id = p.id FROM catalog_product p WHERE p.sku = s.sku;
    UPDATE staged_stock s SET warehouse_id = w.id FROM catalog_warehouse w WHERE w.code = s.warehouse_code;
"""

DROP_STRAY = """
    DELETE FROM staged_stock WHERE product_id IS NULL OR warehouse_id IS NULL
    RETURNING sku, warehouse_code, product_id, record
"""

# In key order, as the allocations do: no deadlock with them.
LOCK = """
    SELECT l.id FROM catalog_stocklevel l
    JOIN staged_stock s ON s.product_id = l.product_id AND s.warehouse_id = l.warehouse_id
    ORDER BY l.product_id, l.warehouse_id FOR NO KEY UPDATE OF l
"""

# Where another system has told its figure, the precedence decides and no age: both orders end alike (INT-03).
DECIDE = """
    UPDATE staged_stock s SET was = l.on_hand, was_as_of = l.as_of, was_source = l.source,
        verdict = CASE WHEN l.source = ANY(%(weaker)s::text[]) THEN 'changed' ELSE 'outranked' END
    FROM catalog_stocklevel l
    WHERE l.product_id = s.product_id AND l.warehouse_id = s.warehouse_id AND l.source <> %(source)s
"""

DISAGREE = """
    SELECT sku, warehouse_code, on_hand, was, was_source, verdict FROM staged_stock
    WHERE was_source IS NOT NULL AND on_hand <> was ORDER BY line
"""

# A figure is as old as its row or as the last complete reading, whichever is later: an older one is late.
JUDGE = """
    UPDATE staged_stock s SET was = l.on_hand, was_as_of = l.as_of, verdict = CASE
        WHEN s.as_of < l.as_of
            OR s.as_of < (SELECT as_of FROM core_freshness WHERE kind = 'stock' AND l.source = 'erp')
            THEN 'old'
        WHEN l.on_hand <> s.on_hand THEN 'changed'
        ELSE 'same' END
    FROM catalog_stocklevel l
    WHERE l.product_id = s.product_id AND l.warehouse_id = s.warehouse_id AND s.verdict IS NULL;
    UPDATE staged_stock SET verdict = 'new' WHERE verdict IS NULL;
"""

WRITE = """
    INSERT INTO catalog_stocklevel (product_id, warehouse_id, on_hand, as_of, source)
    SELECT product_id, warehouse_id, on_hand, as_of, %(source)s FROM staged_stock
    WHERE verdict IN ('new', 'changed')
    ORDER BY product_id, warehouse_id
    ON CONFLICT (product_id, warehouse_id) DO UPDATE
        SET on_hand = excluded.on_hand, as_of = excluded.as_of, source = excluded.source
"""

# What a full reading no longer holds is unknown from then on, not zero.
FORGET = """
    WITH gone AS (
        DELETE FROM catalog_stocklevel l
        USING (SELECT min(as_of) AS as_of FROM staged_stock) seen
        WHERE l.as_of < seen.as_of AND l.source = %(source)s AND NOT EXISTS (
            SELECT FROM staged_stock s WHERE s.product_id = l.product_id AND s.warehouse_id = l.warehouse_id)
        RETURNING l.warehouse_id)
    SELECT w.code, count(*) FROM gone JOIN catalog_warehouse w ON w.id = gone.warehouse_id GROUP BY w.code
"""

# What each warehouse has news of, and which products it cannot sell from stock any more: less is free
# than their least order quantity, where before it was enough. Asked before allocations end, by the rule
# of catalog.rules.still_reserves for the figure before and the one now.
NEWS = """
    SELECT w.code, count(*), (array_agg(s.sku ORDER BY s.sku COLLATE "C"))[:20],
        count(*) FILTER (WHERE s.fell),
        (array_agg(s.sku ORDER BY s.sku COLLATE "C") FILTER (WHERE s.fell))[:20]
    FROM (
        SELECT s.sku, s.warehouse_id,
            s.was - held.before >= p.min_quantity AND s.on_hand - held.since < p.min_quantity AS fell
        FROM staged_stock s
        JOIN catalog_product p ON p.id = s.product_id
        LEFT JOIN core_freshness read ON read.kind = 'stock' AND %(source)s = 'erp'
        LEFT JOIN LATERAL (
            SELECT coalesce(sum(a.quantity) FILTER (
                    WHERE a.counted_at IS NULL OR a.counted_at >= greatest(s.was_as_of, read.as_of)), 0) AS before,
                coalesce(sum(a.quantity) FILTER (
                    WHERE a.counted_at IS NULL OR a.counted_at >= greatest(s.as_of, read.as_of)), 0) AS since
            FROM catalog_allocation a
            WHERE a.product_id = s.product_id AND a.warehouse_id = s.warehouse_id
        ) held ON s.was >= p.min_quantity
        WHERE s.verdict IN ('new', 'changed')
    ) s JOIN catalog_warehouse w ON w.id = s.warehouse_id
    GROUP BY w.code
"""

END_ALLOCATIONS = """
    DELETE FROM catalog_allocation a USING catalog_stocklevel l
    WHERE a.counted_at IS NOT NULL AND l.product_id = a.product_id AND l.warehouse_id = a.warehouse_id
        AND a.counted_at < greatest(
            l.as_of, (SELECT as_of FROM core_freshness WHERE kind = 'stock' AND l.source = 'erp'))
"""


@action
def apply_warehouses(records: Sequence[WarehouseRecord], *, by: Actor, is_full: bool = False) -> Applied:
    """Take over the ERP's warehouses. is_full: one that is gone no longer ships online orders."""
    ownership.check(by, "catalog.Warehouse", ("code", "name", "erp_id"))
    known = {row.code: row for row in Warehouse.objects.select_for_update(no_key=True)}
    new: list[Warehouse] = []
    changed: list[models.Model] = []
    single, repeated = latest_of(records, lambda record: record.code)
    told = {record.code: record for record in single}
    for record in single:
        values = {"name": record.name, "erp_id": record.erp_id}
        row = known.get(record.code)
        if row is None:
            new.append(Warehouse(code=record.code, position=len(known) + len(new), **values))
        elif differs(row, values):
            changed.append(assign(row, values))
    gone = [row for code, row in known.items() if is_full and told and code not in told and row.is_active]

    write(Warehouse, new=new, changed=changed, fields=("name", "erp_id"))
    Warehouse.objects.filter(pk__in=[row.pk for row in gone]).update(is_active=False)
    same = len(told) - len(new) - len(changed)
    return Applied(new=len(new), changed=len(changed), same=same, removed=len(gone), rejected=repeated)


@dataclass(frozen=True)
class WarehouseSettings:
    """What we decide about a warehouse. time_zone: of its cut-off; position: the smaller sells first.

    when_stale: see catalog.models.Warehouse.
    """

    time_zone: str
    position: int
    is_active: bool
    when_stale: str


@action
def set_warehouse(code: str, settings: WarehouseSettings, *, by: Actor) -> Warehouse:
    """Say whether and in which order we sell from a warehouse, and by how old a figure.

    Raises InvalidValue for a time zone that is not known, NotFound for an unknown code.
    """
    ownership.check(by, "catalog.Warehouse", ("time_zone", "position", "is_active", "when_stale"))
    warehouse = Warehouse.objects.select_for_update(of=("self",), no_key=True).filter(code=code).first()
    if warehouse is None:
        raise NotFound(_("There is no warehouse “%(code)s”.") % {"code": code})
    if settings.time_zone not in available_timezones():
        raise InvalidValue(
            _("“%(zone)s” is no time zone. Write one such as Europe/Vienna.") % {"zone": settings.time_zone},
            field="time_zone",
        )

    values = asdict(settings)
    assign(warehouse, values)
    warehouse.save(update_fields=list(values))
    return warehouse


@action
def apply_stock(
    records: Iterable[StockRecord], *, by: Actor, is_full: bool = False, silent: Sequence[str] = ()
) -> Applied:
    """Take over the ERP's stock figures, and end the allocations that they have deducted.

    A figure older than what we know is not taken (INV-14); one of an unknown product or warehouse
    is left out with its reason. Equal figures are not written: that they still hold is noted for all
    of them at once, by the flow with `core.freshness.note`. Where two systems tell of one place, the one
    holds that `core.ownership` prefers, whichever came first, and the other is kept as a conflict; silent: systems that
    tell nothing just now give way to any. is_full:
    what is missing of this system is forgotten: it is unknown, not zero; an empty list forgets nothing. Records `stock.updated` and, where something is not
    to be had from stock any more, `stock.fell_below`, once per warehouse. A fixed number of statements.
    """
    ownership.check(by, "catalog.StockLevel", ("on_hand", "as_of", "source"))
    source = ownership.source_of(by)
    weaker = [*ownership.weaker_than("catalog.StockLevel", "on_hand", source), *silent]
    told_by = {"source": source, "weaker": weaker}
    staging.one_at_a_time("catalog.stock")
    staging.stage("staged_stock", COLUMNS, _rows(records))
    rejected = [_repeated(*row) for row in staging.rows(DROP_REPEATED)]
    staging.run(POINT)
    rejected += [_stray(*row) for row in staging.rows(DROP_STRAY)]

    staging.rows(LOCK)
    staging.run(DECIDE, told_by)
    staging.run(JUDGE)
    staging.run(WRITE, told_by)
    forgotten = dict(staging.rows(FORGET, told_by)) if is_full else {}
    conflicts.note_news([_decided(source, *row) for row in staging.rows(DISAGREE)], by=by)
    _record_news(forgotten, by=by)
    staging.run(END_ALLOCATIONS)
    return staging.report("staged_stock", rejected, removed=sum(forgotten.values()))


def _decided(
    source: str, sku: str, warehouse_code: str, told: Decimal, held: Decimal, holder: str, verdict: str
) -> Disagreement:
    """A place of which two systems tell different figures. held: what we had, by `holder`."""
    is_taken = verdict != "outranked"
    return Disagreement(
        model="catalog.StockLevel",
        key=f"{sku}/{warehouse_code}",
        field="on_hand",
        kept=told if is_taken else held,
        refused=held if is_taken else told,
        winner=source if is_taken else holder,
        loser=holder if is_taken else source,
        rule="precedence",
    )


def _record_news(forgotten: dict[str, int], *, by: Actor) -> None:
    """Record what a run has changed per warehouse. forgotten: {code: how many figures are gone}.

    The turn `catalog.stock`, which every run takes, makes the sequence of a warehouse's events.
    """
    news = {code: counts for code, *counts in staging.rows(NEWS, {"source": ownership.source_of(by)})}
    [(as_of,)] = staging.rows("SELECT max(as_of) FROM staged_stock")
    for code in sorted(news.keys() | forgotten.keys()):
        changed, skus, fallen, fallen_skus = news.get(code, (0, (), 0, ()))
        where = {"warehouse": code, "as_of": as_of.isoformat()}
        updated = {**where, "changed": changed, "forgotten": forgotten.get(code, 0), "skus": list(skus)}
        outbox.record("stock.updated", subject=f"warehouse:{code}", payload=updated, by=by)
        if fallen:
            fell = {**where, "products": fallen, "skus": fallen_skus}
            outbox.record("stock.fell_below", subject=f"warehouse:{code}", payload=fell, by=by)


@action
def take_told_stock(records: Sequence[StockRecord], *, by: Actor) -> int:
    """Take over a few figures that the ERP was asked for just now; tell how many were news.

    Waits for nobody: a figure that a flow is writing at this moment, or a place without one, is left to the
    flow, which brings it anyway; one that another system tells is left to the precedence of the flows. A figure older than what we know is not taken (INV-14).
    """
    ownership.check(by, "catalog.StockLevel", ("on_hand", "as_of"))
    told = {(record.sku, record.warehouse_code): record for record in records}
    rows = (
        StockLevel.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .select_related("product", "warehouse")
        .filter(
            source=ownership.source_of(by),
            product__sku__in={sku for sku, _code in told},
            warehouse__code__in={code for _sku, code in told},
        )
        .order_by("product_id", "warehouse_id")
    )
    read = freshness.read_up_to().get("stock")
    news = []
    for row in rows:
        record = told.get((row.product.sku, row.warehouse.code))
        if record is None or record.as_of < (freshness.later(row.as_of, read) or record.as_of):
            continue
        if row.on_hand != record.on_hand:
            row.on_hand, row.as_of = record.on_hand, record.as_of
            news.append(row)

    StockLevel.objects.bulk_update(news, ["on_hand", "as_of"])
    for row in news:
        Allocation.objects.filter(
            product_id=row.product_id, warehouse_id=row.warehouse_id, counted_at__lt=row.as_of
        ).delete()
    return len(news)


def _rows(records: Iterable[StockRecord]) -> Iterator[Sequence[Any]]:
    for record in records:
        yield record.sku, record.warehouse_code, record.on_hand, record.as_of, record.model_dump_json()


def _stray(sku: str, warehouse_code: str, product_id: int | None, record: Any) -> Rejected:
    key, plain = f"{sku}/{warehouse_code}", staging.as_json(record)
    if product_id is None:
        reason = f"Product “{sku}” is not known here yet."
        return Rejected(key, "sku", reason, plain, code="parent_missing")
    reason = f"Warehouse “{warehouse_code}” is not known here yet."
    return Rejected(key, "warehouse_code", reason, plain, code="parent_missing")


def _repeated(sku: str, warehouse_code: str, record: Any) -> Rejected:
    reason = "It came twice in one batch; the later reading was taken."
    return Rejected(f"{sku}/{warehouse_code}", "as_of", reason, staging.as_json(record))
