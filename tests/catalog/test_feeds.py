"""What ERP and PIM tell: taken over once, by its owner alone, and a bad row stops nobody."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.actions.categories import apply_categories
from catalog.actions.content import apply_content
from catalog.actions.products import apply_products
from catalog.actions.stock import apply_stock, apply_warehouses
from catalog.models import Category, Media, Product, ProductUnit, StockLevel, Warehouse
from catalog.records import CategoryRecord, StockRecord, WarehouseRecord
from core.actor import Actor, acting
from core.errors import NotOwner
from tests.catalog.fed import BOX, ERP, NOON, PIECE, PIM, STAFF, counts, item, row_versions, text
from tests.factories.catalog import MORNING, ProductFactory, StockLevelFactory


@pytest.mark.req("UOM-02")
@pytest.mark.django_db
def test_a_product_comes_with_its_units_and_the_next_run_brings_their_change():
    applied = apply_products([item()], by=ERP)
    later = {**BOX, "numerator": 250}

    again = apply_products([item(units=[PIECE, later], as_of=NOON)], by=ERP)

    units = {unit.key: (unit.numerator, unit.is_default) for unit in ProductUnit.objects.all()}
    assert counts(applied) == (1, 0, 0, 0, 0)
    assert counts(again) == (0, 1, 0, 0, 0)
    assert units == {"u": (1, True), "box 200": (250, False)}


@pytest.mark.django_db
def test_the_second_run_changes_nothing_and_writes_nothing():
    categories = [CategoryRecord(pim_id="C1", slug="screws", name="Screws")]
    content = [text(category_pim_id="C1", relations=[{"kind": "accessory", "sku": "NUT"}]), text("NUT")]
    stock = [StockRecord(sku="NUT", warehouse_code="W", on_hand=5, as_of=MORNING)]

    def run():
        return [
            apply_products([item(), item("NUT")], by=ERP, is_full=True),
            apply_warehouses([WarehouseRecord(code="W", name="Ulm")], by=ERP, is_full=True),
            apply_stock(stock, by=ERP, is_full=True),
            apply_categories(categories, by=PIM, is_full=True),
            apply_content(content, by=PIM, is_full=True),
        ]

    first = run()
    before = row_versions()
    second = run()

    assert [counts(applied) for applied in first] == [
        (2, 0, 0, 0, 0), (1, 0, 0, 0, 0), (1, 0, 0, 0, 0), (1, 0, 0, 0, 0), (2, 0, 0, 0, 0)
    ]  # fmt: skip
    assert [counts(applied) for applied in second] == [
        (0, 0, 2, 0, 0), (0, 0, 1, 0, 0), (0, 0, 1, 0, 0), (0, 0, 1, 0, 0), (0, 0, 2, 0, 0)
    ]  # fmt: skip
    assert row_versions() == before


@pytest.mark.django_db
def test_a_run_takes_the_same_number_of_statements_for_one_product_and_for_two_hundred():
    def statements(skus):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            apply_products([item(sku) for sku in skus], by=ERP)
            apply_content([text(sku) for sku in skus], by=PIM)
        return len(captured)

    assert statements(["ONE"]) == statements([f"P{number}" for number in range(200)])
    assert Product.objects.count() == 201


@pytest.mark.req("UOM-06")
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("units", "reason"),
    [
        ([], "no unit"),
        ([PIECE, {**BOX, "numerator": 0}], "two positive whole numbers"),
        ([PIECE, {**BOX, "numerator": -200}], "two positive whole numbers"),
        ([PIECE, {**BOX, "code": "CRT"}], "Unknown unit code"),
        ([PIECE, BOX, {**BOX, "numerator": 250}], "twice"),
        ([{**PIECE, "numerator": 2}], "base unit"),
        ([PIECE, {**BOX, "numerator": 3_000_000_000}], "too large"),
    ],
)
def test_conversions_that_cannot_be_trusted_are_refused_and_stop_nobody(units, reason):
    applied = apply_products([item("GOOD"), item("BAD", units=units), item("FINE")], by=ERP)

    [rejected] = applied.rejected
    assert (rejected.key, rejected.field) == ("BAD", "units")
    assert reason in rejected.reason
    assert rejected.record["sku"] == "BAD"
    assert counts(applied) == (2, 0, 0, 0, 1)
    assert sorted(Product.objects.values_list("sku", flat=True)) == ["FINE", "GOOD"]


@pytest.mark.django_db
def test_a_bad_row_leaves_the_product_that_is_here_as_it_was_also_in_a_full_run():
    apply_products([item()], by=ERP)

    applied = apply_products(
        [item(min_quantity=0, erp_name="NEW", as_of=NOON), item("B")], by=ERP, is_full=True
    )

    product = Product.objects.get(sku="4762-M8X30-88Z")
    assert counts(applied) == (1, 0, 0, 0, 1)
    assert (product.status, product.erp_name) == ("active", "SCREW 4762-M8X30-88Z")


@pytest.mark.django_db
def test_of_two_rows_for_one_product_the_later_is_taken_and_the_other_reported():
    applied = apply_products([item(erp_name="FIRST"), item(erp_name="SECOND")], by=ERP)

    assert counts(applied) == (1, 0, 0, 0, 1)
    assert applied.seen == 2
    assert Product.objects.get().erp_name == "SECOND"


@pytest.mark.django_db
def test_an_older_reading_does_not_overwrite_a_newer_one():
    apply_products([item(erp_name="NEWER", as_of=NOON)], by=ERP)

    applied = apply_products([item(erp_name="OLDER", as_of=MORNING)], by=ERP)

    assert counts(applied) == (0, 0, 1, 0, 0)
    assert Product.objects.get().erp_name == "NEWER"


@pytest.mark.req("INT-02", "UOM-02", "INV-15")
@pytest.mark.django_db
@pytest.mark.parametrize("writer", [STAFF, PIM])
def test_only_the_erp_writes_products_units_and_stock(writer):
    stock = StockLevelFactory(on_hand=Decimal(7))
    sku, code = stock.product.sku, stock.warehouse.code

    with pytest.raises(NotOwner):
        apply_products([item(sku)], by=writer)
    with pytest.raises(NotOwner):
        apply_stock([StockRecord(sku=sku, warehouse_code=code, on_hand=9, as_of=NOON)], by=writer)
    with pytest.raises(NotOwner):
        apply_warehouses([WarehouseRecord(code=code, name="Mine")], by=writer)

    stock.refresh_from_db()
    assert stock.on_hand == 7
    assert Warehouse.objects.get().name == stock.warehouse.name
    assert [unit.key for unit in stock.product.units.all()] == ["piece"]


@pytest.mark.req("INT-02")
@pytest.mark.django_db
@pytest.mark.parametrize("writer", [STAFF, ERP])
def test_only_the_pim_writes_content_and_taxonomy(writer):
    product = ProductFactory(name="As it is")

    with pytest.raises(NotOwner):
        apply_content([text(product.sku)], by=writer)
    with pytest.raises(NotOwner):
        apply_categories([CategoryRecord(pim_id="X", slug="x", name="X")], by=writer)

    product.refresh_from_db()
    assert product.name == "As it is"
    assert not Category.objects.filter(pim_id="X").exists()


@pytest.mark.django_db
def test_history_is_written_for_changed_rows_alone_and_names_who_did_it():
    person = Actor(channel="flow:erp.test", label="ERP", system="erp", correlation_id="abc")
    apply_products([item("A"), item("B")], by=ERP)

    with acting(person):
        apply_products([item("A", erp_name="NEW"), item("B")], by=person)

    past = Product.history.all()
    assert sorted((row.sku, row.history_type) for row in past) == [("A", "+"), ("A", "~"), ("B", "+")]
    last = past.latest("history_id")
    assert (last.erp_name, last.channel, last.actor_label) == ("NEW", "flow:erp.test", "ERP")
    assert last.correlation_id == "abc"


@pytest.mark.django_db
def test_new_pictures_alone_make_no_history_of_changes_that_never_were():
    apply_products([item()], by=ERP)
    apply_content([text()], by=PIM)
    before = Product.history.count()

    applied = apply_content([text(media=[{"kind": "drawing", "reference": "media/b.svg"}])], by=PIM)

    assert counts(applied) == (0, 1, 0, 0, 0)
    assert [media.reference for media in Media.objects.all()] == ["media/b.svg"]
    assert Product.history.count() == before


@pytest.mark.django_db
def test_what_a_full_list_no_longer_holds_is_discontinued_and_comes_back():
    apply_products([item("A"), item("B")], by=ERP)

    gone = apply_products([item("A", as_of=NOON)], by=ERP, is_full=True)
    status_then = Product.objects.get(sku="B").status
    back = apply_products([item("B", as_of=NOON + timedelta(hours=1))], by=ERP)

    assert counts(gone) == (0, 0, 1, 1, 0)
    assert status_then == "retired"
    assert counts(back) == (0, 1, 0, 0, 0)
    assert Product.objects.get(sku="B").status == "active"
    assert [row.history_type for row in Product.history.filter(sku="B").order_by("pk")] == ["+", "~", "~"]


@pytest.mark.django_db
def test_an_empty_full_list_is_not_believed():
    stock = StockLevelFactory()

    applied = [apply_products([], by=ERP, is_full=True), apply_stock([], by=ERP, is_full=True)]
    content = apply_content([], by=PIM, is_full=True)

    stock.product.refresh_from_db()
    assert [counts(each) for each in (*applied, content)] == [(0, 0, 0, 0, 0)] * 3
    assert (stock.product.status, stock.product.pim_as_of) == ("active", MORNING)
    assert StockLevel.objects.count() == 1


@pytest.mark.django_db
def test_a_unit_that_is_gone_stays_for_old_documents_but_is_not_offered():
    apply_products([item()], by=ERP)

    apply_products([item(units=[PIECE], as_of=NOON)], by=ERP)

    assert {unit.key: unit.is_active for unit in ProductUnit.objects.all()} == {"u": True, "box 200": False}
