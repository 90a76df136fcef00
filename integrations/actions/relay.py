"""Writes of the relay: events become deliveries, are claimed in batches, and end delivered, waiting or buried.

All of it in sets: the cost of a delivery is its rows, not its statements. The order of what is due stands
in an index by lane and time, so that a claim costs the same whatever the backlog.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from core.states import check_move
from integrations.actions.pace import open_gate, pay_tokens
from integrations.failures import Broken, CallFailed, Paced
from integrations.holders import is_gone, this_process
from integrations.models import Delivery, DeliveryAttempt
from integrations.rules import LEASE, MOST_LOST, lanes_open, own_channels, retry_delay, state_after
from integrations.states import DELIVERY_NEXT, DeliveryState, Lane
from integrations.systems import Destination, Route

FAN_OUT_LOCK = 7_310_022
POISON = Broken("Each worker that took this message ended in the middle of it.")

# What is made here does not see itself: those handed out together are hurried by the window, older ones after.
FAN_OUT = """
    WITH route AS (
        SELECT * FROM unnest(%(events)s::text[], %(destinations)s::text[], %(systems)s::text[], %(echoes)s::text[],
            %(lanes)s::smallint[]) AS route (name, destination, system, echo, lane)
    ), fresh AS (
        SELECT id, name, subject, sequence, channel FROM core_event WHERE dispatched_at IS NULL
        ORDER BY id LIMIT %(most)s FOR NO KEY UPDATE
    ), handed AS (
        INSERT INTO integrations_delivery (event_id, destination, system, subject, sequence, lane, state,
            attempts, next_try_at, claimed_by, error_class, last_error, created_at)
        SELECT fresh.id, route.destination, route.system, fresh.subject, fresh.sequence,
            CASE WHEN bool_or(route.lane = %(urgent)s) OVER behind THEN %(urgent)s ELSE route.lane END,
            'waiting', 0, %(now)s, '', '', '', %(now)s
        FROM fresh JOIN route USING (name) WHERE NOT starts_with(fresh.channel, route.echo)
        WINDOW behind AS (PARTITION BY route.destination, fresh.subject ORDER BY fresh.sequence
            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
        ORDER BY fresh.id
        ON CONFLICT (event_id, destination) DO NOTHING
        RETURNING destination, subject, sequence, lane
    ), marked AS (
        UPDATE core_event SET dispatched_at = %(now)s FROM fresh WHERE core_event.id = fresh.id
    ), hurried AS (
        UPDATE integrations_delivery AS older SET lane = handed.lane
        FROM (SELECT destination, subject, max(sequence) AS sequence, lane FROM handed
              WHERE lane = %(urgent)s GROUP BY destination, subject, lane) AS handed
        WHERE older.destination = handed.destination AND older.subject = handed.subject
          AND older.sequence < handed.sequence AND older.lane > handed.lane AND older.state = 'waiting'
    )
    SELECT count(*) FROM fresh
"""

# A message waits while an older one of its subject is open. The subquery is asked row by row, by its index.
IS_NEXT = """
    (NOT EXISTS (SELECT FROM integrations_delivery AS older
        WHERE older.destination = due.destination AND older.subject = due.subject
          AND older.sequence < due.sequence AND older.state NOT IN ('delivered', 'dropped') OFFSET 0)
     OR (SELECT name FROM core_event WHERE id = due.event_id) = ANY(%(passing)s)
        AND NOT EXISTS (SELECT FROM integrations_delivery AS older
            WHERE older.destination = due.destination AND older.subject = due.subject
              AND older.sequence < due.sequence AND older.state NOT IN ('delivered', 'dropped', 'buried')
            OFFSET 0))
"""
# Whose turn it is in a roll-out; what has begun to go out for a document ends as it began.
IS_LIVE = """
    (%(companies)s::text[] IS NULL
     OR (SELECT company_number FROM core_event WHERE id = due.event_id) = ANY(%(companies)s)
     OR EXISTS (SELECT FROM core_event JOIN integrations_delivery AS begun ON begun.event_id = core_event.id
        WHERE core_event.subject = due.subject AND begun.destination = due.destination AND begun.attempts > 0
        OFFSET 0))
"""
# One whose worker ended in the middle of it is claimed alone, others without it.
CLAIM = f"""
    WITH due AS (
        SELECT id, lane, next_try_at, error_class = 'lost' AS is_alone FROM integrations_delivery AS due
        WHERE destination = %(destination)s AND state = 'waiting' AND lane = ANY(%(lanes)s)
          AND next_try_at <= %(now)s AND {IS_NEXT} AND {IS_LIVE}
        ORDER BY lane, next_try_at, id LIMIT %(most)s FOR NO KEY UPDATE SKIP LOCKED
    ), picked AS (
        SELECT id FROM (
            SELECT id, is_alone, row_number() OVER turn AS turn, first_value(is_alone) OVER turn AS first_is_alone
            FROM due WINDOW turn AS (ORDER BY lane, next_try_at, id)
        ) AS due WHERE turn = 1 OR NOT (is_alone OR first_is_alone)
    ), claimed AS (
        UPDATE integrations_delivery AS delivery SET state = 'sending', attempts = attempts + 1,
            claimed_until = %(until)s, claimed_by = %(holder)s
        FROM picked WHERE delivery.id = picked.id
        RETURNING delivery.id, delivery.attempts
    ), tried AS (
        INSERT INTO integrations_deliveryattempt (delivery_id, number, started_at, outcome, error, worker)
        SELECT id, attempts, %(now)s, '', '', %(holder)s FROM claimed
    )
    SELECT id FROM claimed
"""  # noqa: S608 -- made of constants
TAKE_OVER = """
    WITH lost AS (
        UPDATE integrations_delivery SET state = 'waiting', claimed_until = NULL, error_class = 'lost'
        WHERE destination = %(destination)s AND state = 'sending'
          AND (claimed_until <= %(now)s OR claimed_by = ANY(%(dead)s))
        RETURNING id
    )
    UPDATE integrations_deliveryattempt AS attempt SET ended_at = %(now)s, outcome = 'lost'
    FROM lost WHERE attempt.delivery_id = lost.id AND attempt.ended_at IS NULL
"""
FINISH = """
    WITH done AS (
        SELECT * FROM unnest(%(ids)s::bigint[], %(attempts)s::int[], %(began)s::timestamptz[],
            %(ended)s::timestamptz[]) AS done (id, attempts, began, ended)
    ), mine AS (
        UPDATE integrations_delivery AS delivery SET state = 'delivered', delivered_at = done.ended,
            claimed_until = NULL, last_error = '', error_class = ''
        FROM done WHERE delivery.id = done.id AND delivery.attempts = done.attempts
          AND delivery.state = 'sending' AND delivery.claimed_by = %(holder)s
        RETURNING done.*
    ), ended AS (
        UPDATE integrations_deliveryattempt AS attempt
        SET started_at = mine.began, ended_at = mine.ended, outcome = 'delivered'
        FROM mine WHERE attempt.delivery_id = mine.id AND attempt.number = mine.attempts AND ended_at IS NULL
    )
    SELECT count(*) FROM mine
"""
HAND_BACK = """
    WITH mine AS (
        UPDATE integrations_delivery AS delivery
        SET state = 'waiting', attempts = attempts - 1, claimed_until = NULL
        FROM unnest(%(ids)s::bigint[], %(attempts)s::int[]) AS held (id, number)
        WHERE delivery.id = held.id AND delivery.attempts = held.number
          AND delivery.state = 'sending' AND delivery.claimed_by = %(holder)s
        RETURNING held.*
    )
    DELETE FROM integrations_deliveryattempt AS attempt USING mine
    WHERE attempt.delivery_id = mine.id AND attempt.number = mine.number AND ended_at IS NULL
"""


@transaction.atomic
def dispatch_events(routes: Sequence[Route], *, most: int = 1000) -> int:
    """Make one delivery per destination of each event that has none yet; tell how many events.

    Events are found by their missing mark, never after the highest id: a transaction that commits late
    still gets its turn. One worker at a time, or two could deliver a later event of a subject before
    an earlier one. What an urgent message has to wait for becomes urgent with it. What a flow of a
    system brought about is not told to that system again (INT-04).
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [FAN_OUT_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(
            FAN_OUT,
            {
                "events": [route.event for route in routes],
                "destinations": [route.destination for route in routes],
                "systems": [route.system for route in routes],
                "echoes": [own_channels(route.system) for route in routes],
                "lanes": [int(route.lane) for route in routes],
                "urgent": int(Lane.URGENT),
                "most": most,
                "now": timezone.now(),
            },
        )
        return int(cursor.fetchone()[0])


@transaction.atomic
def claim_deliveries(
    destination: Destination, *, most: int | None = None, companies: frozenset[str] | None = None
) -> list[Delivery]:
    """Take the next due deliveries of a destination, with a lease; their attempts are counted before the calls.

    most: the destination's batch, unless given. companies: whose messages may go out, None: everybody's;
    what has begun to go out for a document ends as it began (OPS-05). Each is of another subject, since a delivery waits
    while an older one of its subject and destination is open. Urgent ones come first, and
    bulk leaves one way free (`lanes_open`). What a dead worker left behind comes alone, so that a message which
    ends its worker is told from those that were claimed with it. [] when there is none, the
    system is paused or rests, has no token left, or `parallel` batches are on their way already.
    """
    now = timezone.now()
    room = open_gate(destination.system, now)
    if room is not None and room < 1:
        return []
    # The lease counts from when the gate let us in, not from when we came to it.
    now = timezone.now()
    lanes = lanes_open(_batches(destination.name, now), destination.parallel)
    if not lanes:
        return []
    wanted = most or destination.batch
    if room is not None and destination.pays:
        wanted = min(wanted, int(room))
    with connection.cursor() as cursor:
        cursor.execute(
            CLAIM,
            {
                "destination": destination.name,
                "lanes": [int(lane) for lane in lanes],
                "passing": list(destination.passing),
                "companies": None if companies is None else list(companies),
                "most": wanted,
                "now": now,
                "until": now + LEASE,
                "holder": this_process(),
            },
        )
        claimed = [row[0] for row in cursor.fetchall()]
    if room is not None and destination.pays and claimed:
        pay_tokens(destination.system, len(claimed))
    rows = Delivery.objects.filter(pk__in=claimed).select_related("event")
    return list(rows.order_by("lane", "next_try_at", "id")) if claimed else []


def _batches(destination: str, now: datetime) -> list[Lane]:
    """The last lane of each batch on its way. What the dead held waits for its turn again."""
    rows = (
        Delivery.objects.filter(destination=destination, state=DeliveryState.SENDING)
        .order_by()
        .values("claimed_by", "claimed_until")
        .annotate(last=Max("lane"))
        .values_list("claimed_by", "claimed_until", "last")
    )
    batches = list(rows)
    dead = {holder for holder, _until, _lane in batches if is_gone(holder)}
    alive = [Lane(lane) for holder, until, lane in batches if until and until > now and holder not in dead]
    if len(alive) < len(batches):
        check_move(DELIVERY_NEXT, DeliveryState.SENDING, DeliveryState.WAITING)
        with connection.cursor() as cursor:
            cursor.execute(TAKE_OVER, {"destination": destination, "now": now, "dead": list(dead)})
    return alive


def times_lost(delivery: Delivery) -> int:
    """How many workers ended in the middle of this delivery."""
    return delivery.tries.filter(outcome="lost").count()


def is_poison(delivery: Delivery) -> bool:
    """Whether so many workers ended on it that it must not be tried again by itself."""
    return delivery.attempts > MOST_LOST and times_lost(delivery) >= MOST_LOST


@dataclass(frozen=True)
class Done:
    """A delivery whose call succeeded, and when that began and ended."""

    delivery: Delivery
    began: datetime
    ended: datetime


@transaction.atomic
def finish_deliveries(done: Iterable[Done]) -> int:
    """The other side has them; tell how many were still ours.

    Quiet about those that another worker took when our lease ran out.
    """
    ended = list(done)
    if not ended:
        return 0
    check_move(DELIVERY_NEXT, DeliveryState.SENDING, DeliveryState.DELIVERED)
    with connection.cursor() as cursor:
        cursor.execute(
            FINISH,
            {
                "ids": [one.delivery.pk for one in ended],
                "attempts": [one.delivery.attempts for one in ended],
                "began": [one.began for one in ended],
                "ended": [one.ended for one in ended],
                "holder": ended[0].delivery.claimed_by,
            },
        )
        return int(cursor.fetchone()[0])


@transaction.atomic
def hand_back(deliveries: Sequence[Delivery]) -> int:
    """Give back what was claimed and never begun, as if it had not been claimed; tell how many were still ours."""
    if not deliveries:
        return 0
    check_move(DELIVERY_NEXT, DeliveryState.SENDING, DeliveryState.WAITING)
    with connection.cursor() as cursor:
        cursor.execute(
            HAND_BACK,
            {
                "ids": [delivery.pk for delivery in deliveries],
                "attempts": [delivery.attempts for delivery in deliveries],
                "holder": deliveries[0].claimed_by,
            },
        )
        return int(cursor.rowcount)


@transaction.atomic
def fail_delivery(
    delivery: Delivery,
    failure: CallFailed,
    *,
    began: datetime | None = None,
    bury: Callable[[CallFailed], None] | None = None,
) -> DeliveryState:
    """Note a failed attempt: again later if that can help, else a dead letter.

    began: when the call did. bury: what a dead letter means for the document (a case, an order on
    hold); it is called in the same transaction.
    """
    row = _mine(delivery)
    if row is None:
        return DeliveryState(Delivery.objects.values_list("state", flat=True).get(pk=delivery.pk))
    now = timezone.now()
    # What was never sent has not failed, however often it had to wait.
    is_paced = isinstance(failure, Paced)
    state = DeliveryState.WAITING if is_paced else state_after(failure.error_class, row.attempts)
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
    number = row.attempts
    if is_paced and number > 1:
        row.attempts -= 1
    row.save(
        update_fields=[
            "state",
            "attempts",
            "claimed_until",
            "error_class",
            "last_error",
            "buried_at",
            "next_try_at",
        ]
    )
    ended = {"ended_at": now, "outcome": str(failure.error_class), "error": failure.reason[:500]}
    if began is not None:
        ended["started_at"] = began
    DeliveryAttempt.objects.filter(delivery=row, number=number, ended_at=None).update(**ended)
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
