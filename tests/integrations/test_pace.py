"""A limit of calls holds for all workers together, in processes of their own; so does the other side's wish to wait."""

import collections
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from core.errors import InvalidValue
from integrations.actions.pace import give_turn_back, take_turn
from integrations.actions.systems import set_pace, system_row
from integrations.failures import Paced
from integrations.models import Delivery, System
from integrations.pace import forget_pace, wait_for_turn
from integrations.patience import within
from tests.demo.erp_client import heard
from tests.factories.integrations import happen
from tests.integrations.conftest import Proxy
from tests.platform.test_worker import database_url

PROJECT = Path(settings.BASE_DIR)


@pytest.fixture
def limited():
    """An ERP of its own process that answers everything, as often as it is told to."""
    script = str(PROJECT / "tests" / "proxy.py")
    process = subprocess.Popen(
        [sys.executable, script, "nothing"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    yield Proxy(heard(process)["listening"])
    process.terminate()
    process.wait(timeout=20)


def relay_by_four(url: str) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": database_url(),
        "ERP_URL": url,
        "ERP_USER": "portal",
        "ERP_PASSWORD": "secret",
        "LOG_LEVEL": "CRITICAL",
    }
    command = [sys.executable, "-m", "tests.relay_worker"]
    workers = [subprocess.Popen(command, cwd=PROJECT, env=environment) for _ in range(4)]
    assert [worker.wait(timeout=150) for worker in workers] == [0] * 4


def outcomes(proxy: Proxy) -> tuple[dict[str, int], int]:
    """How often each thing got through, and how many calls came too fast."""
    calls = proxy.seen()
    through = collections.Counter(
        call["method"] for call in calls if not call["fault"] and call["method"].startswith("thing:")
    )
    return dict(through), sum(call["fault"] == "limited" for call in calls)


EACH_ONCE = {f"thing:{number}.take": 1 for number in range(40)}


@pytest.mark.slow
@pytest.mark.req("INT-23")
@pytest.mark.django_db(transaction=True)
def test_four_workers_together_ask_no_faster_than_is_agreed(limited):
    """Failure bank 34."""
    limited.client.put("/-/limit", json={"per_second": 10, "burst": 5})
    set_pace("erp", 8, burst=1)
    for number in range(40):
        happen(f"thing:{number}")

    relay_by_four(limited.url)

    through, too_fast = outcomes(limited)
    assert through == EACH_ONCE
    assert too_fast <= 2
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}


@pytest.mark.slow
@pytest.mark.req("INT-23")
@pytest.mark.parametrize("wish", ["1", "date"])
@pytest.mark.django_db(transaction=True)
def test_when_the_other_side_asks_to_wait_all_workers_do(limited, wish):
    limited.client.put("/-/limit", json={"per_second": 10, "burst": 10, "retry_after": wish})
    for number in range(40):
        happen(f"thing:{number}")

    relay_by_four(limited.url)

    through, too_fast = outcomes(limited)
    assert through == EACH_ONCE
    # Each worker may run into it once before it sees the others' rest; nobody keeps asking.
    assert 1 <= too_fast <= 30


@pytest.mark.req("INT-23")
@pytest.mark.django_db
def test_those_who_come_when_no_token_is_left_queue_up_and_one_who_cannot_wait_gives_his_back():
    set_pace("far", 0.5, burst=2)
    forget_pace()

    waits = [take_turn("far").wait_seconds for _ in range(4)]
    give_turn_back("far")
    with within(0.5), pytest.raises(Paced) as refusal:
        wait_for_turn("far")
    again = take_turn("far").wait_seconds

    assert waits[:2] == [0.0, 0.0]
    assert 1.5 < waits[2] <= 2.0
    assert 3.5 < waits[3] <= 4.0
    assert 3.0 < refusal.value.retry_after <= 4.0
    assert 3.0 < again <= 4.0


@pytest.mark.django_db
def test_a_system_without_a_limit_costs_no_statement_but_a_look_a_second(django_assert_num_queries):
    system_row("far")
    forget_pace()

    with django_assert_num_queries(1):
        for _ in range(100):
            wait_for_turn("far")

    with pytest.raises(InvalidValue):
        set_pace("far", 0)
    assert System.objects.get(key="far").rate_per_second is None
