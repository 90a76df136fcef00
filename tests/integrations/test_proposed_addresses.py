"""A proposed address reaches a real Tryton once, counts when its feed tells it, and is echoed nowhere (ACC-11)."""

import pytest
from django.utils import timezone

from accounts.actions.proposals import propose_address
from accounts.models import Address, AddressProposal, Company
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

PLACE = {"street": "Hafenstrasse 9", "postal_code": "4020", "city": "Linz", "country": "AT"}
WISH = {**PLACE, "name": "Gate 7", "is_ship_to": True, "is_bill_to": False}


@pytest.fixture
def ada(shop):
    """Looks after a customer of the ERP that has an address for deliveries."""
    address = Address.objects.filter(is_ship_to=True, is_active=True).order_by("pk").first()
    return enrol("Ada", address.company, "administrator")


def outbound():
    return Delivery.objects.filter(event__name="address.proposed").count()


def writes(proxy, verb):
    return len(proxy.seen(f"model.party.address.{verb}"))


@pytest.mark.parametrize("is_further", [False, True])
def test_one_message_goes_out_and_the_erp_s_feed_makes_it_count(ada, proxy, is_further):
    company = Company.objects.get(pk=ada.company.pk)
    address = None if is_further else company.addresses.filter(is_ship_to=True, is_active=True).first()
    wish = {**WISH, "name": "Gate further" if is_further else "Gate changed"}
    proposal = propose_address(company, wish, address=address, by=ada.actor)

    relay()
    proposal.refresh_from_db()
    assert (proposal.state, Address.objects.filter(name=wish["name"]).exists()) == ("sent", False)

    run = run_flow("erp.customers", is_asked=True, is_full=True)
    relay()
    run_flow("erp.customers", is_asked=True)
    relay()

    proposal.refresh_from_db()
    assert run.error == ""
    assert proposal.state == "confirmed"
    assert Address.objects.get(name=wish["name"]).erp_id == proposal.erp_id
    assert outbound() == 1
    assert writes(proxy, "create" if is_further else "write") == 1


def test_a_lost_answer_leads_to_no_second_address(ada, proxy):
    proxy.spoil("model.party.address.create", "drop_after")
    wish = {**WISH, "name": "Gate lost"}
    proposal = propose_address(ada.company, wish, by=ada.actor)

    relay()
    proxy.heal()
    Delivery.objects.filter(state="waiting").update(next_try_at=timezone.now())
    relay()

    proposal.refresh_from_db()
    assert (writes(proxy, "create"), proposal.state) == (1, "sent")


def test_a_country_that_the_erp_lacks_is_a_case_and_the_buyer_reads_it(ada):
    proposal = propose_address(ada.company, {**WISH, "country": "ZZ"}, by=ada.actor)

    relay()

    proposal.refresh_from_db()
    assert proposal.state == "refused"
    assert "please call us" in proposal.reason
    case = Case.objects.get(kind="address_refused")
    assert (case.subject, case.company_number) == (f"address_proposal:{proposal.pk}", ada.company.number)
    assert "ZZ" in case.cause
    assert AddressProposal.objects.count() == 1
