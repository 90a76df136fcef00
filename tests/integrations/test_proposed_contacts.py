"""Proposed contact data reach a real Tryton once, count when its feed tells them, and are echoed nowhere (ACC-11)."""

import pytest
from django.utils import timezone

from accounts.actions.contacts import propose_contacts
from accounts.actions.proposing import withdraw_proposal
from accounts.models import Company
from core.models import Case
from integrations.models import Delivery
from integrations.running import run_flow
from tests.conftest import enrol
from tests.integrations.conftest import relay

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("tryton"),
    pytest.mark.django_db,
    pytest.mark.req("ACC-11"),
]


@pytest.fixture
def ada(shop):
    """Looks after a customer of the ERP."""
    return enrol("Ada", Company.objects.get(number="C3000"), "administrator")


def wish_of(company, **changes):
    names = ("phone", "email", "invoice_contact", "invoice_email")
    return {**{name: getattr(company, name) for name in names}, **changes}


def writes(proxy):
    return len(proxy.seen("model.party.party.write"))


def test_one_message_goes_out_and_the_erp_s_feed_makes_it_count(ada, shop, proxy):
    company = ada.company
    wish = wish_of(company, phone="+43 512 555099", invoice_contact="Nora", invoice_email="rg@alpina.example")
    proposal = propose_contacts(company, wish, by=ada.actor)

    relay()
    proposal.refresh_from_db()
    company.refresh_from_db()
    assert (proposal.state, company.phone) == ("sent", "+43 512 555050")

    run = run_flow("erp.customers", is_asked=True, is_full=True)
    relay()
    run_flow("erp.customers", is_asked=True)
    relay()

    proposal.refresh_from_db()
    company.refresh_from_db()
    assert (run.error, proposal.state) == ("", "confirmed")
    assert (company.phone, company.invoice_contact) == ("+43 512 555099", "Nora")
    ways = shop.session.rows(
        "party.contact_mechanism", [["party.code", "=", "C3000"]], ["type", "value", "name", "invoice"]
    )
    assert {(way["type"], way["value"], way["name"], way["invoice"]) for way in ways} == {
        ("email", "einkauf@alpina.example", None, False),
        ("phone", "+43 512 555099", None, False),
        ("email", "rg@alpina.example", "Nora", True),
    }
    assert Delivery.objects.filter(event__name="contact.proposed").count() == 1
    assert writes(proxy) == 1


def test_a_lost_answer_leads_to_no_second_write(ada, proxy):
    proxy.spoil("model.party.party.write", "drop_after")
    proposal = propose_contacts(ada.company, wish_of(ada.company, phone="+43 512 555077"), by=ada.actor)

    relay()
    proxy.heal()
    Delivery.objects.filter(state="waiting").update(next_try_at=timezone.now())
    relay()

    proposal.refresh_from_db()
    assert (writes(proxy), proposal.state) == (1, "sent")


def test_what_was_withdrawn_in_time_is_not_sent(ada, proxy):
    proposal = propose_contacts(ada.company, wish_of(ada.company, phone="+43 512 555066"), by=ada.actor)
    withdraw_proposal(proposal, by=ada.actor)

    relay()

    proposal.refresh_from_db()
    assert (writes(proxy), proposal.state) == (0, "withdrawn")
    assert Delivery.objects.get(event__name="contact.proposed").state == "delivered"


def test_a_customer_whom_the_erp_does_not_know_is_a_case_and_the_buyer_reads_it(ada):
    Company.objects.filter(pk=ada.company.pk).update(number="C3999")
    proposal = propose_contacts(ada.company, wish_of(ada.company, phone="+43 512 555055"), by=ada.actor)

    relay()

    proposal.refresh_from_db()
    assert proposal.state == "refused"
    assert "please call us" in proposal.reason
    case = Case.objects.get(kind="contact_refused")
    assert case.subject == f"contact_proposal:{proposal.pk}"
    assert "C3999" in case.cause
