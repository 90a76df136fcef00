"""A long list of keys is one array in the statement, and finds what a short one finds."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Company, Membership
from core.lookups import LONG
from tests.conftest import enrol
from tests.factories.accounts import CompanyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def companies():
    return [CompanyFactory(number=f"C{nth}") for nth in range(LONG + 2)]


@pytest.mark.req("ACC-09")
@pytest.mark.parametrize("many", [list, tuple, set, frozenset])
def test_a_long_list_is_one_array_and_finds_the_same(companies, many):
    enrol("Anna", companies[0], "buyer")
    enrol("Bert", companies[-1], "buyer")
    keys = many(company.pk for company in companies[:-1])

    with CaptureQueriesContext(connection) as captured:
        by_key = Company.objects.filter(pk__in=keys).count()
        by_company = Membership.objects.filter(company__in=keys)
        by_column = Membership.objects.filter(company_id__in=keys)
        across = Company.objects.filter(memberships__company__in=keys)
        others = Membership.objects.exclude(company__in=keys)
        found = [[str(row) for row in rows] for rows in (by_company, by_column, across, others)]

    short = [[str(row) for row in Membership.objects.filter(company=companies[place])] for place in (0, -1)]
    assert by_key == len(keys)
    assert found == [short[0], short[0], [str(companies[0])], short[1]]
    assert sum("ANY('{" in query["sql"] for query in captured) == 5


def test_short_lists_texts_objects_nothing_and_subqueries_find_the_same(companies):
    enrol("Anna", companies[0], "buyer")
    keys = [company.pk for company in companies]

    with CaptureQueriesContext(connection) as captured:
        short = Company.objects.filter(pk__in=keys[:LONG]).count()

    assert short == LONG
    assert "ANY" not in captured[0]["sql"]
    assert Company.objects.filter(pk__in=[str(key) for key in keys]).count() == len(keys)
    assert Company.objects.filter(pk__in=[*keys, None]).count() == len(keys)
    assert Company.objects.filter(pk__in=Company.objects.values("pk")).count() == len(keys)
    assert Membership.objects.filter(company__in=companies).count() == 1
