"""django-q2's cluster with two corrections: it notices when a dead process has wedged it, and dies as a whole.

A worker killed while it waits for work takes the lock of the queue with it; a pusher or a monitor likewise.
Those left would wait for ever and look healthy. All processes are tied to their parents, so that a killed
parent leaves nothing running.
"""

from __future__ import annotations

import os
import signal
import uuid
from multiprocessing import Event
from multiprocessing.process import BaseProcess
from time import sleep
from typing import Any

from django_q import cluster as q2
from django_q.conf import Conf

from core.logging import get_logger
from integrations.lifeline import die_with_parent

logger = get_logger(__name__)


def _tied(target: Any, parent: int, *arguments: Any) -> None:
    die_with_parent(signal.SIGKILL, parent)
    target(*arguments)


class Sentinel(q2.Sentinel):
    """Guards the pool; ends the whole process group when one of its processes was killed at a bad moment."""

    def spawn_process(self, target: Any, *args: Any) -> BaseProcess:
        """Start one process of the cluster, tied to this one."""
        process = q2.get_mp_context().Process(
            target=_tied, args=(target, os.getpid(), *args), name=f"Process-{uuid.uuid4().hex}", daemon=True
        )
        if target is q2.worker:
            process.timer = args[2]
            self.pool.append(process)
        process.start()
        return process

    def guard(self) -> None:
        """Watch over the processes until told to stop."""
        die_with_parent(signal.SIGKILL, self.parent_pid)
        self.start_event.set()
        while not self.stop_event.wait(Conf.GUARD_CYCLE):
            for process in (self.monitor, self.pusher):
                if not process.is_alive():
                    self._replace(process)
            for worker in list(self.pool):
                self._tend(worker)
        self.stop()

    def _tend(self, worker: Any) -> None:
        # Without the lock at first: a worker killed while it held it would hold us up for ever.
        remaining = worker.timer.get_obj().value
        if not worker.is_alive():
            self._replace(worker, was_busy=remaining > 0)
        elif remaining == 0:
            self.reincarnate(worker)
        elif remaining > 0 and worker.timer.get_lock().acquire(timeout=1):
            worker.timer.get_obj().value = max(0, worker.timer.get_obj().value - Conf.GUARD_CYCLE)
            worker.timer.get_lock().release()

    def _replace(self, process: Any, was_busy: bool = False) -> None:
        """Start another in the place of a dead one, or end the group where locks may have died with it.

        A worker in the middle of a task holds no lock of the queue.
        """
        killed = (process.exitcode or 0) < 0
        if killed and not was_busy:
            logger.error("worker.wedged", reason="a process of the cluster was killed", pid=process.pid)
            os.killpg(os.getpgrp(), signal.SIGKILL)
        self.reincarnate(process)


class Cluster(q2.Cluster):
    """The head of one cluster: starts the sentinel, passes on the order to stop, waits."""

    def run(self) -> int:
        """Work until told to stop or until the sentinel ends; return the exit code."""
        self.stop_event, self.start_event = Event(), Event()
        arguments = (self.stop_event, self.start_event, self.cluster_id, self.broker, self.timeout)
        self.sentinel = q2.get_mp_context().Process(target=Sentinel, args=arguments)
        self.sentinel.start()
        while self.sentinel.is_alive():
            sleep(0.1)
        return 0 if self.stop_event is None else 1

    def sig_handler(self, signum: int, frame: Any) -> None:
        """Finish the tasks in work, take no new ones, end; the supervisor sees to it that this ends."""
        if self.stop_event is not None:
            self.stop()


def run_cluster() -> int:
    """Run the cluster that Q_CLUSTER_NAME names, as the head of a process group of its own."""
    if os.getpgrp() != os.getpid():
        os.setpgrp()
    return Cluster().run()
