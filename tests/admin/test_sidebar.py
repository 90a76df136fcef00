"""The sidebar of the back office leads nobody to a refusal, and lights up one entry."""

import pytest
from django.urls import reverse

from accounts.models import User
from accounts.staff import PARTNER, ROLES
from tests.conftest import Member, employ

pytestmark = pytest.mark.django_db


def entries(answer):
    """The entries that the page shows."""
    return [item for group in answer.context["sidebar_navigation"] for item in group["items"]]


@pytest.fixture
def member(request, acme, otto):
    """Somebody of the staff with one role."""
    if request.param != PARTNER:
        return employ("Rolf", request.param)
    form = {
        "email": "rolf@partner.example",
        "name": "Rolf",
        "days": "3",
        "customers": "ACME",
        "reason": "EDI",
    }
    assert otto.signed_in().post(reverse("admin:accounts_user_partners"), form).status_code == 302
    return Member(User.objects.get(email="rolf@partner.example"), None, None, None)


@pytest.mark.req("SEC-12")
@pytest.mark.parametrize("member", ROLES, indirect=True)
def test_every_entry_opens_for_whoever_sees_it(member):
    browser = member.signed_in()
    shown = entries(browser.get("/admin/"))

    answers = {item["link"]: browser.get(item["link"]).status_code for item in shown}

    assert len(answers) > 3
    assert {link: status for link, status in answers.items() if status != 200} == {}


def test_one_entry_is_lit_up(mona):
    browser = mona.signed_in()

    for page in (
        "accounts_company_tree",
        "catalog_assortment_explain",
        "accounts_company_changelist",
        "index",
    ):
        address = reverse(f"admin:{page}")
        lit = [item["link"] for item in entries(browser.get(address)) if item["active"]]
        assert lit == [address]


def test_a_refused_page_speaks_to_the_staff_and_leaves_no_message_behind(arno):
    browser = arno.signed_in()

    refused = browser.get(reverse("admin:quotes_quote_new"))
    later = browser.get("/admin/").content.decode()
    lost = browser.get(reverse("admin:orders_order_page", args=["NONE"]))

    words = "Ask for the role “Sales”"
    assert refused.status_code == 403
    assert words in refused.content.decode()
    assert "administrator of your company" not in refused.content.decode()
    assert words not in later
    assert lost.status_code == 404
    assert "company you are not signed in for" not in lost.content.decode()
