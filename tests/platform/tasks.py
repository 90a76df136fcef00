"""Tasks for the tests of the worker: they leave a trace, take their time, or kill who runs them."""

from __future__ import annotations

import os
import signal
import time

from django.utils import timezone

from integrations.models import Heartbeat


def leave_trace(name: str) -> None:
    """Note that the task was done."""
    Heartbeat.objects.update_or_create(cluster=f"trace:{name}", defaults={"beat_at": timezone.now()})


def take_time(name: str, seconds: float) -> None:
    """Be in the middle of something for a while."""
    leave_trace(f"{name}:begun")
    time.sleep(seconds)
    leave_trace(f"{name}:ended")


def kill_worker(name: str) -> None:
    """Kill the process that runs this task, each time anew."""
    leave_trace(f"{name}:{os.getpid()}")
    os.kill(os.getpid(), signal.SIGKILL)
