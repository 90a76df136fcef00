"""A proposed address: whose right it is, what it changes, and what settles it."""

from datetime import timedelta

import pytest

from accounts.actions.erp import apply_customers
from accounts.actions.proposals import note_proposal_sent, propose_address
from accounts.actions.proposing import refuse_proposal
from accounts.models import Address, AddressProposal, Company
from accounts.proposals import FIELDS, NEXT, ProposalState
from accounts.records import AddressRecord
from core.errors import InvalidValue, NotAllowed, NotOwner, WrongState
from core.models import Event
from core.states import check_move
from tests.accounts.test_apply_customers import customer
from tests.conftest import enrol
from tests.factories.accounts import AS_OF

pytestmark = [pytest.mark.django_db, pytest.mark.req("ACC-11")]

WISH = {
    "name": "Gate 7",
    "street": "Hafenstrasse 9",
    "postal_code": "4020",
    "city": "Linz",
    "country": "at",
    "is_ship_to": True,
    "is_bill_to": False,
}


@pytest.fixture
def ada(acme):
    return enrol("Ada", acme, "administrator")


@pytest.fixture
def sent(ada, acme, erp):
    """A change of Acme's address that the ERP has taken."""
    proposal = propose_address(acme, WISH, address=acme.addresses.get(), by=ada.actor)
    return note_proposal_sent(proposal.pk, erp_id="acme-1", at=AS_OF, by=erp)


def told(at, **values):
    wanted = {**WISH, "country": "AT", **values}
    place = AddressRecord(erp_id="acme-1", **wanted)
    return customer("ACME", name="Acme Works", as_of=at, addresses=(place,), payment_term_code="net30")


def test_a_proposal_changes_nothing_but_tells_of_it_once(ada, acme):
    before = Address.objects.values().get()

    proposal = propose_address(acme, WISH, address=acme.addresses.get(), by=ada.actor)

    assert (proposal.state, proposal.country) == ("proposed", "AT")
    assert Address.objects.values().get() == before
    event = Event.objects.get(name="address.proposed")
    assert (event.payload["erp_id"], event.payload["city"]) == ("acme-1", "Linz")


def test_who_neither_buys_nor_manages_there_proposes_nothing(clara, acme):
    finn, vera = enrol("Finn", acme, "finance"), enrol("Vera", acme, "viewer")
    for by in (finn.actor, vera.actor, clara.actor):
        with pytest.raises(NotAllowed):
            propose_address(acme, WISH, by=by)

    assert not AddressProposal.objects.exists()
    assert not Event.objects.filter(name="address.proposed").exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"street": " "}, "street"), ({"country": "A1"}, "country"), ({"is_ship_to": False}, "is_ship_to")],
)
def test_an_incomplete_address_is_refused(ada, acme, wrong, field):
    with pytest.raises(InvalidValue) as refusal:
        propose_address(acme, {**WISH, **wrong}, by=ada.actor)

    assert refusal.value.details["field"] == field


def test_the_address_of_another_company_is_refused(ada, acme, other):
    with pytest.raises(InvalidValue):
        propose_address(acme, WISH, address=other.addresses.get(), by=ada.actor)


def test_of_one_address_one_change_is_under_way_at_a_time(ada, acme):
    propose_address(acme, WISH, address=acme.addresses.get(), by=ada.actor)

    with pytest.raises(WrongState):
        propose_address(acme, {**WISH, "city": "Wels"}, address=acme.addresses.get(), by=ada.actor)

    assert AddressProposal.objects.count() == 1


def test_a_company_that_the_erp_does_not_know_waits_for_its_approval(ada, acme):
    Company.objects.update(status="pending", erp_id="")

    with pytest.raises(WrongState):
        propose_address(acme, WISH, by=ada.actor)


def test_it_counts_when_the_erp_tells_the_same_and_nothing_goes_out_for_it(sent, acme, erp):
    events = Event.objects.count()

    apply_customers([told(AS_OF + timedelta(minutes=1))], by=erp)

    sent.refresh_from_db()
    assert sent.state == "confirmed"
    assert acme.addresses.get().street == "Hafenstrasse 9"
    assert Event.objects.count() == events


def test_a_reading_from_before_it_was_sent_settles_nothing(sent, erp):
    apply_customers([told(AS_OF, city="Graz")], by=erp)

    sent.refresh_from_db()
    assert sent.state == "sent"


def test_what_the_erp_tells_otherwise_afterwards_refuses_it(sent, erp):
    apply_customers([told(AS_OF + timedelta(minutes=1), city="Graz")], by=erp)

    sent.refresh_from_db()
    assert (sent.state, sent.reason) == ("refused", "We keep the address otherwise: please call us.")


def test_nobody_but_the_erp_s_flow_says_that_it_was_sent_or_refused(ada, acme):
    proposal = propose_address(acme, WISH, by=ada.actor)

    with pytest.raises(NotOwner):
        note_proposal_sent(proposal.pk, erp_id="1", at=AS_OF, by=ada.actor)
    with pytest.raises(NotOwner):
        refuse_proposal(proposal.pk, "No", by=ada.actor)

    proposal.refresh_from_db()
    assert proposal.state == "proposed"


@pytest.mark.parametrize("old", ProposalState)
@pytest.mark.parametrize("new", ProposalState)
def test_the_table_is_the_whole_truth(old, new):
    if new in NEXT[old]:
        check_move(NEXT, old, new)
    else:
        with pytest.raises(WrongState):
            check_move(NEXT, old, new)


def test_the_page_proposes_and_shows_what_became_of_it(ada, acme, erp):
    browser = ada.signed_in()
    form = {**{name: WISH[name] for name in FIELDS if WISH[name]}, "country": "AT", "acting_company": "ACME"}

    answer = browser.post("/company/addresses/acme-1/change/", form)

    assert (answer.status_code, answer.url) == (302, "/company/addresses/")
    page = browser.get("/company/addresses/").content.decode()
    assert "Hafenstrasse 9" in page
    assert "Change under way" in page
    refuse_proposal(AddressProposal.objects.get().pk, "No such street.", by=erp)
    page = browser.get("/company/addresses/").content.decode()
    assert "No such street." in page
    assert "Change under way" not in page


def test_who_may_not_propose_opens_no_page_of_addresses(acme):
    finn = enrol("Finn", acme, "finance")
    for path in ("", "new/", "acme-1/change/"):
        assert finn.signed_in().get(f"/company/addresses/{path}").status_code in {403, 409, 422}


@pytest.mark.req("ACC-03")
def test_a_foreign_address_is_not_found(ada, other):
    assert ada.signed_in().get("/company/addresses/other-1/change/").status_code == 404
