"""Clears up behind a launcher that was killed: ends what it had started, its database included.

    python -m demo.watcher CLUSTER_ROOT

Reads process groups from standard input, one a line; `database` means that the cluster is ours to end. When
the input ends, the launcher is gone. After an orderly end there is nothing left to do.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from portal.postgres.cluster import Cluster

PATIENCE_SECONDS = 12
# Lies in the cluster's folder as long as a demo is to end it, also one that could not.
OWNED_BY_DEMO = "started-by-demo"


def main() -> None:
    """Wait for the end of the launcher, then of its parts, then end the rest."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    owns_database = False
    for line in sys.stdin:
        word = line.strip()
        if word == "database":
            owns_database = True
        elif word == "done":
            return
        elif word:
            groups.add(int(word))

    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(_lives(group) for group in groups) and time.monotonic() < deadline:
        time.sleep(0.1)
    for group in groups:
        if _lives(group):
            os.killpg(group, signal.SIGKILL)
    if owns_database:
        end_owned(Cluster(Path(sys.argv[1])))


def end_owned(cluster: Cluster) -> None:
    """End a cluster that a demo started, and the mark that says so."""
    cluster.stop()
    (cluster.root / OWNED_BY_DEMO).unlink(missing_ok=True)


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
