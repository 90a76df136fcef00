"""Times of rest: batch runs and maintenance of other systems are no trouble (INT-47)."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from core import freshness, generations
from core.models import Case
from integrations import delivery, dispatch
from integrations.actions.flows import flow_row
from integrations.actions.systems import raise_alarm, system_row
from integrations.models import FlowState, System, SystemWindow
from integrations.rest import is_resting, note_rests
from integrations.rules import Rest, rest_at
from integrations.running import due_flows

VIENNA = ZoneInfo("Europe/Vienna")
NIGHT = Rest(weekdays={4}, starts=time(22, 0), ends=time(6, 0))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIENNA)


@pytest.mark.req("INT-47")
@pytest.mark.parametrize(
    ("now", "rests"),
    [
        ("2026-11-27T21:59:59", False),
        ("2026-11-27T22:00:00", True),
        ("2026-11-28T05:59:59", True),
        ("2026-11-28T06:00:00", False),
        ("2026-11-28T22:00:00", False),
        ("2026-11-27T03:00:00", False),
    ],
)
def test_a_weekly_rest_past_midnight_belongs_to_the_day_on_which_it_begins(now, rests):
    span = rest_at(NIGHT, at(now), VIENNA)

    assert (span is not None) is rests
    if span:
        assert span == (at("2026-11-27T22:00"), at("2026-11-28T06:00"))


@pytest.mark.req("INT-47")
@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-28", 3.0), ("2026-10-24", 5.0), ("2026-11-07", 4.0)],
    ids=["an hour is skipped", "an hour comes twice", "an ordinary night"],
)
def test_the_clock_on_the_wall_counts_when_it_is_changed(day, hours):
    rest = Rest(weekdays={5}, starts=time(23, 0), ends=time(3, 0))

    since, until = rest_at(rest, at(f"{day}T23:30"), VIENNA)

    assert (until - since).total_seconds() / 3600 == hours


@pytest.mark.req("INT-47")
def test_a_rest_that_ends_at_its_own_start_lasts_a_day_and_one_that_comes_once_comes_once():
    sunday = Rest(weekdays={6}, starts=time(0), ends=time(0))
    once = Rest(since=datetime(2026, 12, 5, 8, tzinfo=UTC), until=datetime(2026, 12, 5, 9, tzinfo=UTC))

    assert rest_at(sunday, at("2026-11-29T12:00"), VIENNA) == (at("2026-11-29T00:00"), at("2026-11-30T00:00"))
    assert rest_at(sunday, at("2026-11-30T00:00"), VIENNA) is None
    assert rest_at(once, datetime(2026, 12, 5, 8, tzinfo=UTC), VIENNA) == (once.since, once.until)
    assert rest_at(once, datetime(2026, 12, 5, 9, tzinfo=UTC), VIENNA) is None


def rest_now(system: str = "erp", **fields: object) -> SystemWindow:
    now = timezone.now()
    span = {"from_at": now - timedelta(minutes=30), "until_at": now + timedelta(minutes=30)}
    return SystemWindow.objects.create(system=system, kind="maintenance", **{**span, **fields})


@pytest.mark.django_db
@pytest.mark.req("INT-47")
def test_the_flows_of_a_resting_system_wait_and_those_of_others_go_on():
    before = {flow.system for flow, _slow in due_flows()}
    window = rest_now()
    during = {flow.system for flow, _slow in due_flows()}
    SystemWindow.objects.filter(pk=window.pk).update(is_active=False)
    after = {flow.system for flow, _slow in due_flows()}

    assert before == after == {"erp", "pim"}
    assert during == {"pim"}


@pytest.mark.django_db
@pytest.mark.req("INT-47")
def test_a_system_that_is_away_while_it_rests_is_neither_asked_nor_an_alarm(monkeypatch):
    asked = []
    monkeypatch.setattr(delivery, "probe_of", lambda key: lambda: asked.append(key))
    monkeypatch.setattr(dispatch, "DESTINATIONS", {"erp": dispatch.DESTINATIONS["erp"]})
    window = rest_now()
    system_row("erp")
    now = timezone.now()
    System.objects.filter(key="erp").update(down_since=now - timedelta(minutes=25), next_probe_at=now)

    delivery.probe_systems()
    during = raise_alarm("erp", waiting=3)
    SystemWindow.objects.filter(pk=window.pk).update(until_at=now - timedelta(minutes=5))
    just_after = raise_alarm("erp", waiting=3)
    SystemWindow.objects.filter(pk=window.pk).update(until_at=now - timedelta(minutes=11))
    at_last = raise_alarm("erp", waiting=3)

    assert asked == []
    assert (during, just_after) == (None, None)
    assert at_last is not None
    assert Case.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.req("INT-47", "INT-05")
def test_the_time_of_rest_does_not_make_figures_stale():
    now = timezone.now()
    rest_now()
    freshness.note("stock", now - timedelta(minutes=40))
    freshness.note("content", now - timedelta(minutes=40))

    before = freshness.is_stale("stock", freshness.read_up_to()["stock"], now=now)
    note_rests(now)
    up_to = freshness.read_up_to()["stock"]

    assert before is True
    assert freshness.is_stale("stock", up_to, now=now) is False
    # Ten minutes before the rest and the rest's end, then six more make sixteen: one over the limit.
    assert freshness.is_stale("stock", up_to, now=now + timedelta(minutes=36)) is True


@pytest.mark.django_db
def test_looking_for_rests_every_second_makes_nothing_anew_for_the_pages():
    now = timezone.now()
    rest_now()
    note_rests(now)
    before = generations.current()["ages"]

    note_rests(now + timedelta(seconds=1))

    assert generations.current()["ages"] == before


@pytest.mark.django_db
def test_a_rest_that_was_called_off_counts_no_further():
    now = timezone.now()
    window = rest_now()
    freshness.note("stock", now - timedelta(minutes=40))
    note_rests(now)

    SystemWindow.objects.filter(pk=window.pk).update(is_active=False)
    note_rests(now)

    up_to = freshness.read_up_to()["stock"]
    assert not is_resting("erp", now)
    assert freshness.is_stale("stock", up_to, now=now + timedelta(minutes=4)) is False
    assert freshness.is_stale("stock", up_to, now=now + timedelta(minutes=6)) is True


@pytest.mark.django_db
def test_a_paused_flow_stays_paused_through_a_rest():
    flow_row("erp.stock")
    FlowState.objects.filter(flow="erp.stock").update(is_paused=True)
    rest_now(is_active=False)

    assert "erp.stock" not in {flow.name for flow, _slow in due_flows()}
