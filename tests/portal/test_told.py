"""Pages that only tell something: refused, not found. In the frame, with whom to ask, and nothing about what exists."""

import pytest

from accounts.models import Membership
from tests.conftest import enrol
from tests.factories.accounts import CompanyFactory
from tests.factories.orders import order_now, sell
from tests.portal.pages import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def nora(acme):
    """Administers Acme."""
    return enrol("Nora", acme, "administrator")


@pytest.mark.req("ACC-05", "ACC-07")
def test_a_refused_page_stands_in_the_frame_and_names_who_gives_rights(anna, nora):
    answer = anna.signed_in().get("/approvals/")

    told = text_of(answer)
    assert answer.status_code == 403
    assert "Your role does not let you approve orders." in told
    assert "Nora" in told
    assert f'href="mailto:{nora.user.email}"' in answer.content.decode()
    assert "Catalogue" in told
    assert "Anna" in told


def test_who_gives_rights_in_another_company_is_named_to_nobody_else(anna, other):
    olga = enrol("Olga", other, "administrator")
    sister = enrol("Sue", CompanyFactory(number="ACME-1", parent=anna.company), "administrator")

    page = anna.signed_in().get("/approvals/").content.decode()

    assert olga.user.email not in page
    assert sister.user.email not in page


def test_where_nobody_gives_rights_the_supplier_s_contact_is_named(anna, sam):
    anna.company.sales_rep = sam.user
    anna.company.save(update_fields=["sales_rep"])

    assert "Ask us: Sam" in text_of(anna.signed_in().get("/approvals/"))


@pytest.mark.req("SEC-13")
def test_what_is_not_found_stands_in_the_frame_and_says_the_same_of_foreign_and_unknown(anna, nora, clara):
    sell("A1")
    foreign = order_now(clara, A1=1)
    browser = anna.signed_in()

    unknown, theirs = (browser.get(f"/orders/{number}/") for number in ("SO-0", foreign.number))

    assert (unknown.status_code, theirs.status_code) == (404, 404)
    assert text_of(unknown) == text_of(theirs)
    assert "There is nothing here for you" in text_of(unknown)
    assert "Catalogue" in text_of(unknown)
    assert nora.user.email in unknown.content.decode()
    assert foreign.number not in text_of(theirs)


def test_a_stranger_gets_it_alone(client):
    page = client.get("/orders/SO-0/x/")

    assert page.status_code == 404
    assert "Catalogue" not in text_of(page)


def test_somebody_of_no_company_gets_it_alone(anna, nora):
    Membership.objects.filter(user=anna.user).update(is_active=False)

    page = anna.signed_in().get("/nowhere/")

    assert page.status_code in (302, 404)
    assert nora.user.email not in page.content.decode()


def test_the_staff_in_the_back_office_get_it_alone(otto):
    page = otto.signed_in().get("/admin/nowhere/at/all/")

    assert page.status_code == 404
    assert "To my desk" in text_of(page)


def test_the_shop_s_own_name_stands_on_every_page(anna, settings):
    settings.SHOP_NAME = "Nordwind Verbindungstechnik GmbH"

    page = anna.signed_in().get("/home/").content.decode()

    assert "· Nordwind Verbindungstechnik GmbH</title>" in page
    assert "<b>Nordwind Verbindungstechnik GmbH</b>" in page
    assert "Accord" not in page
