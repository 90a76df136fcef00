"""How many bad rows a batch may have: one rule, said by people in four ways."""

from decimal import Decimal

import pytest

from core.applied import Applied, Rejected
from core.errors import InvalidValue
from core.tolerance import (
    ALL_OR_NOTHING,
    ANY,
    BeyondTolerance,
    Tolerance,
    check_tolerance,
    is_beyond,
    parse_tolerance,
)


@pytest.mark.req("INT-48")
@pytest.mark.parametrize(
    ("text", "seen", "bad", "expected"),
    [
        ("any", 10, 10, False),
        ("all_or_nothing", 10, 0, False),
        ("all_or_nothing", 200_000, 1, True),
        ("5 rows", 5, 5, False),
        ("5 rows", 1_000_000, 6, True),
        ("0.5 %", 200, 1, False),
        ("0.5 %", 199, 1, True),
        ("0.5 %", 0, 0, False),
        ("100 %", 3, 3, False),
    ],
)
def test_a_batch_is_refused_beyond_its_tolerance_and_taken_exactly_at_it(text, seen, bad, expected):
    assert is_beyond(parse_tolerance(text), seen=seen, bad=bad) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("any", ANY),
        (" ALL_OR_NOTHING ", ALL_OR_NOTHING),
        ("0 rows", ALL_OR_NOTHING),
        ("1 row", Tolerance(most_rows=1)),
        ("5  rows", Tolerance(most_rows=5)),
        ("0.5 %", Tolerance(most_percent=Decimal("0.5"))),
        ("12%", Tolerance(most_percent=Decimal(12))),
    ],
)
def test_a_tolerance_is_read_as_people_write_it_and_told_so_that_it_can_be_read_again(text, expected):
    tolerance = parse_tolerance(text)

    assert tolerance == expected
    assert parse_tolerance(str(tolerance)) == tolerance


@pytest.mark.parametrize(
    "text", ["", "some", "-1 rows", "5", "1.5 rows", "101 %", "0,5 %", "NaN %", "5 % rows"]
)
def test_what_is_no_tolerance_is_refused_with_the_ways_to_say_it(text):
    with pytest.raises(InvalidValue) as refusal:
        parse_tolerance(text)

    assert refusal.value.details == {"field": "tolerance"}
    assert "all_or_nothing" in str(refusal.value)
    assert "0.5 %" in str(refusal.value)


@pytest.mark.req("INT-48")
def test_a_refusal_tells_the_first_rows_and_how_many_more_there_are():
    bad = tuple(Rejected(f"S{n}", "sku", "Not known.") for n in range(60))
    applied = Applied(new=40, rejected=bad, unlisted=900)

    with pytest.raises(BeyondTolerance) as refusal:
        check_tolerance(Tolerance(most_rows=5), applied)

    assert (refusal.value.details["count"], refusal.value.details["seen"]) == (960, 1000)
    assert (len(refusal.value.details["rejected"]), refusal.value.details["more"]) == (50, 910)
    assert refusal.value.applied is applied
    assert "960 of 1000 rows" in str(refusal.value)
