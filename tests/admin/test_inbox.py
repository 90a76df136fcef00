"""The inbox in the back office: found by what people know, masked, and one step from its case."""

import pytest

from core.cases import CaseFacts, open_case
from core.models import Severity
from integrations.models import InboxMessage
from integrations.systems import flow_actor

pytestmark = [pytest.mark.django_db, pytest.mark.req("INT-35")]
LIST = "/admin/integrations/inboxmessage/"


@pytest.fixture
def messages():
    def put(kind, key, state, **more):
        return InboxMessage.objects.create(
            system="erp", kind=kind, message_id=f"{kind}-{key}", key=key, version="1", state=state,
            payload={"order_number": key, "email": "jana@example.com"}, **more,
        )  # fmt: skip

    return [
        put("shipment", "SO-1", "applied"),
        put("invoice", "SO-2", "quarantined", reason="net_amount: not a number", channel="push"),
        put("order_state", "SO-3", "parked"),
    ]


def test_messages_are_found_by_search_state_sender_and_kind(otto, messages):
    browser = otto.signed_in()

    whole = browser.get(LIST).content.decode()
    assert all(
        word in whole for word in ("SO-1", "SO-2", "SO-3", "Not valid", "pushed to us", "State of an order")
    )
    for query, shown in (
        ("q=SO-2", "SO-2"),
        ("state__exact=parked", "SO-3"),
        ("kind=shipment", "SO-1"),
        ("channel=push", "SO-2"),
    ):
        page = browser.get(f"{LIST}?{query}").content.decode()
        assert [key for key in ("SO-1", "SO-2", "SO-3") if f">{key}<" in page] == [shown], query
    assert ">SO-1<" not in browser.get(f"{LIST}?system=pim").content.decode()


def test_a_message_shows_its_masked_payload_and_leads_to_its_case(otto, messages):
    bad = messages[1]
    case = open_case(
        "quarantined",
        "invoice:SO-2",
        CaseFacts(cause="It cannot be taken in.", promise="", severity=Severity.NONE, system="erp"),
        by=flow_actor("erp.invoices"),
    )

    page = otto.signed_in().get(f"{LIST}{bad.pk}/change/").content.decode()

    assert "net_amount: not a number" in page
    assert "jana@example.com" not in page
    assert f"Case {case.number}" in page


def test_who_only_buys_or_sells_does_not_see_it_and_nobody_types_into_it(anna, sam, otto, messages):
    assert anna.signed_in().get(LIST).status_code in (302, 403, 404)
    assert sam.signed_in().get(LIST).status_code == 403
    answer = otto.signed_in().post(f"{LIST}{messages[0].pk}/change/", {"state": "new"})

    assert answer.status_code in (403, 405, 409, 302)
    messages[0].refresh_from_db()
    assert messages[0].state == "applied"
