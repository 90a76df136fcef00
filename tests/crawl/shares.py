"""A process' share of the crawl: every n-th role of either half, in a database and a world of its own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.crawl.walk import Report


def walked(
    share: int, shares: int, *, wanted: tuple[str, ...], template: str
) -> list[tuple[Report, set[str]]]:
    """One process' share: every n-th role of either half, in a database of its own."""
    import django

    django.setup()
    from django.db import connection
    from django.test.runner import DiscoverRunner
    from django.test.utils import setup_test_environment

    setup_test_environment()
    logging.disable(logging.ERROR)
    connection.settings_dict["TEST"]["TEMPLATE"] = template
    runner = DiscoverRunner(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        return [walk(share, shares, wanted) for walk in (buyers, staff)]
    finally:
        runner.teardown_databases(databases)


def buyers(share: int, shares: int, wanted: tuple[str, ...]) -> tuple[Report, set[str]]:
    """The buyers' pages and the API."""
    from django.db import transaction

    from accounts import states
    from portal.access import ROUTES, addresses
    from tests.crawl.roles import Role, composed_roles, far_sighted_roles
    from tests.crawl.walk import Walk
    from tests.crawl.world import furnished

    ready = [Role(role, roles=(role,)) for role in states.Role]
    roles = [*ready, *composed_roles(), *far_sighted_roles()]
    chosen = [role for role in roles if not wanted or role.name in wanted]
    with transaction.atomic(), furnished() as world:
        walk = Walk(world, ROUTES, addresses())
        for role in chosen[share::shares]:
            before = len(walk.report.leaks), len(walk.report.shut)
            walk.go(role, is_full=True)
            tell_of(role.name, walk.report, before)
        transaction.set_rollback(True)
    return walk.report, walk.steps()


def staff(share: int, shares: int, wanted: tuple[str, ...]) -> tuple[Report, set[str]]:
    """The back office."""
    from django.db import transaction

    from tests.crawl.staff_walk import WALKERS, StaffWalk
    from tests.crawl.staff_world import staffed

    chosen = [name for name in WALKERS if not wanted or name in wanted]
    with transaction.atomic(), staffed() as world:
        walk = StaffWalk(world)
        for name in chosen[share::shares]:
            before = len(walk.report.leaks), len(walk.report.shut)
            walk.go(name, is_full=True)
            tell_of(name, walk.report, before)
        transaction.set_rollback(True)
    return walk.report, walk.steps()


def tell_of(name: str, report: Report, since: tuple[int, int]) -> None:
    """Print what one role's walk found. since: how many leaks and shut doors there were before it."""
    lines = [f"LEAK {leak}" for leak in report.leaks[since[0] :]]
    lines += [f"SHUT {shut}" for shut in report.shut[since[1] :]]
    print("\n".join([*lines, f"{name}: cells={report.cells} leaks={len(report.leaks)}"]), flush=True)
