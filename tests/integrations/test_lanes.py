"""Lanes: what is urgent does not wait behind what comes in masses; claims cost the same whatever the backlog."""

import json
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from core.models import Event
from integrations import delivery, dispatch
from integrations.actions import relay as claims
from integrations.actions.relay import claim_deliveries
from integrations.failures import Transient
from integrations.models import Delivery, DeliveryAttempt
from integrations.rules import lanes_open
from integrations.states import Lane
from tests.factories.integrations import SAID, SOMEBODY, Receiver, happen

NAMES = {"stock.updated": Lane.BULK, "thing.done": Lane.NORMAL, "order.held": Lane.URGENT}


@pytest.fixture
def receiver(monkeypatch):
    """The only destination there is, for an event of each lane."""
    receiver = Receiver()
    lead_to(receiver, monkeypatch)
    return receiver


def lead_to(receiver, monkeypatch, **more):
    monkeypatch.setattr(dispatch, "DESTINATIONS", {"there": receiver.destination(**more)})
    monkeypatch.setattr(dispatch, "ROUTES", dict.fromkeys(NAMES, ("there",)))
    monkeypatch.setattr(dispatch, "LANES", NAMES)


def happen_in_bulk(count: int, name: str = "stock.updated") -> None:
    """Record events of as many subjects, as fast as rows can be written."""
    now = timezone.now()
    last = Event.objects.count()
    Event.objects.bulk_create(
        Event(
            name=name,
            subject=f"bulk:{last + number}",
            sequence=1,
            payload=SAID.get(name, {}),
            occurred_at=now,
            channel="portal",
            source="portal",
            actor_label=SOMEBODY.label,
            correlation_id="bulk",
        )
        for number in range(count)
    )


@pytest.mark.parametrize(
    ("on_the_way", "parallel", "expected"),
    [
        ([], 1, (Lane.URGENT, Lane.NORMAL, Lane.BULK)),
        ([Lane.BULK], 1, ()),
        ([], 2, (Lane.URGENT, Lane.NORMAL, Lane.BULK)),
        ([Lane.BULK], 2, (Lane.URGENT, Lane.NORMAL)),
        ([Lane.URGENT], 2, (Lane.URGENT, Lane.NORMAL, Lane.BULK)),
        ([Lane.BULK, Lane.BULK], 4, (Lane.URGENT, Lane.NORMAL, Lane.BULK)),
        ([Lane.BULK] * 3, 4, (Lane.URGENT, Lane.NORMAL)),
        ([Lane.NORMAL] * 4, 4, ()),
    ],
)
@pytest.mark.req("INT-06")
def test_bulk_leaves_one_way_to_what_is_urgent(on_the_way, parallel, expected):
    assert lanes_open(on_the_way, parallel) == expected


@pytest.mark.req("INT-06", "PRC-19")
@pytest.mark.django_db
def test_a_hold_is_the_next_to_go_although_ten_thousand_others_were_there_before(receiver):
    happen_in_bulk(10_000)
    delivery.fan_out()
    there = dispatch.DESTINATIONS["there"]
    # The one way there is: what is under way ends, and the hold is next.
    receiver.on_call = lambda message: happen("order:1", "order.held") if len(receiver.got) == 3 else None

    for _ in range(5):
        delivery.deliver(claim_deliveries(there), there)
        delivery.fan_out()

    assert receiver.subjects[:5] == [
        "bulk:0 stock.updated",
        "bulk:1 stock.updated",
        "bulk:2 stock.updated",
        "order:1 order.held",
        "bulk:3 stock.updated",
    ]


@pytest.mark.req("INT-06")
@pytest.mark.django_db
def test_while_bulk_is_in_work_a_hold_takes_the_way_that_is_left_for_it(receiver, monkeypatch):
    lead_to(receiver, monkeypatch, parallel=2, batch=50)
    there = dispatch.DESTINATIONS["there"]
    happen_in_bulk(500)
    delivery.fan_out()

    in_work = claim_deliveries(there)
    more_bulk = claim_deliveries(there)
    happen("order:1", "order.held")
    delivery.fan_out()
    hold = claim_deliveries(there)

    assert len(in_work) == 50
    assert more_bulk == []
    assert [row.subject for row in hold] == ["order:1"]


@pytest.mark.req("INT-06")
@pytest.mark.django_db
def test_what_happens_while_a_long_queue_drains_is_handed_out_and_goes_first(receiver, monkeypatch):
    monkeypatch.setattr(delivery, "FAN_OUT_EVERY", 0.0)
    happen_in_bulk(20)
    delivery.fan_out()
    receiver.on_call = lambda message: happen("order:1", "order.held") if len(receiver.got) == 3 else None

    delivery.drain(until=time.monotonic() + 30)

    assert receiver.subjects.index("order:1 order.held") == 3
    assert len(receiver.got) == 21


@pytest.mark.req("INT-06")
@pytest.mark.django_db
def test_what_an_urgent_message_has_to_wait_for_goes_first_with_it(receiver):
    happen_in_bulk(5)
    happen("order:1", "thing.done")
    happen("order:1", "stock.updated")
    delivery.fan_out()
    happen("order:1", "order.held")
    delivery.fan_out()

    delivery.drain(until=time.monotonic() + 30)

    assert receiver.subjects[:3] == ["order:1 thing.done", "order:1 stock.updated", "order:1 order.held"]


@pytest.mark.req("INT-06")
@pytest.mark.django_db
def test_what_is_handed_out_with_an_urgent_message_and_comes_before_it_is_urgent_too(receiver):
    happen_in_bulk(5)
    happen("order:1", "thing.done")
    happen("order:1", "stock.updated")
    happen("order:1", "order.held")
    happen("order:1", "stock.updated")

    delivery.fan_out()

    lanes = Delivery.objects.filter(subject="order:1").order_by("sequence").values_list("lane", flat=True)
    assert list(lanes) == [Lane.URGENT, Lane.URGENT, Lane.URGENT, Lane.BULK]
    assert set(Delivery.objects.exclude(subject="order:1").values_list("lane", flat=True)) == {Lane.BULK}


@pytest.mark.django_db
def test_a_batch_is_of_different_subjects_and_its_attempts_are_counted_before_the_calls(
    receiver, monkeypatch
):
    lead_to(receiver, monkeypatch, batch=10)
    for subject in range(3):
        for _ in range(2):
            happen(f"thing:{subject}")
    delivery.fan_out()
    counted = []
    receiver.on_call = lambda message: counted.append(DeliveryAttempt.objects.filter(ended_at=None).count())

    delivery.drain(until=time.monotonic() + 30)

    assert receiver.subjects == [f"thing:{subject} thing.done" for subject in (0, 1, 2, 0, 1, 2)]
    assert counted == [3, 3, 3, 3, 3, 3]
    assert set(DeliveryAttempt.objects.values_list("number", "outcome")) == {(1, "delivered")}
    assert {row.attempts for row in Delivery.objects.all()} == {1}


@pytest.mark.req("INT-27")
@pytest.mark.django_db
def test_the_rest_of_a_batch_is_given_back_untouched_when_the_system_fails(receiver, monkeypatch):
    lead_to(receiver, monkeypatch, batch=10)
    for subject in range(5):
        happen(f"thing:{subject}")
    delivery.fan_out()
    receiver.answers = [None, Transient("not reached", is_absent=True)]

    delivery.drain(until=time.monotonic() + 30)

    assert receiver.subjects == ["thing:0 thing.done", "thing:1 thing.done"]
    rows = Delivery.objects.order_by("id").values_list("state", "attempts")
    assert list(rows) == [("delivered", 1), ("waiting", 1), *[("waiting", 0)] * 3]
    assert DeliveryAttempt.objects.count() == 2


@pytest.mark.req("INT-34")
@pytest.mark.django_db
def test_those_claimed_together_with_a_message_that_ends_its_worker_are_not_buried_with_it(
    receiver, monkeypatch
):
    lead_to(receiver, monkeypatch, batch=10)
    there = dispatch.DESTINATIONS["there"]
    for subject in range(4):
        happen(f"thing:{subject}")
    delivery.fan_out()

    def die_over(batch):
        Delivery.objects.filter(pk__in=[row.pk for row in batch]).update(claimed_until=timezone.now())

    sizes = []
    for _ in range(5):
        batch = claim_deliveries(there)
        sizes.append([row.subject for row in batch])
        die_over(batch)
    delivery.drain(until=time.monotonic() + 30)

    assert sizes == [[f"thing:{subject}" for subject in range(4)], *[["thing:0"]] * 4]
    assert receiver.subjects == [f"thing:{subject} thing.done" for subject in (1, 2, 3)]
    assert receiver.buried == [("thing:0", claims.POISON.reason)]


@pytest.mark.req("INT-32")
@pytest.mark.django_db
def test_a_destination_that_fails_holds_up_no_other(monkeypatch):
    dead, well = Receiver(answers=[Transient("not reached", is_absent=True)]), Receiver()
    places = {
        "dead": dead.destination("dead", system="dead"),
        "well": well.destination("well", system="well"),
    }
    monkeypatch.setattr(dispatch, "DESTINATIONS", places)
    monkeypatch.setattr(dispatch, "ROUTES", {"thing.done": ("dead", "well")})
    for number in range(5):
        happen("thing:1", number=number)
    delivery.fan_out()

    delivery.drain(until=time.monotonic() + 30)

    assert len(dead.got) == 1
    assert [message.payload["number"] for message in well.got] == [0, 1, 2, 3, 4]
    assert Delivery.objects.filter(destination="dead", state="waiting").count() == 5


@pytest.mark.slow
@pytest.mark.req("INT-40")
@pytest.mark.django_db
def test_a_burst_of_ten_thousand_waits_and_gets_through_each_once(receiver, monkeypatch):
    lead_to(receiver, monkeypatch, batch=200)
    happen_in_bulk(10_000)
    delivery.fan_out()
    waiting = Delivery.objects.filter(state="waiting").count()

    while delivery.drain(until=time.monotonic() + 12):
        pass

    assert waiting == 10_000
    assert len({message.key for message in receiver.got}) == len(receiver.got) == 10_000
    assert set(Delivery.objects.values_list("state", "attempts")) == {("delivered", 1)}


@pytest.mark.django_db
def test_a_claim_goes_by_the_index_however_many_wait():
    """Failure bank 30."""
    receiver = Receiver()
    there = receiver.destination(batch=20)
    happen_in_bulk(1)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO core_event (key, name, version, subject, sequence, company_number, payload, occurred_at,
                   recorded_at, actor_label, on_behalf_of, channel, source, correlation_id)
               SELECT gen_random_uuid(), name, version, 'flood:' || n, 1, '', '{}', occurred_at, recorded_at,
                   actor_label, '', channel, source, correlation_id
               FROM core_event, generate_series(1, 100000) AS n"""
        )
        cursor.execute(
            """INSERT INTO integrations_delivery (event_id, destination, system, subject, sequence, lane, state,
                   attempts, next_try_at, claimed_by, error_class, last_error, created_at)
               SELECT id, 'there', 'far', subject, sequence, 2, 'waiting', 0, now() - interval '1 minute', '', '', '',
                   now()
               FROM core_event"""
        )
        cursor.execute("ANALYZE core_event, integrations_delivery")
        now = timezone.now()
        cursor.execute(
            f"EXPLAIN (ANALYZE, FORMAT JSON) {claims.CLAIM}",
            {
                "destination": there.name,
                "lanes": [0, 1, 2],
                "passing": [],
                "companies": None,
                "most": 20,
                "now": now,
                "until": now + timedelta(seconds=100),
                "holder": "test",
            },
        )
        (found,) = cursor.fetchone()
    plan = found if isinstance(found, list) else json.loads(found)

    nodes = list(walk(plan[0]["Plan"]))
    scans = {(node["Node Type"], node.get("Relation Name")) for node in nodes if "Relation Name" in node}
    assert not [scan for scan in scans if scan[0] == "Seq Scan"]
    assert "delivery_due" in {node.get("Index Name") for node in nodes}
    read = [node["Actual Rows"] * node["Actual Loops"] for node in nodes if "Relation Name" in node]
    assert max(read) <= 20


def walk(node):
    """A plan's node and all below it."""
    yield node
    for below in node.get("Plans", []):
        yield from walk(below)
