"""The supervisor of the workers: starts the clusters, wakes them every second, restarts one that fell silent.

One cluster for quick work, one for slow jobs, each a process group of its own. django-q2's scheduler is too
coarse and its cluster can wedge without a word, so the supervisor puts a tick into the queue every second
(unless the last one still waits there) and a canary every few; a cluster that finishes no canary is replaced.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.utils import timezone
from django_q.models import Failure
from django_q.tasks import async_task

from core.logging import get_logger
from integrations import heartbeat
from integrations.lifeline import tied_to
from integrations.wakeups import Queue, QueueAway, queue_of

logger = get_logger(__name__)

TICK_SECONDS = 1.0
CANARY_SECONDS = 3.0
SPARE_SECONDS = 30.0
CALM_SECONDS = 60.0
LONGEST_DELAY = 30.0
FAILURES_KEPT = timedelta(days=30)
FORGETTING_SECONDS = 24 * 3600.0
SEALING_SECONDS = 60.0
MANAGE = Path(settings.BASE_DIR) / "manage.py"


@dataclass
class Group:
    """One cluster as the supervisor sees it: its queue, its processes, when it may be started again.

    silence: how long it may go without finishing a canary; longer than its longest task.
    """

    queue: str
    silence: float
    tick: str = ""
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    start_at: float = 0.0
    ticks: Queue = field(init=False)
    canaries: Queue = field(init=False)
    next_canary: float = 0.0

    def __post_init__(self) -> None:
        self.ticks, self.canaries = queue_of(self.queue), queue_of(self.queue)

    @property
    def name(self) -> str:
        """The cluster's name in the heartbeats."""
        return heartbeat.cluster_name(self.queue)

    def is_alive(self) -> bool:
        """Tell whether the head of the group lives."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start the group; its head ends in good order when this process is gone."""
        self.process = subprocess.Popen(
            [sys.executable, str(MANAGE), "worker", "--cluster", self.queue],
            env={**os.environ, heartbeat.QUEUE: self.queue, heartbeat.NAME: self.name},
            start_new_session=True,
            preexec_fn=tied_to(signal.SIGTERM),  # noqa: PLW1509 -- this process has one thread
        )
        self.started = time.monotonic()
        logger.info("worker.group_started", cluster=self.queue, pid=self.process.pid)

    def ask_to_end(self) -> None:
        """Ask the head to finish what is in work and to end."""
        if self.process is not None and self.is_alive():
            self.process.terminate()

    def kill(self) -> None:
        """End every process of the group now."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        finally:
            self.process.wait()

    def bury(self, reason: str) -> None:
        """After a death: clear the group away and choose when to start the next, later each time."""
        self.kill()
        self.process = None
        lasted = time.monotonic() - self.started
        self.deaths = 1 if lasted > CALM_SECONDS else self.deaths + 1
        delay = min(LONGEST_DELAY, 0.0 if self.deaths == 1 else 2.0 ** (self.deaths - 2))
        self.start_at = time.monotonic() + delay
        logger.error("worker.group_replaced", cluster=self.queue, reason=reason, attempt=self.deaths)


class Supervisor:
    """Runs the groups until told to stop.

    grace: seconds that the tasks in work are given at the end.
    """

    def __init__(self, *, grace: float) -> None:
        alternatives = settings.Q_CLUSTER.get("ALT_CLUSTERS", {})
        quick = Group(
            settings.Q_CLUSTER["name"], _silence(settings.Q_CLUSTER), tick="integrations.tasks.tick"
        )
        self.groups = [quick, *(Group(name, _silence(conf)) for name, conf in alternatives.items())]
        self.grace = grace
        self.orders = 0
        self.judge_from = time.monotonic()
        self.next_tidying = self.next_forgetting = self.next_sealing = 0.0

    def run(self) -> None:
        """Supervise until SIGTERM or SIGINT; a second one does not wait for the tasks in work."""
        for order in (signal.SIGTERM, signal.SIGINT):
            signal.signal(order, self._stop)
        logger.info("worker.started", pid=os.getpid())
        try:
            while not self.orders:
                due = time.monotonic() + TICK_SECONDS
                self._look_after_groups()
                self._wake()
                while not self.orders and time.monotonic() < due:
                    time.sleep(0.1)
        finally:
            self._end()
        logger.info("worker.ended", pid=os.getpid())

    def _stop(self, *_: object) -> None:
        self.orders += 1

    def _look_after_groups(self) -> None:
        for group in self.groups:
            if group.process is not None and not group.is_alive():
                group.bury(f"ended with {group.process.returncode}")
            if group.process is None and time.monotonic() >= group.start_at:
                group.start()

    def _wake(self) -> None:
        try:
            close_old_connections()
            for group in self.groups:
                self._tick(group)
                self._listen(group)
            self._tidy()
        except (DatabaseError, InterfaceError) as failure:
            # Without the database nobody can be judged; the clusters find back by themselves.
            logger.warning("worker.no_database", exc_info=failure)
            connection.close()
            self.judge_from = time.monotonic()
        except QueueAway as failure:
            # Nor without the queue. What is to be done waits in the database.
            logger.warning("worker.no_queue", exc_info=failure)
            self.judge_from = time.monotonic()

    def _tick(self, group: Group) -> None:
        if group.tick and not group.ticks.is_waiting(group.ticks.last):
            async_task(group.tick, broker=group.ticks, save=False)
        if time.monotonic() >= group.next_canary and not group.canaries.is_waiting(group.canaries.last):
            async_task("integrations.heartbeat.beat", broker=group.canaries, save=False)
            group.next_canary = time.monotonic() + CANARY_SECONDS

    def _listen(self, group: Group) -> None:
        """Replace a group that has not finished a canary for longer than any task may take."""
        observed = time.monotonic() - max(group.started, self.judge_from)
        if group.process is None or observed < group.silence:
            return
        silence = heartbeat.silence(group.name)
        if silence is None or silence.total_seconds() > group.silence:
            group.bury("fell silent")

    def _tidy(self) -> None:
        if time.monotonic() >= self.next_tidying:
            heartbeat.forget_the_dead()
            Failure.objects.filter(stopped__lt=timezone.now() - FAILURES_KEPT).delete()
            self.next_tidying = time.monotonic() + 3600
        if time.monotonic() >= self.next_forgetting:
            slow = self.groups[-1]
            async_task("integrations.tasks.forget_settled", broker=slow.ticks, save=False)
            self.next_forgetting = time.monotonic() + FORGETTING_SECONDS

        if time.monotonic() >= self.next_sealing:
            slow = self.groups[-1]
            async_task("integrations.tasks.seal_audit_log", broker=slow.ticks, save=False)
            self.next_sealing = time.monotonic() + SEALING_SECONDS

    def _end(self) -> None:
        for group in self.groups:
            group.ask_to_end()
        deadline, orders = time.monotonic() + self.grace, self.orders
        while any(group.is_alive() for group in self.groups):
            if time.monotonic() > deadline or self.orders > orders:
                break
            time.sleep(0.05)
        for group in self.groups:
            group.kill()
        with suppress(DatabaseError, InterfaceError):
            close_old_connections()
            for group in self.groups:
                heartbeat.forget(group.name)


def _silence(conf: dict[str, float]) -> float:
    return float(os.environ.get("WORKER_SILENCE") or conf["timeout"] + SPARE_SECONDS)
