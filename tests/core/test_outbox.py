"""Events: written with the change or not at all, in an order per subject."""

import pytest
from django.db import IntegrityError, transaction

from core.actor import Actor
from core.models import Event
from core.outbox import record

BY = Actor("portal", "Anna", on_behalf_of="ACME")


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_a_transaction_is_refused():
    with pytest.raises(RuntimeError, match="outside a transaction"):
        record("thing.done", subject="order:SO-1", payload={}, by=BY)

    assert not Event.objects.exists()


@pytest.mark.req("INT-33")
@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_change_leaves_no_event():
    with transaction.atomic():
        record("thing.done", subject="order:SO-1", payload={}, by=BY)
        transaction.set_rollback(True)

    assert not Event.objects.exists()


@pytest.mark.req("INT-33", "OBS-19")
@pytest.mark.django_db
def test_events_of_a_subject_are_counted_and_name_who_and_why():
    first = record("thing.done", subject="order:SO-1", payload={"net": "1.00"}, by=BY)
    second = record("thing.ended", subject="order:SO-1", payload={}, by=BY)
    other = record("thing.done", subject="order:SO-2", payload={}, by=BY)

    assert [first.sequence, second.sequence, other.sequence] == [1, 2, 1]
    assert first.payload == {"v": 1, "net": "1.00"}
    assert (first.actor_label, first.on_behalf_of, first.channel, first.source) == (
        "Anna",
        "ACME",
        "portal",
        "portal",
    )
    assert first.correlation_id == second.correlation_id == BY.correlation_id


@pytest.mark.django_db
def test_two_events_can_never_share_a_place_in_the_order():
    record("thing.done", subject="order:SO-1", payload={}, by=BY)

    twin = Event.objects.get()
    twin.pk, twin.key = None, "4be0643f-1d98-473b-97cd-ca98a65347dd"
    with pytest.raises(IntegrityError, match="event_subject_sequence"):
        twin.save(force_insert=True)
