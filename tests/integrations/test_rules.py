"""When the relay tries again and when it gives up."""

from datetime import timedelta

import pytest

from integrations.rules import MOST_ATTEMPTS, pauses_system, probe_delay, retry_delay, state_after
from integrations.states import DeliveryState, ErrorClass


@pytest.mark.req("INT-26")
@pytest.mark.parametrize(
    ("attempts", "least", "most"), [(1, 0.5, 1), (2, 1, 2), (5, 8, 16), (9, 128, 256), (40, 150, 300)]
)
def test_each_wait_is_twice_the_last_up_to_five_minutes_and_spread_by_chance(attempts, least, most):
    assert retry_delay(attempts, chance=0) == timedelta(seconds=least)
    assert retry_delay(attempts, chance=1) == timedelta(seconds=most)


def test_nobody_is_asked_again_before_the_time_it_named():
    assert retry_delay(1, chance=0, retry_after=90) == timedelta(seconds=90)
    assert retry_delay(40, chance=1, retry_after=90) == timedelta(seconds=300)


@pytest.mark.req("INT-26")
@pytest.mark.parametrize(
    ("error", "attempts", "state"),
    [
        (ErrorClass.TRANSIENT, 1, DeliveryState.WAITING),
        (ErrorClass.TRANSIENT, MOST_ATTEMPTS - 1, DeliveryState.WAITING),
        (ErrorClass.TRANSIENT, MOST_ATTEMPTS, DeliveryState.BURIED),
        (ErrorClass.UNKNOWN, 1, DeliveryState.WAITING),
        (ErrorClass.REFUSED, 1, DeliveryState.BURIED),
        (ErrorClass.BROKEN, 1, DeliveryState.BURIED),
    ],
)
def test_only_what_can_heal_is_tried_again(error, attempts, state):
    assert state_after(error, attempts) == state


def test_a_system_is_left_alone_when_it_is_not_there_or_fails_in_a_row():
    assert pauses_system(1, is_absent=True)
    assert pauses_system(3, is_absent=False)
    assert not pauses_system(2, is_absent=False)


def test_a_paused_system_is_asked_at_least_every_half_minute():
    assert probe_delay(1) == timedelta(seconds=2)
    assert probe_delay(100) == timedelta(seconds=30)
