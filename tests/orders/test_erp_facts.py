"""The ERP's word about orders: repeated, reordered, and too much of it."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Allocation
from core.errors import NotOwner, WrongState
from core.models import Case, Conflict, Event
from orders.actions.cancel import cancel_order
from orders.actions.erp import apply_order_status, confirm_order, hold_order, resend_order
from orders.actions.invoices import apply_invoice
from orders.actions.shipments import apply_shipment
from orders.models import Invoice, Order, OrderLine, Shipment
from orders.states import Outcome
from tests.factories.erp_facts import NOON, answer, invoice, shipment, status
from tests.factories.orders import fill, order_now
from tests.orders.looks import agrees, counters, events

pytestmark = pytest.mark.django_db


@pytest.mark.req("CRT-16", "ORD-04")
def test_received_becomes_confirmed_with_the_erps_number(order, erp):
    confirm_order(order.number, answer(order), by=erp)

    order.refresh_from_db()
    assert (order.status, order.erp_number, order.erp_id) == ("confirmed", "SALE-7", "7")
    assert order.confirmed_at == NOON
    assert [(line.erp_id, line.confirmed) for line in order.lines.order_by("position")] == [
        ("71", 100),
        ("72", 40),
    ]
    move = order.moves.last()
    assert (move.old, move.new, move.source) == ("received", "confirmed", "erp")


def test_the_same_answer_again_changes_nothing(confirmed, erp):
    before = events(confirmed)

    confirm_order(confirmed.number, answer(confirmed), by=erp)

    assert events(confirmed) == before
    assert confirmed.moves.count() == 2
    assert not Case.objects.exists()


def test_a_second_order_in_the_erp_is_a_case_and_not_a_new_number(confirmed, erp):
    confirm_order(confirmed.number, answer(confirmed, erp_id="8", erp_number="SALE-8"), by=erp)

    confirmed.refresh_from_db()
    case = Case.objects.get()
    assert confirmed.erp_number == "SALE-7"
    assert (case.kind, case.evidence["erp_number"]) == ("erp_contradiction", "SALE-8")


def test_an_answer_for_a_cancelled_order_keeps_the_number_and_opens_a_case(order, anna, erp):
    cancel_order(order, by=anna.actor, reason="typing error")

    confirm_order(order.number, answer(order), by=erp)

    order.refresh_from_db()
    assert (order.status, order.erp_number) == ("cancelled", "SALE-7")
    assert Case.objects.get().kind == "erp_contradiction"


@pytest.mark.req("INT-03")
def test_what_the_erp_takes_otherwise_is_logged_with_both_values_and_the_owner_wins(order, erp):
    lines = answer(order).lines
    fewer = (lines[0].model_copy(update={"quantity": Decimal(90)}), *lines[1:])

    for _ in range(2):
        confirm_order(order.number, answer(order, lines=fewer, net_amount=Decimal("139.99")), by=erp)

    order.refresh_from_db()
    log = Conflict.objects.order_by("id").values_list("key", "field", "kept", "refused", "winner", "rule")
    assert list(log) == [
        (order.number, "net_amount", "140", "139.99", "us", "owner"),
        (f"{order.number}/1", "confirmed", "90", "100", "erp", "owner"),
    ]
    assert order.net_amount == 140
    assert order.lines.get(position=1).confirmed == 90


@pytest.mark.req("INT-03")
def test_a_cent_of_rounding_is_noted_with_both_figures_and_stops_nobody(order, erp):
    said = answer(order, net_amount=Decimal("139.99"), tax_amount=Decimal("27.99"))

    confirm_order(order.number, said, by=erp)

    order.refresh_from_db()
    noted = Conflict.objects.order_by("field").values_list("field", "kept", "refused", "winner", "rule")
    assert (order.status, order.net_amount, order.tax_amount) == ("confirmed", 140, 28)
    assert list(noted) == [
        ("net_amount", "140", "139.99", "us", "rounding"),
        ("tax_amount", "28", "27.99", "us", "rounding"),
    ]
    assert not Case.objects.exists()


def test_another_tax_than_the_buyer_was_told_is_a_case(order, erp):
    confirm_order(order.number, answer(order, tax_amount=Decimal("14.00")), by=erp)

    case = Case.objects.get()
    order.refresh_from_db()
    assert (case.kind, case.evidence["tax_amount"]) == (
        "order_differs",
        {"ours": "28.0000", "erp": "14.0000"},
    )
    assert order.tax_amount == 28


def test_other_amounts_than_sent_are_a_case_with_both_figures(order, erp):
    confirm_order(order.number, answer(order, net_amount=Decimal("142.00")), by=erp)

    case = Case.objects.get()
    assert case.kind == "order_differs"
    assert case.evidence["net_amount"] == {"ours": "140.0000", "erp": "142.0000"}


def test_only_the_erp_says_what_the_erp_says(order, anna):
    with pytest.raises(NotOwner):
        confirm_order(order.number, answer(order), by=anna.actor)
    with pytest.raises(NotOwner):
        apply_shipment(shipment(order, {1: 10}), by=anna.actor)
    with pytest.raises(NotOwner):
        apply_invoice(invoice(order, {1: 10}), by=anna.actor)
    with pytest.raises(NotOwner):
        apply_order_status(status(order), by=anna.actor)

    order.refresh_from_db()
    assert (order.status, order.erp_number) == ("received", "")
    assert not Shipment.objects.exists()
    assert not Invoice.objects.exists()


def test_a_refused_order_is_on_hold_until_it_is_sent_again(order, otto, erp):
    hold_order(order.number, "Over the credit limit there.", by=erp)
    hold_order(order.number, "Over the credit limit there.", by=erp)
    order.refresh_from_db()
    assert order.status == "on_hold"

    resend_order(order.number, by=otto.actor, reason="limit raised")

    order.refresh_from_db()
    assert order.status == "received"
    assert events(order) == ["order.received", "stock.allocated", "order.held", "order.resent"]
    resent = Event.objects.get(name="order.resent")
    assert resent.payload["order"]["number"] == order.number
    with pytest.raises(WrongState):
        resend_order(order.number, by=otto.actor)


def test_the_erps_own_states_are_kept_and_older_ones_dropped(confirmed, erp):
    assert apply_order_status(status(confirmed, "2", delivery_status="exception"), by=erp) == Outcome.CHANGED
    assert apply_order_status(status(confirmed, "1", delivery_status="none"), by=erp) == Outcome.OLDER
    assert apply_order_status(status(confirmed, "2", delivery_status="exception"), by=erp) == Outcome.SAME

    confirmed.refresh_from_db()
    assert (confirmed.delivery_status, confirmed.erp_version) == ("exception", "2")


def test_an_order_cancelled_in_the_erp_is_cancelled_here(confirmed, erp):
    apply_order_status(status(confirmed, erp_status="cancelled", is_cancelled=True), by=erp)

    confirmed.refresh_from_db()
    assert confirmed.status == "cancelled"
    assert [row[2] for row in counters(confirmed)] == [100, 40]
    assert not Allocation.objects.exists()
    assert confirmed.moves.last().source == "erp"
    assert agrees()


def test_the_rest_of_a_partly_shipped_order_is_cancelled_once_however_often_the_erp_says_so(confirmed, erp):
    apply_order_status(status(confirmed), by=erp)
    apply_shipment(shipment(confirmed, {1: 60}), by=erp)
    told = len(events(confirmed))

    for version in ("2", "3", "3"):
        news = status(confirmed, version, erp_status="cancelled", is_cancelled=True)
        apply_order_status(news, by=erp)

    confirmed.refresh_from_db()
    assert confirmed.status == "confirmed"
    assert [row[2] for row in counters(confirmed)] == [40, 40]
    assert events(confirmed)[told:] == ["order.changed", "order.changed"]  # the rest, and the ERP's state
    assert agrees()


def test_the_ledger_names_every_difference(confirmed, erp):
    apply_shipment(shipment(confirmed, {1: 60}), by=erp)
    OrderLine.objects.filter(order=confirmed, position=1).update(shipped=61)
    Order.objects.filter(pk=confirmed.pk).update(payment_status="paid")
    told = StringIO()

    with pytest.raises(CommandError):
        call_command("verify_ledger", stderr=told)

    assert told.getvalue().splitlines() == [
        f"{confirmed.number} line/1.shipped: stored 61.000000, proven 60.000000",
        f"{confirmed.number} payment_status: stored paid, proven none",
    ]


def test_news_of_two_orders_does_not_mix(anna, confirmed, erp):
    fill(anna, A1=30)
    other = order_now(anna)
    apply_shipment(shipment(other, {1: 30}, key="S9", shipped_at=NOON + timedelta(hours=1)), by=erp)

    assert counters(confirmed) == [(0, 0, 0, 0, 0), (0, 0, 0, 0, 0)]
    assert counters(other)[0][0] == 30
