"""A process that ends with the one that started it, however that one ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def die_with_parent(order: signal.Signals, parent: int | None = None) -> None:
    """Ask the kernel to send us `order` when our parent ends, killed or not.

    parent: its process id as known before we came to life; when it is gone already, we end at once.
    The wish outlives exec, not fork: each child asks for itself. Other systems than Linux have no such wish.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(order), 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), order)


def tied_to(order: signal.Signals) -> Callable[[], None]:
    """Return what Popen runs in the child before the program: the wish to end with this process."""
    parent = os.getpid()
    return lambda: die_with_parent(order, parent)
