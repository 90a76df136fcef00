"""Stock held back for documents: allocated, released, and ended by the ERP's own figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Q

from catalog.availability import Pair, figures_of, reserved_by_pair
from catalog.models import Allocation, StockLevel
from catalog.rules import available, promised
from core import freshness
from core.actor import Actor, action
from core.errors import InvalidValue
from core.money import ZERO


@dataclass(frozen=True)
class Want:
    """What a document line wants held back.

    subject: "order:number/line", one per line and warehouse. quantity_base: in the base unit, above 0.
    """

    subject: str
    product_id: int
    warehouse_id: int
    quantity_base: Decimal


@dataclass(frozen=True)
class Covered:
    """How much of a want stock covers now, and what is left as backorder; in the base unit."""

    want: Want
    covered: Decimal
    short: Decimal


@action
def allocate_stock(wants: Sequence[Want], *, by: Actor) -> list[Covered]:
    """Hold back stock for document lines; tell, in their order, how much is covered now.

    Never refuses: what stock does not cover, or what a figure too old to promise from might (INV-11),
    is held back too and stands in line, as a backorder (INV-10). Lines that want the same stock are served one after the other. Said again for a
    subject, the new quantity replaces the old one. Locks the stock rows in key order, so parallel
    documents neither oversell nor deadlock. Source: failure bank 9.
    """
    for want in wants:
        if want.quantity_base <= 0:
            raise InvalidValue(f"{want.subject}: only a quantity above zero can be held back.")
    levels = _locked({(want.product_id, want.warehouse_id) for want in wants})
    by_pair = {(level.product_id, level.warehouse_id): level for level in levels}
    subjects = {want.subject for want in wants}
    Allocation.objects.filter(subject__in=subjects, counted_at=None).delete()
    ages = figures_of(levels)
    reserved = reserved_by_pair(ages)

    answers = []
    for want in wants:
        pair = (want.product_id, want.warehouse_id)
        free = _free(by_pair.get(pair), reserved.get(pair, ZERO), ages.get(pair))
        covered = min(free, want.quantity_base)
        answers.append(Covered(want, covered, want.quantity_base - covered))
        reserved[pair] = reserved.get(pair, ZERO) + want.quantity_base

    Allocation.objects.bulk_create(
        Allocation(
            subject=want.subject,
            product_id=want.product_id,
            warehouse_id=want.warehouse_id,
            quantity=want.quantity_base,
        )
        for want in wants
    )
    return answers


@action
def release_allocation(subject_prefix: str, *, by: Actor) -> Decimal:
    """Give back what a document or one of its lines holds; tell how much, in base units.

    subject_prefix: "order:SO-1" with all its lines, or "order:SO-1/3". What a shipment has already
    counted stays until the ERP's figure deducts it. Releasing what is released does nothing.
    """
    held = Allocation.objects.filter(
        Q(subject=subject_prefix) | Q(subject__startswith=f"{subject_prefix.rstrip('/')}/"),
        counted_at=None,
    )
    rows = list(held.select_for_update(of=("self",)).order_by("pk"))
    Allocation.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return sum((row.quantity for row in rows), ZERO)


@action
def count_shipment(
    subject: str, warehouse_id: int, quantity_base: Decimal, counted_at: datetime, *, by: Actor
) -> None:
    """Turn held-back stock into shipped stock, which reserves until the ERP's figure has deducted it.

    subject: the line that was shipped. warehouse_id: where the goods left, whatever warehouse was
    planned. counted_at: when they left, by the ERP's clock: the first stock figure that is later has
    deducted them (failure bank 10). A line that holds nothing counts nothing.
    """
    rows = list(Allocation.objects.select_for_update(of=("self",)).filter(subject=subject).order_by("pk"))
    if not rows or quantity_base <= 0:
        return
    open_rows = [row for row in rows if row.counted_at is None]

    # First what waits where the goods left, then what was planned elsewhere.
    left = quantity_base
    for row in sorted(open_rows, key=lambda row: (row.warehouse_id != warehouse_id, row.pk)):
        taken = min(row.quantity, left)
        left -= taken
        if taken == row.quantity:
            row.delete()
        elif taken:
            row.quantity -= taken
            row.save(update_fields=["quantity"])

    Allocation.objects.create(
        subject=subject,
        product_id=rows[0].product_id,
        warehouse_id=warehouse_id,
        quantity=quantity_base,
        counted_at=counted_at,
    )


def _free(level: StockLevel | None, reserved: Decimal, as_of: datetime | None) -> Decimal:
    """What of a figure can still be promised, by its age and the warehouse's policy."""
    if level is None:
        return ZERO
    return promised(
        available(level.on_hand, reserved),
        is_stale=freshness.is_stale(level.freshness_kind, as_of),
        when_stale=level.warehouse.when_stale,
    )


def _locked(pairs: set[Pair]) -> list[StockLevel]:
    """Lock the stock rows of the products and warehouses, in key order."""
    return list(
        StockLevel.objects.select_for_update(of=("self",), no_key=True)
        .select_related("warehouse")
        .filter(
            product_id__in={product for product, _ in pairs},
            warehouse_id__in={warehouse for _, warehouse in pairs},
        )
        .order_by("product_id", "warehouse_id")
    )
