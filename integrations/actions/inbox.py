"""Writes of the inbox: messages are kept once, taken in, parked until their parent comes, or quarantined."""

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
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
from core.cases import CaseFacts, open_case, settle_cases
from core.errors import DomainError, InvalidValue, NotAllowed
from core.logging import get_logger
from core.models import Case, CaseState, Refusal, Severity
from core.records import Record, reason_of
from integrations.contracts.registry import newest_form
from integrations.models import InboxMessage
from integrations.states import InboxState, Lane
from orders.rules.facts import ParentMissing
from orders.rules.standing import is_older
from orders.states import Outcome

logger = get_logger(__name__)

ORPHAN, QUARANTINED = "orphan", "quarantined"
# How long a message may wait for its parent before a person is asked.
PATIENCE = timedelta(minutes=30)
LONGEST_WAIT = 60.0

# One whose flow is not live for its company yet is looked at again after this long.
PUT_OFF = timedelta(minutes=10)
# How far ahead of ours the sender's clock may be.
AHEAD = timedelta(minutes=5)
# Nobody who cannot sign may fill our tables: so many refused calls a minute are kept, the log has all.
REFUSALS_KEPT = 30
PULLED, PUSHED = "pull", "push"
OPEN = (InboxState.NEW, InboxState.PARKED)
LONGEST_KEY, LONGEST_ID, LONGEST_SUBJECT = 120, 120, 80

Take = Callable[..., Outcome]
TakeSet = Callable[..., Applied]

STORE = """
    INSERT INTO integrations_inboxmessage (system, kind, message_id, key, version, payload, lane, channel,
        state, reason, attempts, times, received_at, correlation_id)
    SELECT %(system)s, kind, message_id, key, version, payload, lane, 'push',
        'new', '', 0, 1, clock_timestamp(), %(correlation_id)s
    FROM jsonb_to_recordset(%(rows)s::jsonb)
        AS row(kind text, message_id text, key text, version text, payload jsonb, lane int)
    ON CONFLICT (system, kind, message_id) DO UPDATE SET payload = excluded.payload, state = 'new'
        WHERE integrations_inboxmessage.state = 'quarantined'
            AND integrations_inboxmessage.payload <> excluded.payload
"""

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


# What JSON may hold and our tables cannot: NUL, and halves of a pair.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(value: Any) -> Any:
    """A message's data as our tables can keep them: what they cannot hold shows as a replacement mark."""
    if isinstance(value, str):
        return UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {storable(name): storable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [storable(inner) for inner in value]
    return value


def fitting(text: str, most: int) -> str:
    """A text that fits a column, and is another one for another text."""
    if len(text) <= most:
        return text
    return f"{text[: most - 33]}#{hashlib.sha256(text.encode()).hexdigest()[:32]}"


@dataclass(frozen=True)
class Incoming:
    """A message as it came. key: what it is about; version: orders the messages about one key.

    kind: where messages of several kinds come together. is_readable: whether its data fit its record.
    """

    key: str
    version: str
    payload: dict[str, Any]
    kind: str = ""
    lane: Lane = Lane.NORMAL
    is_readable: bool = True

    @property
    def message_id(self) -> str:
        """What makes a repeat recognisable: the same state of the same thing.

        One that is not readable does not stand for that state: the right one, pushed or read later, is another.
        """
        name = f"{self.key}@{self.version}"
        if not self.is_readable:
            told = json.dumps(self.payload, sort_keys=True).encode()
            name += f"!{hashlib.sha256(told).hexdigest()[:32]}"
        return fitting(name, LONGEST_ID)

    @property
    def place(self) -> tuple[str, str, int, str]:
        """Where it stands among others: the same for everybody, with the versions of a key in order."""
        return self.kind, self.key, len(self.version) if self.version.isdigit() else 0, self.version


@action
def store_pushed(system: str, incoming: Sequence[Incoming], *, by: Actor) -> int:
    """Keep messages that were pushed to us, in one statement; tell how many were not here before (INT-55).

    One that was quarantined and now comes with other data is corrected: it is taken up anew, not for a repeat.
    They are written in one order by everybody, so that two pushes of the same do not block each other.
    """
    rows = {(item.kind, item.message_id): item for item in sorted(incoming, key=lambda item: item.place)}
    told = [
        {
            "kind": item.kind,
            "message_id": item.message_id,
            "key": fitting(item.key, LONGEST_KEY),
            "version": item.version,
            "payload": item.payload,
            "lane": item.lane,
        }
        for item in rows.values()
    ]
    values = {"system": system, "correlation_id": by.correlation_id, "rows": json.dumps(told)}
    with connection.cursor() as cursor:
        cursor.execute(STORE, values)
        return int(cursor.rowcount)


def keep_refused_call(system: str, reason: str, *, by: Actor) -> None:
    """Write down that a call of another system was not believed; in a flood of them, only some."""
    newest = Refusal.objects.order_by("-id").values_list("channel", "at")[:REFUSALS_KEPT]
    minute = timezone.now() - timedelta(minutes=1)
    if sum(channel == by.channel and at > minute for channel, at in newest) < REFUSALS_KEPT:
        text = _("A call in the name of the %(system)s was refused.") % {"system": system.upper()}
        refusals.keep(NotAllowed(text, system=system, reason=reason), by=by)


@action
def receive_messages(
    system: str, kind: str, incoming: Sequence[Incoming], *, by: Actor
) -> list[InboxMessage]:
    """Keep the messages that were not here before, or come corrected, and hand them back in order (INT-35)."""
    told = {item.message_id: item for item in incoming}
    here = InboxMessage.objects.filter(system=system, kind=kind, message_id__in=told)
    known = {row.message_id: row for row in here.only("message_id", "state", "payload")}
    corrected = []
    for name, row in known.items():
        if row.state == InboxState.QUARANTINED and row.payload != storable(told[name].payload):
            row.payload, row.state = storable(told[name].payload), InboxState.NEW
            corrected.append(row)
    InboxMessage.objects.bulk_update(corrected, ["payload", "state"])
    fresh = {name: item for name, item in told.items() if name not in known}
    rows = [
        InboxMessage(
            system=system,
            kind=kind,
            message_id=item.message_id,
            key=fitting(item.key, LONGEST_KEY),
            version=item.version,
            payload=storable(item.payload),
            correlation_id=by.correlation_id,
        )
        for item in fresh.values()
    ]
    InboxMessage.objects.bulk_create(rows, ignore_conflicts=True)
    wanted = [*fresh, *(row.message_id for row in corrected)]
    kept = InboxMessage.objects.filter(system=system, kind=kind, message_id__in=wanted, state=InboxState.NEW)
    return list(kept.order_by("id"))


def take_message(message: InboxMessage, *, take: Take, record: type[Record], by: Actor) -> str:
    """Give a message to the app that owns it; tell what became of it.

    new, changed, same, older, parked, waiting or quarantined. A message that was taken in by another
    worker meanwhile is "same". One that is older than what was last applied of the same thing is dropped
    as "older" (INT-36). Nothing of a refused one remains.
    """
    try:
        return _taken(message, take=take, record=record, by=by)
    except NotYet as wait:
        return _put_off(message.pk, str(wait))
    except ParentMissing as missing:
        return _park(message.pk, str(missing), by=by)
    except ValidationError as error:
        return _quarantine(message.pk, reason_of(error), by=by)
    except DomainError as error:
        refusals.keep(error, by=by)
        return _quarantine(message.pk, str(error), by=by)
    except (DataError, IntegrityError) as error:
        # Its values do not fit our tables: this message's fault, not its neighbours'.
        return _quarantine(message.pk, f"It cannot be stored ({type(error).__name__}).", by=by)
    except (OperationalError, InterfaceError):
        # The database is away or busy: the message is as it was.
        raise
    except Exception as error:
        logger.exception("inbox.broken", kind=message.kind)
        reason = f"Unexpected {type(error).__name__}; the log has its place."
        return _quarantine(message.pk, reason, by=by)


@action
def _taken(message: InboxMessage, *, take: Take, record: type[Record], by: Actor) -> str:
    with connection.cursor() as cursor:
        cursor.execute(LOCK_RECORD, [_name(message)])
    row = _locked(message.pk)
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
        _settle_shared(row, by=by)
    if outcome != Outcome.OLDER:
        _supersede([row], by=by)
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
    _supersede([row for row, _item in readable.values() if row.pk in settled], by=by)
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


@transaction.atomic
def _put_off(pk: int, reason: str) -> str:
    row = _locked(pk)
    row.state = InboxState.PARKED
    row.reason = reason[:300]
    row.next_try_at = timezone.now() + PUT_OFF
    row.save(update_fields=["state", "reason", "next_try_at"])
    return "waiting"


@action
def _park(pk: int, reason: str, *, by: Actor) -> str:
    row = _locked(pk)
    now = timezone.now()
    row.state = InboxState.PARKED
    row.reason = reason[:300]
    row.attempts += 1
    row.next_try_at = now + timedelta(seconds=min(LONGEST_WAIT, 2.0 ** min(row.attempts, 10)))
    row.save(update_fields=["state", "reason", "attempts", "next_try_at"])
    if now - row.received_at > PATIENCE:
        _open_case(ORPHAN, row, reason, by=by)
    return "parked"


@action
def _quarantine(pk: int, reason: str, *, by: Actor) -> str:
    row = _locked(pk)
    row.state = InboxState.QUARANTINED
    row.reason = reason[:300]
    row.attempts += 1
    row.next_try_at = None
    row.save(update_fields=["state", "reason", "attempts", "next_try_at"])
    _open_case(QUARANTINED, row, reason, by=by)
    return "quarantined"


def _supersede(taken: Sequence[InboxMessage], *, by: Actor) -> None:
    """End what is quarantined of the same things in no newer a version: it was said anew. One read for all."""
    if not taken:
        return
    newest = {row.key: row for row in taken}
    stuck = InboxMessage.objects.filter(
        system=taken[0].system, kind=taken[0].kind, key__in=newest, state=InboxState.QUARANTINED
    )
    for old in stuck.exclude(pk__in=[row.pk for row in taken]).select_for_update(of=("self",), no_key=True):
        if is_older(newest[old.key].version, old.version):
            continue
        old.state, old.reason = InboxState.OLD, _("It was said anew, and that was taken in.")
        old.save(update_fields=["state", "reason"])
        settle_cases(subject_of(old), by=by, reason=old.reason, kinds=(QUARANTINED,))
        _settle_shared(old, by=by)


def _settle_shared(row: InboxMessage, *, by: Actor) -> None:
    """End the case that many messages share with the last of them."""
    for kind, state in ((ORPHAN, InboxState.PARKED), (QUARANTINED, InboxState.QUARANTINED)):
        left = InboxMessage.objects.filter(system=row.system, kind=row.kind, state=state).exclude(pk=row.pk)
        if not left.exists():
            settle_cases(_shared_subject(row), by=by, reason=_("All are taken in."), kinds=(kind,))


def _locked(pk: int) -> InboxMessage:
    return InboxMessage.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)


def subject_of(row: InboxMessage) -> str:
    """The subject of the cases about a message."""
    return fitting(f"{row.kind}:{row.key}", LONGEST_SUBJECT)


def _shared_subject(row: InboxMessage) -> str:
    return f"inbox:{row.system}:{row.kind}"


def _open_case(kind: str, row: InboxMessage, reason: str, *, by: Actor) -> None:
    """A case for a message, or a count on the one that all share when a sender has many such already."""
    subject = subject_of(row)
    ones = Case.objects.filter(kind=kind, state=CaseState.OPEN, system=row.system)
    many = ones.filter(subject__startswith=f"{row.kind}:")[: settings.INBOX_MOST_CASES].count()
    if many < settings.INBOX_MOST_CASES or ones.filter(subject=subject).exists():
        open_case(kind, subject, _facts(row, reason), by=by)
        return
    facts = CaseFacts(
        cause=_(
            "More messages of the %(system)s of the kind %(kind)s cannot be taken in than have a case each; "
            "the newest, about %(key)s: %(reason)s"
        )
        % {"system": row.system.upper(), "kind": row.kind, "key": row.key, "reason": reason},
        promise=_("The pages show what was known before them; the messages are all kept."),
        system=row.system,
        evidence={"kind": row.kind, "state": str(row.state), "reason": reason, "message": row.message_id},
    )
    open_case(kind, _shared_subject(row), facts, by=by)


@transaction.atomic
def put_back(system: str, kind: str, state: str) -> int:
    """Let all messages of a sender and kind that wait or were not valid be taken in again; tell how many."""
    waiting = InboxMessage.objects.filter(system=system, kind=kind, state=state)
    return waiting.update(state=InboxState.NEW, next_try_at=None)


def _facts(row: InboxMessage, reason: str) -> CaseFacts:
    company = row.payload.get("company_number")
    return CaseFacts(
        cause=_("A message of the %(system)s about %(key)s cannot be taken in: %(reason)s")
        % {"system": row.system.upper(), "key": row.key, "reason": reason},
        promise=_("The pages show what was known before it."),
        severity=Severity.NONE,
        system=row.system,
        company=company if isinstance(company, str) else "",
        evidence={"message": row.message_id, "kind": row.kind, "reason": reason, "inbox": row.pk},
    )
