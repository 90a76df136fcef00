"""A company seen from inside: its units, and what its people did."""

import pytest
from django.urls import reverse

from accounts.actions.granting import Place
from accounts.actions.invitations import invite_member
from accounts.models import CompanyRole, Membership
from tests.conftest import enrol
from tests.factories.accounts import CompanyFactory
from tests.factories.orders import order_now, sell
from tests.portal.pages import text_of

pytestmark = pytest.mark.django_db

TREE, ACTIVITY = reverse("portal:unit-tree"), reverse("portal:activity")


@pytest.fixture
def ada(acme):
    """Administers Acme."""
    return enrol("Ada", acme, "administrator")


@pytest.mark.req("ACC-01", "ACC-09")
def test_the_tree_shows_what_is_below_and_nothing_beside_or_above(acme, ada, other):
    branch = CompanyFactory(number="ACME-1", name="Acme Linz", parent=acme)
    below = CompanyFactory(number="ACME-11", name="Acme Linz Store", parent=branch)
    CompanyFactory(number="ACME-9", name="Acme Gone", parent=acme, status="closed")
    local = enrol("Lola", branch, "administrator").signed_in()

    page = ada.signed_in().get(TREE)
    assert [row.company for row in page.context["page"].object_list] == [acme, branch, below]
    assert [row.depth for row in page.context["page"].object_list] == [0, 1, 2]
    rows = local.get(TREE).context["page"].object_list
    assert [row.company for row in rows] == [branch, below]
    found = ada.signed_in().get(TREE, {"q": "store"}).context["page"].object_list
    assert [row.company for row in found] == [below]


def test_the_tree_costs_the_same_for_many_units(acme, ada, django_assert_max_num_queries):
    from accounts.people import unit_rows
    from accounts.queries.scopes import scope_for

    for number in range(40):
        CompanyFactory(number=f"U{number}", parent=acme)
    scope = scope_for(ada.user.pk, acme.pk)

    with django_assert_max_num_queries(1):
        assert len(unit_rows(scope)) == 41


@pytest.mark.req("SEC-08", "SEC-13", "ACC-16")
def test_the_log_says_who_did_what_and_nothing_of_another_company(acme, ada, anna, clara):
    sell("A1")
    order = order_now(anna, A1=1)
    invite_member(acme, "nina@acme.example", "", Place(("buyer",)), by=ada.actor)
    order_now(clara, A1=1)

    page = text_of(ada.signed_in().get(ACTIVITY))

    assert f"Anna placed an order {order.number}" in page
    assert "Ada invited nina@acme.example as Buyer" in page
    assert "Clara" not in page
    assert anna.signed_in().get(ACTIVITY).status_code == 403
    lead = enrol("Lea", acme)
    role = CompanyRole.objects.create(company=acme, name="Lead", grants={"manage_people": 2})
    Membership.objects.get(user=lead.user).own_roles.add(role)
    page = text_of(lead.signed_in().get(ACTIVITY))
    assert "placed an order" in page
    assert order.number not in page
