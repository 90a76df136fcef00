"""Which processes belong to a data folder: the questions that a stale pid file cannot answer."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path


def live_postmaster(data: Path) -> int | None:
    """Return the process id in the folder's pid file if that process lives and serves this folder.

    A zombie is dead; a stranger that got the number of a killed server does not name this folder.
    """
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None
    return pid if str(data) in command_line(pid) else None


def command_line(pid: int) -> str:
    """Return the command line of a live process, or nothing."""
    if sys.platform != "linux":
        found = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)  # noqa: S607
        return found.stdout
    try:
        # Behind the name in brackets stands the state; of a zombie nothing else is left.
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return "" if state in "ZX" else Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""


def working_in(folder: Path) -> list[int]:
    """Return the live processes whose working folder is this one, as PostgreSQL's all have it."""
    if sys.platform != "linux":
        return []
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.readlink(entry / "cwd") == str(folder) and command_line(int(entry.name)):
                    found.append(int(entry.name))
            except OSError:
                continue  # ended meanwhile, or another user's
    return found


def send(pid: int, number: int) -> None:
    """Send a signal; a process that is gone has already done what it was to do."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def wait_until(done: Callable[[], bool], seconds: float) -> bool:
    """Ask again and again until it is done, and tell whether it was in time."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
