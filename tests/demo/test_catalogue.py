"""The generated catalogue is true to the standards and consistent in itself."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from demo.catalogue import dimensions, trade
from demo.catalogue.assortment import by_sku, categories, products
from demo.catalogue.grades import tightening_torque

UNITS = {"C62", "XBX", "XCT", "XPX"}


def attribute(sku: str, code: str) -> str:
    return next(a.value for a in by_sku()[sku].part.attributes if a.code == code)


def test_there_are_some_three_hundred_products_and_no_number_twice():
    skus = [product.sku for product in products()]

    assert 300 <= len(skus) <= 400
    assert len(set(skus)) == len(skus)
    assert all(re.fullmatch(r"[0-9A-Z.\-]{4,24}", sku) for sku in skus)


@pytest.mark.parametrize(
    ("sku", "facts"),
    [
        (
            "4762-M8X30-88Z",
            {"pitch": "1.25", "head_diameter": "13", "head_height": "8", "drive": "Hexagon socket 6 mm"},
        ),
        (
            "4762-M16X100-88Z",
            {"pitch": "2", "head_diameter": "24", "head_height": "16", "thread_length": "44"},
        ),
        ("4014-M12X80-88Z", {"width_across_flats": "18", "head_height": "7.5", "thread_length": "30"}),
        ("4017-M10X30-88Z", {"width_across_flats": "16", "head_height": "6.4", "pitch": "1.5"}),
        ("7380-M6X16-109Z", {"head_diameter": "10.5", "head_height": "3.3", "drive": "Hexagon socket 4 mm"}),
        ("10642-M8X25-109Z", {"head_diameter": "17.92", "drive": "Hexagon socket 5 mm"}),
        ("4032-M12-8Z", {"nut_height": "10.8", "width_across_flats": "18"}),
        ("7089-16-200Z", {"hole_diameter": "17", "outside_diameter": "30", "thickness": "3"}),
        ("7093-8-A2", {"hole_diameter": "8.4", "outside_diameter": "24", "thickness": "2"}),
        ("976-M20X1000-48Z", {"pitch": "2.5", "length": "1000"}),
        ("6204-2RS", {"bore": "20", "outside_diameter": "47", "width": "14", "chamfer": "1"}),
        ("6000-2RS", {"bore": "10", "outside_diameter": "26", "width": "8", "chamfer": "0.3"}),
        ("471-25X1.2", {"free_diameter": "23.2", "groove_diameter": "23.9", "groove_width": "1.3"}),
        ("472-47X1.75", {"free_diameter": "50.5", "groove_diameter": "49.5", "groove_width": "1.85"}),
        ("8734-6X20", {"chamfer": "1.2"}),
        ("6885-8X7X30", {"shaft_seat": "4", "hub_seat": "3.3"}),
    ],
)
def test_the_dimensions_are_those_of_the_standard(sku, facts):
    assert {code: attribute(sku, code) for code in facts} == facts


@pytest.mark.parametrize(
    ("sku", "grams", "within"),
    [
        # published weights per piece: ISO 4762, ISO 4032, ISO 7089, DIN 976, bearings of the trade
        ("4762-M8X30-88Z", "16.9", "0.05"),
        ("4032-M8-8Z", "5.2", "0.08"),
        ("7089-8-200Z", "1.83", "0.02"),
        ("976-M8X1000-48Z", "319", "0.01"),
        ("976-M12X1000-48Z", "725", "0.01"),
        ("6204-2RS", "106", "0.06"),
        ("6000-2RS", "19", "0.05"),
        ("471-50X2", "10.2", "0.20"),
    ],
)
def test_weights_follow_from_geometry_and_meet_the_published_ones(sku, grams, within):
    weight = by_sku()[sku].part.weight_g

    assert abs(weight - Decimal(grams)) <= Decimal(grams) * Decimal(within)


@pytest.mark.parametrize(
    ("d", "head", "strength", "expected"),
    [(8, 13, 640, 25), (10, 16, 640, 49), (12, 18, 640, 85), (8, 13, 1100, 42)],
)
def test_tightening_torques_agree_with_the_tables_of_vdi_2230(d, head, strength, expected):
    assert tightening_torque(d, 0.95 * head, strength) == pytest.approx(expected, rel=0.03)


def test_screws_longer_than_the_thread_have_a_plain_shank_and_short_ones_none():
    for product in products():
        shank = getattr(product.part.shape, "shank", None)
        if shank is not None and not shank.full:
            assert shank.b < shank.l, product.sku
        if product.sku.startswith("4762-"):
            assert shank.full is (shank.l <= dimensions.SOCKET_FULL[shank.d]), product.sku


def test_each_pack_holds_a_whole_number_of_the_next_smaller_one():
    for product in products():
        sizes = [pack.pieces for pack in product.packs]
        assert sizes[0] == 1, product.sku
        assert all(big > small and big % small == 0 for small, big in zip(sizes, sizes[1:], strict=False)), (
            product.sku
        )
        assert {pack.code for pack in product.packs} <= UNITS
        assert len({pack.code for pack in product.packs}) == len(product.packs)


def test_a_box_can_be_lifted_and_a_pallet_fits_the_truck():
    for product in products():
        for pack in product.packs:
            kilos = product.part.weight_g * pack.pieces / 1000
            limit = {"C62": 3, "XBX": 20, "XCT": 21, "XPX": 900}[pack.code]
            assert kilos <= limit, (product.sku, pack.code, kilos)


def test_smallest_quantities_are_whole_steps_and_every_pack_can_be_ordered():
    for product in products():
        assert product.min_quantity % product.step == 0
        assert product.box.pieces % product.step == 0, product.sku


def test_every_price_is_above_its_cost_with_four_decimals_at_most():
    for product in products():
        assert Decimal(0) < product.cost_price < product.list_price, product.sku
        assert product.list_price == product.list_price.quantize(Decimal("0.0001"))
        assert product.cost_price == product.cost_price.quantize(Decimal("0.0001"))


def test_some_products_are_out_of_stock_some_low_and_most_plenty():
    empty = {product.sku for product in products() if sum(product.stock.values()) == 0}
    low = {product.sku for product in products() if 0 < sum(product.stock.values()) < 3 * product.box.pieces}

    assert empty == trade.OUT_OF_STOCK
    assert trade.LOW <= low
    assert len(low) < len(products()) / 10


def test_gtins_are_unique_and_carry_their_check_digit():
    gtins = [product.gtin for product in products()]

    assert len(set(gtins)) == len(gtins)
    for gtin in gtins:
        assert sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(gtin)) % 10 == 0


def test_relations_lead_to_other_products_of_the_catalogue():
    for product in products():
        for relation in product.relations:
            assert relation.sku in by_sku()
            assert relation.sku != product.sku
            if relation.kind == "accessory" and product.part.thread:
                assert by_sku()[relation.sku].part.thread == product.part.thread
    assert "4032-M8-8Z" in {relation.sku for relation in by_sku()["4762-M8X30-88Z"].relations}


def test_every_product_stands_in_a_leaf_of_the_tree_and_slugs_are_unique():
    tree = {category.id: category for category in categories()}
    parents = {category.parent for category in tree.values()}

    assert {product.part.category for product in products()} == set(tree) - parents
    assert len({category.slug for category in tree.values()}) == len(tree)


def test_descriptions_are_two_to_four_sentences():
    for product in products():
        sentences = re.findall(r"[.](?=\s[A-Z]|$)", product.part.description)
        assert 2 <= len(sentences) <= 4, (product.sku, product.part.description)


def test_an_attribute_means_the_same_in_every_product():
    meaning: dict[str, tuple[str | None, bool]] = {}
    for product in products():
        codes = [a.code for a in product.part.attributes]
        assert len(codes) == len(set(codes)), product.sku
        for a in product.part.attributes:
            assert meaning.setdefault(a.code, (a.unit, a.is_number)) == (a.unit, a.is_number), (
                product.sku,
                a.code,
            )
