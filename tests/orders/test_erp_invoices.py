"""What the ERP invoices, credits and is paid of orders, and the end of an order."""

import itertools
from datetime import date
from decimal import Decimal

import pytest

from catalog.models import Allocation
from core.models import Event
from orders.actions.erp import apply_order_status
from orders.actions.invoices import apply_invoice
from orders.actions.shipments import apply_shipment
from orders.models import Invoice, Order, Payment
from orders.queries.invoices import balance_of
from orders.rules.facts import ParentMissing
from orders.states import Outcome
from tests.factories.erp_facts import invoice, shipment, status
from tests.orders.looks import agrees, counters, events

pytestmark = pytest.mark.django_db


@pytest.mark.req("FIN-01")
def test_an_invoice_comes_with_lines_tax_and_due_date(confirmed, erp):
    apply_invoice(invoice(confirmed, {1: 60}), by=erp)

    stored = Invoice.objects.get()
    assert (stored.net_amount, stored.tax_amount, stored.gross_amount) == (60, 12, 72)
    assert (stored.open_amount, stored.due_on) == (72, date(2026, 12, 21))
    assert list(stored.orders.all()) == [confirmed]
    assert counters(confirmed)[0][3] == 60
    confirmed.refresh_from_db()
    assert (confirmed.invoice_status, confirmed.payment_status) == ("partial", "open")
    assert agrees()


@pytest.mark.req("FIN-03")
def test_payments_change_the_state_of_invoice_and_order(confirmed, erp):
    apply_invoice(invoice(confirmed, {1: 60}), by=erp)
    apply_invoice(invoice(confirmed, {1: 60}, paid=["22"], version="2"), by=erp)

    confirmed.refresh_from_db()
    assert confirmed.payment_status == "partial"
    assert Invoice.objects.get().open_amount == 50
    assert events(confirmed)[-1] == "invoice.partly_paid"

    apply_invoice(invoice(confirmed, {1: 60}, paid=["22", "50"], version="3"), by=erp)

    confirmed.refresh_from_db()
    assert confirmed.payment_status == "paid"
    assert sorted(Payment.objects.values_list("amount", flat=True)) == [22, 50]
    assert events(confirmed)[-1] == "invoice.paid"
    assert agrees()


def test_the_same_invoice_again_changes_nothing(confirmed, erp):
    news = invoice(confirmed, {1: 60}, paid=["22"])
    apply_invoice(news, by=erp)
    before = events(confirmed)

    assert apply_invoice(news, by=erp) == Outcome.SAME

    assert events(confirmed) == before
    assert Payment.objects.count() == 1


def test_older_news_of_an_invoice_does_not_take_a_payment_back(confirmed, erp):
    apply_invoice(invoice(confirmed, {1: 60}, paid=["72"], version="2"), by=erp)

    assert apply_invoice(invoice(confirmed, {1: 60}, version="1"), by=erp) == Outcome.OLDER

    assert Invoice.objects.get().open_amount == 0


@pytest.mark.req("FIN-04")
def test_a_credit_note_is_a_document_of_its_own_linked_both_ways(confirmed, anna, erp):
    apply_invoice(invoice(confirmed, {1: 100}, net_amount=100, open_amount=120), by=erp)
    apply_invoice(
        invoice(
            confirmed,
            {1: 25},
            key="C1",
            kind="credit_note",
            credits_erp_id="I1",
            order_numbers=[],
            open_amount=Decimal(-30),
        ),
        by=erp,
    )
    apply_invoice(invoice(confirmed, {1: 100}, paid=["50"], version="2"), by=erp)

    original, note = Invoice.objects.get(erp_id="I1"), Invoice.objects.get(erp_id="C1")
    assert list(original.credit_notes.all()) == [note]
    assert note.credits == original
    assert list(note.orders.all()) == [confirmed]
    assert (original.open_amount, note.open_amount) == (70, -30)
    assert balance_of(anna.scope).open_amount == 40
    assert counters(confirmed)[0][3:] == (100, 25)
    assert events(confirmed).count("credit_note.issued") == 1
    assert agrees()


def test_a_credit_note_before_its_invoice_is_parked(confirmed, erp):
    note = invoice(confirmed, {1: 25}, key="C1", kind="credit_note", credits_erp_id="I1")

    with pytest.raises(ParentMissing):
        apply_invoice(note, by=erp)

    assert not Invoice.objects.exists()


def test_an_invoice_without_an_order_of_ours_belongs_to_its_company(confirmed, erp):
    apply_invoice(invoice(confirmed, {1: 5}, order_numbers=[], lines=[]), by=erp)

    assert Invoice.objects.get().company == confirmed.company
    assert Event.objects.get(name="invoice.issued").subject == "invoice:INV-I1"


def test_when_all_is_shipped_invoiced_and_paid_the_order_is_closed(confirmed, erp):
    steps = [
        lambda: apply_shipment(shipment(confirmed, {1: 100, 2: 40}), by=erp),
        lambda: apply_invoice(invoice(confirmed, {1: 100, 2: 40}, paid=["168"]), by=erp),
    ]
    for step in steps:
        assert Order.objects.get().status == "confirmed"
        step()

    assert Order.objects.get().status == "closed"
    assert events(confirmed)[-1] == "order.closed"
    assert not Allocation.objects.filter(counted_at=None).exists()
    assert agrees()


def test_in_every_order_of_arrival_the_order_ends_closed(confirmed, erp):
    news = [
        (apply_shipment, shipment(confirmed, {1: 60, 2: 40})),
        (apply_shipment, shipment(confirmed, {1: 40}, key="S2")),
        (apply_invoice, invoice(confirmed, {1: 100, 2: 40}, paid=["168"])),
        (apply_order_status, status(confirmed, erp_status="done", delivery_status="shipped")),
    ]
    for arrival in itertools.permutations(news):
        from django.db import transaction

        with transaction.atomic():
            for apply, record in arrival:
                apply(record, by=erp)
            confirmed.refresh_from_db()
            assert (confirmed.status, confirmed.delivery_status) == ("closed", "shipped")
            assert counters(confirmed) == [(100, 0, 0, 100, 0), (40, 0, 0, 40, 0)]
            transaction.set_rollback(True)
        confirmed.refresh_from_db()
