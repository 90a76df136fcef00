"""What a buyer proposes: released or declined by who manages the company, and nothing of it leaves before (ACC-11)."""

import pytest
from django.core import mail
from django.urls import reverse

from accounts.actions.contacts import propose_contacts
from accounts.actions.proposals import propose_address
from accounts.actions.proposing import let_proposal_leave, withdraw_proposal
from accounts.actions.releases import decline_proposal, release_proposal
from accounts.models import Address, AddressProposal, ContactProposal, Membership
from core.errors import InvalidValue, NotAllowed, WrongState
from core.models import AuditEntry, Case, Event
from integrations.destinations.mail import send
from integrations.repairs import repair_case, repairs_for
from integrations.systems import Message
from tests.accounts.test_propose_address import WISH
from tests.accounts.test_propose_contacts import WISH as CONTACTS
from tests.conftest import enrol
from tests.factories.accounts import AddressFactory, CompanyFactory
from tests.portal.pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.req("ACC-11")]

PAGE = reverse("portal:address-list")


@pytest.fixture
def ada(acme):
    """Administers Acme."""
    return enrol("Ada", acme, "administrator")


@pytest.fixture
def wished(ada, anna, acme):
    """A further address that Anna, who buys for Acme, would like."""
    return propose_address(acme, WISH, by=anna.actor)


def events(*names):
    return list(Event.objects.filter(name__in=names).order_by("pk").values_list("name", flat=True))


def mails_to(address):
    for event in Event.objects.filter(name__startswith="proposal.").order_by("pk"):
        send(Message.of(event, 1))
    return [one.subject for one in mail.outbox if address in one.to]


def test_a_buyer_s_wish_waits_for_the_administrator_and_nothing_of_it_leaves(wished, ada, acme, erp):
    assert wished.state == "waiting"
    assert let_proposal_leave(AddressProposal, wished.pk, by=erp) is None
    assert events("address.proposed", "proposal.requested") == ["proposal.requested"]
    assert mails_to(ada.user.email) == ["Anna proposes a change for Acme Works"]
    assert not Case.objects.exists()
    wished.refresh_from_db()
    assert wished.state == "waiting"


def test_released_it_goes_to_the_erp_once_and_the_buyer_is_told(wished, ada, anna, erp):
    release_proposal(wished, by=ada.actor)
    released = release_proposal(wished, by=ada.actor)
    let_proposal_leave(AddressProposal, wished.pk, by=erp)
    late = release_proposal(wished, by=ada.actor)

    assert (released.state, released.decided_by) == ("proposed", ada.user)
    assert (late.state, late.decided_by) == ("sent", ada.user)
    assert events("address.proposed", "proposal.released") == ["proposal.released", "address.proposed"]
    sent = Event.objects.get(name="address.proposed")
    assert (sent.payload["street"], sent.payload["erp_id"]) == ("Hafenstrasse 9", "")
    assert mails_to(anna.user.email) == ["Your proposed change for Acme Works is released"]


def test_declined_it_never_leaves_and_the_buyer_reads_why(wished, ada, anna, erp):
    decline_proposal(wished, "We give that gate up.", by=ada.actor)

    wished.refresh_from_db()
    assert (wished.state, wished.reason, wished.decided_by) == ("declined", "We give that gate up.", ada.user)
    assert let_proposal_leave(AddressProposal, wished.pk, by=erp) is None
    assert events("address.proposed") == []
    assert mails_to(anna.user.email) == ["Your proposed change for Acme Works is declined"]
    assert "We give that gate up." in mail.outbox[-1].body
    with pytest.raises(WrongState):
        release_proposal(wished, by=ada.actor)


def test_without_a_reason_it_is_not_declined(wished, ada):
    with pytest.raises(InvalidValue):
        decline_proposal(wished, "  ", by=ada.actor)

    wished.refresh_from_db()
    assert wished.state == "waiting"


def test_nobody_without_the_right_there_releases_or_declines(wished, anna, clara, acme):
    ben = enrol("Ben", acme, "buyer")
    lola = enrol("Lola", CompanyFactory(number="ACME-1", parent=acme), "administrator")
    for member in (anna, ben, clara, lola):
        with pytest.raises(NotAllowed):
            release_proposal(wished, by=member.actor)
        with pytest.raises(NotAllowed):
            decline_proposal(wished, "No", by=member.actor)

    wished.refresh_from_db()
    assert wished.state == "waiting"


def test_an_administrator_s_own_wish_needs_no_release(ada, acme):
    proposal = propose_address(acme, WISH, by=ada.actor)

    assert (proposal.state, proposal.decided_by) == ("proposed", None)
    assert events("address.proposed", "proposal.requested") == ["address.proposed"]


def test_a_buyer_proposes_where_goods_go_and_leaves_alone_where_invoices_go(ada, anna, acme):
    bill_to = AddressFactory(company=acme, erp_id="acme-2", is_ship_to=False, is_bill_to=True)
    Address.objects.filter(erp_id="acme-1").update(is_ship_to=True, is_bill_to=False)

    proposal = propose_address(acme, {**WISH, "is_ship_to": False, "is_bill_to": True}, by=anna.actor)

    assert (proposal.is_ship_to, proposal.is_bill_to) == (True, False)
    with pytest.raises(InvalidValue):
        propose_address(acme, WISH, address=bill_to, by=anna.actor)
    assert AddressProposal.objects.count() == 1


def test_a_requester_proposes_contact_data_which_are_released_too(ada, acme):
    rita = enrol("Rita", acme, "requester")
    proposal = propose_contacts(acme, CONTACTS, by=rita.actor)
    assert proposal.state == "waiting"
    assert events("contact.proposed") == []

    release_proposal(proposal, by=ada.actor)

    assert Event.objects.get(name="contact.proposed").payload["changes"] == proposal.changes


def test_whoever_proposed_it_takes_it_back_while_it_waits(wished, anna, ada):
    with pytest.raises(NotAllowed):
        withdraw_proposal(wished, by=ada.actor)
    withdraw_proposal(wished, by=anna.actor)

    wished.refresh_from_db()
    assert wished.state == "withdrawn"
    with pytest.raises(WrongState):
        release_proposal(wished, by=ada.actor)


def test_where_nobody_of_the_company_may_release_it_our_own_people_are_asked(anna, acme, otto):
    proposal = propose_address(acme, WISH, by=anna.actor)

    case = Case.objects.get(kind="proposal_unreleased")
    assert case.company_number == "ACME"
    assert [repair.key for repair in repairs_for(case)] == ["release", "decline"]
    page = otto.signed_in().get(reverse("admin:core_case_page", args=[case.number])).content.decode()
    assert "Hafenstrasse 9" in page
    assert "waits for us" in page
    assert "nobody of your company may" in anna.signed_in().get(PAGE).content.decode()

    repair_case(case, "release", reason="Mr Auer of Acme said so by telephone.", by=otto.actor)

    proposal.refresh_from_db()
    case.refresh_from_db()
    assert (proposal.state, proposal.decided_by, case.state) == ("proposed", otto.user, "closed")
    assert events("address.proposed") == ["address.proposed"]


def test_our_own_people_decline_with_the_reason_that_they_give(anna, acme, otto):
    proposal = propose_contacts(acme, CONTACTS, by=anna.actor)
    case = Case.objects.get(kind="proposal_unreleased")

    repair_case(case, "decline", reason="Nobody at Acme knows of it.", by=otto.actor)

    proposal.refresh_from_db()
    case.refresh_from_db()
    assert (proposal.state, proposal.reason) == ("declined", "Nobody at Acme knows of it.")
    assert case.state == "closed"


def test_our_own_people_release_nothing_of_a_company_that_does_it_itself(wished, otto):
    with pytest.raises(NotAllowed):
        release_proposal(wished, by=otto.actor)


def test_withdrawn_it_asks_our_own_people_no_more(anna, acme):
    withdraw_proposal(propose_address(acme, WISH, by=anna.actor), by=anna.actor)

    assert Case.objects.get(kind="proposal_unreleased").state == "closed"


def test_the_pages_take_a_wish_from_the_buyer_to_the_administrator_and_back(ada, anna, acme):
    browser = anna.signed_in()
    form = {**{name: WISH[name] for name in ("name", "street", "postal_code", "city")}, "country": "AT"}
    new = text_of(browser.get(reverse("portal:address-new")))
    assert "It waits for a release by Ada." in new
    assert "Invoices go there" not in new
    browser.post(reverse("portal:address-new"), {**form, "acting_company": "ACME"})
    proposal = AddressProposal.objects.get()
    page = text_of(browser.get(PAGE))
    assert "Hafenstrasse 9" in page
    assert "Waits for release" in page
    assert "Credit" not in page

    over = ada.signed_in()
    assert "Anna proposes a further address" in text_of(over.get(reverse("portal:home")))
    assert "Waits for your release" in text_of(over.get(PAGE))
    answer = over.post(
        reverse("portal:proposal-decline", args=[proposal.key]),
        {"reason": "Gate 7 is closed.", "acting_company": "ACME"},
    )

    assert (answer.status_code, answer.url) == (302, PAGE)
    page = text_of(browser.get(PAGE))
    assert "Declined" in page
    assert "by Ada: Gate 7 is closed." in page
    assert "Waits for your release" not in text_of(over.get(PAGE))


def test_one_click_of_the_administrator_releases_it(wished, ada, anna):
    answer = ada.signed_in().post(
        reverse("portal:proposal-release", args=[wished.key]), {"acting_company": "ACME"}
    )

    assert (answer.status_code, answer.url) == (302, PAGE)
    assert "released by Ada" in text_of(anna.signed_in().get(PAGE))


@pytest.mark.req("ACC-09", "SEC-13")
def test_it_is_shown_as_deep_as_the_right_to_manage_goes_and_to_who_proposed_it(ada, anna, acme, other):
    branch, sister = (CompanyFactory(number=number, parent=acme) for number in ("ACME-1", "ACME-2"))
    bob = enrol("Bob", branch, "buyer")
    ben = enrol("Ben", branch, "buyer")
    local = enrol("Lola", branch, "administrator")
    beside = enrol("Sue", sister, "administrator")
    foreign = enrol("Olga", other, "administrator")
    proposal = propose_address(branch, WISH, by=bob.actor)

    for member in (ada, local, bob):
        assert "Hafenstrasse 9" in member.signed_in().get(PAGE).content.decode()
    for member in (ben, anna, beside, foreign):
        browser = member.signed_in()
        assert "Hafenstrasse 9" not in browser.get(PAGE).content.decode()
        for name in ("release", "decline", "withdraw"):
            path = reverse(f"portal:proposal-{name}", args=[proposal.key])
            form = {"reason": "No", "acting_company": member.company.number}
            assert browser.post(path, form).status_code in {403, 404}
    proposal.refresh_from_db()
    assert proposal.state == "waiting"


@pytest.mark.req("SEC-08")
def test_the_activity_tells_who_proposed_and_who_released_it_once(wished, ada):
    release_proposal(wished, by=ada.actor)

    page = text_of(ada.signed_in().get(reverse("portal:activity")))

    assert page.count("proposed a change to be released") == 1
    assert page.count("released a proposed change") == 1
    assert "proposed an address" not in page
    assert AuditEntry.objects.filter(action="proposal.requested", user_id=wished.proposed_by_id).count() == 1


def test_a_wish_of_somebody_who_has_left_is_decided_on_and_the_next_in_charge_is_told(wished, ada, anna):
    Membership.objects.filter(user=anna.user).update(is_active=False)

    decline_proposal(wished, "She has left.", by=ada.actor)

    assert mails_to(anna.user.email) == []
    assert "Your proposed change for Acme Works is declined" in mails_to(ada.user.email)


def test_of_the_contact_data_one_change_is_open_at_a_time_whoever_proposes(ada, anna, acme):
    propose_contacts(acme, CONTACTS, by=anna.actor)

    with pytest.raises(WrongState):
        propose_contacts(acme, {**CONTACTS, "phone": "+43 1 55501"}, by=ada.actor)

    assert ContactProposal.objects.count() == 1
