"""Orders, shipments and invoices in the back office: shown with their story, never typed into."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.cases import CaseFacts, open_case
from core.models import Event, Refusal
from integrations.actions.deliveries import drop_delivery
from integrations.models import Delivery, DeliveryAttempt
from orders.actions.erp import confirm_order, hold_order
from orders.actions.invoices import apply_invoice
from orders.actions.policy import set_cached_credit
from orders.actions.shipments import apply_shipment
from orders.models import CachedCredit, Invoice, Order, OrderLine
from tests.factories.erp_facts import answer, invoice, shipment
from tests.factories.orders import order_now, sell
from tests.portal.pages import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(anna, erp):
    """Confirmed, 60 of 100 shipped, invoiced and paid."""
    sell("A1", "1.00")
    order = order_now(anna, choice={"po_number": "4711"}, A1=100)
    confirm_order(order.number, answer(order), by=erp)
    apply_shipment(shipment(order, {1: 60}), by=erp)
    apply_invoice(invoice(order, {1: 60}, paid=["72"]), by=erp)
    return Order.objects.get(pk=order.pk)


def _refused(order):
    """The order's message as a dead letter."""
    return Delivery.objects.create(
        event=Event.objects.get(name="order.received"),
        destination="erp",
        subject=order.subject,
        sequence=1,
        attempts=1,
        state="buried",
        next_try_at=datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
    )


def page(number):
    return reverse("admin:orders_order_page", args=[number])


@pytest.mark.req("ORD-18", "ORD-16", "ORD-04")
@pytest.mark.parametrize("who", ["sam", "mona", "otto"])
def test_staff_see_what_the_erp_says_without_opening_it(order, who, request):
    staff = request.getfixturevalue(who)

    text = text_of(staff.signed_in().get(page(order.number)))

    assert "SALE-7" in text
    assert "Partly shipped" in text
    assert "100 pc 100 60 40 0 60 0 100.00" in text
    assert "INV-I1" in text
    assert "SHP-S1" in text
    assert "Every counter, state and amount is what its movements make." in text


def test_the_cause_of_a_hold_is_told_to_staff(anna, otto, erp):
    sell("A1")
    order = order_now(anna, A1=5)
    hold_order(order.number, "Over the limit of EUR 1,600.00 there.", by=erp)

    text = text_of(otto.signed_in().get(page(order.number)))

    assert "Over the limit of EUR 1,600.00 there." in text


def test_a_figure_that_its_movements_contradict_is_named(order, otto):
    OrderLine.objects.filter(order=order).update(shipped=61)

    text = text_of(otto.signed_in().get(page(order.number)))

    assert "line/1.shipped stored 61.000000, its movements make 60.000000" in text


def test_what_the_hub_tried_stands_among_the_events(order, otto):
    event = Event.objects.get(name="order.received")
    moment = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    row = Delivery.objects.create(
        event=event, destination="erp", subject=order.subject, sequence=1, attempts=1, next_try_at=moment
    )
    DeliveryAttempt.objects.create(delivery=row, number=1, started_at=moment, error="no answer within 30 s")

    text = text_of(otto.signed_in().get(page(order.number)))

    assert "Order received: told to ERP" in text
    assert "try 1: no answer within 30 s" in text
    assert "Order received: not yet told to ERP. 1 try so far." in text


def test_a_message_that_was_given_up_is_neither_waiting_nor_another_try(order, otto, erp):
    row = _refused(order)
    drop_delivery(row, by=erp, reason="sent anew with the data of today")

    text = text_of(otto.signed_in().get(page(order.number)))

    assert "not yet told" not in text
    assert "did not reach" not in text
    assert "try 0" not in text
    assert "given up: sent anew with the data of today" in text


def test_a_dead_letter_is_not_said_to_be_on_its_way(order, otto):
    _refused(order)

    text = text_of(otto.signed_in().get(page(order.number)))

    assert (
        "Order received: that did not reach ERP. Nothing is sent again by itself: it needs a person." in text
    )
    assert "not yet told" not in text


def test_a_case_is_a_link_only_for_who_may_open_it(anna, sam, otto, erp):
    sell("A1")
    order = order_now(anna, A1=5)
    case = open_case("erp_refusal", order.subject, CaseFacts(cause="Retired there."), by=erp)
    address = reverse("admin:core_case_page", args=[case.number])

    sales, operator = (one.signed_in().get(page(order.number)) for one in (sam, otto))

    assert address in operator.content.decode()
    assert address not in sales.content.decode()
    assert f"Case {case.number}: our operators look after it." in text_of(sales)


@pytest.mark.parametrize("model", ["order", "shipment", "invoice"])
def test_the_lists_find_by_number(order, otto, model):
    browser = otto.signed_in()
    found = browser.get(reverse(f"admin:orders_{model}_changelist"), {"q": order.number})

    assert found.status_code == 200
    assert {"order": order.number, "shipment": "SHP-S1", "invoice": "INV-I1"}[model] in text_of(found)


def test_the_pages_of_shipment_and_invoice_open(order, otto):
    browser = otto.signed_in()

    for model, row in (("shipment", order.shipments.get()), ("invoice", Invoice.objects.get())):
        assert browser.get(reverse(f"admin:orders_{model}_change", args=[row.pk])).status_code == 200


@pytest.mark.req("INT-02")
def test_nobody_types_into_what_the_erp_owns(order, otto):
    browser = otto.signed_in()
    bill = Invoice.objects.get()

    browser.post(reverse("admin:orders_invoice_change", args=[bill.pk]), {"open_amount": "0"})
    browser.post(reverse("admin:orders_order_change", args=[order.pk]), {"status": "closed"})

    order.refresh_from_db()
    bill.refresh_from_db()
    assert (order.status, bill.number) == ("confirmed", "INV-I1")
    assert Refusal.objects.filter(code="not_owner").count() == 2


def test_a_buyer_finds_no_order_in_the_back_office(order, anna, clara):
    for member in (anna, clara):
        response = member.signed_in().get(page(order.number), follow=True)
        assert response.status_code == 403


def test_an_unknown_number_is_not_found(otto):
    assert otto.signed_in().get(page("SO-1")).status_code == 404


def test_a_list_takes_the_same_statements_for_any_number_of_orders(anna, otto):
    sell("A1")
    browser = otto.signed_in()
    url = reverse("admin:orders_order_changelist")
    order_now(anna, A1=1)
    browser.get(url)
    with CaptureQueriesContext(connection) as few:
        browser.get(url)
    for _ in range(8):
        order_now(anna, A1=1)

    with CaptureQueriesContext(connection) as many:
        browser.get(url)

    assert len(many) <= len(few) + 1


def test_cached_credit_that_is_ticked_and_deleted_in_the_list_is_told_as_any_other(fiona, acme):
    set_cached_credit(acme, Decimal(500), note="A fair", by=fiona.actor)
    told = {"action": "delete_selected", "_selected_action": CachedCredit.objects.get().pk, "post": "yes"}

    answer = fiona.signed_in().post("/admin/orders/cachedcredit/", told)

    assert answer.status_code == 302
    assert not CachedCredit.objects.exists()
    amounts = [event.payload["amount"] for event in Event.objects.filter(name="cached_credit.changed")]
    assert amounts == ["500", None]
