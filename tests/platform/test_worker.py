"""The worker keeps working, with real processes: killed, stopped, told to end, given poison."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from integrations import heartbeat
from integrations.checks import check_queues
from integrations.lifeline import tied_to
from integrations.models import Heartbeat
from integrations.wakeups import WakeUps
from integrations.worker import Supervisor
from portal.postgres import processes
from tests.process_tree import children

pytestmark = pytest.mark.django_db(transaction=True)
PROJECT = Path(settings.BASE_DIR)


class Worker:
    """A `manage.py worker` on this test's database."""

    def __init__(self, **variables: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "worker", "--grace", "10"],
            cwd=PROJECT,
            env={**os.environ, "DATABASE_URL": database_url(), "LOG_LEVEL": "CRITICAL", **variables},
            start_new_session=True,
            preexec_fn=tied_to(signal.SIGTERM),
        )

    @property
    def heads(self) -> list[int]:
        return children(self.process.pid)

    def pool(self, head: int) -> list[int]:
        """Workers first, as they were started; then the monitor and the pusher."""
        return [worker for sentinel in children(head) for worker in children(sentinel)]

    def all_processes(self) -> set[int]:
        heads = self.heads
        sentinels = [child for head in heads for child in children(head)]
        return {self.process.pid, *heads, *sentinels, *(pid for head in heads for pid in self.pool(head))}

    def wait_until_working(self) -> None:
        name = f"ready:{time.monotonic()}"
        async_task("tests.platform.tasks.leave_trace", name, save=False)
        assert_soon(lambda: has_trace(name), 30)
        assert_soon(lambda: len(self.all_processes()) >= 10, 10)

    def end(self) -> None:
        everyone = self.all_processes()
        self.process.kill()
        self.process.wait()
        for pid in everyone:
            processes.send(pid, signal.SIGKILL)


def database_url() -> str:
    connection.ensure_connection()
    conf = connection.settings_dict
    return (
        f"postgres://{quote(conf['USER'])}:{quote(conf['PASSWORD'])}"
        f"@{conf['HOST'] or 'localhost'}:{conf['PORT'] or 5432}/{conf['NAME']}"
    )


def has_trace(name: str) -> bool:
    return Heartbeat.objects.filter(cluster=f"trace:{name}").exists()


def assert_soon(what: Callable[[], object], seconds: float) -> None:
    assert processes.wait_until(lambda: bool(what()), seconds), f"not within {seconds} s"


def work_is_done_within(seconds: float) -> float:
    """Call for work as the ticks do, once a second: a single call may be lost with the worker that took it."""
    name, started = f"work:{time.monotonic()}", time.monotonic()
    while not has_trace(name):
        assert time.monotonic() - started < seconds, f"nothing was done within {seconds} s"
        async_task("tests.platform.tasks.leave_trace", name, save=False)
        processes.wait_until(lambda: has_trace(name), 1)
    return time.monotonic() - started


@pytest.fixture
def worker() -> Iterator[Worker]:
    call_command("createcachetable", verbosity=0)
    worker = Worker()
    worker.wait_until_working()
    yield worker
    worker.end()


def test_work_put_into_either_queue_is_done_and_a_canary_sings_in_each(worker):
    async_task("tests.platform.tasks.leave_trace", "slow", cluster="slow", save=False)

    assert work_is_done_within(5) < 5
    assert_soon(lambda: has_trace("slow"), 15)
    assert_soon(lambda: heartbeat.canary_age("accord") and heartbeat.canary_age("slow"), 15)
    assert heartbeat.canary_age("accord").total_seconds() < 15


@pytest.mark.req("INT-41")
def test_a_long_job_in_the_slow_queue_does_not_hold_up_quick_work(worker):
    async_task("tests.platform.tasks.take_time", "long", 30, broker=WakeUps("slow"), save=False)
    assert_soon(lambda: has_trace("long:begun"), 15)

    assert work_is_done_within(10) < 10
    assert not has_trace("long:ended")


@pytest.mark.req("TST-10")
def test_idle_workers_that_were_killed_are_replaced_and_work_goes_on(worker):
    quick = next(head for head in worker.heads if len(worker.pool(head)) == 4)
    for pid in worker.pool(quick)[:2]:
        os.kill(pid, signal.SIGKILL)

    assert work_is_done_within(15) < 15


@pytest.mark.req("TST-10")
@pytest.mark.parametrize("which", ["head", "sentinel"])
def test_a_killed_parent_leaves_no_one_behind_and_work_goes_on(worker, which):
    quick = next(head for head in worker.heads if len(worker.pool(head)) == 4)
    family = {quick, *children(quick), *worker.pool(quick)}
    victim = quick if which == "head" else children(quick)[0]
    os.kill(victim, signal.SIGKILL)

    assert work_is_done_within(15) < 15
    assert_soon(lambda: not any(processes.command_line(pid) for pid in family), 5)


def test_nothing_survives_a_killed_supervisor(worker):
    everyone = worker.all_processes()
    worker.process.kill()
    worker.process.wait()

    assert_soon(lambda: not any(processes.command_line(pid) for pid in everyone), 10)


def test_a_group_that_fell_silent_is_replaced():
    call_command("createcachetable", verbosity=0)
    worker = Worker(WORKER_SILENCE="6")
    try:
        worker.wait_until_working()
        quick = next(head for head in worker.heads if len(worker.pool(head)) == 4)
        family = [quick, *children(quick), *worker.pool(quick)]
        for pid in family:
            os.kill(pid, signal.SIGSTOP)

        work_is_done_within(90)

        assert not any(processes.command_line(pid) for pid in family)
    finally:
        worker.end()


@pytest.mark.req("TST-10")
def test_a_task_that_kills_its_worker_is_run_once_and_others_go_on(worker):
    async_task("tests.platform.tasks.kill_worker", "poison", save=False)

    assert work_is_done_within(15) < 15
    time.sleep(3)
    assert Heartbeat.objects.filter(cluster__startswith="trace:poison").count() == 1
    assert work_is_done_within(15) < 15


def test_a_row_signed_with_another_key_and_a_row_of_rubbish_do_no_harm(worker):
    foreign = SignedPackage.dumps({"id": "1", "name": "x", "func": "os.getcwd", "args": (), "kwargs": {}})
    for payload in (foreign[:-4] + "AAAA", "rubbish"):
        OrmQ.objects.create(key="accord", payload=payload, lock="2020-01-01T00:00:00Z")

    assert work_is_done_within(15) < 15
    assert_soon(lambda: not OrmQ.objects.filter(lock__year=2020).exists(), 5)


def test_on_sigterm_the_task_in_work_is_finished_and_everyone_ends(worker):
    async_task("tests.platform.tasks.take_time", "last", 2, save=False)
    assert_soon(lambda: has_trace("last:begun"), 5)
    everyone = worker.all_processes()
    worker.process.terminate()

    assert worker.process.wait(timeout=15) == 0
    assert has_trace("last:ended")
    assert heartbeat.canary_age("accord") is None  # nobody waits for a canary of those who left
    assert not any(processes.command_line(pid) for pid in everyone)


def test_ticks_do_not_pile_up_while_nobody_takes_them():
    supervisor = Supervisor(grace=1)

    for _ in range(5):
        supervisor._wake()

    assert OrmQ.objects.filter(key="accord").count() == 2  # one tick and one canary
    assert (
        OrmQ.objects.filter(key="slow").count() == 3
    )  # one canary, the day's forgetting, the minute's sealing


def test_a_task_is_handed_out_to_one_of_two_clusters_and_in_order():
    one, other = WakeUps("accord"), WakeUps("accord")
    for number in range(3):
        one.enqueue(f"task {number}")

    taken = [one.dequeue(), other.dequeue(), one.dequeue()]

    assert [payload for ((_, payload),) in taken] == ["task 0", "task 1", "task 2"]
    assert other.dequeue() is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"timeout": 60, "retry": 60}, "integrations.E002"),
        ({"timeout": None}, "integrations.E002"),
        ({"broker_class": None}, "integrations.E001"),
        ({"ALT_CLUSTERS": {"slow": {"timeout": 10, "retry": 5}}}, "integrations.E002"),
    ],
)
def test_settings_that_would_repeat_tasks_are_refused(settings, change, code):
    assert check_queues() == []

    settings.Q_CLUSTER = {**settings.Q_CLUSTER, **change}

    assert [problem.id for problem in check_queues()] == [code]
