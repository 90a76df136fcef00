"""Amounts: decimals only, one rounding, sums that add up."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import Money, is_rounding, line_net, round_amount, tax_per_rate


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("1.005", "EUR", "1.01"),
        ("-1.005", "EUR", "-1.01"),
        ("2.915", "EUR", "2.92"),
        ("1.5", "JPY", "2"),
        ("1.2345", "KWD", "1.235"),
    ],
)
def test_amounts_are_rounded_half_up_to_the_minor_unit(amount, currency, expected):
    assert round_amount(Decimal(amount), currency) == Decimal(expected)


def test_a_price_per_hundred_is_divided_before_rounding():
    assert line_net(Decimal(250), Decimal("6.2000"), price_unit=Decimal(100), currency="EUR") == Decimal(
        "15.50"
    )


@pytest.mark.parametrize("value", [1.5, 2, "3"])
def test_anything_but_a_decimal_is_refused(value):
    with pytest.raises(TypeError):
        round_amount(value, "EUR")
    with pytest.raises(TypeError):
        Money(value, "EUR")


def test_tax_is_taken_once_per_rate_on_the_sum_of_its_lines():
    lines = [
        (Decimal("0.33"), Decimal("20")),
        (Decimal("0.33"), Decimal("20.000")),
        (Decimal("0.33"), Decimal("20")),
        (Decimal("90.00"), Decimal("5")),
        (Decimal("55.00"), Decimal("5")),
    ]

    assert tax_per_rate(lines, "EUR") == {
        Decimal("20").normalize(): Decimal("0.20"),
        Decimal("5"): Decimal("7.25"),
    }


def test_two_times_379_at_21_percent_is_the_known_answer():
    assert tax_per_rate([(Decimal("758.00"), Decimal("21"))], "EUR") == {Decimal("21"): Decimal("159.18")}


def test_currencies_are_never_mixed():
    with pytest.raises(ValueError, match="cannot mix"):
        Money(Decimal(1), "EUR") + Money(Decimal(1), "USD")
    with pytest.raises(ValueError, match="cannot mix"):
        assert Money(Decimal(1), "EUR") < Money(Decimal(1), "USD")


@given(
    st.lists(
        st.tuples(
            st.decimals("0.01", "99999", places=2, allow_nan=False),
            st.sampled_from([Decimal("20"), Decimal("10"), Decimal("5.5")]),
        ),
        max_size=30,
    )
)
def test_tax_never_strays_more_than_half_a_cent_per_rate(lines):
    exact: dict[Decimal, Decimal] = {}
    for net, rate in lines:
        exact[rate.normalize()] = exact.get(rate.normalize(), Decimal(0)) + net * rate / 100

    taxes = tax_per_rate(lines, "EUR")

    assert taxes.keys() == exact.keys()
    assert all(abs(taxes[rate] - exact[rate]) <= Decimal("0.005") for rate in taxes)


@pytest.mark.parametrize(
    ("one", "other", "currency", "parts", "expected"),
    [
        ("1.42", "1.41", "EUR", 1, True),
        ("1.42", "1.40", "EUR", 1, False),
        ("1.42", "1.40", "EUR", 2, True),
        ("140", "142", "EUR", 20, False),
        ("100", "101", "JPY", 1, True),
        ("1.001", "1.002", "KWD", 1, True),
        ("1.00", "1.01", "KWD", 1, False),
    ],
)
def test_only_what_rounding_explains_is_rounding(one, other, currency, parts, expected):
    assert is_rounding(Decimal(one), Decimal(other), currency, parts=parts) is expected
