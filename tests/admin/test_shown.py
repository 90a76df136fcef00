"""The plain lists and pages of the back office: shown with their owners, never typed into."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Company, User
from catalog.models import Warehouse
from core.conflicts import Disagreement, note
from core.models import Conflict, Event, Refusal
from core.outbox import record
from orders.models import CheckoutPolicy
from portal.admin.core import rule_words
from portal.admin.fed import FedAdmin
from tests.factories.accounts import AddressFactory, CompanyFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


def _address(model: type, page: str = "changelist", *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def root(db) -> Client:
    """Somebody who may see everything in the back office."""
    user = User.objects.create_superuser("root@accord.example", "pw", name="Root")
    client = Client()
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda model: model._meta.label)
def test_every_list_opens_also_while_it_is_empty(root, model):
    response = root.get(_address(model))

    assert response.status_code == 200


def test_every_list_has_an_order_so_that_no_page_of_it_shows_a_row_twice(rf):
    request = rf.get("/admin/")
    request.user = UserFactory(is_superuser=True, is_staff=True)

    unordered = [
        model._meta.label
        for model, page in admin.site._registry.items()
        if not page.get_queryset(request).ordered
    ]

    assert unordered == []


@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda model: model._meta.label)
def test_no_list_is_open_to_a_buyer(anna, model):
    response = anna.signed_in().get(_address(model), follow=True)

    assert response.status_code == 403


def test_the_page_of_a_customer_says_who_owns_its_fields_and_how_old_they_are(root, acme):
    page = root.get(_address(Company, "change", acme.pk)).content.decode()

    assert "Owned by the ERP: change it there · as of" in page
    assert "Kept here" in page
    assert 'name="_save"' not in page


@pytest.mark.req("INT-02")
def test_what_the_erp_owns_is_not_changed_from_the_back_office_not_even_by_a_superuser(root, acme):
    response = root.post(_address(Company, "change", acme.pk), {"name": "Mine now", "status": "closed"})

    assert response.status_code == 422
    assert "change them there" in response.content.decode()
    acme.refresh_from_db()
    assert (acme.name, acme.status) == ("Acme Works", "active")
    assert Refusal.objects.get().code == "not_owner"
    assert root.get(_address(Company, "add")).status_code == 403
    assert root.post(_address(Company, "delete", acme.pk), {"post": "yes"}).status_code == 422
    assert Company.objects.filter(pk=acme.pk).exists()


def test_the_list_of_customers_costs_the_same_for_any_length(root, acme):
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            root.get(_address(Company))
        return len(captured)

    statements()
    few = statements()
    for _number in range(15):
        branch = CompanyFactory(parent=acme)
        AddressFactory(company=branch)
        MembershipFactory(company=branch, roles=["buyer"])

    assert statements() == few


def test_the_list_of_people_names_where_they_work(root, anna, sam):
    page = root.get(_address(User)).content.decode()

    assert "Acme Works" in page
    assert "Sales" in page


def test_an_event_shows_what_it_says(root, anna):
    from django.db import transaction

    with transaction.atomic():
        record("order.weighed", subject="order:SO-1", payload={"v": 1, "net": "12.50"}, by=anna.actor)

    page = root.get(_address(Event, "change", Event.objects.get().pk)).content.decode()

    assert "order:SO-1" in page
    assert "&quot;net&quot;: &quot;12.50&quot;" in page


@pytest.mark.req("INT-03")
def test_a_conflict_shows_both_values_its_winner_and_the_rule(root, otto):
    found = Disagreement("orders.Order", "SO-9", "net_amount", "140.00", "139.99", "us", "erp", "owner")
    note(found, by=otto.actor)

    page = root.get(_address(Conflict)).content.decode()

    for told in ("SO-9", "140.00", "139.99", "owner"):
        assert told in page


def test_everything_that_is_shown_from_a_feed_or_a_log_is_closed_to_typing():
    shown = [site for site in admin.site._registry.values() if isinstance(site, FedAdmin)]

    assert {"Company", "User", "Event", "Refusal"} <= {site.model.__name__ for site in shown}
    for site in shown:
        if site.model is CheckoutPolicy:  # ours, drafted and put in force on pages of its own
            continue
        assert not site.has_add_permission(None)
        if site.model is not Warehouse:  # part of a warehouse is ours: see test_catalog
            assert not site.has_change_permission(None)
        assert not site.has_delete_permission(None)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("owner", "The owner's word holds"),
        ("precedence", "The preferred system's word holds"),
        (
            "stock_worse:take_erp v3",
            "Stock: The ERP's figure is worse for the buyer. Use what the ERP says (checkout policy 3)",
        ),
        (
            "price_unheard_stale:to_confirm v1",
            "Price: No answer, our figure is too old. Take the order, to be confirmed (checkout policy 1)",
        ),
        ("something_else", "something else"),
    ],
)
def test_the_rule_of_a_conflict_is_told_in_words(rule, words):
    assert rule_words(rule) == words
