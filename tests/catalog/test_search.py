"""A part number is found however it is written, a text by its words; nobody sees what is hidden."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.scope import NOTHING
from catalog.actions.content import apply_content
from catalog.actions.products import apply_products
from catalog.facets import facets_of, filtered, natural
from catalog.hits import search_products
from catalog.models import Category, Product
from catalog.queries import media_by_reference, product_by_sku, products_for, related_to
from catalog.records import ContentRecord, ProductRecord
from catalog.tree import by_category, categories_for
from core.actor import Actor
from core.errors import NotFound
from tests.factories.catalog import (
    MORNING,
    CategoryFactory,
    MediaFactory,
    ProductFactory,
    ProductRelationFactory,
)

ERP = Actor(channel="flow:erp.test", label="ERP", system="erp")
PIM = Actor(channel="flow:pim.test", label="PIM", system="pim")
PIECE = {"key": "u", "code": "C62", "numerator": 1, "is_default": True}


def sell(sku, name="", attributes=(), **content):
    """A product through the doors it comes in by, so that its words are indexed."""
    apply_products([ProductRecord(sku=sku, erp_name=sku, units=[PIECE], as_of=MORNING)], by=ERP)
    facts = [
        {"code": code, "name": code.title(), "value": value, "is_facet": True} for code, value in attributes
    ]
    record = ContentRecord(sku=sku, name=name or sku, attributes=facts, as_of=MORNING, **content)
    apply_content([record], by=PIM)
    return Product.objects.get(sku=sku)


@pytest.fixture
def assortment(db):
    sell(
        "4762-M8X30-88Z",
        "Socket head cap screw ISO 4762, M8 x 30, 8.8 zinc plated",
        keywords=["Allen screw", "DIN 912"],
        attributes=[("thread", "M8"), ("length", "30"), ("material", "Steel 8.8")],
    )
    sell(
        "4762-M8X30-A2",
        "Socket head cap screw ISO 4762, M8 x 30, A2-70",
        attributes=[("thread", "M8"), ("length", "30"), ("material", "A2-70")],
    )
    sell(
        "4762-M10X40-88Z",
        "Socket head cap screw ISO 4762, M10 x 40, 8.8 zinc plated",
        attributes=[("thread", "M10"), ("length", "40"), ("material", "Steel 8.8")],
    )
    sell("4032-M8-8Z", "Hexagon nut ISO 4032, M8", attributes=[("thread", "M8"), ("material", "Steel 8")])
    sell("30", "A number that others hold")


def found(scope, text, **narrowed):
    return [product.sku for product in search_products(scope, text, **narrowed)]


@pytest.mark.parametrize(
    "typed", ["4762-M8X30-88Z", "4762-m8x30-88z", "4762M8X3088Z", "4762 M8X30 88Z", " 4762.m8x30.88z "]
)
def test_a_whole_number_is_the_first_hit_however_it_is_written(assortment, scope, typed):
    assert found(scope, typed)[0] == "4762-M8X30-88Z"


def test_the_whole_number_comes_before_numbers_that_hold_it(assortment, scope):
    assert found(scope, "30")[0] == "30"


@pytest.mark.parametrize("typed", ["M8X30", "m8 x 30", "8x30", "M8×30"])
def test_the_middle_of_a_number_and_a_size_are_found(assortment, scope, typed):
    assert set(found(scope, typed)) == {"4762-M8X30-88Z", "4762-M8X30-A2"}


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("socket screws zinc m8", "4762-M8X30-88Z"),
        ("din 912", "4762-M8X30-88Z"),
        ("allen scr", "4762-M8X30-88Z"),
        ("hexagon nuts", "4032-M8-8Z"),
        ("iso 4032", "4032-M8-8Z"),
        ("a2-70 cap", "4762-M8X30-A2"),
        ("nut material steel", "4032-M8-8Z"),
    ],
)
def test_every_word_must_be_there_and_the_last_may_be_unfinished(assortment, scope, typed, first):
    assert found(scope, typed)[0] == first


@pytest.mark.parametrize("typed", ["", "   ", "-", "'", "M8 & !", "the", "zzz", "':*", "a" * 500, "\\", "%"])
def test_nonsense_finds_nothing_and_breaks_nothing(assortment, scope, typed):
    assert found(scope, typed) in ([], found(scope, "M8"))


def test_a_changed_text_is_found_by_its_new_words_at_once(assortment, scope):
    record = ContentRecord(sku="4032-M8-8Z", name="Wing nut", as_of=MORNING)
    apply_content([record], by=PIM)

    assert found(scope, "wing") == ["4032-M8-8Z"]
    assert found(scope, "hexagon") == []


def test_a_search_can_be_narrowed_to_a_category_and_what_is_below_it(assortment, scope):
    root = CategoryFactory(slug="screws")
    below = CategoryFactory(slug="cap-screws", parent=root)
    Product.objects.filter(sku="4762-M8X30-A2").update(category=below)

    assert found(scope, "m8", category_slug="screws") == ["4762-M8X30-A2"]
    with pytest.raises(NotFound):
        found(scope, "m8", category_slug="nowhere")


def test_what_is_no_longer_sold_is_found_by_its_whole_number_alone(assortment, scope):
    Product.objects.filter(sku="4032-M8-8Z").update(status="retired")

    assert found(scope, "4032-m8-8z") == ["4032-M8-8Z"]
    assert found(scope, "4032-m8") == []
    assert found(scope, "hexagon") == []
    assert "4032-M8-8Z" not in [product.sku for product in products_for(scope)]
    assert product_by_sku(scope, "4032-M8-8Z").status == "retired"


def test_nobody_without_a_company_sees_anything(assortment):
    assert list(products_for(NOTHING)) == []
    assert found(NOTHING, "4762-M8X30-88Z") == []
    assert categories_for(NOTHING) == []
    with pytest.raises(NotFound):
        product_by_sku(NOTHING, "4762-M8X30-88Z")


@pytest.mark.django_db
def test_what_the_pim_has_not_published_is_seen_nowhere(scope):
    hidden = ProductFactory(unpublished=True)
    media = MediaFactory(product=hidden)
    relation = ProductRelationFactory(other=hidden)

    assert found(scope, hidden.sku) == []
    assert hidden not in products_for(scope)
    assert related_to(scope, relation.product) == []
    with pytest.raises(NotFound):
        product_by_sku(scope, hidden.sku)
    with pytest.raises(NotFound):
        media_by_reference(scope, media.reference)


@pytest.mark.django_db
def test_categories_count_what_is_in_and_below_them_and_empty_ones_are_left_out(scope):
    screws = CategoryFactory(name="Screws", position=1)
    cap = CategoryFactory(name="Cap screws", parent=screws)
    CategoryFactory(name="Empty", position=0)
    ProductFactory.create_batch(3, category=cap)
    ProductFactory(category=screws)
    ProductFactory(category=screws, status="retired")

    with CaptureQueriesContext(connection) as captured:
        tree = categories_for(scope)

    assert [(node.category.name, node.count) for node in tree] == [("Screws", 4)]
    assert [(node.category.name, node.count, node.depth) for node in tree[0].children] == [
        ("Cap screws", 3, 1)
    ]
    assert len(captured) == 3  # the range, the counts, the tree
    assert Category.objects.count() == 3


def values(facets):
    return {facet.code: {value.value: value.count for value in facet.values} for facet in facets}


def test_filters_count_what_each_choice_would_leave(assortment, scope):
    products = products_for(scope)
    chosen = {"thread": ["M8"], "material": ["Steel 8.8", "Steel 8"]}

    offered = values(facets_of(products, chosen))
    left = {product.sku for product in filtered(products, chosen)}

    assert left == {"4762-M8X30-88Z", "4032-M8-8Z"}
    assert offered["thread"] == {"M8": 2, "M10": 1}
    assert offered["material"] == {"A2-70": 1, "Steel 8": 1, "Steel 8.8": 1}
    assert offered["length"] == {"30": 1}


def test_filters_take_one_statement_and_keep_the_order_of_the_attributes(assortment, scope):
    with CaptureQueriesContext(connection) as captured:
        facets = facets_of(search_products(scope, "m8"), {"thread": ["M8"]})

    assert len(captured) == 2  # the range, then all filters at once
    assert [facet.code for facet in facets] == ["thread", "length", "material"]
    assert [facet.is_chosen for facet in facets] == [True, False, False]


def test_a_value_that_nobody_has_leaves_nothing(assortment, scope):
    assert not filtered(products_for(scope), {"thread": ["M8'; DROP TABLE catalog_product; --"]}).exists()
    assert facets_of(products_for(scope), {"thr%s'": ["M8"]}) == []


def test_sizes_stand_in_the_order_people_read_them():
    assert sorted(["M10", "M5", "100", "12.5", "8", "M8 x 1"], key=natural) == [
        "8",
        "12.5",
        "100",
        "M5",
        "M8 x 1",
        "M10",
    ]


@pytest.mark.django_db
def test_the_catalogue_follows_the_taxonomy_and_then_the_numbers(scope):
    last, first = CategoryFactory(position=2), CategoryFactory(position=1)
    below = CategoryFactory(position=1, parent=first)
    for sku, category in (("C-1", last), ("B-10", below), ("B-9", below), ("Z-1", first), ("A-1", None)):
        ProductFactory(sku=sku, category=category)

    listed = [product.sku for product in by_category(products_for(scope))]

    assert listed == ["Z-1", "B-9", "B-10", "C-1", "A-1"]


@pytest.mark.django_db
def test_part_numbers_stand_in_the_order_people_read_them(scope):
    for sku in ("4762-M10X20", "4762-M8X100", "4762-M8X30", "912-M3"):
        sell(sku)

    listed = [product.sku for product in products_for(scope)]

    assert listed == ["912-M3", "4762-M8X30", "4762-M8X100", "4762-M10X20"]
