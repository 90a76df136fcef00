"""The relay: events become deliveries and get through in order, once, or come to a person."""

import threading
import time
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from core import outbox
from core.errors import InvalidValue
from core.models import Case, Event
from integrations import delivery, dispatch
from integrations.actions.deliveries import drop_delivery, replay_delivery
from integrations.actions.relay import claim_deliveries
from integrations.connectors import registry
from integrations.connectors.tryton.transport import _retry_after
from integrations.failures import Broken, Paced, Refused, Transient, UnknownOutcome
from integrations.models import Delivery, DeliveryAttempt, System
from integrations.rules import MOST_ATTEMPTS
from tests.factories.integrations import SOMEBODY, Receiver, happen

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(monkeypatch):
    """The only destination there is: every thing.done and thing.undone goes to it."""
    receiver = Receiver()
    monkeypatch.setattr(dispatch, "DESTINATIONS", {"there": receiver.destination()})
    monkeypatch.setattr(dispatch, "ROUTES", {"thing.done": ("there",), "thing.undone": ("there",)})
    return receiver


def relay() -> None:
    delivery.fan_out()
    delivery.drain(until=time.monotonic() + 10)


def make_due() -> None:
    """Let the time pass until every waiting delivery is due."""
    Delivery.objects.filter(state="waiting").update(next_try_at=timezone.now())


def states() -> list[tuple[str, str]]:
    return [(row.subject, row.state) for row in Delivery.objects.order_by("id")]


def test_an_event_gets_one_delivery_per_destination_and_only_once(receiver):
    event = happen("thing:1")
    happen("thing:2", "nobody.cares")

    delivery.fan_out()
    delivery.fan_out()

    assert [(row.event_id, row.destination) for row in Delivery.objects.all()] == [(event.pk, "there")]
    assert not Event.objects.filter(dispatched_at=None).exists()


@pytest.mark.req("INT-33")
def test_what_is_rolled_back_is_never_sent_and_what_is_committed_waits_for_the_relay(receiver):
    with suppress(RuntimeError), transaction.atomic():
        outbox.record("thing.done", subject="thing:1", payload={}, by=SOMEBODY)
        raise RuntimeError
    happen("thing:2")

    relay()

    assert receiver.subjects == ["thing:2 thing.done"]


@pytest.mark.req("INT-33")
def test_an_event_that_commits_late_under_a_lower_id_still_gets_its_turn(receiver):
    early, late = happen("thing:1"), happen("thing:2")
    Event.objects.filter(pk=early.pk).update(dispatched_at=timezone.now())
    relay()

    # Its transaction took long: only now it is seen, with an id below the one handed out last.
    Event.objects.filter(pk=early.pk).update(dispatched_at=None)
    relay()

    assert early.pk < late.pk
    assert receiver.subjects == ["thing:2 thing.done", "thing:1 thing.done"]


def test_when_the_time_is_up_no_further_destination_has_its_turn(receiver, monkeypatch):
    both = {name: receiver.destination(name) for name in ("there", "here")}
    monkeypatch.setattr(dispatch, "DESTINATIONS", both)
    monkeypatch.setattr(dispatch, "ROUTES", {"thing.done": ("there", "here")})
    receiver.on_call = lambda message: time.sleep(2.1)
    happen("thing:1")
    delivery.fan_out()

    tried = delivery.drain(until=time.monotonic() + 2)

    assert tried == len(receiver.got) == 1
    assert sorted(states()) == [("thing:1", "delivered"), ("thing:1", "waiting")]


def test_the_attempt_is_counted_before_the_call(receiver):
    counted = []
    receiver.on_call = lambda message: counted.append(Delivery.objects.get().attempts)
    happen("thing:1")

    relay()

    row = Delivery.objects.get()
    assert counted == [1]
    assert (row.state, row.attempts, row.claimed_until) == ("delivered", 1, None)
    assert list(row.tries.values_list("number", "outcome")) == [(1, "delivered")]


@pytest.mark.req("INT-26")
def test_what_can_heal_is_tried_again_later_and_later_and_what_cannot_is_not(receiver):
    receiver.answers = [Transient("busy"), Transient("busy"), None, Refused("no", cause="No.")]
    happen("thing:1")

    relay()
    first_wait = Delivery.objects.get().next_try_at - timezone.now()
    relay()
    tried_early = len(receiver.got)
    make_due()
    relay()
    second_wait = Delivery.objects.get().next_try_at - timezone.now()
    make_due()
    relay()
    happen("thing:2")
    relay()
    relay()

    assert tried_early == 1
    assert timedelta(0) < first_wait <= timedelta(seconds=1)
    assert timedelta(seconds=0.5) < second_wait <= timedelta(seconds=2)
    assert states() == [("thing:1", "delivered"), ("thing:2", "buried")]
    assert receiver.buried == [("thing:2", "no")]
    assert len(receiver.got) == 4


@pytest.mark.req("INT-23")
def test_what_had_to_wait_for_its_turn_has_not_failed_however_often(receiver):
    receiver.answers = [Paced("no turn")] * (MOST_ATTEMPTS + 2) + [Transient("busy")]
    happen("thing:1")

    for _ in range(MOST_ATTEMPTS + 3):
        relay()
        make_due()

    assert len(receiver.got) == MOST_ATTEMPTS + 3
    assert states() == [("thing:1", "waiting")]
    assert receiver.buried == []
    relay()
    assert states() == [("thing:1", "delivered")]


def test_the_other_side_may_say_how_long_to_wait(receiver):
    receiver.answers = [Transient("busy", retry_after=120)]
    happen("thing:1")

    relay()

    wait = Delivery.objects.get().next_try_at - timezone.now()
    assert timedelta(seconds=115) < wait <= timedelta(seconds=120)


@pytest.mark.req("INT-23")
@pytest.mark.parametrize("wish", ["31536000", "9" * 400])
def test_nobody_is_left_alone_for_longer_than_an_hour_whatever_the_other_side_says(receiver, wish):
    receiver.answers = [Transient("busy", retry_after=_retry_after({"Retry-After": wish}))]
    happen("thing:1")

    relay()

    hour = timezone.now() + timedelta(hours=1)
    assert hour - timedelta(minutes=1) < Delivery.objects.get().next_try_at <= hour
    assert hour - timedelta(minutes=1) < System.objects.get(key="far").rest_until <= hour


@pytest.mark.parametrize("wish", ["", "soon", "²", "-5"])
def test_a_wish_that_is_no_time_is_none(wish):
    assert _retry_after({"Retry-After": wish}) is None


def test_an_outcome_that_is_unknown_is_tried_again(receiver):
    receiver.answers = [UnknownOutcome("the answer was lost")]
    happen("thing:1")

    relay()

    row = Delivery.objects.get()
    assert (row.state, row.error_class) == ("waiting", "unknown")


def test_a_mistake_of_a_program_goes_to_a_person_at_once_and_tells_no_values(receiver):
    receiver.answers = [KeyError("secret customer name")]
    happen("thing:1")

    relay()

    row = Delivery.objects.get()
    assert (row.state, row.error_class) == ("buried", "broken")
    assert "secret" not in row.last_error
    assert receiver.buried == [("thing:1", row.last_error)]


@pytest.mark.req("INT-39")
def test_a_dead_letter_holds_back_its_own_document_and_nothing_else(receiver):
    receiver.answers = [Broken("nonsense")]
    happen("thing:1")
    happen("thing:1", "thing.undone")
    happen("thing:2")

    relay()

    assert receiver.subjects == ["thing:1 thing.done", "thing:2 thing.done"]
    assert states() == [("thing:1", "buried"), ("thing:1", "waiting"), ("thing:2", "delivered")]


@pytest.mark.req("INT-39")
def test_a_dead_letter_can_be_tried_again_with_a_reason_and_those_behind_it_follow(receiver):
    receiver.answers = [Broken("nonsense")]
    happen("thing:1")
    happen("thing:1", "thing.undone")
    relay()
    dead = Delivery.objects.get(state="buried")

    with pytest.raises(InvalidValue):
        replay_delivery(dead, by=SOMEBODY, reason=" ")
    replay_delivery(dead, by=SOMEBODY, reason="The receiver was mended.")
    relay()

    assert receiver.subjects == ["thing:1 thing.done", "thing:1 thing.done", "thing:1 thing.undone"]
    assert {state for _subject, state in states()} == {"delivered"}
    assert list(dead.tries.values_list("outcome", "error", "worker"))[1] == (
        "replayed",
        "The receiver was mended.",
        "Anna",
    )


@pytest.mark.req("INT-39")
def test_a_dead_letter_can_be_given_up_with_a_reason_and_those_behind_it_follow(receiver):
    receiver.answers = [Broken("nonsense")]
    happen("thing:1")
    happen("thing:1", "thing.undone")
    relay()

    drop_delivery(Delivery.objects.get(state="buried"), by=SOMEBODY, reason="Done by telephone.")
    relay()

    assert states() == [("thing:1", "dropped"), ("thing:1", "delivered")]
    assert receiver.subjects[-1] == "thing:1 thing.undone"


@pytest.fixture
def probe(monkeypatch):
    """What the far system answers when it is asked whether it is there."""
    answers = []

    def ask():
        answer = answers.pop(0) if answers else None
        if answer is not None:
            raise answer

    monkeypatch.setitem(registry.PROBES, "far", ask)
    return answers


@pytest.mark.req("INT-27")
def test_a_dead_system_pauses_its_deliveries_and_they_drain_in_order_by_themselves(receiver, probe):
    receiver.answers = [Transient("not reached", is_absent=True)]
    for number in range(1, 6):
        happen("thing:1", number=number)
    relay()
    tried_while_down = len(receiver.got)
    make_due()
    relay()

    probe.append(Transient("not reached", is_absent=True))
    System.objects.update(next_probe_at=timezone.now())
    delivery.probe_systems()
    still_down = System.objects.get(key="far").down_since
    System.objects.update(next_probe_at=timezone.now())
    delivery.probe_systems()
    relay()

    assert tried_while_down == 1
    assert still_down is not None
    assert System.objects.get(key="far").down_since is None
    assert [message.payload["number"] for message in receiver.got] == [1, 1, 2, 3, 4, 5]
    assert {state for _subject, state in states()} == {"delivered"}


@pytest.mark.req("ORD-03")
def test_a_system_that_is_away_too_long_is_a_case_until_it_answers(receiver, probe):
    receiver.answers = [Transient("not reached", is_absent=True)]
    happen("thing:1")
    relay()
    probe.extend([Transient("not reached", is_absent=True)] * 3)

    def ask(minutes_down):
        now = timezone.now()
        System.objects.update(next_probe_at=now, down_since=now - timedelta(minutes=minutes_down))
        delivery.probe_systems()
        return Case.objects.filter(kind="system_down").count()

    told = [ask(9), ask(11), ask(12)]
    case = Case.objects.get()
    ask(13)

    case.refresh_from_db()
    assert told == [0, 1, 1]
    assert (case.subject, case.times, case.evidence["waiting"]) == ("system:far", 1, 1)
    assert case.state == "closed"


def test_one_worker_at_a_time_asks_a_paused_system(receiver, probe):
    receiver.answers = [Transient("not reached", is_absent=True)]
    happen("thing:1")
    relay()
    System.objects.update(next_probe_at=timezone.now())
    asked = []
    probe.extend([Transient("no", is_absent=True)] * 2)
    receiver.on_call = lambda message: asked.append(message)

    delivery.probe_systems()
    delivery.probe_systems()

    assert len(probe) == 1
    assert not asked


def test_a_system_that_fails_some_times_in_a_row_is_left_alone(receiver):
    receiver.answers = [Transient("busy")] * 3
    for number in range(4):
        happen(f"thing:{number}")

    relay()

    assert len(receiver.got) == 3
    assert System.objects.get(key="far").down_since is not None


@pytest.mark.req("INT-34")
def test_what_a_dead_worker_held_is_taken_over_when_its_lease_ends(receiver):
    happen("thing:1")
    delivery.fan_out()
    (held,) = claim_deliveries(dispatch.DESTINATIONS["there"])
    relay()
    got_while_held = list(receiver.got)

    Delivery.objects.filter(pk=held.pk).update(claimed_until=timezone.now())
    relay()

    assert got_while_held == []
    assert receiver.subjects == ["thing:1 thing.done"]
    assert list(held.tries.values_list("number", "outcome")) == [(1, "lost"), (2, "delivered")]


def test_a_worker_of_this_machine_that_is_gone_holds_nothing_back(receiver):
    happen("thing:1")
    delivery.fan_out()
    (held,) = claim_deliveries(dispatch.DESTINATIONS["there"])
    host = held.claimed_by.split(":")[0]
    Delivery.objects.filter(pk=held.pk).update(claimed_by=f"{host}:999999:1")

    relay()

    assert receiver.subjects == ["thing:1 thing.done"]


def test_a_message_that_ends_every_worker_comes_to_a_person(receiver):
    happen("thing:1")
    delivery.fan_out()
    for _ in range(5):
        (held,) = claim_deliveries(dispatch.DESTINATIONS["there"])
        Delivery.objects.filter(pk=held.pk).update(claimed_until=timezone.now())

    relay()

    assert receiver.got == []
    assert states() == [("thing:1", "buried")]
    assert len(receiver.buried) == 1


def test_a_worker_that_comes_back_late_changes_nothing(receiver):
    happen("thing:1")
    delivery.fan_out()
    (slow,) = claim_deliveries(dispatch.DESTINATIONS["there"])
    Delivery.objects.filter(pk=slow.pk).update(claimed_until=timezone.now())
    relay()

    delivery.deliver([slow], dispatch.DESTINATIONS["there"])

    assert states() == [("thing:1", "delivered")]
    assert Delivery.objects.get().attempts == 2


@pytest.mark.req("INT-34", "INT-35")
@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_deliver_everything_once_and_in_order(monkeypatch):
    receiver, lock = Receiver(), threading.Lock()
    real = receiver.send

    def send(message):
        with lock:
            real(message)
        time.sleep(0.002)

    monkeypatch.setattr(receiver, "send", send)
    monkeypatch.setattr(dispatch, "DESTINATIONS", {"there": receiver.destination(parallel=4)})
    monkeypatch.setattr(dispatch, "ROUTES", {"thing.done": ("there",)})
    for number in range(8):
        for subject in range(5):
            happen(f"thing:{subject}", number=number)

    def work():
        try:
            while Delivery.objects.exclude(state="delivered").exists() or Event.objects.filter(
                dispatched_at=None
            ):
                delivery.fan_out()
                delivery.drain(until=time.monotonic() + 5)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    for subject in range(5):
        numbers = [m.payload["number"] for m in receiver.got if m.subject == f"thing:{subject}"]
        assert numbers == list(range(8))
    assert DeliveryAttempt.objects.count() == 40


def test_no_more_are_on_their_way_than_the_other_side_can_bear(receiver):
    for number in range(3):
        happen(f"thing:{number}")
    delivery.fan_out()

    there = receiver.destination(parallel=2)

    claimed = [claim_deliveries(there) for _ in range(3)]

    assert [len(batch) for batch in claimed] == [1, 1, 0]


@pytest.mark.req("INT-23")
def test_what_is_given_back_gives_its_tokens_back_too(receiver):
    for number in range(3):
        happen(f"thing:{number}")
    delivery.fan_out()
    there = receiver.destination(batch=3)
    System.objects.filter(key=there.system).delete()
    System.objects.create(key=there.system, kind="erp", rate_per_second=0.001, burst=3, tokens=3)

    claimed = claim_deliveries(there)
    delivery.deliver(claimed, there, until=time.monotonic())
    again = claim_deliveries(there)

    assert len(claimed) == 3
    assert len(again) == 2
