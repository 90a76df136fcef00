"""The link in an approval's mail: signed, for some days, behind the sign-in, and worth nothing but the way."""

import re
import time

import pytest
from django.core import mail

from integrations import delivery
from orders.actions.approval import approve_order, return_order
from orders.actions.resubmit import Resubmission, resubmit_order
from orders.approval_links import VALID_FOR, Asked, word_of
from orders.models import ApprovalDecision, Order
from tests.conftest import enrol
from tests.factories.accounts import CompanyFactory, MembershipFactory
from tests.factories.approvals import rule_of
from tests.factories.orders import order_now, sell
from tests.portal.pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.req("APR-02")]


@pytest.fixture
def waiting(anna, boris):
    """An order of Anna's that waits for Boris."""
    rule_of(anna.company)
    sell("A1")
    return order_now(anna, A1=60)


def link_to(person):
    """The way that the mail to a person shows, as a path."""
    delivery.fan_out()
    delivery.drain(until=time.monotonic() + 20)
    letter = next(one for one in mail.outbox if one.to == [person.user.email])
    return re.search(r"/approvals/open/\S+/", letter.body).group()


def test_the_mail_leads_through_the_sign_in_to_the_order_and_decides_nothing(waiting, boris, client):
    path = link_to(boris)

    assert client.get(path).url.startswith("/accounts/login/?next=/approvals/open/")
    page = boris.signed_in().get(path, follow=True)

    assert page.redirect_chain == [(f"/orders/{waiting.number}/", 302)]
    assert "Approve" in text_of(page)
    assert waiting.number not in path
    assert not ApprovalDecision.objects.exists()
    assert boris.signed_in().post(path).status_code == 405
    waiting.refresh_from_db()
    assert waiting.status == "pending_approval"


@pytest.mark.req("SEC-13", "ACC-09")
def test_forwarded_it_opens_nothing_more_than_the_reader_sees_anyway(waiting, boris, clara):
    path = link_to(boris)
    colleague = enrol("Cora", waiting.company, "buyer").signed_in()

    stranger = clara.signed_in().get(path)
    nothing = clara.signed_in().get(f"/approvals/open/{word_of(Asked('SO-1', 1))}/")
    seen = text_of(colleague.get(path, follow=True))

    assert (stranger.status_code, nothing.status_code) == (404, 404)
    assert waiting.number not in stranger.content.decode()
    assert "It does not wait for you, but for Boris." in seen
    assert "Approve" not in seen.replace("Approvals", "")


def test_too_old_or_changed_it_says_so(waiting, boris, monkeypatch):
    browser = boris.signed_in()
    path = link_to(boris)
    later = time.time() + VALID_FOR.total_seconds() + 1

    assert browser.get(path[:-4] + "xyz/").status_code == 404
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    page = browser.get(path)

    assert page.status_code == 404
    assert "more than 14 days old" in text_of(page)
    assert "/approvals/" in page.content.decode()


def test_decided_or_submitted_again_it_says_so(waiting, boris, acme):
    dora = enrol("Dora", acme, "approver")
    path = link_to(boris)
    return_order(waiting, by=dora.actor, comment="fewer")

    told = text_of(boris.signed_in().get(path, follow=True))
    assert "Dora has decided already: returned." in told


def test_a_second_mail_is_about_the_second_round(waiting, anna, boris):
    path = link_to(boris)
    return_order(waiting, by=boris.actor, comment="fewer")
    resubmit_order(Order.objects.get(), Resubmission(po_number="PO-2"), by=anna.actor)
    approve_order(Order.objects.get(), by=boris.actor)

    told = text_of(boris.signed_in().get(path, follow=True))

    assert "changed and submitted again since that mail" in told


@pytest.mark.req("APR-10", "ACC-12")
def test_it_changes_to_the_company_of_the_order_where_the_person_acts_for_another(waiting, boris):
    elsewhere = MembershipFactory(user=boris.user, company=CompanyFactory(number="ELSE"))
    browser = boris.signed_in()
    session = browser.session
    session["acting_company"] = elsewhere.company_id
    session.save()

    page = browser.get(link_to(boris), follow=True)

    assert page.context["scope"].company_id == waiting.company_id
    assert "You act for Acme Works now." in text_of(page)
    assert "Approve" in text_of(page)
