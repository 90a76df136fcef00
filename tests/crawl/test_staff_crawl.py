"""The crawler of the back office at a bounded width; and every class and page there says who may open it."""

import logging
from collections.abc import Iterator

import pytest
from django.contrib import admin

from accounts.staff import PARTNER, SALES
from portal.admin.access import PAGES, ROWS, own_pages
from tests.crawl.staff_walk import StaffWalk
from tests.crawl.staff_world import NONE, StaffWorld, staffed

pytestmark = [pytest.mark.django_db, pytest.mark.req("SEC-12", "SEC-13", "ACC-16", "SEC-11")]


@pytest.fixture
def world(db: None) -> Iterator[StaffWorld]:
    logging.disable(logging.ERROR)
    with staffed() as world:
        yield world
    logging.disable(logging.NOTSET)


def test_every_class_and_page_of_the_back_office_says_who_may_open_it():
    assert {model._meta.label for model in admin.site._registry} == set(ROWS)
    assert own_pages() == set(PAGES)


def test_nobody_of_the_staff_gets_more_or_less_than_the_table_says(world):
    walk = StaffWalk(world)

    for name in (SALES, PARTNER, NONE):
        walk.go(name)

    assert walk.report.leaks == []
    assert walk.report.shut == []
    assert "quotes_quote_withdraw" in walk.report.did
