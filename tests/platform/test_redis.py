"""Wake-ups by a real Redis: the worker works as on the database's table, and what Redis loses is not missed."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.core.management import call_command

from integrations import heartbeat
from integrations.brokers.redis import RedisWakeUps
from integrations.flows import in_order
from integrations.lifeline import tied_to
from integrations.models import Delivery, FlowState
from integrations.wakeups import QueueAway
from portal.postgres import processes
from tests.factories.integrations import happen
from tests.platform.test_worker import Worker, assert_soon

pytestmark = pytest.mark.django_db(transaction=True)


class Server:
    """A Redis of its own on a free port, which keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder = folder
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        program = shutil.which("redis-server")
        assert program, "the tests need redis-server: python tests/run.py installs it"
        self.process = subprocess.Popen(
            [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            preexec_fn=tied_to(signal.SIGTERM),
        )
        assert processes.wait_until(self.answers, 20)

    def answers(self) -> bool:
        try:
            return bool(redis.from_url(self.url).ping())
        except redis.ConnectionError:
            return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.kill()


@pytest.fixture
def queue(server: Server, monkeypatch: pytest.MonkeyPatch) -> RedisWakeUps:
    monkeypatch.setattr("django_q.conf.Conf.REDIS", server.url)
    return RedisWakeUps("accord")


@pytest.mark.req("INT-30")
def test_a_wake_up_is_handed_out_once_in_order_and_it_is_known_whether_it_waits(queue):
    for number in range(3):
        queue.enqueue(f"task {number}")
    waits_at_first = queue.is_waiting(queue.last)

    taken = [queue.dequeue()[0][1].decode() for _ in range(3)]

    assert waits_at_first
    assert taken == ["task 0", "task 1", "task 2"]
    assert not queue.is_waiting(queue.last)
    assert queue.dequeue() is None


def test_a_redis_that_is_away_is_told_from_everything_else(queue, server):
    server.kill()

    with pytest.raises(QueueAway):
        queue.enqueue("task")
    with pytest.raises(QueueAway):
        queue.is_waiting("task")


@pytest.mark.slow
@pytest.mark.req("INT-30", "INT-34")
def test_the_worker_relays_by_redis_and_loses_nothing_when_redis_forgets_everything(server):
    call_command("createcachetable", verbosity=0)
    FlowState.objects.bulk_create(FlowState(flow=flow.name, is_paused=True) for flow in in_order())
    worker = Worker(Q_BROKER="redis", Q_REDIS_URL=server.url)
    try:
        happen("quote:1", "quote.expired")
        assert_soon(lambda: delivered() == 1, 60)
        assert_soon(lambda: heartbeat.canary_age("accord") and heartbeat.canary_age("slow"), 30)
        server.kill()
        happen("quote:2", "quote.expired")
        server.start()

        assert_soon(lambda: delivered() == 2, 60)
    finally:
        worker.end()


def delivered() -> int:
    return Delivery.objects.filter(destination="mail", state="delivered").count()
