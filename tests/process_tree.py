"""Which processes a process has started, as /proc tells."""

from __future__ import annotations

from pathlib import Path

from portal.postgres import processes


def children(pid: int) -> list[int]:
    """The live children of a process, oldest first."""
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return sorted(int(child) for child in found if processes.command_line(int(child)))


def descendants(pid: int) -> list[int]:
    """All processes below one, whatever groups they have made."""
    found = []
    for child in children(pid):
        found += [child, *descendants(child)]
    return found
