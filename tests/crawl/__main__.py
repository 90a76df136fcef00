"""`make crawl`: every address and every page of the back office, as every role, at every company's things.

Works on a cluster of its own (var/crawl-postgres). Prints each leak, and at the end `routes=… cells=… leaks=0`;
exits with 1 when something leaks, is shut that should be open, or when a step was never seen to do anything.
Names of roles as arguments narrow it to these.
"""

from __future__ import annotations

import logging
import os
import sys
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
    from django.test.runner import DiscoverRunner
    from django.test.utils import setup_test_environment

    from tests.bench.__main__ import stop_cluster

    setup_test_environment()
    logging.disable(logging.ERROR)
    runner = DiscoverRunner(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        return crawl()
    finally:
        runner.teardown_databases(databases)
        stop_cluster()


def crawl() -> int:
    """The walks, each in a transaction that is rolled back."""
    wanted = set(sys.argv[1:])
    reports, wrong = [], []
    for walk in (buyers, staff):
        report, idle = walk(wanted)
        reports.append(report)
        wrong += [f"LEAK {leak}" for leak in report.leaks]
        wrong += [f"SHUT {shut}" for shut in report.shut]
        wrong += [f"IDLE {step}" for step in idle if not wanted]
    print("\n".join(wrong))
    routes, cells, leaks = (
        sum(len(report.routes) for report in reports),
        sum(report.cells for report in reports),
        sum(len(report.leaks) for report in reports),
    )
    print(f"routes={routes} cells={cells} leaks={leaks}")
    return 1 if wrong else 0


def buyers(wanted: set[str]) -> tuple[Report, list[str]]:
    """The buyers' pages and the API."""
    from django.db import transaction

    from accounts import states
    from portal.access import ROUTES, addresses
    from tests.crawl.roles import Role, composed_roles, far_sighted_roles
    from tests.crawl.walk import Walk
    from tests.crawl.world import furnished

    ready = [Role(role, roles=(role,)) for role in states.Role]
    roles = [*ready, *composed_roles(), *far_sighted_roles()]
    with transaction.atomic(), furnished() as world:
        walk = Walk(world, ROUTES, addresses())
        for role in (role for role in roles if not wanted or role.name in wanted):
            walk.go(role, is_full=True)
            print(f"{role.name}: cells={walk.report.cells} leaks={len(walk.report.leaks)}", flush=True)
        transaction.set_rollback(True)
    return walk.report, walk.idle()


def staff(wanted: set[str]) -> tuple[Report, list[str]]:
    """The back office."""
    from django.db import transaction

    from tests.crawl.staff_walk import WALKERS, StaffWalk
    from tests.crawl.staff_world import staffed

    with transaction.atomic(), staffed() as world:
        walk = StaffWalk(world)
        for name in (name for name in WALKERS if not wanted or name in wanted):
            walk.go(name, is_full=True)
            print(f"{name}: cells={walk.report.cells} leaks={len(walk.report.leaks)}", flush=True)
        transaction.set_rollback(True)
    return walk.report, walk.idle()


if __name__ == "__main__":
    sys.exit(main())
