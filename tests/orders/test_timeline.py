"""One list of what happened, with sources; one view for buyer and support."""

import pytest
from django.db import transaction

from core import outbox
from core.actor import Actor
from core.models import Event
from orders.actions.erp import confirm_order, hold_order
from orders.actions.invoices import apply_invoice
from orders.actions.shipments import apply_shipment
from orders.models import Order
from orders.queries.timeline import timeline_of
from orders.queries.view import order_view
from tests.factories.erp_facts import answer, invoice, shipment
from tests.factories.orders import order_now, sell

pytestmark = pytest.mark.django_db
PERSON = {"name": "Sam", "email": "sam@nordwind.example", "locale": "en"}


@pytest.fixture
def order(anna, erp):
    """Confirmed; 60 of 100 shipped and invoiced."""
    sell("A1", "1.00")
    order = order_now(anna, A1=100)
    confirm_order(order.number, answer(order), by=erp)
    apply_shipment(shipment(order, {1: 60}), by=erp)
    apply_shipment(shipment(order, {1: 40}, key="S2", state="planned"), by=erp)
    apply_invoice(invoice(order, {1: 60}, paid=["72"]), by=erp)
    Event.objects.filter(name="order.received").update(occurred_at="2026-11-20T08:00Z")
    return Order.objects.get(pk=order.pk)


@pytest.mark.req("ORD-21")
def test_every_change_is_told_with_its_source_and_person(order):
    rows = timeline_of(order)

    told = [(row.kind, row.source, row.person, row.text) for row in rows]
    assert told[-1] == ("order.received", "portal", "Anna", "Order received")
    assert ("order.confirmed", "erp", "", "Confirmed by the ERP") in told
    assert ("shipment.shipped", "erp", "", "Shipment SHP-S1 left") in told
    assert ("invoice.paid", "erp", "", "Invoice INV-I1 paid") in told
    assert next(row.note for row in rows if row.kind == "invoice.paid") == "EUR 72.00"
    assert next(row.note for row in rows if row.kind == "shipment.shipped") == "60 × A1"


@pytest.mark.req("QTE-18")
def test_the_story_begins_with_request_and_quote_and_hides_what_is_internal(order, sam):
    Order.objects.filter(pk=order.pk).update(origin="quote", origin_ref="Q-1")
    order.refresh_from_db()
    buyer = Actor("portal", "Anna", user_id=order.placed_by_id)
    of = {"company_number": "ACME", "company_name": "Acme Works", "currency": "EUR", "buyer": PERSON}
    amounts = {"net_amount": "100", "tax_amount": "20", "gross_amount": "120", "valid_until": None}
    offer = {**of, **amounts, "number": "Q-1", "revision": 2, "rfq_number": "R-1", "sales": PERSON}
    asked = {**of, "number": "R-1", "sales": None}
    with transaction.atomic():
        outbox.record("rfq.submitted", subject="rfq:R-1", payload=asked, by=buyer)
        outbox.record("quote.approved", subject="quote:Q-1", payload=offer, by=sam.actor)
        outbox.record("quote.sent", subject="quote:Q-1", payload=offer, by=sam.actor)
        outbox.record("quote.sent", subject="quote:Q-99", payload=offer, by=sam.actor)
    Event.objects.filter(subject__in=["rfq:R-1", "quote:Q-1"]).update(occurred_at="2026-01-01T00:00Z")

    buyers = [row.kind for row in timeline_of(order)][-3:]
    staff = [row.kind for row in timeline_of(order, for_staff=True)][-4:]

    assert buyers == ["order.received", "quote.sent", "rfq.submitted"]
    assert staff == ["order.received", "quote.sent", "quote.approved", "rfq.submitted"]
    sent = next(row for row in timeline_of(order) if row.kind == "quote.sent")
    assert (sent.text, sent.note, sent.person) == ("Quote Q-1 sent", "revision 2, EUR 100.00 net", "Sam")


def test_the_cause_of_a_hold_is_for_staff(anna, erp):
    sell("A1")
    order = order_now(anna, A1=5)
    hold_order(order.number, "Over the limit of EUR 1,600.00 there.", by=erp)

    buyer, staff = timeline_of(order)[0], timeline_of(order, for_staff=True)[0]

    assert "1,600.00" not in buyer.note
    assert buyer.details == {}
    assert staff.note == "Over the limit of EUR 1,600.00 there."


def test_every_event_that_we_record_has_words(order):
    from orders.queries.wording import WORDINGS

    assert set(Event.objects.values_list("name", flat=True)) <= set(WORDINGS)


@pytest.mark.req("ORD-16", "SHP-03")
def test_the_view_says_what_is_left_and_what_is_open(order):
    view = order_view(order)

    row = view.lines[0]
    assert (row.rest, row.line.backordered, row.state) == (40, 40, "later")
    assert (view.rest_lines, view.rest_net) == (1, 40)
    assert (view.invoiced_net, view.open_amount) == (60, 0)
    assert [(item.shipment.number, item.has_left) for item in view.shipments] == [
        ("SHP-S2", False),
        ("SHP-S1", True),
    ]
    assert order_view(order, for_staff=True).lines == view.lines


def test_the_view_takes_the_same_statements_for_any_size(order, anna, erp, django_assert_max_num_queries):
    for number in range(12):
        sell(f"B{number}")
    big = order_now(anna, **{f"B{number}": 1 for number in range(12)})
    for number in range(5):
        apply_shipment(shipment(big, {number + 1: 1}, key=f"B{number}"), by=erp)

    for one in (order, Order.objects.get(pk=big.pk)):
        with django_assert_max_num_queries(10):
            order_view(one)
