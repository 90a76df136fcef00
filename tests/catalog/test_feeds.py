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
from catalog.availability import availability
from catalog.models import Allocation, Category, Media, Product, ProductUnit, StockLevel, Warehouse
from catalog.queries import products_for
from catalog.records import CategoryRecord, ContentRecord, ProductRecord, StockRecord, WarehouseRecord
from core import freshness
from core.actor import Actor, acting
from core.errors import NotOwner
from tests.factories.catalog import MORNING, CategoryFactory, ProductFactory, StockLevelFactory

ERP = Actor(channel="flow:erp.test", label="ERP", system="erp")
PIM = Actor(channel="flow:pim.test", label="PIM", system="pim")
STAFF = Actor(channel="admin", label="Sam")
NOON = MORNING + timedelta(hours=4)

PIECE = {"key": "u", "code": "C62", "numerator": 1, "is_default": True}
BOX = {"key": "box 200", "code": "XBX", "numerator": 200}


def item(sku="4762-M8X30-88Z", **changes):
    told = {"erp_name": f"SCREW {sku}", "units": [PIECE, BOX], "as_of": MORNING, "tax_code": "20"}
    return ProductRecord(sku=sku, **{**told, **changes})


def text(sku="4762-M8X30-88Z", **changes):
    told = {
        "name": "Socket head cap screw M8 x 30",
        "attributes": [{"code": "thread", "name": "Thread", "value": "M8", "is_facet": True}],
        "media": [{"kind": "drawing", "reference": "media/a.svg"}],
        "packing_texts": [{"unit_code": "XBX", "base_quantity": 200, "text": "Cardboard box"}],
        "as_of": MORNING,
    }
    return ContentRecord(sku=sku, **{**told, **changes})


def counts(applied):
    return applied.new, applied.changed, applied.same, applied.removed, len(applied.rejected)


def row_versions():
    """The physical version of every row of the catalogue: it differs after any write."""
    tables = ["product", "productunit", "stocklevel", "media", "productrelation", "category", "warehouse"]
    versions = {}
    with connection.cursor() as cursor:
        for table in [*tables, "historicalproduct"]:
            key = "history_id" if table.startswith("historical") else "id"
            cursor.execute(f"SELECT {key}, ctid, xmin FROM catalog_{table} ORDER BY 1")  # noqa: S608
            versions[table] = cursor.fetchall()
    return versions


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


@pytest.mark.req("PIM-17")
@pytest.mark.django_db
def test_content_that_comes_before_its_product_is_parked_and_joined_later():
    early = apply_content([text()], by=PIM)
    apply_products([item()], by=ERP)

    joined = apply_content([ContentRecord.model_validate(early.rejected[0].record)], by=PIM)

    assert [(each.key, each.field, each.code) for each in early.rejected] == [
        ("4762-M8X30-88Z", "sku", "parent_missing")
    ]
    assert counts(joined) == (1, 0, 0, 0, 0)
    assert Product.objects.get().name == "Socket head cap screw M8 x 30"


@pytest.mark.req("UOM-03")
@pytest.mark.django_db
def test_packing_texts_find_the_unit_by_code_and_content():
    apply_products([item(units=[PIECE, BOX, {"key": "box 500", "code": "XBX", "numerator": 500}])], by=ERP)

    apply_content([text()], by=PIM)
    other = {"unit_code": "XBX", "base_quantity": 500, "text": "Big box"}
    apply_content([text(packing_texts=[other], as_of=NOON)], by=PIM)

    texts = {unit.key: unit.packing_text for unit in ProductUnit.objects.all()}
    assert texts == {"u": "", "box 200": "", "box 500": "Big box"}


@pytest.mark.django_db
def test_a_product_that_left_the_pim_is_no_longer_shown_and_keeps_its_content(scope):
    apply_products([item("A"), item("B")], by=ERP)
    apply_content([text("A"), text("B")], by=PIM)

    applied = apply_content([text("A", as_of=NOON)], by=PIM, is_full=True)

    assert applied.removed == 1
    assert [product.sku for product in products_for(scope)] == ["A"]
    assert Product.objects.get(sku="B").name == "Socket head cap screw M8 x 30"


@pytest.mark.django_db
def test_categories_come_in_any_order_and_what_cannot_be_placed_is_told():
    kept = CategoryFactory(pim_id="OLD")
    emptied = CategoryFactory(pim_id="EMPTY")
    ProductFactory(category=kept)
    told = [
        CategoryRecord(pim_id="B", parent_pim_id="A", slug="b", name="B"),
        CategoryRecord(pim_id="A", slug="a", name="A"),
        CategoryRecord(pim_id="LOST", parent_pim_id="NOWHERE", slug="lost", name="Lost"),
        CategoryRecord(pim_id="X", parent_pim_id="Y", slug="x", name="X"),
        CategoryRecord(pim_id="Y", parent_pim_id="X", slug="y", name="Y"),
        CategoryRecord(pim_id="TWIN", slug="a", name="Twin"),
    ]

    applied = apply_categories(told, by=PIM, is_full=True)

    reasons = {each.key: (each.field, each.code) for each in applied.rejected}
    assert reasons == {
        "LOST": ("parent_pim_id", "parent_missing"),
        "X": ("parent_pim_id", "invalid"),
        "Y": ("parent_pim_id", "invalid"),
        "TWIN": ("slug", "invalid"),
    }
    assert applied.removed == 1
    assert Category.objects.get(pim_id="B").parent == Category.objects.get(pim_id="A")
    assert not Category.objects.filter(pk=emptied.pk).exists()


@pytest.mark.django_db
def test_a_refused_category_keeps_its_address_and_hangs_nothing_in_the_air():
    apply_categories([CategoryRecord(pim_id="A", slug="a", name="A")], by=PIM)
    told = [
        CategoryRecord(pim_id="A", parent_pim_id="NOWHERE", slug="b", name="A"),
        CategoryRecord(pim_id="TWIN", slug="a", name="Twin"),
        CategoryRecord(pim_id="BELOW", parent_pim_id="TWIN", slug="below", name="Below"),
        CategoryRecord(pim_id="GOOD", slug="good", name="Good"),
    ]

    applied = apply_categories(told, by=PIM)

    fields = {each.key: each.field for each in applied.rejected}
    assert fields == {"A": "parent_pim_id", "TWIN": "slug", "BELOW": "parent_pim_id"}
    assert dict(Category.objects.values_list("pim_id", "slug")) == {"A": "a", "GOOD": "good"}


@pytest.mark.django_db
def test_categories_may_change_addresses_and_places():
    told = [CategoryRecord(pim_id=key, slug=key.lower(), name=key) for key in "AB"]
    apply_categories(told, by=PIM)

    swapped = [
        CategoryRecord(pim_id="A", slug="b", name="A"),
        CategoryRecord(pim_id="B", parent_pim_id="A", slug="a", name="B"),
    ]
    applied = apply_categories(swapped, by=PIM)

    assert counts(applied) == (0, 2, 0, 0, 0)
    assert dict(Category.objects.values_list("pim_id", "slug")) == {"A": "b", "B": "a"}
    assert Category.objects.get(pim_id="B").parent.pim_id == "A"


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
