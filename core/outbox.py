"""The event log: every change writes its event in its own transaction."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from core.actor import Actor
from core.models import Event, trace


def record(
    name: str,
    *,
    subject: str,
    payload: dict[str, Any],
    by: Actor,
    company: str = "",
    occurred_at: datetime | None = None,
) -> Event:
    """Write down what has happened, in the transaction that makes it happen.

    name: noun.past_participle. subject: "noun:number" of the document root, whose row the
    caller has locked: that lock makes the sequence. payload: self-contained, JSON; its "v" is the
    version of its form, 1 unless given. company: number of the company whose promise it is.
    occurred_at: when it happened in the system it comes from; now, unless given.
    Raises RuntimeError outside a transaction. Source: INT-33.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"event {name} recorded outside a transaction")
    last = Event.objects.filter(subject=subject).aggregate(last=Max("sequence"))["last"]
    event = Event.objects.create(
        name=name,
        version=payload.get("v", 1),
        subject=subject,
        sequence=(last or 0) + 1,
        company_number=company,
        payload={"v": 1, **payload},
        occurred_at=occurred_at or timezone.now(),
        **trace(by),
    )
    transaction.on_commit(_wake, robust=True)
    return event


# What to do after a commit that wrote events. The relay sets it at start; a missed call is
# harmless, since the worker looks every second anyway.
_waker: list[Any] = []


def wake_with(function: Any) -> None:
    """Let `function()` be called after each commit that wrote events."""
    _waker[:] = [function]


def _wake() -> None:
    for function in _waker:
        function()
