"""The queue's table as wake-ups: each is handed out once and forgotten, because none of them is the truth.

What must be done stands in our own tables (deliveries, flows, submissions), with attempts and leases. A task
is only the call to look there. So it is deleted as it is taken: a task whose worker dies does not come back to
kill the next one, prefetched tasks are not done twice, and a lost one is replaced by the next tick.
"""

from __future__ import annotations

from time import sleep
from typing import Any, Protocol

from django.db import connections
from django_q.brokers import get_broker
from django_q.brokers.orm import ORM
from django_q.conf import Conf


class QueueAway(Exception):
    """The queue is a system of its own, and was not reached."""


class Queue(Protocol):
    """What the supervisor needs of a broker. last: names the task put in last, for `is_waiting`."""

    last: Any

    def is_waiting(self, task: Any) -> bool:
        """Tell whether a task put in earlier has not been taken yet."""


def queue_of(cluster: str) -> Queue:
    """The queue of a cluster, in the place that the settings choose. Raises QueueAway."""
    queue: Queue = get_broker(cluster)
    return queue


TAKE = """
    DELETE FROM django_q_ormq WHERE id IN (
        SELECT id FROM django_q_ormq WHERE key = %s AND lock <= now() ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    ) RETURNING id, payload
"""


class WakeUps(ORM):
    """django-q2's database broker, handing out each row once, oldest first, to one of many clusters."""

    last: int | None = None

    def enqueue(self, task: str) -> int:
        """Put a task into the queue and remember its row, by which a waiting tick is recognised."""
        self.last = super().enqueue(task)
        return self.last

    def dequeue(self) -> list[tuple[int, str]] | None:
        """Take the oldest tasks out of the queue; with none there, wait for a poll interval."""
        self.get_connection()  # closes a connection that has become too old
        with connections[Conf.ORM].cursor() as cursor:
            cursor.execute(TAKE, [self.list_key, Conf.BULK])
            taken = cursor.fetchall()
        if not taken:
            sleep(Conf.POLL)
            return None
        return sorted(taken)

    def is_waiting(self, row: int | None) -> bool:
        """Tell whether a task put in earlier has not been taken yet."""
        return row is not None and self.get_connection().filter(pk=row).exists()
