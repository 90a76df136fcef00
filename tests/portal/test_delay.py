"""What a page says when the figures of another system are late."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from core import freshness

NOW = datetime(2026, 11, 20, 13, 18, tzinfo=UTC)  # 14:18 in Vienna

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _limits(monkeypatch):
    monkeypatch.setattr(freshness, "_limits", {})
    freshness.set_limits({"stock": timedelta(minutes=30), "prices": timedelta(hours=4)})
    with time_machine.travel(NOW, tick=False):
        yield


def test_while_all_is_fresh_the_page_tells_the_ages_and_warns_of_nothing(anna):
    freshness.note("stock", NOW - timedelta(minutes=2))
    freshness.note("prices", NOW - timedelta(minutes=13))

    page = anna.signed_in().get("/home/").content.decode()

    assert "Prices as of 14:05 · stock as of 14:16" in page
    assert "ac-note warn" not in page


@pytest.mark.req("INV-11")
def test_a_figure_past_its_limit_is_announced_once_with_its_age(anna):
    freshness.note("stock", NOW - timedelta(hours=2, minutes=26))
    freshness.note("prices", NOW - timedelta(minutes=13))

    page = anna.signed_in().get("/home/").content.decode()

    assert page.count("Stock: as of 11:52, 2 h 26 min old.") == 1
    assert "ac-note warn" in page


def test_several_late_kinds_stand_in_one_banner_with_the_oldest_age(anna):
    freshness.note("stock", NOW - timedelta(hours=1))
    freshness.note("prices", NOW - timedelta(hours=5))

    page = anna.signed_in().get("/home/").content.decode()

    assert "Prices and stock: as of 09:18, 5 h old." in page
    assert page.count("ac-note warn") == 1


def test_a_stranger_is_told_nothing_of_our_data(client):
    freshness.note("stock", NOW - timedelta(hours=9))

    assert "old." not in client.get("/accounts/login/").content.decode()
