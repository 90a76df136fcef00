"""Deletes of the hub: what is settled and old, in small batches. Dead letters and open cases are never old."""

from datetime import datetime

from django.db import connection, transaction

DELIVERIES = """
    WITH old AS (
        SELECT id FROM integrations_delivery AS delivery
        WHERE state IN ('delivered', 'dropped') AND created_at < %(before)s
          AND (delivered_at IS NULL OR delivered_at < %(before)s)
          AND NOT EXISTS (SELECT FROM core_case WHERE state = 'open' AND core_case.subject = delivery.subject)
          AND NOT EXISTS (SELECT FROM integrations_deliveryattempt AS note
              WHERE note.delivery_id = delivery.id AND note.number = 0 AND note.started_at >= %(before)s)
        ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
    ), tries AS (
        DELETE FROM integrations_deliveryattempt USING old WHERE delivery_id = old.id
    )
    DELETE FROM integrations_delivery USING old WHERE integrations_delivery.id = old.id
"""
# While an earlier word about the same thing is open, the later ones stay: they say that it is too old.
MESSAGES = """
    DELETE FROM integrations_inboxmessage WHERE id IN (
        SELECT id FROM integrations_inboxmessage AS message
        WHERE state IN ('applied', 'old') AND received_at < %(before)s
          AND NOT EXISTS (SELECT FROM integrations_inboxmessage AS other
              WHERE other.system = message.system AND other.kind = message.kind AND other.key = message.key
                AND other.state NOT IN ('applied', 'old'))
        ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
    )
"""
RUNS = """
    DELETE FROM integrations_flowrun WHERE id IN (
        SELECT id FROM integrations_flowrun AS run
        WHERE ended_at < %(before)s AND new = 0 AND changed = 0 AND rejected = 0 AND removed = 0 AND error = ''
          AND NOT EXISTS (SELECT FROM integrations_difference WHERE run_id = run.id)
          AND EXISTS (SELECT FROM integrations_flowrun AS later WHERE later.flow = run.flow AND later.id > run.id)
        ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
    )
"""
# The last event of a cart stays, and with it the count of its sequence.
CART_EVENTS = """
    DELETE FROM core_event WHERE id IN (
        SELECT id FROM core_event AS event
        WHERE name = 'cart.updated' AND recorded_at < %(before)s AND dispatched_at IS NOT NULL
          AND NOT EXISTS (SELECT FROM integrations_delivery WHERE event_id = event.id)
          AND EXISTS (SELECT FROM core_event AS later
              WHERE later.subject = event.subject AND later.sequence > event.sequence)
        ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
    )
"""


def forget_deliveries(before: datetime, *, most: int) -> int:
    """Delete deliveries that got through or were given up before then, with their attempts; tell how many."""
    return _delete(DELIVERIES, before, most)


def forget_messages(before: datetime, *, most: int) -> int:
    """Delete inbound messages that were taken in, or were too old to be, before then; tell how many."""
    return _delete(MESSAGES, before, most)


def forget_runs(before: datetime, *, most: int) -> int:
    """Delete runs without news that ended before then, but each flow's last; tell how many."""
    return _delete(RUNS, before, most)


def forget_cart_events(before: datetime, *, most: int) -> int:
    """Delete what was told of carts before then and is delivered nowhere, but each cart's last; tell how many."""
    return _delete(CART_EVENTS, before, most)


@transaction.atomic
def _delete(statement: str, before: datetime, most: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"before": before, "most": most})
        return cursor.rowcount
