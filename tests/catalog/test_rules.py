"""What can be bought, in which unit, and how many whole units there are."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.rules import (
    BelowMinimum,
    BrokenPack,
    OffStep,
    QuantityRefused,
    TooMuch,
    available,
    check_quantity,
    conversion,
    least,
    quantum,
    sku_key,
    still_reserves,
    whole_units,
)


@dataclass
class Item:
    base_unit: str = "C62"
    min_quantity: Decimal = Decimal(1)
    step_quantity: Decimal = Decimal(1)


@dataclass
class Pack:
    code: str = "C62"
    numerator: int = 1
    denominator: int = 1


PIECE, BOX, CARTON, METRE = Pack(), Pack("XBX", 200), Pack("XCT", 1000), Pack("MTR")


@pytest.mark.req("UOM-01")
@pytest.mark.parametrize(
    ("pack", "quantity"), [(PIECE, "200"), (PIECE, "1000"), (BOX, "1"), (BOX, "3"), (CARTON, "2")]
)
def test_what_is_a_multiple_of_the_step_can_be_bought_in_any_unit(pack, quantity):
    check_quantity(Item(min_quantity=Decimal(200), step_quantity=Decimal(200)), pack, Decimal(quantity))


@pytest.mark.parametrize(
    ("item", "pack", "quantity", "refusal", "nearest"),
    [
        (Item(min_quantity=Decimal(200)), PIECE, "199", BelowMinimum, ["200"]),
        (Item(min_quantity=Decimal(201)), BOX, "1", BelowMinimum, ["2"]),
        (Item(), PIECE, "0", BelowMinimum, ["1"]),
        (Item(), PIECE, "-5", BelowMinimum, ["1"]),
        (Item(step_quantity=Decimal(50)), PIECE, "120", OffStep, ["100", "150"]),
        (Item(step_quantity=Decimal(500)), BOX, "7", OffStep, ["5", "10"]),
        (Item(), BOX, "1.5", BrokenPack, ["1", "2"]),
        (Item(), PIECE, "2.000001", BrokenPack, ["2", "3"]),
        (Item(base_unit="MTR", step_quantity=Decimal("0.5")), METRE, "1.2", OffStep, ["1", "1.5"]),
    ],
)
def test_what_cannot_be_bought_is_refused_with_the_nearest_that_can(item, pack, quantity, refusal, nearest):
    with pytest.raises(refusal) as caught:
        check_quantity(item, pack, Decimal(quantity))

    assert [Decimal(value) for value in caught.value.details["nearest"]] == [Decimal(n) for n in nearest]
    assert caught.value.code == refusal.code


@pytest.mark.parametrize("quantity", ["1e30", "Infinity", "NaN"])
def test_no_line_holds_an_endless_quantity(quantity):
    with pytest.raises(TooMuch):
        check_quantity(Item(), PIECE, Decimal(quantity))


def test_a_float_is_a_mistake_of_the_programmer():
    with pytest.raises(TypeError):
        check_quantity(Item(), PIECE, 1.0)


def test_the_stepper_starts_at_the_smallest_and_goes_by_the_common_step():
    item = Item(min_quantity=Decimal(300), step_quantity=Decimal(50))

    assert (least(item, PIECE), quantum(item, PIECE)) == (300, 50)
    assert (least(item, BOX), quantum(item, BOX)) == (2, 1)
    assert quantum(Item(step_quantity=Decimal(500)), BOX) == 5


amounts = st.decimals(min_value=1, max_value=5000, places=0)
packs = st.builds(Pack, st.just("XBX"), st.integers(1, 500), st.integers(1, 12))


@given(minimum=amounts, step=amounts, pack=packs, quantity=st.decimals(-5, 9999, places=2))
def test_the_nearest_quantity_that_a_refusal_names_can_be_bought(minimum, step, pack, quantity):
    item = Item(min_quantity=minimum, step_quantity=step)
    nearest = []
    try:
        check_quantity(item, pack, quantity)
    except QuantityRefused as refusal:
        nearest = refusal.details["nearest"] or ["nothing"]

    for value in nearest:
        check_quantity(item, pack, Decimal(value))


@pytest.mark.req("UOM-05")
@given(pack=packs, quantity=st.integers(1, 10**7))
def test_a_quantity_survives_the_way_to_the_base_unit_and_back(pack, quantity):
    there = conversion(pack).to_base(Decimal(quantity) * pack.denominator)

    assert conversion(pack).from_base(there) == Decimal(quantity) * pack.denominator
    assert Fraction(there) == Fraction(quantity) * pack.numerator


@pytest.mark.req("UOM-07")
@pytest.mark.parametrize(
    ("pack", "base", "whole"),
    [
        (Pack("XCT", 12), "25", "2"),
        (Pack("XCT", 12), "24", "2"),
        (Pack("XCT", 12), "23.999999", "1"),
        (Pack("XPX", 48000), "47999", "0"),
        (PIECE, "25", "25"),
        (METRE, "2.75", "2.75"),
        (Pack("XBX", 1, 3), "1", "3"),
    ],
)
def test_stock_is_shown_in_whole_sellable_units(pack, base, whole):
    assert whole_units(pack, Decimal(base)) == Decimal(whole)


@pytest.mark.req("INV-02")
@pytest.mark.parametrize(
    ("on_hand", "reserved", "free"), [("10", "3", "7"), ("3", "10", "0"), ("-2", "0", "0"), ("5", "5", "0")]
)
def test_available_is_on_hand_less_reserved_and_never_below_zero(on_hand, reserved, free):
    assert available(Decimal(on_hand), Decimal(reserved)) == Decimal(free)


NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.req("INV-02")
@pytest.mark.parametrize(
    ("counted_at", "figure_as_of", "expected"),
    [
        (None, NOON, True),
        (NOON, None, True),
        (NOON, NOON - timedelta(seconds=1), True),
        (NOON, NOON, True),  # at the same instant nobody knows which was first: promise less
        (NOON, NOON + timedelta(microseconds=1), False),
    ],
)
def test_only_a_figure_later_than_the_shipment_has_deducted_it(counted_at, figure_as_of, expected):
    assert still_reserves(counted_at, figure_as_of) is expected


def test_part_numbers_are_compared_by_letters_and_digits():
    assert sku_key(" 4762-m8x30_88z.") == "4762M8X3088Z"
