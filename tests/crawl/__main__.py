"""`make crawl`: every address and every page of the back office, as every role, at every company's things.

Works on a cluster of its own (var/crawl-postgres), with as many processes as there are cores, each with a database and a
world of its own and every n-th role. Prints each leak, and at the end `routes=… cells=… leaks=0`;
exits with 1 when something leaks, is shut that should be open, or when a step was never seen to do anything.
Names of roles as arguments narrow it to these.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.crawl.walk import Report

PROJECT = Path(__file__).resolve().parent.parent.parent
os.environ.setdefault("PORTAL_EMBEDDED_DB", "1")
os.environ.setdefault("PORTAL_PGDATA", str(PROJECT / "var" / "crawl-postgres"))
os.environ.setdefault("PORTAL_PG_FLEETING", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")


def main() -> int:
    """Walk at full width and tell what was found."""
    import django

    django.setup()
    from tests.crawl.shares import walked
    from tests.databases import cluster_of_tests, drop_leftovers, migrated_template

    wanted, shares = tuple(sys.argv[1:]), os.cpu_count() or 1
    cluster = cluster_of_tests()
    with cluster.in_use():
        drop_leftovers(cluster.ensure())
        template = migrated_template(cluster)
        with ProcessPoolExecutor(shares, get_context("spawn")) as workers:
            walks = [
                workers.submit(walked, share, shares, wanted=wanted, template=template)
                for share in range(shares)
            ]
            found = [walk.result() for walk in walks]
    return told((joined(half) for half in zip(*found, strict=True)), is_whole=not wanted)


def joined(parts: Iterable[tuple[Report, set[str]]]) -> tuple[Report, set[str]]:
    """What the shares of one half found together, and the steps that it should have seen do something."""
    from tests.crawl.walk import Report

    whole, steps = Report(), set[str]()
    for report, own in parts:
        whole.add(report)
        steps |= own
    return whole, steps


def told(halves: Iterable[tuple[Report, set[str]]], *, is_whole: bool) -> int:
    """Print the steps that did nothing, and the sums; 1 if anything is wrong."""
    routes = cells = leaks = others = 0
    for report, steps in halves:
        idle = sorted(steps - report.did) if is_whole else []
        for step in idle:
            print(f"IDLE {step}")
        routes, cells, leaks = routes + len(report.routes), cells + report.cells, leaks + len(report.leaks)
        others += len(report.shut) + len(idle)
    print(f"routes={routes} cells={cells} leaks={leaks}", flush=True)
    return 1 if leaks or others else 0


if __name__ == "__main__":
    sys.exit(main())
