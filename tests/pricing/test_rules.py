"""The arithmetic of prices, without a database."""

from decimal import Decimal

import pytest

from pricing.rules import (
    LadderStep,
    combined_ladder,
    discount_percent,
    floor_of,
    margin_percent,
    rising_steps,
    step_for,
    unit_price_of,
)

D = Decimal


def step(least: str, price: str, per: str = "1") -> LadderStep:
    return LadderStep(D(least), D(price), D(per))


@pytest.mark.req("UOM-05", "UOM-08")
@pytest.mark.parametrize(
    ("price", "per", "numerator", "denominator", "expected"),
    [
        ("6.20", "100", 1, 1, "0.062000"),
        ("6.20", "100", 200, 1, "12.400000"),
        ("0.0583", "1", 500, 1, "29.150000"),
        ("1.00", "1", 1, 400, "0.002500"),
        ("1.00", "1", 5, 105, "0.047619"),
        ("1.00", "1", 1, 12, "0.083333"),
        ("0.0000005", "1", 1, 1, "0.000001"),
        ("0.0000004", "1", 1, 1, "0.000000"),
        ("99.999999", "3", 7, 1, "233.333331"),
    ],
)
def test_the_price_of_a_unit_is_exact_until_one_rounding(price, per, numerator, denominator, expected):
    result = unit_price_of(D(price), price_unit=D(per), numerator=numerator, denominator=denominator)

    assert str(result) == expected


def test_a_float_is_no_price():
    with pytest.raises(TypeError):
        unit_price_of(0.1, price_unit=D(1), numerator=1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cost", "margin", "expected"),
    [("0.60", "12", "0.681819"), ("0.88", "12", "1.000000"), ("1", "0", "1.000000"), (None, "12", None)],
)
def test_the_floor_leaves_the_margin(cost, margin, expected):
    floor = floor_of(cost and D(cost), margin_percent=D(margin))

    assert floor == (expected and D(expected))
    if floor:
        assert (floor - D(cost)) / floor * 100 >= D(margin)


@pytest.mark.parametrize(
    ("price", "cost", "expected"),
    [("1.00", "0.60", "40.00"), ("0.50", "0.60", "-20.00"), ("1", None, None), ("0", "1", None)],
)
def test_the_margin_is_what_the_cost_leaves_of_the_price(price, cost, expected):
    assert margin_percent(D(price), cost and D(cost)) == (expected and D(expected))


@pytest.mark.parametrize(
    ("price", "reference", "expected"),
    [("0.90", "1.00", "10.00"), ("1.10", "1.00", "-10.00"), ("1", None, None), ("1", "0", None)],
)
def test_the_discount_is_measured_on_the_reference(price, reference, expected):
    assert discount_percent(D(price), reference and D(reference)) == (expected and D(expected))


@pytest.mark.req("PRC-03")
@pytest.mark.parametrize(
    ("quantity", "expected"),
    [("0.5", None), ("1", "5"), ("99", "5"), ("100", "4"), ("101", "4"), ("499.999999", "4"), ("500", "3")],
)
def test_a_break_counts_from_its_own_quantity_on(quantity, expected):
    ladder = [step("500", "3"), step("1", "5"), step("100", "4")]

    reached = step_for(ladder, D(quantity))

    assert (reached and str(reached.unit_price)) == expected


def test_the_better_list_wins_each_quantity_it_has_a_step_for():
    agreement = [step("100", "0.80"), step("500", "0.70")]
    everybody = [step("0", "1.00"), step("200", "0.75"), step("1000", "0.65")]

    ladder = combined_ladder([agreement, everybody])

    assert [(s.min_quantity, s.unit_price) for s in ladder] == [
        (D(0), D("1.00")),
        (D(100), D("0.80")),
        (D(500), D("0.70")),
    ]


def test_a_rising_step_is_found_also_between_price_units():
    ladder = [step("0", "6.20", "100"), step("100", "0.063"), step("500", "0.060")]

    assert rising_steps(ladder) == [step("100", "0.063")]
