"""How amounts, quantities, units and times are written."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone, translation

from core.money import Money
from portal.templatetags import accord

NOW = datetime(2026, 11, 20, 13, 18, tzinfo=UTC)  # a Friday; 14:18 in Vienna


@pytest.fixture(autouse=True)
def _friday_in_vienna():
    with time_machine.travel(NOW, tick=False), timezone.override(ZoneInfo("Europe/Vienna")):
        yield


@pytest.mark.parametrize(
    ("value", "currency", "written"),
    [
        (Decimal("1240.0000"), "EUR", "EUR 1,240.00"),
        (Decimal("-3.5"), "EUR", "EUR −3.50"),
        (Decimal("1240"), "JPY", "JPY 1,240"),
        (Decimal("0.125"), "KWD", "KWD 0.125"),
        (Money(Decimal("18.40"), "EUR"), "", "EUR 18.40"),
        (Decimal(0), "EUR", "EUR 0.00"),
        (None, "EUR", "–"),
    ],
)
def test_an_amount_stands_after_its_currency_with_the_decimals_of_that_currency(value, currency, written):
    assert accord.money(value, currency) == written


def test_a_german_reader_sees_german_marks_in_the_same_order():
    with translation.override("de"):
        assert accord.money(Decimal("1240"), "EUR") == "EUR 1.240,00"
        assert accord.qty(Decimal("2500.5")) == "2.500,5"
        assert accord.on(date(2026, 12, 2)) == "Mi. 2. Dez."


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("0.548", "0.5480"),
        ("0.005481", "0.005481"),
        ("12.272728", "12.2727"),
        ("1240", "1,240.0000"),
        (None, "–"),
    ],
)
def test_a_unit_price_has_four_decimals_and_more_only_where_it_is_small(value, written):
    assert accord.unit_price(Decimal(value) if value else None) == written


@pytest.mark.parametrize(
    ("value", "written"), [("1200.000000", "1,200"), ("2.50", "2.5"), ("0", "0"), (None, "–")]
)
def test_a_quantity_has_no_more_decimals_than_it_has(value, written):
    assert accord.qty(Decimal(value) if value else None) == written


@pytest.mark.parametrize(
    ("code", "quantity", "word"),
    [
        ("C62", 500, "pc"),
        ("XBX", 1, "box"),
        ("XBX", Decimal("10"), "boxes"),
        ("XPX", Decimal("0.5"), "pallets"),
        ("MTR", 3, "m"),
        ("Z99", 3, "Z99"),
    ],
)
def test_a_unit_is_named_as_buyers_say_it_and_an_unknown_code_stays_a_code(code, quantity, word):
    assert accord.unit(code, quantity) == word


@pytest.mark.parametrize(
    ("quantity", "code", "content", "written"),
    [
        (Decimal("500"), "C62", 1, "500 pc"),
        (Decimal("2"), "XBX", 200, "2 boxes of 200"),
        (Decimal("1"), "XPX", 48000, "1 pallet of 48,000"),
    ],
)
def test_a_quantity_in_a_package_says_what_the_package_holds(quantity, code, content, written):
    packed = SimpleNamespace(code=code, numerator=content, denominator=1)

    assert accord.in_unit(quantity, packed) == written


@pytest.mark.parametrize(
    ("back", "written"),
    [
        (timedelta(0), "today 14:18"),
        (timedelta(hours=14), "today 00:18"),
        (timedelta(hours=15), "Thu 23:18"),
        (timedelta(days=6), "Sat 14:18"),
        (timedelta(days=7), "13 Nov"),
        (timedelta(days=400), "16 Oct 2025"),
        (-timedelta(days=4), "Tue 24 Nov 14:18"),
    ],
)
def test_a_moment_is_written_by_its_distance_in_the_readers_zone(back, written):
    assert accord.when(NOW - back) == written


def test_a_date_names_its_weekday_and_its_year_only_where_that_differs():
    assert accord.on(date(2026, 11, 20)) == "today"
    assert accord.on(date(2026, 12, 2)) == "Wed 2 Dec"
    assert accord.on(date(2027, 1, 11)) == "Mon 11 Jan 2027"
    assert accord.on(None) == "–"


@pytest.mark.parametrize(
    ("back", "written"),
    [
        (timedelta(seconds=20), "under 1 min"),
        (timedelta(minutes=48), "48 min"),
        (timedelta(hours=1, minutes=52), "1 h 52 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(days=3, hours=4, minutes=9), "3 d 4 h"),
    ],
)
def test_an_age_has_two_units_at_most(back, written):
    assert accord.age(NOW - back) == written


@pytest.mark.parametrize(
    ("back", "limit", "stale"),
    [(59, 60, False), (60, 60, False), (61, 60, True), (600, None, False), (None, 60, True)],
)
def test_a_figure_is_stale_past_its_limit_and_when_it_was_never_read(back, limit, stale):
    moment = None if back is None else NOW - timedelta(minutes=back)

    assert accord.is_past(moment, limit) is stale


def test_a_meter_never_leaves_its_frame():
    assert accord.share(Decimal(3), Decimal(9)) == "33.3"
    assert accord.share(Decimal(12), Decimal(9)) == "100.0"
    assert accord.share(Decimal(-1), Decimal(9)) == "0.0"
    assert accord.share(Decimal(1), None) == "0"


@pytest.mark.parametrize(
    ("name", "letters"), [("Jana Reuter", "JR"), ("Jana Maria Reuter", "JR"), ("Jana", "J"), ("", "?")]
)
def test_a_person_is_known_by_two_letters(name, letters):
    assert accord.initials(name) == letters
