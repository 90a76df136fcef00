"""Wake-ups in a list of Redis: taken out as they are handed out, so that each is handed out once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django_q.brokers.redis_broker import Redis
from redis.exceptions import RedisError

from integrations.wakeups import QueueAway


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise QueueAway(f"Redis was not reached ({type(error).__name__}).") from error


class RedisWakeUps(Redis):
    """django-q2's Redis broker, which also tells whether a wake-up still waits.

    Whatever Redis loses is put in again by the next tick.
    """

    last: str | None = None

    def enqueue(self, task: str) -> int:
        """Put a task at the end of the list and remember it, by which a waiting tick is recognised."""
        with _reached():
            length: int = super().enqueue(task)
        self.last = task
        return length

    def is_waiting(self, task: str | None) -> bool:
        """Tell whether a task put in earlier has not been taken yet."""
        with _reached():
            return task is not None and self.connection.lpos(self.list_key, task) is not None
