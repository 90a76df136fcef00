"""Stock as readings bring it: late, equal, of unknown things, and no longer there."""

from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.actions.stock import apply_stock, apply_warehouses
from catalog.availability import availability
from catalog.models import Allocation, StockLevel, Warehouse
from catalog.records import StockRecord, WarehouseRecord
from core import freshness
from tests.catalog.fed import ERP, NOON, counts, row_versions
from tests.factories.catalog import StockLevelFactory


def figure(stock, on_hand, at=NOON):
    return StockRecord(sku=stock.product.sku, warehouse_code=stock.warehouse.code, on_hand=on_hand, as_of=at)


@pytest.mark.req("INV-14")
@pytest.mark.django_db
def test_a_late_snapshot_does_not_overwrite_newer_figures():
    stock, other = StockLevelFactory(on_hand=Decimal(10)), StockLevelFactory(on_hand=Decimal(10))
    apply_stock([figure(stock, 4)], by=ERP)

    late = NOON - timedelta(minutes=5)
    applied = apply_stock([figure(stock, 10, late), figure(other, 8, late)], by=ERP, is_full=True)

    stock.refresh_from_db()
    other.refresh_from_db()
    assert counts(applied) == (0, 1, 1, 0, 0)
    assert (stock.on_hand, stock.as_of) == (4, NOON)
    assert other.on_hand == 8


@pytest.mark.req("INV-14")
@pytest.mark.django_db
def test_a_figure_from_before_the_last_complete_reading_is_late_although_its_row_is_older():
    stock = StockLevelFactory(on_hand=Decimal(10))
    freshness.note("stock", NOON)

    applied = apply_stock([figure(stock, 3, NOON - timedelta(minutes=5))], by=ERP)

    stock.refresh_from_db()
    assert counts(applied) == (0, 0, 1, 0, 0)
    assert stock.on_hand == 10


@pytest.mark.django_db
@pytest.mark.parametrize("is_full", [True, False])
def test_equal_figures_are_not_written_and_end_what_they_have_deducted_once_they_are_noted(is_full):
    stock = StockLevelFactory(on_hand=Decimal(10))
    Allocation.objects.create(
        subject="order:SO-1/1",
        product=stock.product,
        warehouse=stock.warehouse,
        quantity=2,
        counted_at=NOON - timedelta(minutes=1),
    )
    before = row_versions()

    applied = apply_stock([figure(stock, 10)], by=ERP, is_full=is_full)
    untouched = row_versions() == before
    freshness.note("stock", NOON)
    [told] = availability([stock.product_id])[stock.product_id]
    apply_stock([figure(stock, 10)], by=ERP, is_full=is_full)

    assert counts(applied) == (0, 0, 1, 0, 0)
    assert untouched
    assert (told.reserved, told.available, told.as_of) == (0, 10, NOON)
    assert not Allocation.objects.exists()


@pytest.mark.django_db
def test_a_figure_of_an_unknown_product_or_warehouse_is_told_and_stops_nobody():
    stock = StockLevelFactory(on_hand=Decimal(10))
    known = {"sku": stock.product.sku, "warehouse_code": stock.warehouse.code}
    records = [
        StockRecord(**{**known, "sku": "NOWHERE"}, on_hand=1, as_of=NOON),
        StockRecord(**{**known, "warehouse_code": "MOON"}, on_hand=1, as_of=NOON),
        StockRecord(**known, on_hand=11, as_of=NOON),
    ]

    applied = apply_stock(records, by=ERP)

    assert {(each.field, each.code) for each in applied.rejected} == {
        ("sku", "parent_missing"),
        ("warehouse_code", "parent_missing"),
    }
    assert StockLevel.objects.get().on_hand == 11


@pytest.mark.django_db
def test_a_figure_that_a_full_reading_no_longer_holds_is_unknown_and_not_zero():
    stock, gone = StockLevelFactory(), StockLevelFactory()

    applied = apply_stock([figure(stock, 1000)], by=ERP, is_full=True)

    assert applied.removed == 1
    assert not StockLevel.objects.filter(pk=gone.pk).exists()


@pytest.mark.django_db
def test_a_warehouse_that_is_gone_no_longer_ships():
    apply_warehouses([WarehouseRecord(code="A", name="Ulm"), WarehouseRecord(code="B", name="Brno")], by=ERP)

    applied = apply_warehouses([WarehouseRecord(code="A", name="Ulm West")], by=ERP, is_full=True)

    assert counts(applied) == (0, 1, 0, 1, 0)
    assert dict(Warehouse.objects.values_list("name", "is_active")) == {"Ulm West": True, "Brno": False}
