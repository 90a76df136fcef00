"""Who holds a lease: a process of the operating system, and whether it still lives."""

import os
import socket
from pathlib import Path


def this_process() -> str:
    """The name of this process, unique over time: host, pid, and when it began."""
    return f"{socket.gethostname()[:30]}:{os.getpid()}:{_began(os.getpid())}"


def is_gone(name: str) -> bool:
    """Whether a process of this host has certainly ended; of others nothing is known.

    It shortens the wait for the lease of a killed worker; the lease alone would do.
    """
    host, _, rest = name.partition(":")
    pid, _, began = rest.partition(":")
    if host != socket.gethostname()[:30] or not pid.isdigit() or not Path("/proc/self").exists():
        return False
    return _began(int(pid)) != began


def _began(pid: int) -> str:
    try:
        # After the name, which may hold anything, the start time is the 20th field.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
