"""Orders reach a real Tryton, each once, whatever happens on the way (ORD-03, INT-37, INT-38)."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from core.models import Case, Event
from integrations import delivery
from integrations.actions.systems import note_failure
from integrations.connectors.tryton import company, transport
from integrations.failures import Transient
from integrations.identifiers import all_customers_named
from integrations.models import Delivery, ProcessStep, System
from integrations.repairs import repair_case, repairs_for
from orders.actions.cancel import cancel_order
from orders.models import Order
from orders.queries.snapshot import snapshot_of
from tests.integrations.conftest import (
    buyer_of,
    erp_settings,
    forget_connections,
    place,
    relay,
    submit,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("tryton"), pytest.mark.django_db]
SCREW, BEARING = "4762-M8X30-88Z", "6204-2RS"


LONG = timedelta(minutes=10)


def make_due() -> None:
    """Let the time pass until every waiting delivery and every probe is due."""
    Delivery.objects.filter(state="waiting").update(next_try_at=timezone.now())
    System.objects.filter(down_since__isnull=False).update(next_probe_at=timezone.now())
    System.objects.update(rest_until=None)
    # What was never answered can no longer take effect.
    ProcessStep.objects.filter(tried_at__isnull=False).update(tried_at=timezone.now() - LONG)
    ProcessStep.objects.filter(lost_at__isnull=False).update(lost_at=timezone.now() - LONG)


def relay_until_done(rounds: int = 8) -> None:
    """Deliver, and let the time pass, until nothing to the ERP waits."""
    for _ in range(rounds):
        relay()
        if not Delivery.objects.filter(destination="erp", state__in=["waiting", "sending"]).exists():
            return
        make_due()


def to_erp(order: Order) -> Delivery:
    return Delivery.objects.get(subject=order.subject, destination="erp")


@pytest.mark.req("ORD-03", "ORD-05", "CRT-16")
def test_an_order_is_received_until_the_erp_has_confirmed_it(shop, proxy):
    order = place(buyer_of("C2000"), {SCREW: 400, BEARING: 20})
    before, calls_in_the_request = order.status, len(proxy.seen())

    relay()

    order.refresh_from_db()
    (sale,) = shop.sales(order.number)
    assert (before, calls_in_the_request) == ("received", 0)
    assert (order.status, order.erp_number) == ("confirmed", sale["number"])
    assert (sale["untaxed_amount"], sale["tax_amount"]) == (order.net_amount, order.tax_amount)
    assert [line.confirmed for line in order.lines.all()] == [400, 20]
    assert to_erp(order).state == "delivered"


@pytest.mark.req("OBS-19", "SEC-01")
def test_one_correlation_id_runs_from_the_request_to_the_erp_and_back(shop, proxy):
    order = place(buyer_of("C2000"), {BEARING: 10})

    relay()

    (create,) = proxy.seen("sale.sale.create")
    confirmed = Event.objects.get(subject=order.subject, name="order.confirmed")
    assert create["correlation_id"] == order.correlation_id
    assert confirmed.correlation_id == order.correlation_id
    assert (confirmed.channel, confirmed.source) == ("flow:erp.orders-out", "erp")


@pytest.mark.req("ACC-04")
def test_an_order_of_a_branch_carries_three_codes_and_is_invoiced_to_its_parent(shop):
    order = place(buyer_of("C1001"), {BEARING: 10})

    relay()

    order.refresh_from_db()
    fields = ["party.code", "invoice_party.code"]
    fields += [
        f"{role}_address.identifiers.{part}" for role in ("shipment", "invoice") for part in ("type", "code")
    ]
    (sale,) = shop.session.rows("sale.sale", [["portal_key", "=", order.number]], fields)
    codes = {
        role: [(one["type"], one["code"]) for one in sale[f"{role}_address."]["identifiers."]]
        for role in ("shipment", "invoice")
    }
    assert order.status == "confirmed"
    assert (sale["party."]["code"], sale["invoice_party."]["code"]) == ("C1001", "C1000")
    assert codes == {"shipment": [("shipto", "C1001-S1")], "invoice": [("billto", "C1000-B1")]}
    assert (order.ship_to["code"], order.bill_to["code"]) == ("C1001-S1", "C1000-B1")
    # What stands on a paper of the ERP leads to the customer: the branch, or whom it is invoiced to.
    branch, group = order.company_id, order.bill_to_company_id
    named = {code: set(all_customers_named(code)) for code in ("C1001", "C1001-S1", "C1000-B1")}
    assert named == {"C1001": {branch}, "C1001-S1": {branch}, "C1000-B1": {group}}


@pytest.mark.req("INT-37", "INT-38", "ORD-03", "TST-06")
@pytest.mark.parametrize("method", ["sale.sale.create", "sale.sale.quote", "sale.sale.confirm"])
@pytest.mark.parametrize("fault", ["drop_after", "garbage", "drop_before"])
def test_a_lost_answer_is_asked_for_and_the_order_is_there_once(shop, proxy, method, fault):
    order = place(buyer_of("C2000"), {BEARING: 10})
    proxy.spoil(method, fault)

    relay()
    first = to_erp(order)
    make_due()
    relay_until_done()

    order.refresh_from_db()
    assert (first.state, first.error_class) == ("waiting", "unknown")
    assert order.status == "confirmed"
    assert len(shop.sales(order.number)) == 1
    assert to_erp(order).attempts == 2


@pytest.mark.req("INT-25", "INT-38")
def test_a_call_that_hangs_ends_in_time_and_is_asked_for(shop, proxy, settings):
    settings.ERP = erp_settings(proxy.url, shop.database, read_seconds=4.0)
    forget_connections()
    order = place(buyer_of("C2000"), {BEARING: 10})
    proxy.spoil("sale.sale.confirm", "hang", seconds=12)
    began = timezone.now()

    relay()
    took = timezone.now() - began
    first = to_erp(order)
    relay_until_done()

    order.refresh_from_db()
    assert took.total_seconds() < 12
    assert (first.state, first.error_class) == ("waiting", "unknown")
    assert order.status == "confirmed"
    assert len(shop.sales(order.number)) == 1


@pytest.mark.req("INT-25")
def test_an_erp_that_is_slow_in_every_call_gets_the_order_in_several_goes(shop, proxy, monkeypatch):
    monkeypatch.setattr(delivery, "SECONDS_PER_DELIVERY", 6.0)
    order = place(buyer_of("C2000"), {BEARING: 10})
    proxy.spoil("", "delay", seconds=1.5, times=14)
    began = timezone.now()

    relay(seconds=1)
    took = (timezone.now() - began).total_seconds()
    first = to_erp(order)
    relay_until_done()

    order.refresh_from_db()
    assert took < 12
    assert first.state == "waiting"
    assert order.status == "confirmed"
    assert len(shop.sales(order.number)) == 1


@pytest.mark.req("INT-26")
def test_an_erp_that_is_busy_is_asked_again_and_its_wish_to_wait_is_obeyed(shop, proxy):
    order = place(buyer_of("C2000"), {BEARING: 10})
    proxy.spoil("sale.sale.create", "status", status=429, retry_after="90")

    relay()
    row = to_erp(order)
    wait = (row.next_try_at - timezone.now()).total_seconds()
    relay_until_done()

    order.refresh_from_db()
    assert (row.state, row.error_class) == ("waiting", "transient")
    assert 80 < wait <= 90
    assert order.status == "confirmed"


def test_a_confirmation_that_finds_a_lock_is_tried_again_within_the_same_call(shop, proxy):
    order = place(buyer_of("C2000"), {BEARING: 10})
    proxy.spoil("sale.sale.confirm", "status", status=503, times=2)

    relay()

    order.refresh_from_db()
    assert order.status == "confirmed"
    assert to_erp(order).attempts == 1


@pytest.mark.req("CRT-14", "INT-27", "ORD-03", "TST-06")
def test_orders_of_an_outage_wait_as_received_and_drain_in_order_when_the_erp_is_back(shop, proxy):
    buyer = buyer_of("C2000")
    proxy.spoil("", "refuse", times=-1)
    orders = [place(buyer, {BEARING: 10 + number}) for number in range(3)]
    relay()
    make_due()
    relay()
    during = [Order.objects.get(pk=order.pk).status for order in orders]
    cases = Case.objects.count()
    tries = sum(to_erp(order).attempts for order in orders)

    proxy.heal()
    make_due()
    relay_until_done()

    confirmed = Event.objects.filter(name="order.confirmed").order_by("id")
    assert during == ["received"] * 3
    assert cases == 0
    assert tries <= 3
    assert [event.subject for event in confirmed] == [order.subject for order in orders]
    assert all(len(shop.sales(order.number)) == 1 for order in orders)
    assert System.objects.get(key="erp").down_since is None


@pytest.mark.req("ORD-07", "INT-39")
def test_a_refused_order_is_a_case_and_goes_through_when_the_cause_is_gone(shop, otto):
    shop.act("credit-limit", customer="C3000", amount="100")
    order = place(buyer_of("C3000"), {BEARING: 50})
    relay()
    order.refresh_from_db()
    case = Case.objects.get()
    refused = (order.status, len(shop.sales(order.number)), to_erp(order).state)

    shop.act("credit-limit", customer="C3000", amount="50000")
    repair_case(case, "resend", reason="Credit control raised the limit.", by=otto.actor)
    relay_until_done()

    order.refresh_from_db()
    case.refresh_from_db()
    assert refused == ("on_hold", 0, "buried")
    assert case.subject == order.subject
    assert case.evidence["code"] == "credit_limit"
    assert "100.00" in case.cause
    assert case.amount == order.gross_amount
    assert order.status == "confirmed"
    assert case.state == "closed"
    assert len(shop.sales(order.number)) == 1


def test_a_product_that_the_erp_has_retired_is_named_in_the_case(shop):
    order = place(buyer_of("C2000"), {BEARING: 10})
    shop.act("retire-product", product=BEARING)
    try:
        relay()
    finally:
        shop.act("retire-product", product=BEARING, active=1)

    order.refresh_from_db()
    case = Case.objects.get()
    assert order.status == "on_hold"
    assert BEARING in case.cause
    assert case.evidence["code"] == "product_retired"
    assert shop.sales(order.number) == []


@pytest.mark.req("TST-03")
def test_a_refused_order_that_is_cancelled_leaves_nothing_to_deliver_in_the_erp(shop, otto):
    shop.act("credit-limit", customer="C3000", amount="100")
    order = place(buyer_of("C3000"), {BEARING: 50})
    relay()

    repair_case(Case.objects.get(), "cancel", reason="The customer withdraws it.", by=otto.actor)
    relay_until_done()

    order.refresh_from_db()
    assert (order.status, shop.sales(order.number)) == ("cancelled", [])
    assert not Case.objects.filter(state="open").exists()


def test_an_order_that_is_cancelled_before_it_was_sent_never_reaches_the_erp(shop, otto):
    order = place(buyer_of("C2000"), {BEARING: 10})
    cancel_order(order, by=otto.actor, reason="Ordered twice.")

    relay_until_done()

    assert shop.sales(order.number) == []
    assert set(Delivery.objects.filter(destination="erp").values_list("state", flat=True)) == {"delivered"}


def test_a_cancellation_that_comes_too_late_is_a_case_that_a_person_can_close(shop, otto):
    order = place(buyer_of("C2000"), {BEARING: 10})
    # The ERP has taken it, and the answer is still on its way when the buyer cancels.
    submit(snapshot_of(order))
    cancel_order(order, by=otto.actor, reason="Ordered twice.")

    relay_until_done()
    case = Case.objects.get(state="open")
    choices = [repair.key for repair in repairs_for(case)]
    repair_case(case, "drop", reason="The customer keeps the goods.", by=otto.actor)

    (sale,) = shop.sales(order.number)
    assert sale["state"] == "processing"
    assert case.evidence["code"] == "already_processing"
    assert sale["number"] in case.cause
    assert choices == ["drop"]
    assert not Case.objects.filter(state="open").exists()


def test_amounts_that_the_erp_computes_otherwise_stop_the_order_before_it_is_confirmed(shop):
    order = place(buyer_of("C2000"), {BEARING: 10})
    event = Event.objects.get(subject=order.subject, name="order.received")
    event.payload["order"]["lines"][0]["net_amount"] = "39.99"
    Event.objects.filter(pk=event.pk).update(payload=event.payload)

    relay()

    order.refresh_from_db()
    case = Case.objects.get()
    assert order.status == "on_hold"
    assert shop.sales(order.number) == []
    assert case.evidence["code"] == "amounts_differ"
    assert "39.99" in case.cause


@pytest.mark.req("INT-37")
def test_the_same_order_sent_at_the_same_time_by_many_is_there_once(shop):
    snapshot = snapshot_of(place(buyer_of("C2000"), {BEARING: 10}))
    answers, failures = [], []

    def once():
        try:
            answers.append(submit(snapshot))
        except Transient as busy:
            failures.append(busy)
        finally:
            connection.close()

    threads = [threading.Thread(target=once) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(shop.sales(snapshot.number)) == 1
    assert answers or failures
    assert len({answer.erp_id for answer in answers}) <= 1
    assert submit(snapshot).erp_number == shop.sales(snapshot.number)[0]["number"]


def test_an_erp_without_our_module_is_searched_by_the_reference_before_anything_is_made(shop, proxy):
    ground = company.ground_of(transport.connection())
    ground.has_portal_key = False
    order = place(buyer_of("C2000"), {BEARING: 10})
    proxy.spoil("sale.sale.create", "drop_after")

    relay()
    wait = (to_erp(order).next_try_at - timezone.now()).total_seconds()
    relay_until_done()

    order.refresh_from_db()
    sales = shop.session.rows("sale.sale", [["reference", "=", order.number]], ["number"])
    # Longer than the ERP's own limit: until then it may still commit what we gave up.
    assert 60 < wait <= 66
    assert order.status == "confirmed"
    assert [sale["number"] for sale in sales] == [order.erp_number]


@pytest.mark.req("ORD-03", "INT-39")
def test_five_poison_orders_among_thirty_end_as_cases_and_hold_nobody_up(shop):
    good, poor = buyer_of("C4000"), buyer_of("C2000")
    orders = []
    for number in range(30):
        orders.append(place(poor if number % 6 == 5 else good, {BEARING: 10, SCREW: 400}))
    for order in orders[5::6]:
        event = Event.objects.get(subject=order.subject, name="order.received")
        event.payload["order"]["lines"][0]["unit_key"] = "no-such-unit"
        Event.objects.filter(pk=event.pk).update(payload=event.payload)

    relay(seconds=90)
    relay_until_done()

    statuses = [Order.objects.get(pk=order.pk).status for order in orders]
    in_erp = [order for order in orders if shop.sales(order.number)]
    assert statuses.count("confirmed") == 25
    assert statuses[5::6] == ["on_hold"] * 5
    assert len(in_erp) == 25
    assert sorted(Case.objects.values_list("subject", flat=True)) == sorted(o.subject for o in orders[5::6])
    total = sum((shop.sales(order.number)[0]["untaxed_amount"] for order in in_erp), Decimal(0))
    assert total == sum((order.net_amount for order in in_erp), Decimal(0))


def test_a_paused_erp_is_not_called_for_a_new_order(shop, proxy):
    note_failure("erp", Transient("not reached", is_absent=True))
    proxy.forget()
    order = place(buyer_of("C2000"), {BEARING: 10})
    System.objects.update(next_probe_at=timezone.now() + timedelta(minutes=5))

    relay()

    assert proxy.seen() == []
    assert to_erp(order).attempts == 0
