"""Writes of the relay: events become deliveries, deliveries are claimed, delivered, tried again, buried."""

import random
from collections.abc import Callable, Mapping
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actor import Actor
from core.errors import InvalidValue
from core.models import Event
from core.states import check_move
from integrations.failures import Broken, CallFailed
from integrations.models import Delivery, DeliveryAttempt, System
from integrations.processes import is_gone, this_process
from integrations.rules import MOST_LOST, is_echo, retry_delay, state_after
from integrations.states import DELIVERY_NEXT, DeliveryState

LEASE = timedelta(seconds=100)
FAN_OUT_LOCK = 7_310_022
CLOSED = (DeliveryState.DELIVERED, DeliveryState.DROPPED)


@transaction.atomic
def dispatch_events(routes: Mapping[str, tuple[tuple[str, str], ...]], *, most: int = 500) -> int:
    """Make one delivery per destination of each event that has none yet; tell how many events.

    routes: {event name: ((destination, system), ...)}. Events are found by their missing mark,
    never after the highest id: a transaction that commits late still gets its turn. One
    worker at a time, or two could deliver a later event of a subject before an earlier one. What a
    flow of a system brought about is not told to that system again (INT-04).
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [FAN_OUT_LOCK])
        if not cursor.fetchone()[0]:
            return 0
    now = timezone.now()
    events = list(
        Event.objects.filter(dispatched_at=None)
        .select_for_update(of=("self",), no_key=True)
        .order_by("id")[:most]
    )
    rows = [
        Delivery(
            event=event,
            destination=destination,
            system=system,
            subject=event.subject,
            sequence=event.sequence,
            next_try_at=now,
        )
        for event in events
        for destination, system in routes.get(event.name, ())
        if not is_echo(event.channel, system)
    ]
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    Event.objects.filter(pk__in=[event.pk for event in events]).update(dispatched_at=now)
    return len(events)


@transaction.atomic
def claim_delivery(
    destination: str,
    *,
    system: str,
    parallel: int,
    passing: tuple[str, ...] = (),
    companies: frozenset[str] | None = None,
) -> Delivery | None:
    """Take the next due delivery of a destination, with a lease; its attempt is counted before the call.

    None when there is none, the system is paused, or `parallel` are already on their way. A
    delivery waits while an older one of its subject and destination is open; what a dead
    worker left behind is due again. passing: names of events that do not wait for dead letters. companies: whose messages
    may go out, None: everybody's; what has begun to go out for a document ends as it began (OPS-05).
    """
    gate = System.objects.select_for_update(skip_locked=True, no_key=True).filter(key=system).first()
    if gate is None or gate.down_since:
        return None
    now = timezone.now()
    _release_dead(destination, now)
    on_the_way = Delivery.objects.filter(
        destination=destination, state=DeliveryState.SENDING, claimed_until__gt=now
    )
    if on_the_way.count() >= parallel:
        return None
    delivery = (
        _due(destination, now, passing)
        .filter(_of_companies(companies))
        .select_for_update(of=("self",), skip_locked=True, no_key=True)
        .order_by("next_try_at", "id")
        .first()
    )
    if delivery is None:
        return None
    DeliveryAttempt.objects.filter(delivery=delivery, ended_at=None).update(ended_at=now, outcome="lost")
    delivery.state = DeliveryState.SENDING
    delivery.attempts += 1
    delivery.claimed_until = now + LEASE
    delivery.claimed_by = this_process()
    delivery.save(update_fields=["state", "attempts", "claimed_until", "claimed_by"])
    DeliveryAttempt.objects.create(
        delivery=delivery, number=delivery.attempts, started_at=now, worker=delivery.claimed_by
    )
    return delivery


def _due(destination: str, now: object, passing: tuple[str, ...]) -> QuerySet[Delivery]:
    older = Delivery.objects.filter(
        destination=OuterRef("destination"), subject=OuterRef("subject"), sequence__lt=OuterRef("sequence")
    ).exclude(state__in=CLOSED)
    lost = Q(state=DeliveryState.SENDING, claimed_until__lte=now)
    return (
        Delivery.objects.filter(Q(state=DeliveryState.WAITING, next_try_at__lte=now) | lost)
        .filter(
            ~Exists(older) | Q(event__name__in=passing) & ~Exists(older.exclude(state=DeliveryState.BURIED)),
            destination=destination,
        )
        .select_related("event")
    )


def _of_companies(companies: frozenset[str] | None) -> Q:
    if companies is None:
        return Q()
    begun = Delivery.objects.filter(
        destination=OuterRef("destination"), subject=OuterRef("subject"), attempts__gt=0
    )
    return Q(event__company_number__in=companies) | Q(Exists(begun))


def _release_dead(destination: str, now: object) -> None:
    held = Delivery.objects.filter(
        destination=destination, state=DeliveryState.SENDING, claimed_until__gt=now
    ).values_list("pk", "claimed_by")
    dead = [pk for pk, holder in held if is_gone(holder)]
    if dead:
        Delivery.objects.filter(pk__in=dead, state=DeliveryState.SENDING).update(claimed_until=now)


def times_lost(delivery: Delivery) -> int:
    """How many workers ended in the middle of this delivery."""
    return delivery.tries.filter(outcome="lost").count()


def is_poison(delivery: Delivery) -> bool:
    """Whether so many workers ended on it that it must not be tried again by itself."""
    return delivery.attempts > MOST_LOST and times_lost(delivery) >= MOST_LOST


@transaction.atomic
def finish_delivery(delivery: Delivery) -> None:
    """The other side has it. Quiet when another worker was quicker after our lease ran out."""
    row = _mine(delivery)
    if row is None:
        return
    now = timezone.now()
    check_move(DELIVERY_NEXT, row.state, DeliveryState.DELIVERED)
    row.state = DeliveryState.DELIVERED
    row.delivered_at = now
    row.claimed_until = None
    row.last_error = row.error_class = ""
    row.save(update_fields=["state", "delivered_at", "claimed_until", "last_error", "error_class"])
    _end_attempt(row, "delivered", "")


@transaction.atomic
def fail_delivery(
    delivery: Delivery, failure: CallFailed, *, bury: Callable[[CallFailed], None] | None = None
) -> DeliveryState:
    """Note a failed attempt: again later if that can help, else a dead letter.

    bury: what a dead letter means for the document (a case, an order on hold); it is called
    in the same transaction.
    """
    row = _mine(delivery)
    if row is None:
        return DeliveryState(Delivery.objects.values_list("state", flat=True).get(pk=delivery.pk))
    now = timezone.now()
    state = state_after(failure.error_class, row.attempts)
    check_move(DELIVERY_NEXT, row.state, state)
    row.state = state
    row.claimed_until = None
    row.error_class = failure.error_class
    row.last_error = failure.reason[:500]
    if state == DeliveryState.BURIED:
        row.buried_at = now
    else:
        chance = random.random()  # noqa: S311 -- spreads retries, protects nothing
        row.next_try_at = now + retry_delay(row.attempts, chance=chance, retry_after=failure.retry_after)
    row.save(
        update_fields=["state", "claimed_until", "error_class", "last_error", "buried_at", "next_try_at"]
    )
    _end_attempt(row, str(failure.error_class), failure.reason)
    if state == DeliveryState.BURIED and bury is not None:
        bury(failure)
    return state


def _mine(delivery: Delivery) -> Delivery | None:
    """The locked row if this attempt still holds it."""
    return (
        Delivery.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk=delivery.pk, state=DeliveryState.SENDING, attempts=delivery.attempts)
        .filter(claimed_by=delivery.claimed_by)
        .first()
    )


def _end_attempt(delivery: Delivery, outcome: str, error: str) -> None:
    DeliveryAttempt.objects.filter(delivery=delivery, number=delivery.attempts, ended_at=None).update(
        ended_at=timezone.now(), outcome=outcome, error=error[:500]
    )


POISON = Broken("Each worker that took this message ended in the middle of it.")


@transaction.atomic
def replay_delivery(delivery: Delivery, *, by: Actor, reason: str) -> Delivery:
    """Try a dead letter again, now, counting anew; who and why stay with its attempts (INT-39)."""
    row = _locked(delivery)
    _need_reason(reason)
    check_move(DELIVERY_NEXT, row.state, DeliveryState.WAITING)
    row.state = DeliveryState.WAITING
    row.attempts = 0
    row.next_try_at = timezone.now()
    row.buried_at = None
    row.error_class = ""
    row.save(update_fields=["state", "attempts", "next_try_at", "buried_at", "error_class"])
    row.tries.filter(outcome="lost").update(outcome="lost before")
    _note(row, "replayed", by, reason)
    return row


@transaction.atomic
def drop_delivery(delivery: Delivery, *, by: Actor, reason: str) -> Delivery:
    """Give a message up for good; those behind it go on. Who and why stay with its attempts."""
    row = _locked(delivery)
    _need_reason(reason)
    check_move(DELIVERY_NEXT, row.state, DeliveryState.DROPPED)
    row.state = DeliveryState.DROPPED
    row.save(update_fields=["state"])
    _note(row, "dropped", by, reason)
    return row


@transaction.atomic
def drop_buried(subject: str, destination: str, *, by: Actor, reason: str) -> int:
    """Give up the dead letters about a document to a destination, when nothing is left to tell."""
    buried = Delivery.objects.filter(subject=subject, destination=destination, state=DeliveryState.BURIED)
    return len([drop_delivery(row, by=by, reason=reason) for row in buried.order_by("pk")])


def _locked(delivery: Delivery) -> Delivery:
    return Delivery.objects.select_for_update(of=("self",), no_key=True).get(pk=delivery.pk)


def _need_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidValue(_("Say why: the reason is kept with the message."), field="reason")


def _note(delivery: Delivery, outcome: str, by: Actor, reason: str) -> None:
    now = timezone.now()
    DeliveryAttempt.objects.create(
        delivery=delivery,
        number=0,
        started_at=now,
        ended_at=now,
        outcome=outcome,
        error=reason[:500],
        worker=by.label[:60],
    )
