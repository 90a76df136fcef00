"""The event log: every change writes its event in its own transaction."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Field
from django.utils import timezone

from core import audit
from core.actor import Actor
from core.models import Event, trace
from core.records import misfit_of_event


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
    An event that matters to auditors writes its entry of the audit log as well (`core.audit.tell`).
    Raises RuntimeError outside a transaction, ValueError for a payload that does not fit the form of
    its event (`core.records.describe`). Source: INT-33, INT-13.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"event {name} recorded outside a transaction")
    if wrong := misfit_of_event(name, payload):
        raise ValueError(f"event {name}: {wrong}")
    event = Event(
        name=name,
        version=payload.get("v", 1),
        subject=subject,
        company_number=company,
        payload={"v": 1, **payload},
        occurred_at=occurred_at or timezone.now(),
        **trace(by),
    )
    _insert(event)
    audit.of_event(event, by=by)
    return event


@cache
def _statement() -> tuple[tuple[Field[Any, Any], ...], str]:
    """The columns that an event is written with, and the INSERT that gives it the next number of its subject."""
    fields = tuple(field for field in Event._meta.concrete_fields if field.attname not in ("id", "sequence"))
    columns = ", ".join(str(field.column) for field in fields)
    return fields, (
        f"""INSERT INTO core_event (sequence, {columns})
            VALUES ((SELECT COALESCE(max(sequence), 0) + 1 FROM core_event WHERE subject = %s),
                {", ".join(["%s"] * len(fields))})
            RETURNING id, sequence"""  # noqa: S608 -- names of columns
    )


def _insert(event: Event) -> None:
    """Write the event with the next number of its subject, in one statement."""
    fields, statement = _statement()
    values = [field.get_db_prep_save(field.pre_save(event, True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(statement, [event.subject, *values])
        event.pk, event.sequence = cursor.fetchone()
    event._state.adding, event._state.db = False, connection.alias
