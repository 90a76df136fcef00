"""Which products a company may know of: assortments given, inherited, ended, with what they put in and take out."""

from datetime import UTC, datetime

import pytest

from accounts.queries.scopes import scope_for
from accounts.scope import NOTHING
from catalog.entitlement import entitled
from catalog.models import Product
from catalog.queries import products_for
from catalog.tree import categories_for, category_by_slug
from core.errors import NotFound
from tests.conftest import enrol
from tests.factories.accounts import AddressFactory, CompanyFactory
from tests.factories.assortments import assortment, give
from tests.factories.catalog import CategoryFactory, ProductFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def screws():
    return CategoryFactory(slug="screws", name="Screws")


@pytest.fixture
def cap(screws):
    return CategoryFactory(slug="cap-screws", name="Cap screws", parent=screws)


@pytest.fixture
def products(screws, cap):
    """S-1 in screws, C-1 and C-2 in cap screws below it, N-1 elsewhere, X-1 in no category."""
    nuts = CategoryFactory(slug="nuts", name="Nuts")
    places = {"S-1": screws, "C-1": cap, "C-2": cap, "N-1": nuts, "X-1": None}
    return {sku: ProductFactory(sku=sku, category=category) for sku, category in places.items()}


def seen_by(member):
    return sorted(products_for(scope_for(member.user.pk, member.company.pk)).values_list("sku", flat=True))


@pytest.mark.req("ENT-01")
def test_without_any_assortment_everybody_sees_everything(anna, products):
    assert seen_by(anna) == sorted(products)
    assert list(entitled(Product.objects.all(), NOTHING)) == []


@pytest.mark.req("ENT-01")
def test_a_company_sees_what_it_was_given_and_the_others_everything(anna, clara, products):
    give(assortment("A", products["N-1"]), anna.company)

    assert seen_by(anna) == ["N-1"]
    assert seen_by(clara) == sorted(products)


@pytest.mark.req("ENT-01")
def test_a_category_brings_all_below_it_and_what_is_taken_out_stays_out(anna, products, screws):
    give(assortment("A", screws, products["C-1"], without=(products["C-2"],)), anna.company)
    give(assortment("B", products["C-2"]), anna.company)

    assert seen_by(anna) == ["C-1", "S-1"]


@pytest.mark.req("ENT-01")
def test_everything_but_a_category_holds_what_has_no_category_too(anna, products, cap):
    give(assortment("A", covers="all", without=(cap,)), anna.company)

    assert seen_by(anna) == ["N-1", "S-1", "X-1"]


@pytest.mark.req("ENT-01")
def test_an_empty_assortment_shows_nothing(anna, products):
    give(assortment("A"), anna.company)

    assert seen_by(anna) == []


@pytest.mark.req("ENT-01", "ACC-08")
def test_a_branch_inherits_until_it_has_its_own(anna, products):
    branch = enrol("Bea", CompanyFactory(number="BRANCH", parent=anna.company), "buyer")
    give(assortment("A", products["N-1"]), anna.company)
    inherited = seen_by(branch)

    own = give(assortment("B", products["X-1"]), branch.company)
    replaced = seen_by(branch)
    own.adds = True
    own.save()

    assert inherited == ["N-1"]
    assert replaced == ["X-1"]
    assert seen_by(branch) == ["N-1", "X-1"]
    assert seen_by(anna) == ["N-1"]


@pytest.mark.req("ENT-03")
def test_a_country_has_its_assortment_and_another_does_not(anna, clara, products):
    AddressFactory(company=anna.company, country="AT")
    clara.company.addresses.update(country="CH")
    give(assortment("A", products["N-1"]), segment="country:CH")

    assert seen_by(clara) == ["N-1"]
    assert seen_by(anna) == sorted(products)


@pytest.mark.req("ENT-04")
def test_a_contract_ends_at_the_end_of_its_day_without_a_job(anna, products, time_machine):
    contract = {"contract": "FA 2026", "valid_from": "2026-11-01", "valid_until": "2026-12-01"}
    give(assortment("A", products["N-1"]), anna.company, **contract)

    shown = {}
    for moment in (
        datetime(2026, 10, 31, 22, 59, tzinfo=UTC),  # the ERP stands in Vienna
        datetime(2026, 10, 31, 23, 0, tzinfo=UTC),
        datetime(2026, 11, 30, 22, 59, tzinfo=UTC),
        datetime(2026, 11, 30, 23, 0, tzinfo=UTC),
    ):
        time_machine.move_to(moment, tick=False)
        shown[f"{moment:%d %H:%M}"] = len(seen_by(anna))

    assert shown == {"31 22:59": 5, "31 23:00": 1, "30 22:59": 1, "30 23:00": 0}


@pytest.mark.req("ENT-01", "ENT-10")
def test_categories_count_and_answer_only_for_what_is_seen(anna, products):
    give(assortment("A", products["C-1"]), anna.company)

    [root] = categories_for(anna.scope)

    assert (root.category.slug, root.count) == ("screws", 1)
    assert [(node.category.slug, node.count) for node in root.children] == [("cap-screws", 1)]
    assert category_by_slug(anna.scope, "screws").name == "Screws"
    for slug in ("nuts", "no-such"):
        with pytest.raises(NotFound) as refusal:
            category_by_slug(anna.scope, slug)
        assert str(refusal.value) == f"There is no category “{slug}”."
