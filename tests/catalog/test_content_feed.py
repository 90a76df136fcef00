"""Content, packing texts and categories as the PIM brings them, in any order."""

import pytest

from catalog.actions.categories import apply_categories
from catalog.actions.content import apply_content
from catalog.actions.products import apply_products
from catalog.models import Category, Product, ProductUnit
from catalog.queries import products_for
from catalog.records import CategoryRecord, ContentRecord
from tests.catalog.fed import BOX, ERP, NOON, PIECE, PIM, counts, item, text
from tests.factories.catalog import CategoryFactory, ProductFactory


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
