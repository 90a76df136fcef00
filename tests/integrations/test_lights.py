"""The colour of a flow and its reasons, from numbers alone."""

from datetime import timedelta

import pytest

from integrations.lights import Bounds, Standing, alarm_age, light_of, reasons_of
from integrations.states import Direction, Light

IN, OUT, ASK = Direction.IN, Direction.OUT, Direction.ASK
BOUNDS = Bounds(limit=timedelta(minutes=15), alarm_age=timedelta(minutes=20), error_percent=5, backlog=100)
AWAY = "the ERP has not answered since 10:42"


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


@pytest.mark.req("INT-05")
@pytest.mark.parametrize(
    ("age", "light", "is_alarm"),
    [
        (0, Light.GREEN, False),
        (11.9, Light.GREEN, False),
        (12, Light.AMBER, False),
        (15, Light.AMBER, False),
        (15.1, Light.RED, False),
        (20, Light.RED, False),
        (20.1, Light.RED, True),
    ],
)
@pytest.mark.parametrize("direction", [IN, OUT])
def test_a_flow_turns_amber_at_four_fifths_of_its_limit_red_past_it_and_alarms_later(
    direction, age, light, is_alarm
):
    reasons = reasons_of(Standing(direction, age=minutes(age)), BOUNDS)

    assert light_of(reasons) == light
    assert any(reason.is_alarm for reason in reasons) is is_alarm


@pytest.mark.parametrize(
    ("standing", "light", "words"),
    [
        (Standing(IN), Light.GREEN, []),
        (
            Standing(IN, age=minutes(22), away=AWAY),
            Light.RED,
            [f"Its figures are 22 min old, the limit is 15 min; {AWAY}"],
        ),
        (
            Standing(OUT, age=minutes(16)),
            Light.RED,
            ["The oldest message waits for 16 min, the limit is 15 min"],
        ),
        (Standing(ASK, age=minutes(500)), Light.GREEN, []),
        (Standing(OUT, backlog=79), Light.GREEN, []),
        (Standing(OUT, backlog=80), Light.AMBER, ["80 messages wait, 100 are usual at most"]),
        (Standing(OUT, backlog=101), Light.RED, ["101 messages wait, 100 are usual at most"]),
        (
            Standing(IN, tried=100, failed=5),
            Light.AMBER,
            ["5 of 100 rows were not taken over in the last hour"],
        ),
        (
            Standing(IN, tried=100, failed=6),
            Light.RED,
            ["6 of 100 rows were not taken over in the last hour, more than 5 %"],
        ),
        (Standing(OUT, tried=2, failed=2), Light.AMBER, ["2 of 2 tries failed in the last hour"]),
        (
            Standing(ASK, tried=4, failed=3),
            Light.RED,
            ["3 of 4 questions were not answered in the last hour, more than 5 %"],
        ),
        (Standing(OUT, dead=1), Light.RED, ["1 dead letter needs a person"]),
        (Standing(IN, rejected=2), Light.AMBER, ["2 rows were not taken over"]),
        (
            Standing(IN, failures=3, last_error="No answer."),
            Light.AMBER,
            ["3 runs in a row did not come through: No answer."],
        ),
        (Standing(IN, is_read=False), Light.AMBER, ["It has not been read yet"]),
        (Standing(IN, age=minutes(500), backlog=900, off="Held"), Light.OFF, ["Held"]),
    ],
)
def test_each_colour_comes_with_its_reason_in_words(standing, light, words):
    reasons = reasons_of(standing, BOUNDS)

    assert light_of(reasons) == light
    assert [reason.words for reason in reasons] == words


def test_the_worst_reason_comes_first_and_gives_the_colour():
    reasons = reasons_of(Standing(IN, age=minutes(13), tried=10, failed=9, rejected=1), BOUNDS)

    assert [reason.kind for reason in reasons] == ["flow_errors", "flow_late"]
    assert light_of(reasons) == Light.RED


@pytest.mark.req("INT-47")
def test_what_is_off_is_never_an_alarm_whatever_its_figures_say():
    now = Standing(OUT, age=minutes(900), backlog=5000, tried=10, failed=10, dead=1, off="Held")

    reasons = reasons_of(now, BOUNDS)

    assert light_of(reasons) == Light.OFF
    assert [reason.kind for reason in reasons] == ["off", "dead"]
    assert not any(reason.is_alarm for reason in reasons)


@pytest.mark.req("ORD-03")
@pytest.mark.parametrize(("direction", "is_alarm"), [(IN, False), (OUT, True)])
def test_a_system_that_is_away_is_told_once_but_orders_that_wait_for_it_are_our_promise(direction, is_alarm):
    reasons = reasons_of(Standing(direction, age=minutes(60), away=AWAY), BOUNDS)

    assert light_of(reasons) == Light.RED
    assert [reason.is_alarm for reason in reasons] == [is_alarm]


@pytest.mark.parametrize(("limit", "told"), [(15, 20), (30, 40), (6, 8)])
def test_who_changes_the_limit_is_told_in_proportion(limit, told):
    assert alarm_age(minutes(20), agreed=minutes(15), limit=minutes(limit)) == minutes(told)
