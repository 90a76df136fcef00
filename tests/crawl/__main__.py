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
    """The walks, all in a transaction that is rolled back."""
    from django.db import transaction

    from accounts import states
    from portal.access import ROUTES, addresses
    from tests.crawl.roles import Role, composed_roles, far_sighted_roles
    from tests.crawl.walk import Walk
    from tests.crawl.world import furnished

    ready = [Role(role, roles=(role,)) for role in states.Role]
    roles = [*ready, *composed_roles(), *far_sighted_roles()]
    wanted = set(sys.argv[1:]) or {role.name for role in roles}
    with transaction.atomic(), furnished() as world:
        walk = Walk(world, ROUTES, addresses())
        for role in (role for role in roles if role.name in wanted):
            walk.go(role, is_full=True)
            print(f"{role.name}: cells={walk.report.cells} leaks={len(walk.report.leaks)}", flush=True)
        transaction.set_rollback(True)
    wrong = [f"LEAK {leak}" for leak in walk.report.leaks]
    wrong += [f"SHUT {shut}" for shut in walk.report.shut]
    wrong += [f"IDLE {step}" for step in walk.idle() if not sys.argv[1:]]
    print("\n".join(wrong))
    print(f"routes={len(walk.report.routes)} cells={walk.report.cells} leaks={len(walk.report.leaks)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
