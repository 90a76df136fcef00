"""Messages are given to the app that owns them: one by one, or many of a kind at once, each record by one worker."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
    transaction,
)
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import ValidationError

from core import refusals
from core.actor import Actor, acting, action
from core.applied import Applied
from core.cases import settle_cases
from core.errors import DomainError, InvalidValue
from core.logging import get_logger
from core.records import Record, reason_of
from integrations.actions.inbox.messages import PUSHED
from integrations.actions.inbox.stuck import (
    ORPHAN,
    QUARANTINED,
    locked_message,
    park,
    put_off,
    quarantine,
    settle_shared,
    subject_of,
    supersede,
)
from integrations.contracts.registry import newest_form
from integrations.models import InboxMessage
from integrations.states import InboxState
from orders.rules.facts import ParentMissing
from orders.rules.standing import is_older
from orders.states import Outcome

logger = get_logger(__name__)

# How far ahead of ours the sender's clock may be.
AHEAD = timedelta(minutes=5)
OPEN = (InboxState.NEW, InboxState.PARKED)
Take = Callable[..., Outcome]
TakeSet = Callable[..., Applied]
# One record, one lock: whoever takes in a message about it holds it to the end of the transaction.
LOCK_RECORD = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
TRY_LOCKS = """
    SELECT id FROM unnest(%s::bigint[], %s::text[]) AS asked(id, name)
    WHERE pg_try_advisory_xact_lock(hashtextextended(name, 0))
"""
LAST_APPLIED = """
    SELECT asked.key, last.version FROM unnest(%(keys)s::text[]) AS asked(key) CROSS JOIN LATERAL (
        SELECT version FROM integrations_inboxmessage
        WHERE system = %(system)s AND kind = %(kind)s AND key = asked.key AND state = 'applied'
        ORDER BY applied_at DESC LIMIT 1
    ) AS last
"""


class NotYet(DomainError):
    """The flow is not live for what the message is about: it waits, and nobody need act (OPS-03)."""

    code = "not_yet"


def take_message(message: InboxMessage, *, take: Take, record: type[Record], by: Actor) -> str:
    """Give a message to the app that owns it; tell what became of it.

    new, changed, same, older, parked, waiting or quarantined. A message that was taken in by another
    worker meanwhile is "same". One that is older than what was last applied of the same thing is dropped
    as "older" (INT-36). Nothing of a refused one remains.
    """
    try:
        return _taken(message, take=take, record=record, by=by)
    except NotYet as wait:
        return put_off(message.pk, str(wait))
    except ParentMissing as missing:
        return park(message.pk, str(missing), by=by)
    except ValidationError as error:
        return quarantine(message.pk, reason_of(error), by=by)
    except DomainError as error:
        refusals.keep(error, by=by)
        return quarantine(message.pk, str(error), by=by)
    except (DataError, IntegrityError) as error:
        # Its values do not fit our tables: this message's fault, not its neighbours'.
        return quarantine(message.pk, f"It cannot be stored ({type(error).__name__}).", by=by)
    except (OperationalError, InterfaceError):
        # The database is away or busy: the message is as it was.
        raise
    except Exception as error:
        logger.exception("inbox.broken", kind=message.kind)
        reason = f"Unexpected {type(error).__name__}; the log has its place."
        return quarantine(message.pk, reason, by=by)


@action
def _taken(message: InboxMessage, *, take: Take, record: type[Record], by: Actor) -> str:
    with connection.cursor() as cursor:
        cursor.execute(LOCK_RECORD, [_name(message)])
    row = locked_message(message.pk)
    if row.state in (InboxState.APPLIED, InboxState.OLD):
        return Outcome.SAME
    if _is_outdated(row, _last_applied([row])):
        outcome = Outcome.OLDER
    else:
        outcome = take(_read(row, record), by=by)
    row.state = InboxState.OLD if outcome == Outcome.OLDER else InboxState.APPLIED
    row.reason = ""
    row.applied_at = timezone.now()
    row.next_try_at = None
    row.attempts += 1
    row.save(update_fields=["state", "reason", "applied_at", "next_try_at", "attempts"])
    if row.attempts > 1:
        settle_cases(subject_of(row), by=by, reason=_("It was taken in."), kinds=(ORPHAN, QUARANTINED))
        settle_shared(row, by=by)
    if outcome != Outcome.OLDER:
        supersede([row], by=by)
    return outcome


@transaction.atomic
def take_claimed(
    pks: Sequence[int],
    *,
    take: Take,
    record: type[Record],
    by: Callable[[Sequence[InboxMessage]], Actor],
    take_set: TakeSet | None = None,
    busy_after: timedelta,
) -> int:
    """Take in those of these open messages of one kind that no other worker is at; tell how many that were.

    A message whose record another worker holds is left, too: one record, one lock. take_set: for all at
    once; what it refuses is taken again singly and told apart. busy_after: how long to wait for what others
    have locked before OperationalError is raised and all of it is left.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{busy_after.total_seconds()}s"])
    open_ones = InboxMessage.objects.filter(pk__in=pks, state__in=OPEN)
    rows = list(
        open_ones.select_for_update(of=("self",), no_key=True, skip_locked=True).order_by("lane", "id")
    )
    rows = _with_their_records(rows)
    if not rows:
        return 0
    actor = by(rows)
    with acting(actor):
        done = _take_set(rows, take_set, record, actor) if take_set else set()
        for row in rows:
            if row.pk not in done:
                take_message(row, take=take, record=record, by=actor)
    return len(rows)


def _with_their_records(rows: list[InboxMessage]) -> list[InboxMessage]:
    with connection.cursor() as cursor:
        cursor.execute(TRY_LOCKS, [[row.pk for row in rows], [_name(row) for row in rows]])
        ours = {pk for (pk,) in cursor.fetchall()}
    return [row for row in rows if row.pk in ours]


def _take_set(rows: list[InboxMessage], take: TakeSet, record: type[Record], by: Actor) -> set[int]:
    """Take in the newest state of each thing at once; the keys of the messages that this settled."""
    last, newest = _last_applied(rows), dict[str, InboxMessage]()
    for row in rows:
        other = newest.get(row.key)
        if other is None or is_older(other.version, row.version):
            newest[row.key] = row
    readable: dict[str, tuple[InboxMessage, Record]] = {}
    for key, row in newest.items():
        if row.attempts == 0 and not _is_outdated(row, last):
            try:
                readable[key] = row, _read(row, record)
            except (ValidationError, DomainError):
                continue
    try:
        with transaction.atomic():
            applied = take([item for _row, item in readable.values()], by=by) if readable else Applied()
            refused = {item.key for item in applied.rejected}
            if applied.unlisted or refused - readable.keys():
                raise InvalidValue(_("Which of them is refused is not known."))
    except (OperationalError, InterfaceError):
        raise
    except (DomainError, DataError, IntegrityError):
        # One of them spoils it for all: each is taken singly, and tells for itself.
        return set()
    except Exception:
        logger.exception("inbox.broken", kind=rows[0].kind)
        return set()
    settled = {row.pk for key, (row, _item) in readable.items() if key not in refused}
    supersede([row for row, _item in readable.values() if row.pk in settled], by=by)
    InboxMessage.objects.filter(pk__in=settled).update(
        state=InboxState.APPLIED, applied_at=timezone.now(), next_try_at=None, attempts=F("attempts") + 1
    )
    return settled


def _read(row: InboxMessage, record: type[Record]) -> Record:
    """The record in a message. Raises ValidationError, and InvalidValue for a time that cannot be."""
    read = record.model_validate(newest_form(record, row.payload))
    as_of = getattr(read, "as_of", None)
    if isinstance(as_of, datetime):
        if as_of.tzinfo is None:
            raise InvalidValue(_("as_of: name the zone of the time."), field="as_of")
        if row.channel == PUSHED and as_of > timezone.now() + AHEAD:
            # What is believed to be so new would keep out all that follows.
            raise InvalidValue(_("as_of: lies in the future."), field="as_of")
    return read


def _last_applied(rows: Sequence[InboxMessage]) -> dict[str, str]:
    """{key: version that was last applied} of these messages of one kind, as far as it is still kept."""
    values: dict[str, Any] = {
        "system": rows[0].system,
        "kind": rows[0].kind,
        "keys": list({row.key for row in rows}),
    }
    with connection.cursor() as cursor:
        cursor.execute(LAST_APPLIED, values)
        return dict(cursor.fetchall())


def _is_outdated(row: InboxMessage, last: dict[str, str]) -> bool:
    return row.key in last and is_older(row.version, last[row.key])


def _name(row: InboxMessage) -> str:
    return f"inbox:{row.system}:{row.kind}:{row.key}"
