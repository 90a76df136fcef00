"""What is settled is forgotten in time; what somebody still has to look at never is."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from core.cases import CaseFacts, open_case
from core.models import Event, IdempotencyKey
from integrations import delivery, dispatch
from integrations.actions.deliveries import drop_delivery
from integrations.failures import Broken
from integrations.models import Delivery, DeliveryAttempt, FlowRun, InboxMessage
from integrations.retention import forget_settled
from tests.factories.integrations import SOMEBODY, Receiver, happen
from tests.factories.orders import fill, order_now, sell

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(monkeypatch):
    """The only destination there is."""
    receiver = Receiver()
    monkeypatch.setattr(dispatch, "DESTINATIONS", {"there": receiver.destination()})
    monkeypatch.setattr(dispatch, "ROUTES", {"thing.done": ("there",)})
    return receiver


def let_pass(days: int) -> None:
    """Make everything there is that much older."""
    by = timedelta(days=days)
    for row in Delivery.objects.all():
        delivered = row.delivered_at - by if row.delivered_at else None
        Delivery.objects.filter(pk=row.pk).update(created_at=row.created_at - by, delivered_at=delivered)
    for model, field in (
        (InboxMessage, "received_at"),
        (FlowRun, "ended_at"),
        (IdempotencyKey, "created_at"),
    ):
        for row in model.objects.all():
            model.objects.filter(pk=row.pk).update(**{field: getattr(row, field) - by})


def test_settled_deliveries_go_after_ninety_days_and_dead_letters_and_open_cases_stay(receiver):
    receiver.answers = [None, None, Broken("nonsense")]
    for subject in ("thing:done", "thing:disputed", "thing:dead"):
        happen(subject)
    delivery.fan_out()
    delivery.drain(until=time.monotonic() + 30)
    open_case("dispute", "thing:disputed", CaseFacts(cause="Somebody asks."), by=SOMEBODY)
    let_pass(89)
    early = forget_settled(until=time.monotonic() + 30)
    let_pass(2)

    forgotten = forget_settled(until=time.monotonic() + 30, most=1)

    assert early["deliveries"] == 0
    assert forgotten["deliveries"] == 1
    assert list(Delivery.objects.order_by("id").values_list("subject", flat=True)) == [
        "thing:disputed",
        "thing:dead",
    ]
    assert DeliveryAttempt.objects.count() == 2
    assert Event.objects.count() == 3


@pytest.mark.req("INT-39")
def test_why_a_message_was_given_up_is_kept_as_long_as_what_was_delivered(receiver):
    receiver.answers = [Broken("nonsense")]
    happen("thing:dead")
    delivery.fan_out()
    delivery.drain(until=time.monotonic() + 30)
    let_pass(91)
    drop_delivery(Delivery.objects.get(), by=SOMEBODY, reason="Done by phone.")
    forget_settled(until=time.monotonic() + 30)
    kept = list(DeliveryAttempt.objects.filter(outcome="dropped").values_list("error", flat=True))
    DeliveryAttempt.objects.update(started_at=timezone.now() - timedelta(days=91))

    forget_settled(until=time.monotonic() + 30)

    assert kept == ["Done by phone."]
    assert not Delivery.objects.exists()


@pytest.mark.req("INT-36")
def test_the_later_word_stays_while_an_earlier_one_may_still_be_taken_in():
    now = timezone.now() - timedelta(days=100)
    for key, version, state in (
        ("SO-1", "1", "quarantined"),
        ("SO-1", "2", "applied"),
        ("SO-2", "1", "parked"),
        ("SO-2", "2", "applied"),
        ("SO-3", "2", "applied"),
    ):
        row = InboxMessage.objects.create(
            system="erp",
            kind="order_state",
            message_id=f"{key}@{version}",
            key=key,
            version=version,
            payload={},
            state=state,
            applied_at=now if state == "applied" else None,
        )
        InboxMessage.objects.filter(pk=row.pk).update(received_at=now)

    forget_settled(until=time.monotonic() + 30)

    left = InboxMessage.objects.order_by("message_id").values_list("message_id", flat=True)
    assert list(left) == ["SO-1@1", "SO-1@2", "SO-2@1", "SO-2@2"]


def test_messages_taken_in_runs_without_news_and_used_keys_go_in_batches(settings):
    settings.KEEP_SETTLED_DAYS = 10
    now = timezone.now()
    for number in range(5):
        InboxMessage.objects.create(
            system="erp",
            kind="order_state",
            message_id=f"m{number}",
            key=f"SO-{number}",
            payload={},
            state="applied",
        )
        FlowRun.objects.create(flow="erp.stock", started_at=now, ended_at=now, seen=3, same=3)
        IdempotencyKey.objects.create(client="c", key=f"k{number}", request_hash="x")
    InboxMessage.objects.create(
        system="erp", kind="order_state", message_id="bad", payload={}, state="quarantined"
    )
    FlowRun.objects.create(flow="erp.prices", started_at=now, ended_at=now, seen=1, changed=1)
    let_pass(11)
    IdempotencyKey.objects.create(client="c", key="young", request_hash="x")

    forgotten = forget_settled(until=time.monotonic() + 30, most=2)

    assert forgotten == {
        "deliveries": 0,
        "inbound messages": 5,
        "runs": 4,
        "cart events": 0,
        "registrations": 0,
        "idempotency keys": 5,
    }
    assert InboxMessage.objects.get().message_id == "bad"
    assert sorted(FlowRun.objects.values_list("flow", flat=True)) == ["erp.prices", "erp.stock"]
    assert IdempotencyKey.objects.get().key == "young"


def test_of_what_was_told_of_a_cart_the_last_stays_and_nothing_of_an_order_goes(anna):
    sell("A1")
    order_now(anna, A1=1)
    fill(anna, A1=1)
    fill(anna, A1=2)
    Event.objects.update(recorded_at=timezone.now() - timedelta(days=91))
    waiting = forget_settled(until=time.monotonic() + 30)
    Event.objects.update(dispatched_at=timezone.now())

    forgotten = forget_settled(until=time.monotonic() + 30, most=1)

    assert waiting["cart events"] == 0
    assert forgotten["cart events"] == 1
    left = Event.objects.order_by("id").values_list("name", "sequence")
    assert list(left) == [
        ("cart.updated", 1),
        ("order.received", 1),
        ("stock.allocated", 2),
        ("cart.updated", 2),
    ]
