"""Proposed contact data: whose right it is, what is asked for, and what settles it (ACC-11)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.actions.contacts import note_contacts_sent, propose_contacts
from accounts.actions.erp import apply_customers
from accounts.actions.proposing import let_proposal_leave, refuse_proposal, withdraw_proposal
from accounts.models import Company, ContactProposal
from core.errors import InvalidValue, NotAllowed, NotOwner, WrongState
from core.models import Event
from integrations.connectors.tryton.writing.contacts import _writes
from tests.accounts.test_apply_customers import customer
from tests.conftest import enrol
from tests.factories.accounts import AS_OF

pytestmark = [pytest.mark.django_db, pytest.mark.req("ACC-11")]

WISH = {
    "phone": "+43 732 555099",
    "email": "office@acme.example",
    "invoice_contact": "Ines Auer",
    "invoice_email": "invoices@acme.example",
}
EMPTY = {"phone": "", "email": "", "invoice_contact": "", "invoice_email": ""}
LATER = AS_OF + timedelta(minutes=1)


@pytest.fixture
def ada(acme):
    acme.email = WISH["email"]
    acme.save(update_fields=["email"])
    return enrol("Ada", acme, "administrator")


@pytest.fixture
def sent(ada, acme, erp):
    """A change of Acme's contact data that the ERP has taken."""
    proposal = propose_contacts(acme, WISH, by=ada.actor)
    let_proposal_leave(ContactProposal, proposal.pk, by=erp)
    return note_contacts_sent(proposal.pk, at=AS_OF, by=erp)


def told(at, **values):
    return customer("ACME", name="Acme Works", as_of=at, **{**WISH, **values})


def test_only_what_differs_is_asked_for_and_nothing_changes_by_it(ada, acme):
    proposal = propose_contacts(acme, WISH, by=ada.actor)

    assert set(proposal.changes) == {"phone", "invoice_contact", "invoice_email"}
    assert proposal.was["phone"] == ""
    acme.refresh_from_db()
    assert (acme.phone, acme.invoice_email) == ("", "")
    event = Event.objects.get(name="contact.proposed")
    assert event.payload["changes"] == proposal.changes


def test_who_may_not_propose_proposes_nothing_and_nobody_withdraws_what_another_proposed(
    anna, clara, ada, acme
):
    finn = enrol("Finn", acme, "finance")
    for by in (finn.actor, clara.actor):
        with pytest.raises(NotAllowed):
            propose_contacts(acme, WISH, by=by)
    proposal = propose_contacts(acme, WISH, by=ada.actor)
    for by in (anna.actor, clara.actor):
        with pytest.raises(NotAllowed):
            withdraw_proposal(proposal, by=by)

    assert ContactProposal.objects.get().state == "proposed"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"phone": "call me"}, "phone"),
        ({"email": "office"}, "email"),
        ({"invoice_email": ""}, "invoice_email"),
    ],
)
def test_what_cannot_be_is_refused(ada, acme, wrong, field):
    with pytest.raises(InvalidValue) as refusal:
        propose_contacts(acme, {**WISH, **wrong}, by=ada.actor)

    assert refusal.value.details["field"] == field
    assert not ContactProposal.objects.exists()


def test_one_change_is_under_way_at_a_time(ada, acme):
    propose_contacts(acme, WISH, by=ada.actor)

    with pytest.raises(WrongState):
        propose_contacts(acme, {**WISH, "phone": "+43 1 55501"}, by=ada.actor)

    assert ContactProposal.objects.count() == 1


def test_it_counts_when_the_erp_tells_the_same_and_nothing_goes_out_for_it(sent, acme, erp):
    events = Event.objects.count()

    apply_customers([told(LATER)], by=erp)

    sent.refresh_from_db()
    acme.refresh_from_db()
    assert sent.state == "confirmed"
    assert (acme.phone, acme.invoice_contact) == (WISH["phone"], "Ines Auer")
    assert Event.objects.count() == events


def test_the_erp_s_own_way_of_writing_a_number_confirms_it_too(sent, acme, erp):
    apply_customers([told(LATER, phone="+43 732 / 55 50 99")], by=erp)

    sent.refresh_from_db()
    acme.refresh_from_db()
    assert (sent.state, acme.phone) == ("confirmed", "+43 732 / 55 50 99")


def test_a_reading_from_before_it_was_sent_settles_nothing(sent, erp):
    apply_customers([told(AS_OF, phone="")], by=erp)

    sent.refresh_from_db()
    assert sent.state == "sent"


def test_what_the_erp_tells_otherwise_afterwards_refuses_it(sent, erp):
    apply_customers([told(LATER, phone="+43 1 1")], by=erp)

    sent.refresh_from_db()
    assert (sent.state, sent.reason) == ("refused", "We keep it otherwise: please call us.")


def test_where_the_first_address_was_taken_away_the_next_one_in_its_place_confirms_it(ada, acme, erp):
    proposal = propose_contacts(acme, {**EMPTY, "email": ""}, by=ada.actor)
    let_proposal_leave(ContactProposal, proposal.pk, by=erp)
    note_contacts_sent(proposal.pk, at=AS_OF, by=erp)

    apply_customers([told(LATER, **{**EMPTY, "email": "second@acme.example"})], by=erp)

    proposal.refresh_from_db()
    acme.refresh_from_db()
    assert (proposal.state, acme.email) == ("confirmed", "second@acme.example")


def test_and_where_it_stands_there_still_the_erp_keeps_it(ada, acme, erp):
    proposal = propose_contacts(acme, {**EMPTY, "email": ""}, by=ada.actor)
    let_proposal_leave(ContactProposal, proposal.pk, by=erp)
    note_contacts_sent(proposal.pk, at=AS_OF, by=erp)

    apply_customers([told(LATER, **{**EMPTY, "email": WISH["email"]})], by=erp)

    proposal.refresh_from_db()
    assert proposal.state == "refused"


def test_a_second_try_takes_no_further_address_away():
    kinds = {"type": "email", "invoice": False, "name": ""}
    first, second = (
        {"id": key, "value": f"{name}@acme.example", "active": True, **kinds}
        for key, name in ((1, "first"), (2, "second"))
    )
    was = {"email": "first@acme.example"}

    assert _writes([first, second], {"email": ""}, was) == [["write", [1], {"active": False}]]
    assert _writes([{**first, "active": False}, second], {"email": ""}, was) == []


def test_what_has_not_left_is_withdrawn_and_never_leaves(ada, acme, erp):
    proposal = propose_contacts(acme, WISH, by=ada.actor)

    withdraw_proposal(proposal, by=ada.actor)

    assert let_proposal_leave(ContactProposal, proposal.pk, by=erp) is None
    assert ContactProposal.objects.get().state == "withdrawn"
    propose_contacts(acme, WISH, by=ada.actor)


def test_what_is_on_its_way_is_not_withdrawn(ada, acme, erp):
    proposal = propose_contacts(acme, WISH, by=ada.actor)
    let_proposal_leave(ContactProposal, proposal.pk, by=erp)

    with pytest.raises(WrongState):
        withdraw_proposal(proposal, by=ada.actor)

    assert ContactProposal.objects.get().state == "sent"


def test_nobody_but_the_erp_s_flow_says_that_it_was_sent_or_refused(ada, acme):
    proposal = propose_contacts(acme, WISH, by=ada.actor)

    with pytest.raises(NotOwner):
        note_contacts_sent(proposal.pk, at=timezone.now(), by=ada.actor)
    with pytest.raises(NotOwner):
        refuse_proposal(proposal.pk, "No", by=ada.actor, kind=ContactProposal)

    assert ContactProposal.objects.get().state == "proposed"


def test_the_page_proposes_withdraws_and_shows_what_became_of_it(ada, acme, erp):
    browser = ada.signed_in()
    form = {**WISH, "acting_company": "ACME"}

    answer = browser.post("/company/contacts/", form)

    assert (answer.status_code, answer.url) == (302, "/company/addresses/")
    page = browser.get("/company/addresses/").content.decode()
    assert WISH["phone"] in page
    assert "Change under way" in page
    browser.post(
        f"/company/proposals/{ContactProposal.objects.get().key}/withdraw/", {"acting_company": "ACME"}
    )
    assert "Withdrawn" in browser.get("/company/addresses/").content.decode()
    assert browser.post("/company/contacts/", {**form, "phone": "no"}).status_code == 422
    browser.post("/company/contacts/", form)
    last = ContactProposal.objects.first()
    refuse_proposal(last.pk, "No such line.", by=erp, kind=ContactProposal)
    assert "No such line." in browser.get("/company/addresses/").content.decode()
    assert Company.objects.get(pk=acme.pk).phone == ""


def test_who_may_not_propose_opens_no_form(acme):
    assert enrol("Finn", acme, "finance").signed_in().get("/company/contacts/").status_code in {403, 409, 422}
