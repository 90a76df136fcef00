"""Units: exact ratios, whole units, codes that are known."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidValue
from core.units import Conversion, unit


@pytest.mark.req("UOM-05")
@given(
    numerator=st.integers(1, 100_000),
    quantity=st.decimals("0.001", "100000", places=3, allow_nan=False),
)
def test_a_quantity_comes_back_from_the_base_unit_as_it_went(numerator, quantity):
    conversion = Conversion(numerator)

    assert conversion.from_base(conversion.to_base(quantity)) == quantity


@pytest.mark.parametrize("terms", [(0, 1), (1, 0), (-5, 1), (5, -1)])
def test_a_ratio_without_two_positive_terms_is_refused(terms):
    with pytest.raises(InvalidValue):
        Conversion(*terms)


def test_twenty_five_pieces_are_two_cases_of_twelve():
    assert Conversion(12).whole_from_base(Decimal(25)) == 2


def test_an_unknown_code_is_named():
    with pytest.raises(InvalidValue) as refusal:
        unit("ZZZ")

    assert refusal.value.details == {"unit": "ZZZ"}
