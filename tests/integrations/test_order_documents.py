"""What the ERP does with an order comes back: shipments, invoices, payments, credit notes; in any order."""

import random
import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from core.models import Case, Event
from integrations import inbox, intake
from integrations.connectors.tryton import documents, transport
from integrations.models import InboxMessage
from integrations.repairs import repair_case
from integrations.running import run_flow
from integrations.states import InboxState
from integrations.systems import flow_actor
from orders.models import Invoice, Order, Payment, Shipment
from tests.integrations.conftest import buyer_of, place, relay

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("tryton"), pytest.mark.django_db]
SCREW, BEARING = "4762-M8X30-88Z", "6204-2RS"
FLOWS = ("erp.order-states", "erp.shipments", "erp.invoices")


def follow(**options) -> list:
    return [run_flow(name, is_asked=True, **options) for name in FLOWS]


@pytest.fixture
def order(shop):
    """A confirmed order over 400 screws and 20 bearings."""
    shop.act("change-stock", product=SCREW, quantity=100000)
    shop.act("change-stock", product=BEARING, quantity=1000)
    order = place(buyer_of("C4000"), {SCREW: 400, BEARING: 20})
    relay()
    order.refresh_from_db()
    assert order.status == "confirmed"
    return order


def counters(order: Order) -> list[tuple]:
    return [
        (line.sku, line.ordered, line.shipped, line.invoiced) for line in order.lines.order_by("position")
    ]


@pytest.mark.req("SHP-01", "SHP-03", "SHP-04", "FIN-01", "FIN-03", "ORD-04", "TST-03")
def test_two_shipments_two_invoices_a_payment_and_a_credit_note_come_back(shop, order):
    shop.act("ship", sale=order.number, lines={SCREW: 400, BEARING: 5})
    follow()
    part = (counters(order), Order.objects.get().delivery_status)
    shop.act("ship", sale=order.number)
    shop.act("post-invoice", sale=order.number)
    shop.act("post-invoice", sale=order.number)
    follow()
    first = Invoice.objects.order_by("id").first()
    shop.act("pay", invoice=first.number)
    second = Invoice.objects.order_by("id").last()
    shop.act("pay", invoice=second.number, amount="10.00")
    shop.act("credit-note", invoice=second.number, lines={BEARING: 2})
    follow()

    order.refresh_from_db()
    first.refresh_from_db()
    second.refresh_from_db()
    note = Invoice.objects.get(kind="credit_note")
    assert part == ([(SCREW, 400, 400, 0), (BEARING, 20, 5, 0)], "partial")
    assert [(sku, ordered, shipped) for sku, ordered, shipped, _ in counters(order)] == [
        (SCREW, 400, 400),
        (BEARING, 20, 20),
    ]
    assert order.delivery_status == "shipped"
    assert Shipment.objects.filter(status="shipped").count() == 2
    assert (first.status, first.open_amount) == ("paid", 0)
    assert first.gross_amount + second.gross_amount == order.gross_amount
    assert second.status == "partial"
    assert second.open_amount == second.gross_amount - 10
    assert sorted(Payment.objects.values_list("amount", flat=True)) == [Decimal(10), first.gross_amount]
    assert (note.credits, note.net_amount) == (second, Decimal("-8.20"))
    assert list(note.orders.all()) == [order]
    names = set(Event.objects.filter(subject=order.subject).values_list("name", flat=True))
    assert {"shipment.shipped", "invoice.issued", "invoice.paid", "credit_note.issued"} <= names
    assert not Case.objects.exists()


@pytest.mark.req("INT-35", "INT-36")
def test_a_repeat_of_everything_changes_nothing(shop, order):
    shop.act("ship", sale=order.number)
    shop.act("post-invoice", sale=order.number)
    follow()
    before = (Event.objects.count(), InboxMessage.objects.count(), counters(order))

    again = follow()
    whole = follow(is_full=True)

    assert all(run.new == run.changed == 0 for run in (*again, *whole))
    assert all(run.same == run.seen for run in again)
    assert (Event.objects.count(), InboxMessage.objects.count(), counters(order)) == before


@pytest.mark.req("INT-35", "INT-36")
def test_messages_in_any_order_and_three_times_over_end_where_the_right_order_ends(shop, order):
    erp, cursor = transport.connection(), {}
    messages = []

    def read():
        for name, kind in (
            ("order_states", "order_state"),
            ("shipments", "shipment"),
            ("invoices", "invoice"),
        ):
            batch = getattr(documents, f"read_{name}")(erp, cursor, is_full=True)
            messages.extend(
                (kind, record) for record in batch.records if order.number in record.model_dump_json()
            )

    read()
    shop.act("ship", sale=order.number, lines={SCREW: 200, BEARING: 20})
    read()
    shop.act("ship", sale=order.number)
    shop.act("post-invoice", sale=order.number)
    read()
    shop.act("pay", sale=order.number)
    read()
    shuffled = messages * 3
    random.Random(7).shuffle(shuffled)
    by = flow_actor("erp.test")

    for kind, record in shuffled:
        batch = documents.Batch(as_of=timezone.now(), records=[record])
        inbox.taking(kind)(batch, by, False)
        InboxMessage.objects.filter(state=InboxState.PARKED).update(next_try_at=timezone.now())
        intake.work(until=time.monotonic() + 20)

    order.refresh_from_db()
    invoice = Invoice.objects.get()
    assert [row[:3] for row in counters(order)] == [(SCREW, 400, 400), (BEARING, 20, 20)]
    assert Shipment.objects.filter(status="shipped").count() == 2
    assert (invoice.status, invoice.open_amount) == ("paid", 0)
    assert order.delivery_status == "shipped"
    assert Event.objects.filter(subject=order.subject, name="shipment.shipped").count() == 2
    assert Event.objects.filter(subject=order.subject, name="invoice.issued").count() == 1
    assert not InboxMessage.objects.filter(state__in=["new", "parked", "quarantined"]).exists()


def test_a_shipment_of_an_unknown_order_waits_and_then_comes_to_a_person(shop, order, otto):
    erp = transport.connection()
    shop.act("ship", sale=order.number)
    batch = documents.read_shipments(erp, {}, is_full=True)
    (record,) = [r for r in batch.records if r.order_number == order.number]
    stray = record.model_copy(update={"order_number": "SO-1", "erp_id": "99999"})
    batch.records = [stray]
    by = flow_actor("erp.test")

    applied = inbox.taking("shipment")(batch, by, False)
    waiting = InboxMessage.objects.get(key="99999")
    cases_at_first = Case.objects.count()
    InboxMessage.objects.filter(pk=waiting.pk).update(
        received_at=timezone.now() - timedelta(hours=1), next_try_at=timezone.now()
    )
    intake.work(until=time.monotonic() + 20)
    case = Case.objects.get()
    InboxMessage.objects.filter(pk=waiting.pk).update(
        payload={**waiting.payload, "order_number": order.number}
    )
    repair_case(case, "take", reason="The number was corrected.", by=otto.actor)

    waiting.refresh_from_db()
    case.refresh_from_db()
    assert [item.code for item in applied.rejected] == ["parked"]
    assert cases_at_first == 0
    assert (case.kind, case.subject) == ("orphan", "shipment:99999")
    assert waiting.state == "applied"
    assert case.state == "closed"


def test_a_message_that_is_not_valid_is_kept_as_a_case_and_stops_nobody(shop, order):
    by = flow_actor("erp.test")
    InboxMessage.objects.create(
        system="erp",
        kind="shipment",
        message_id="7@1",
        key="7",
        version="1",
        payload={"order_number": "SO-1"},
    )

    outcome = inbox.take_in(InboxMessage.objects.get(), by=by)

    message = InboxMessage.objects.get()
    assert outcome == "quarantined"
    assert message.state == "quarantined"
    assert Case.objects.get().subject == "shipment:7"


def test_lines_that_the_erp_puts_in_another_order_keep_their_quantities(shop, order):
    screw, bearing = order.lines.order_by("position")
    sales = shop.session
    sales("sale.line.write", [int(screw.erp_id)], {"sequence": 20}, [int(bearing.erp_id)], {"sequence": 10})
    shop.act("ship", sale=order.number, lines={SCREW: 200, BEARING: 20})

    follow()

    assert [row[:3] for row in counters(order)] == [(SCREW, 400, 200), (BEARING, 20, 20)]


def test_goods_that_the_erp_will_not_ship_show_as_a_problem_of_the_delivery(shop, order):
    shop.act("cancel-shipment", sale=order.number)
    follow()

    order.refresh_from_db()
    assert order.delivery_status == "exception"
