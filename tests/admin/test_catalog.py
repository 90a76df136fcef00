"""The catalogue in the back office: shown with its owners and ages; only what is ours is set."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import Category, Product, StockLevel, Warehouse
from core.models import Refusal
from tests.factories.catalog import (
    MORNING,
    MediaFactory,
    ProductFactory,
    ProductRelationFactory,
    StockLevelFactory,
    WarehouseFactory,
)

pytestmark = pytest.mark.django_db


def address(model, page="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def fill(count):
    for _ in range(count):
        product = ProductFactory(units={"box": 100})
        StockLevelFactory(product=product)
        MediaFactory(product=product)
        ProductRelationFactory(product=product, other=Product.objects.first()) if count > 1 else None


@pytest.mark.parametrize("model", [Product, Category, Warehouse, StockLevel])
def test_a_list_takes_the_same_statements_for_one_row_and_for_many(otto, model):
    browser = otto.signed_in()

    def statements():
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(address(model)).status_code == 200
        return len(captured)

    ProductFactory()
    fill(1)
    statements()
    few = statements()
    fill(12)

    assert statements() <= few + 1


def test_the_page_of_a_product_says_who_owns_what_and_how_old_it_is(otto):
    product = ProductFactory(
        erp_as_of=MORNING,
        pim_as_of=MORNING - timedelta(days=1),
        units={"box": 100},
        attributes=[{"code": "thread", "name": "Thread", "value": "M8 <script>", "unit": ""}],
    )

    shown = otto.signed_in().get(address(Product, "change", product.pk)).content.decode()

    assert "Owned by the ERP: change it there · as of" in shown
    assert "Owned by the PIM: change it there · as of" in shown
    assert "box of 100" in shown
    assert "<b>Thread</b>: M8 &lt;script&gt;" in shown
    assert 'name="_save"' not in shown


@pytest.mark.req("PIM-16", "INV-15", "UOM-02", "INT-02")
@pytest.mark.parametrize("model", [Product, StockLevel])
def test_nobody_makes_changes_or_deletes_what_is_fed_and_the_attempt_is_kept(otto, model):
    row = StockLevelFactory()
    one = row.product if model is Product else row
    browser = otto.signed_in()

    for page, args in (("add", []), ("change", [one.pk]), ("delete", [one.pk])):
        answer = browser.post(address(model, page, *args), {"sku": "MINE", "on_hand": "9999"})
        assert answer.status_code in (403, 422)

    row.refresh_from_db()
    assert row.on_hand == 1000
    assert Product.objects.count() == 1
    assert Refusal.objects.filter(code="not_owner").exists()


def test_an_operator_sets_what_is_ours_of_a_warehouse_and_the_erps_name_stays(otto):
    warehouse = WarehouseFactory(code="ULM", name="Ulm")
    told = {
        "name": "Mine",
        "time_zone": "Europe/Berlin",
        "position": "7",
        "is_active": "",
        "when_stale": "confirm",
    }

    otto.signed_in().post(address(Warehouse, "change", warehouse.pk), told)

    warehouse.refresh_from_db()
    assert (warehouse.name, warehouse.time_zone, warehouse.position) == ("Ulm", "Europe/Berlin", 7)
    assert (warehouse.is_active, warehouse.when_stale) == (False, "confirm")


def test_a_time_zone_that_does_not_exist_is_refused_and_nothing_changes(otto):
    warehouse = WarehouseFactory(time_zone="Europe/Vienna")
    told = {"time_zone": "Europe/Nowhere", "position": "7", "is_active": "on", "when_stale": "block"}

    otto.signed_in().post(address(Warehouse, "change", warehouse.pk), told)

    warehouse.refresh_from_db()
    assert (warehouse.time_zone, warehouse.position) != ("Europe/Nowhere", 7)
    assert warehouse.time_zone == "Europe/Vienna"


def test_sales_sees_warehouses_and_sets_nothing(sam):
    warehouse = WarehouseFactory(position=3)
    told = {"time_zone": "Europe/Berlin", "position": "7", "is_active": "on", "when_stale": "block"}

    answer = sam.signed_in().post(address(Warehouse, "change", warehouse.pk), told)

    warehouse.refresh_from_db()
    assert answer.status_code in (403, 422)
    assert warehouse.position == 3
    assert Group.objects.filter(name="Sales").exists()
