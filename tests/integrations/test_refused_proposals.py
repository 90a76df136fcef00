"""A proposal that the ERP refused: seen by who sells and who mends, tried again, or given up with words to the buyer."""

import pytest
from django.urls import reverse

from accounts.actions.proposals import propose_address
from accounts.actions.proposing import give_up_proposal, let_proposal_leave
from accounts.models import AddressProposal
from core.models import Case
from integrations import delivery
from integrations.actions.deliveries import drop_delivery, replay_delivery
from integrations.destinations import addresses
from integrations.failures import Refused
from integrations.models import Delivery
from integrations.repairs import repair_case, repairs_for
from integrations.systems import Message
from tests.accounts.test_propose_address import WISH
from tests.conftest import enrol

pytestmark = [pytest.mark.django_db, pytest.mark.req("ACC-11")]


@pytest.fixture
def refused(acme):
    """Ada's further address, which the ERP would not take."""
    ada = enrol("Ada", acme, "administrator")
    proposal = propose_address(acme, WISH, by=ada.actor)
    delivery.fan_out()
    row = Delivery.objects.select_related("event").get(destination="erp-addresses")
    addresses.bury(Message.of(row.event, 1), Refused("No.", cause="The ERP has no country ZZ."))
    Delivery.objects.filter(pk=row.pk).update(state="buried")
    proposal.refresh_from_db()
    assert proposal.state == "refused"
    return proposal


def test_its_case_names_the_address_who_wants_it_and_the_message(refused, otto):
    case = Case.objects.get(kind="address_refused")

    page = otto.signed_in().get(reverse("admin:core_case_page", args=[case.number])).content.decode()

    row = Delivery.objects.get(destination="erp-addresses")
    wanted = (
        "Hafenstrasse 9",
        f"Proposed address {refused.pk}",
        "Address proposed",
        refused.proposed_by.email,
        reverse("admin:integrations_delivery_page", args=[row.pk]),
    )
    assert [word for word in wanted if word not in page] == []
    assert [repair.key for repair in repairs_for(case)] == ["retry", "drop"]


def test_given_up_the_buyer_reads_why_and_the_case_is_closed(refused, otto):
    case = Case.objects.get(kind="address_refused")

    repair_case(case, "drop", reason="No deliveries to that country.", by=otto.actor)

    case.refresh_from_db()
    refused.refresh_from_db()
    assert (case.state, refused.state) == ("closed", "refused")
    assert "No deliveries to that country." in refused.reason


def test_given_up_on_the_page_of_the_message_the_case_is_closed_too(refused, otto):
    drop_delivery(Delivery.objects.get(destination="erp-addresses"), reason="Internal words", by=otto.actor)

    refused.refresh_from_db()
    assert Case.objects.get(kind="address_refused").state == "closed"
    assert "propose it anew" in refused.reason
    assert "Internal" not in refused.reason


def test_tried_again_it_is_under_way_again(refused, otto, erp):
    replay_delivery(Delivery.objects.get(destination="erp-addresses"), reason="Mended there", by=otto.actor)

    assert let_proposal_leave(AddressProposal, refused.pk, by=erp) is not None

    refused.refresh_from_db()
    assert (refused.state, refused.reason, refused.settled_at) == ("sent", "", None)


def test_whoever_sells_to_the_customer_sees_it_on_the_desk_and_at_the_customer(refused, sam):
    browser = sam.signed_in()

    desk = browser.get(reverse("admin:index")).content.decode()
    customer = browser.get(
        reverse("admin:accounts_company_change", args=[refused.company_id])
    ).content.decode()

    for page in (desk, customer):
        assert "Hafenstrasse 9" in page
        assert "The ERP has no country ZZ." in page


def test_what_is_no_proposal_is_left_alone(otto):
    give_up_proposal("order:SO-1", "No", by=otto.actor)
