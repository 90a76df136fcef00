"""Which of the assortments that were given count, without a database."""

from datetime import date

import pytest

from catalog.ranges import EVERYBODY, SEGMENT, Given, Standing, range_on

TODAY = date(2026, 11, 30)


def given(code, level=0, **values):
    return Given(assortment_id=ord(code[0]), code=code, name=code, covers_all=False, level=level, **values)


def standings(*rows, on=TODAY):
    return {one.code: str(standing) for one, standing in range_on(rows, on).given}


@pytest.mark.req("ENT-01")
def test_nothing_given_is_an_open_catalogue():
    assert range_on([], TODAY).is_open


@pytest.mark.req("ENT-04")
@pytest.mark.parametrize(
    ("begins", "ends", "standing", "is_open"),
    [
        (None, None, "counts", False),
        (date(2026, 11, 30), None, "counts", False),
        (date(2026, 12, 1), None, "not_yet", True),
        (None, date(2026, 12, 1), "counts", False),
        (None, date(2026, 11, 30), "over", False),
        (date(2026, 1, 1), date(2026, 2, 1), "over", False),
    ],
)
def test_days_are_half_open_and_an_end_never_opens_the_catalogue(begins, ends, standing, is_open):
    seen = range_on([given("A", valid_from=begins, valid_until=ends)], TODAY)

    assert [str(found) for _one, found in seen.given] == [standing]
    assert seen.is_open is is_open


@pytest.mark.req("ENT-01")
def test_the_nearest_takes_the_place_of_what_would_be_inherited():
    rows = [given("own"), given("group", 1), given("segment", SEGMENT), given("all", EVERYBODY)]

    assert standings(*rows) == {
        "own": "counts",
        "group": "replaced",
        "segment": "replaced",
        "all": "replaced",
    }


@pytest.mark.req("ENT-01")
def test_one_that_adds_stands_beside_what_is_inherited():
    rows = [given("own", adds=True), given("group", 2), given("all", EVERYBODY)]

    assert standings(*rows) == {"own": "counts", "group": "counts", "all": "replaced"}


@pytest.mark.req("ENT-04")
def test_what_is_over_leaves_its_place_to_what_is_inherited():
    rows = [given("own", valid_until=date(2026, 11, 1)), given("group", 1)]

    assert standings(*rows) == {"own": "over", "group": "counts"}
    assert range_on(rows, TODAY).counted[0].code == "group"
    assert Standing.OVER == "over"
