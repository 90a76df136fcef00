"""Stock per warehouse with its age; in a constant number of statements."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.availability import availability
from catalog.queries import unit_of
from catalog.rules import UnknownUnit
from core import freshness
from tests.factories.catalog import ProductFactory, StockLevelFactory, WarehouseFactory


@pytest.mark.req("INV-01")
@pytest.mark.django_db
def test_stock_is_told_per_warehouse_that_ships_in_their_order():
    product = ProductFactory()
    second, first = WarehouseFactory(position=2), WarehouseFactory(position=1)
    closed = WarehouseFactory(position=0, is_active=False)
    for warehouse, on_hand in ((second, 5), (first, 7), (closed, 9)):
        StockLevelFactory(product=product, warehouse=warehouse, on_hand=Decimal(on_hand))

    rows = availability([product.pk])[product.pk]

    assert [(row.warehouse, row.available) for row in rows] == [(first, 7), (second, 5)]


@pytest.mark.django_db
def test_stock_that_nobody_has_told_is_unknown_and_not_zero():
    product = ProductFactory()

    assert availability([product.pk]) == {}


@pytest.mark.req("INV-11")
@pytest.mark.django_db
def test_a_figure_older_than_its_limit_is_stale_until_a_reading_confirms_it(monkeypatch):
    monkeypatch.setitem(freshness._limits, "stock", timedelta(minutes=30))
    now = timezone.now()
    stock = StockLevelFactory(as_of=now - timedelta(hours=8))

    [old] = availability([stock.product_id])[stock.product_id]
    freshness.note("stock", now - timedelta(minutes=2))
    [confirmed] = availability([stock.product_id])[stock.product_id]

    assert (old.is_stale, old.as_of) == (True, stock.as_of)
    assert (confirmed.is_stale, confirmed.as_of) == (False, now - timedelta(minutes=2))


@pytest.mark.django_db
def test_availability_takes_three_statements_for_any_number_of_products():
    stocks = StockLevelFactory.create_batch(20)

    for some in (stocks[:1], stocks):
        with CaptureQueriesContext(connection) as captured:
            assert len(availability([stock.product_id for stock in some])) == len(some)
        assert len(captured) == 3


@pytest.mark.django_db
def test_a_unit_that_is_out_of_use_or_unknown_is_refused():
    product = ProductFactory(units={"box": 100})
    product.units.filter(key="box").update(is_active=False)

    assert unit_of(product, "piece").code == "C62"
    for key in ("box", "pallet", ""):
        with pytest.raises(UnknownUnit):
            unit_of(product, key)
