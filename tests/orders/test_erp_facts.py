"""The ERP's word about orders: repeated, reordered, and too much of it."""

import itertools
import random
from datetime import UTC, date, datetime, timedelta
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
from orders.models import Invoice, Order, OrderLine, Payment, Shipment
from orders.queries.invoices import balance_of
from orders.records import (
    ErpOrderLineRecord,
    ErpOrderRecord,
    InvoiceLineRecord,
    InvoiceRecord,
    OrderStatusRecord,
    PaymentRecord,
    ShipmentLineRecord,
    ShipmentRecord,
)
from orders.rules.facts import ParentMissing
from orders.states import Outcome
from tests.factories.orders import fill, order_now, sell

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def answer(order, **changes):
    values = {
        "order_number": order.number,
        "erp_id": "7",
        "erp_number": "SALE-7",
        "erp_status": "processing",
        "lines": [
            ErpOrderLineRecord(
                position=line.position,
                erp_id=f"7{line.position}",
                quantity=line.ordered,
                net_amount=line.net_amount,
            )
            for line in order.lines.all()
        ],
        "net_amount": order.net_amount,
        "as_of": NOON,
    }
    return ErpOrderRecord(**{**values, **changes})


def status(order, version="1", **changes):
    values = {
        "order_number": order.number,
        "erp_number": "SALE-7",
        "erp_status": "processing",
        "version": version,
        "as_of": NOON,
    }
    return OrderStatusRecord(**{**values, **changes})


def shipment(order, quantities, *, key="S1", state="shipped", version="1", **changes):
    values = {
        "order_number": order.number,
        "erp_id": key,
        "number": f"SHP-{key}",
        "status": state,
        "warehouse_code": "LNZ",
        "shipped_at": NOON if state == "shipped" else None,
        "version": version,
        "as_of": NOON,
        "lines": [ShipmentLineRecord(position=p, quantity=q) for p, q in quantities.items()],
    }
    return ShipmentRecord(**{**values, **changes})


def invoice(order, quantities, *, key="I1", kind="invoice", paid=(), version="1", **changes):
    sign = -1 if kind == "credit_note" else 1
    net = sum((Decimal(q) for q in quantities.values()), Decimal(0)) * sign
    gross = net * Decimal("1.2")
    payments = [
        PaymentRecord(erp_id=f"{key}-P{n}", amount=amount, paid_on=date(2026, 11, 25))
        for n, amount in enumerate(paid)
    ]
    left = gross - sum((Decimal(amount) for amount in paid), Decimal(0))
    values = {
        "erp_id": key,
        "number": f"INV-{key}",
        "kind": kind,
        "company_number": order.company.number,
        "order_numbers": [order.number],
        "currency": "EUR",
        "net_amount": net,
        "tax_amount": gross - net,
        "gross_amount": gross,
        "open_amount": left,
        "status": "paid" if left == 0 else "open",
        "issued_on": date(2026, 11, 21),
        "due_on": date(2026, 12, 21),
        "version": version,
        "as_of": NOON,
        "lines": [
            InvoiceLineRecord(
                position=n,
                order_number=order.number,
                order_line_position=position,
                quantity=Decimal(q) * sign,
                unit_price=1,
                net_amount=Decimal(q) * sign,
            )
            for n, (position, q) in enumerate(quantities.items(), start=1)
        ],
        "payments": payments,
    }
    return InvoiceRecord(**{**values, **changes})


@pytest.fixture
def order(anna):
    """100 of A1 and 40 of A2, each at 1.00, received."""
    sell("A1")
    sell("A2")
    return order_now(anna, A1=100, A2=40)


@pytest.fixture
def confirmed(order, erp):
    confirm_order(order.number, answer(order), by=erp)
    order.refresh_from_db()
    return order


def counters(order):
    names = ("shipped", "backordered", "cancelled", "invoiced", "credited")
    return [tuple(int(getattr(line, name)) for name in names) for line in order.lines.order_by("position")]


def agrees():
    """The ledger command finds nothing."""
    out = StringIO()
    call_command("verify_ledger", stdout=out)
    return "agree" in out.getvalue()


def events(order):
    return list(Event.objects.filter(subject=f"order:{order.number}").values_list("name", flat=True))


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


@pytest.mark.req("ORD-02", "SHP-01", "SHP-03")
def test_a_part_shipment_counts_per_line_and_the_rest_is_backordered(confirmed, erp):
    apply_shipment(shipment(confirmed, {1: 60, 2: 40}), by=erp)
    rest = {1: 40}
    apply_shipment(shipment(confirmed, rest, key="S2", state="planned", planned_on=date(2026, 12, 2)), by=erp)

    confirmed.refresh_from_db()
    first, second = confirmed.lines.order_by("position")
    assert (first.shipped, first.backordered, first.backorder_on) == (60, 40, date(2026, 12, 2))
    assert (second.shipped, second.backordered) == (40, 0)
    assert confirmed.delivery_status == "partial"
    assert agrees()


@pytest.mark.req("SHP-07")
def test_repeated_shipments_are_not_added(confirmed, erp):
    news = shipment(confirmed, {1: 60})

    outcomes = [apply_shipment(news, by=erp) for _ in range(3)]

    assert outcomes == [Outcome.NEW, Outcome.SAME, Outcome.SAME]
    assert counters(confirmed)[0][:2] == (60, 40)
    assert events(confirmed).count("shipment.shipped") == 1
    assert Allocation.objects.filter(counted_at__isnull=False).count() == 1


def test_a_corrected_shipment_replaces_its_quantities(confirmed, erp):
    apply_shipment(shipment(confirmed, {1: 60, 2: 10}), by=erp)

    outcome = apply_shipment(shipment(confirmed, {1: 50}, version="2"), by=erp)

    assert outcome == Outcome.CHANGED
    assert [row[0] for row in counters(confirmed)] == [50, 0]
    assert events(confirmed).count("shipment.shipped") == 1
    assert agrees()


def test_older_news_of_a_shipment_is_dropped(confirmed, erp):
    apply_shipment(shipment(confirmed, {1: 60}, version="5"), by=erp)

    outcome = apply_shipment(shipment(confirmed, {1: 60}, state="planned", version="4"), by=erp)

    assert outcome == Outcome.OLDER
    assert Shipment.objects.get().status == "shipped"
    assert counters(confirmed)[0][0] == 60


@pytest.mark.req("SHP-07", "SHP-01")
@pytest.mark.parametrize("seed", range(6))
def test_in_any_order_and_any_number_of_times_the_end_is_the_same(confirmed, erp, seed):
    news = [
        shipment(confirmed, {1: 60, 2: 40}, key="S1", state="planned", version="1", shipped_at=None),
        shipment(confirmed, {1: 60, 2: 25}, key="S1", state="picked", version="2", shipped_at=None),
        shipment(confirmed, {1: 60, 2: 25}, key="S1", version="3"),
        shipment(confirmed, {1: 40, 2: 15}, key="S2", state="planned", version="4", shipped_at=None),
        shipment(confirmed, {1: 30}, key="S2", version="6"),
        shipment(confirmed, {1: 10, 2: 15}, key="S3", state="planned", version="7", shipped_at=None),
    ]
    told = news * 3
    random.Random(seed).shuffle(told)

    for item in told:
        apply_shipment(item, by=erp)

    assert counters(confirmed) == [(90, 10, 0, 0, 0), (25, 15, 0, 0, 0)]
    confirmed.refresh_from_db()
    assert confirmed.delivery_status == "partial"
    assert agrees()


def test_more_shipped_than_ordered_is_kept_and_becomes_a_case(confirmed, erp):
    apply_shipment(shipment(confirmed, {1: 110}), by=erp)

    case = Case.objects.get()
    assert counters(confirmed)[0][0] == 110
    assert (case.kind, case.state) == ("over_shipped", "open")
    assert case.evidence["lines"][0]["shipped"] == "110.000000"

    apply_shipment(shipment(confirmed, {1: 100}, version="2"), by=erp)
    case.refresh_from_db()
    assert case.state == "closed"


def test_what_was_shipped_is_held_back_until_the_erp_has_deducted_it(confirmed, erp):
    apply_shipment(shipment(confirmed, {1: 60}), by=erp)

    held = Allocation.objects.filter(subject=f"order:{confirmed.number}/1")
    assert sorted((row.quantity, row.counted_at) for row in held.exclude(counted_at=None)) == [(60, NOON)]
    assert [row.quantity for row in held.filter(counted_at=None)] == [40]


@pytest.mark.parametrize(
    "news",
    [
        lambda order: shipment(order, {1: 1}, order_number="SO-0"),
        lambda order: shipment(order, {9: 1}),
        lambda order: shipment(order, {1: 1}, warehouse_code="MOON"),
    ],
)
def test_a_shipment_of_something_unknown_is_parked(confirmed, erp, news):
    with pytest.raises(ParentMissing):
        apply_shipment(news(confirmed), by=erp)

    assert not Shipment.objects.exists()


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
