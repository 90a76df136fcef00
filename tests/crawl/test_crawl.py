"""The crawler at a bounded width: every address as every role; and it finds what leaks on purpose."""

import logging
from collections.abc import Iterator

import pytest

from accounts import states
from accounts.states import Right
from portal.access import ROUTES, Access, addresses
from tests.crawl.roles import Role, far_sighted_roles
from tests.crawl.walk import Walk
from tests.crawl.world import World, furnished

pytestmark = [pytest.mark.django_db, pytest.mark.req("SEC-13", "ACC-05")]


@pytest.fixture
def world(db: None) -> Iterator[World]:
    logging.disable(logging.ERROR)  # thousands of refusals, each of them meant
    with furnished() as world:
        yield world
    logging.disable(logging.NOTSET)


def test_every_address_says_who_may_open_it():
    assert set(addresses()) == set(ROUTES)
    for name, parameters in addresses().items():
        access = ROUTES[name]
        assert access.open_to or bool(access.kind) == bool(parameters or access.field), name


def test_no_role_gets_more_or_less_than_the_table_says(world):
    walk = Walk(world, ROUTES, addresses())

    for role in states.Role:
        walk.go(Role(role, roles=(role,)))
    for role in far_sighted_roles():
        walk.go(role, ("child",))

    assert walk.report.leaks == []
    assert walk.report.shut == []
    assert walk.steps() - walk.report.did == set()
    assert len(walk.report.routes) >= 45


def test_the_crawler_finds_addresses_that_leak(world, settings):
    settings.ROOT_URLCONF = "tests.crawl.leaky_urls"
    table = {
        "leak-shown": Access(kind="order"),
        "leak-cancelled": Access((Right.BUY,), "order", ("POST",)),
    }
    walk = Walk(world, table, addresses())

    walk.go(Role("requester", roles=("requester",)), ("foreign",))

    assert "requester GET leak-shown foreign: answers 200" in walk.report.leaks
    assert "requester GET leak-shown foreign: says PO-foreign-4711 of foreign" in walk.report.leaks
    assert "requester GET leak-shown foreign: shows the amount 473.3 of foreign" in walk.report.leaks
    assert any(
        "leak-cancelled foreign: writes" in leak and "orders_order" in leak for leak in walk.report.leaks
    )
