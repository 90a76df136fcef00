"""What a worker leaves behind when it dies, or the database goes, is taken up again; and who may pass whom."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from catalog.actions.stock import apply_warehouses
from catalog.records import WarehouseRecord
from core.applied import Applied
from core.days import erp_today
from core.models import Case, Event
from integrations import delivery, inbox, intake, tasks
from integrations.actions.flows import claim_flow, flow_row
from integrations.actions.inbox.messages import Incoming, receive_messages
from integrations.actions.settings import change_flow_settings
from integrations.batches import Batch
from integrations.connectors.tryton.writing import checking, posting, reserving
from integrations.failures import Refused, UnknownOutcome
from integrations.feeds import _maybe_full, _taken
from integrations.flows import FLOWS
from integrations.holders import this_process
from integrations.models import Delivery, FlowState, InboxMessage, Process, ProcessStep, System
from integrations.reading import Fed, Reading
from integrations.repairs import repair_case
from integrations.rules import MOST_ATTEMPTS
from integrations.running import due_flows, run_flow
from integrations.states import DeliveryState
from integrations.systems import ERP
from orders.actions.cancel import cancel_order
from orders.actions.erp import confirm_order
from orders.records import ErpOrderRecord, OrderStatusRecord
from orders.states import OrderStatus
from quotes.models import QuoteRevision
from quotes.states import QuoteStatus
from tests.factories.catalog import WarehouseFactory
from tests.factories.orders import by_erp, order_now, sell
from tests.factories.quotes import offer

pytestmark = pytest.mark.django_db

NOON = timezone.now()


@pytest.fixture
def confirmed(anna):
    """An order that the ERP has confirmed."""
    sell("BOLT", "2.00")
    order = order_now(anna, BOLT=100)
    answer = ErpOrderRecord(
        order_number=order.number,
        erp_id="7",
        erp_number="SALE-7",
        erp_status="confirmed",
        lines=[],
        net_amount=order.net_amount,
        as_of=NOON,
    )
    return confirm_order(order.number, answer, by=by_erp())


def news(order, **values):
    told = {"order_number": order.number, "erp_number": "SALE-7", "version": "2", "as_of": NOON}
    record = OrderStatusRecord(**{**told, "erp_status": "processing", **values})
    return Incoming(key=order.number, version=record.version, payload=record.model_dump(mode="json"))


@pytest.mark.req("INT-35")
def test_a_message_that_a_dead_worker_kept_but_did_not_take_in_is_taken_in(confirmed):
    [message] = receive_messages(ERP, "order_state", [news(confirmed)], by=by_erp())

    assert intake.work(until=time.monotonic() + 20) == 0  # its worker may still be at it
    InboxMessage.objects.update(received_at=timezone.now() - timedelta(minutes=2))
    assert intake.work(until=time.monotonic() + 20) == 1

    confirmed.refresh_from_db()
    message.refresh_from_db()
    assert (confirmed.erp_status, message.state) == ("processing", "applied")
    assert intake.work(until=time.monotonic() + 20) == 0


def test_a_message_that_our_tables_cannot_hold_is_a_case_and_stops_nobody(confirmed, otto):
    too_long = news(confirmed, erp_status="x" * 70)
    good = news(confirmed, erp_status="done", version="3")

    first, second = receive_messages(ERP, "order_state", [too_long, good], by=by_erp())

    assert inbox.take_in(first, by=by_erp()) == "quarantined"
    case = Case.objects.get(kind="quarantined")
    mended = {**too_long.payload, "erp_status": "processing"}
    InboxMessage.objects.filter(pk=case.evidence["inbox"]).update(payload=mended)
    repair_case(case, "take", reason="Mended by hand", by=otto.actor)
    case.refresh_from_db()
    assert case.state == "closed"
    assert inbox.take_in(second, by=by_erp()) == "changed"


@pytest.fixture
def feed_of(monkeypatch):
    """Let the stock flow read from a function of the test."""
    return lambda feed: monkeypatch.setitem(FLOWS, "erp.stock", replace(FLOWS["erp.stock"], feed=feed))


@pytest.mark.parametrize(("holder", "is_due"), [
    ("", True),
    ("this", True),
    ("another-host:1:1", False),
])  # fmt: skip
def test_a_flow_is_due_again_when_its_worker_is_gone_or_could_not_give_it_back(holder, is_due):
    name = this_process() if holder == "this" else holder
    if not holder:
        host, pid, _began = this_process().split(":")
        name = f"{host}:{pid}:1"  # a process of this host that began at another time, and is no more
    row = flow_row("erp.terms")
    FlowState.objects.filter(pk=row.pk).update(
        claimed_until=timezone.now() + timedelta(minutes=20), claimed_by=name
    )

    due = {flow.name for flow, _is_slow in due_flows()}

    assert ("erp.terms" in due) is is_due
    assert (claim_flow("erp.terms") is not None) is is_due


def test_a_flow_that_lost_the_database_runs_again_at_the_next_wake_up(feed_of):
    def broken(reading):
        raise OperationalError("the server went away")

    feed_of(broken)
    with pytest.raises(OperationalError):
        run_flow("erp.stock")
    assert flow_row("erp.stock").claimed_until > timezone.now()

    feed_of(lambda reading: Fed(Applied(), timezone.now(), {}, frozenset(), is_full=True))
    assert run_flow("erp.stock") is not None
    assert flow_row("erp.stock").last_success_at


CHECKED = checking.Checked(
    party=1,
    price_list=None,
    bill_to=None,
    currency=1,
    warehouse=1,
    payment_term=None,
    products={"BOLT": 1},
    units={"u": 1},
    taxes={1: []},
)


def cancelled_there(order):
    record = OrderStatusRecord(
        order_number=order.number,
        erp_number="SALE-7",
        version="2",
        erp_status="cancelled",
        is_cancelled=True,
        as_of=NOON,
    )
    return Incoming(key=order.number, version=record.version, payload=record.model_dump(mode="json"))


@pytest.fixture
def refused(anna, monkeypatch):
    """An order that the ERP refused: a dead letter holds up what comes after it."""
    sell("BOLT", "2.00")
    order = order_now(anna, BOLT=100)

    def no(snapshot, erp=None):
        raise Refused("No.", cause="The ERP's limit is exceeded.")

    monkeypatch.setattr(checking, "check_order", no)
    relay()
    order.refresh_from_db()
    assert order.status == OrderStatus.ON_HOLD
    return order


def relay():
    delivery.fan_out()
    delivery.drain(until=time.monotonic() + 5)


def to_erp(order):
    rows = Delivery.objects.filter(subject=order.subject, destination="erp").order_by("id")
    return [(row.event.name, row.state) for row in rows.select_related("event")]


@pytest.mark.req("ORD-07")
def test_a_cancellation_passes_the_refused_order_and_settles_its_case(refused, anna, monkeypatch):
    taken_back = []
    monkeypatch.setattr(posting, "unpost_order", lambda number, erp=None: None)
    monkeypatch.setattr(reserving, "release_order", lambda number, erp=None: taken_back.append(number))

    cancel_order(refused, by=anna.actor, reason="Bought elsewhere")
    relay()

    assert taken_back == [refused.number]
    assert to_erp(refused) == [
        ("order.received", DeliveryState.DROPPED),
        ("order.cancelled", DeliveryState.DELIVERED),
    ]
    assert not Case.objects.filter(subject=refused.subject, state="open").exists()


@pytest.mark.req("INT-38", "INT-44", "ORD-07")
def test_an_order_that_the_erp_takes_after_our_cancellation_has_looked_is_taken_away_too(anna, monkeypatch):
    there, looks = set(), []

    def lost(snapshot, checked, erp=None):
        raise UnknownOutcome("No answer.")

    def look_and_take_away(number, erp=None):
        looks.append(number in there)
        there.discard(number)

    monkeypatch.setattr(checking, "check_order", lambda snapshot, erp=None: CHECKED)
    monkeypatch.setattr(reserving, "reserve_order", lost)
    monkeypatch.setattr(posting, "unpost_order", lambda number, erp=None: None)
    monkeypatch.setattr(reserving, "release_order", look_and_take_away)
    sell("BOLT", "2.00")
    order = order_now(anna, BOLT=100)
    relay()

    cancel_order(order, by=anna.actor, reason="Bought elsewhere")
    relay_when_due()
    relay_when_due()
    there.add(order.number)
    waiting = Delivery.objects.get(subject=order.subject, destination="erp", event__name="order.cancelled")
    ProcessStep.objects.filter(name="reserve").update(lost_at=timezone.now() - timedelta(seconds=66))
    relay_when_due()

    assert looks[0] is False
    assert True in looks
    assert waiting.state == DeliveryState.WAITING
    assert waiting.next_try_at > timezone.now() + timedelta(seconds=45)
    assert there == set()
    assert Process.objects.get().state == "undone"
    assert to_erp(order)[-1] == ("order.cancelled", DeliveryState.DELIVERED)


@pytest.mark.req("INT-42", "INT-64")
def test_a_process_keeps_by_which_settings_of_its_flow_it_began(anna, monkeypatch):
    def lost(snapshot, checked, erp=None):
        raise UnknownOutcome("No answer.")

    monkeypatch.setattr(checking, "check_order", lambda snapshot, erp=None: CHECKED)
    monkeypatch.setattr(reserving, "reserve_order", lost)
    sell("BOLT", "2.00")
    by = by_erp()
    change_flow_settings("erp.orders-out", {"every_seconds": 7}, by=by, note="Quicker")
    order_now(anna, BOLT=100)
    relay()
    change_flow_settings("erp.orders-out", {"every_seconds": 8}, by=by, note="Slower")
    relay_when_due()

    assert Process.objects.get().settings_version == 1


def relay_when_due():
    Delivery.objects.filter(state="waiting").update(next_try_at=timezone.now())
    System.objects.update(rest_until=None, down_since=None, next_probe_at=None)
    relay()


def test_an_order_that_the_erp_cancels_ends_its_process_and_the_cases_about_it(anna, monkeypatch):
    sell("BOLT", "2.00")
    order = order_now(anna, BOLT=100)

    def lost(snapshot, erp=None):
        raise UnknownOutcome("No answer.")

    monkeypatch.setattr(checking, "check_order", lambda snapshot, erp=None: CHECKED)
    monkeypatch.setattr(reserving, "reserve_order", lost)
    delivery.fan_out()
    Delivery.objects.filter(destination="erp").update(attempts=MOST_ATTEMPTS - 1)
    relay()
    waiting = Process.objects.get().state

    [message] = receive_messages(ERP, "order_state", [cancelled_there(order)], by=by_erp())
    inbox.take_in(message, by=by_erp())

    order.refresh_from_db()
    process = Process.objects.get()
    assert waiting == "waiting"
    assert (order.status, process.state) == ("cancelled", "undone")
    assert process.steps.get(name="reserve").undo_attempts == 0
    assert not Case.objects.filter(subject=order.subject, state="open").exists()


def test_nothing_else_passes_a_dead_letter(refused):
    Event.objects.filter(subject=refused.subject, name="order.held").update(
        dispatched_at=None, name="order.resent", channel="admin"
    )
    Delivery.objects.filter(subject=refused.subject, event__name="order.resent").delete()

    relay()

    assert to_erp(refused) == [
        ("order.received", DeliveryState.BURIED),
        ("order.resent", DeliveryState.WAITING),
    ]


@pytest.mark.req("QTE-10")
def test_an_offer_whose_last_day_has_passed_is_closed_without_anybody_asking(anna, sam, monkeypatch):
    sell("BOLT", "2.00")
    quote = offer(anna, sam, BOLT=10)
    monkeypatch.setattr(tasks, "run_due", lambda until: None)

    tasks.tick()
    quote.refresh_from_db()
    assert quote.status == QuoteStatus.SENT

    QuoteRevision.objects.update(valid_until=erp_today() - timedelta(days=1))
    tasks.tick()
    quote.refresh_from_db()
    assert quote.status == QuoteStatus.EXPIRED
    assert Event.objects.get(name="quote.expired").actor_label == "Accord"


@pytest.mark.parametrize(("codes", "is_active"), [(["A", ""], True), (["A"], False)])
def test_a_reading_with_a_row_that_could_not_be_read_takes_nothing_for_gone(codes, is_active):
    gone = WarehouseFactory(code="LNZ")
    batch = Batch(as_of=NOON, is_full=True)
    rows = [{"code": code} for code in codes]
    batch.take(rows, key=lambda row: row["code"], record=lambda row: WarehouseRecord(name="Hall", **row))

    reading = Reading(cursor={}, is_full=True, by=by_erp())
    fed = _taken(batch, _maybe_full(apply_warehouses), reading, calls=0)

    gone.refresh_from_db()
    assert gone.is_active is is_active
    assert (fed.applied.new, len(fed.applied.rejected)) == (1, len(codes) - 1)
