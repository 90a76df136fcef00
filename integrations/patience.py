"""How long the work at hand may take: calls to other systems end before the worker is ended over them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Less than a lease, and less than the queue's limit with what a tick does before it.
SECONDS_PER_DELIVERY = 40.0

_ends_at: ContextVar[float | None] = ContextVar("ends_at", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Bound everything that the block asks of other systems, taken together."""
    token = _ends_at.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends_at.reset(token)


def seconds_left(most: float) -> float:
    """How long a call may still take: `most`, or what is left of the work's time."""
    ends_at = _ends_at.get()
    return most if ends_at is None else min(most, ends_at - time.monotonic())
