"""Numbers as people type them: doubtful ones are refused, never guessed."""

from decimal import Decimal

import pytest
from django.utils import translation

from portal.forms.numbers import parse_number
from portal.templatetags.accord import pack_price, typed


@pytest.mark.parametrize(
    ("language", "written", "number"),
    [
        ("en", "1200", "1200"),
        ("en", "1,200", "1200"),
        ("en", "1,200.5", "1200.5"),
        ("en", ".5", "0.5"),
        ("de", "1.200", "1200"),
        ("de", "1200,5", "1200.5"),
    ],
)
def test_a_number_is_read_by_the_readers_locale(language, written, number):
    with translation.override(language):
        assert parse_number(written) == Decimal(number)


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "9,99"),
        ("de", "2.5"),
        ("en", "1e5"),
        ("en", "NaN"),
        ("en", "Infinity"),
        ("en", ""),
        ("en", "1 2"),
    ],
)
def test_what_could_mean_two_things_or_nothing_is_refused(language, written):
    with translation.override(language), pytest.raises(ValueError, match=".*"):
        parse_number(written)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("number", ["0.1180", "1200.5", "1000000", "3"])
def test_what_a_field_shows_is_read_back_as_the_same_number(language, number):
    with translation.override(language):
        assert parse_number(typed(Decimal(number))) == Decimal(number)


@pytest.mark.parametrize(
    ("price", "written"),
    [("27.2", "27.20"), ("0.136", "0.1360"), ("4814.4", "4,814.40"), ("1.2345", "1.2345")],
)
def test_the_price_of_a_package_has_as_many_decimals_as_it_needs(price, written):
    assert pack_price(Decimal(price)) == written
