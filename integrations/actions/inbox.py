"""Writes of the inbox: messages are kept once, taken in, parked until their parent comes, or quarantined."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import ValidationError

from core import refusals
from core.actor import Actor
from core.cases import CaseFacts, open_case, settle_cases
from core.errors import DomainError
from core.models import Severity
from core.records import Record, reason_of
from integrations.contracts.registry import newest_form
from integrations.models import InboxMessage
from integrations.states import InboxState
from orders.rules.facts import ParentMissing
from orders.states import Outcome

ORPHAN, QUARANTINED = "orphan", "quarantined"
# How long a message may wait for its parent before a person is asked.
PATIENCE = timedelta(minutes=30)
LONGEST_WAIT = 60.0

Take = Callable[..., Outcome]


@dataclass(frozen=True)
class Incoming:
    """A message as it came. key: what it is about; version: orders the messages about one key."""

    key: str
    version: str
    payload: dict[str, Any]

    @property
    def message_id(self) -> str:
        """What makes a repeat recognisable: the same state of the same thing."""
        return f"{self.key}@{self.version}"[:120]


@transaction.atomic
def receive_messages(
    system: str, kind: str, incoming: Sequence[Incoming], *, by: Actor
) -> list[InboxMessage]:
    """Keep the messages that were not here before, and hand them back in order (INT-35)."""
    known = set(
        InboxMessage.objects.filter(
            system=system, kind=kind, message_id__in=[item.message_id for item in incoming]
        ).values_list("message_id", flat=True)
    )
    fresh = {item.message_id: item for item in incoming if item.message_id not in known}
    rows = [
        InboxMessage(
            system=system,
            kind=kind,
            message_id=item.message_id,
            key=item.key,
            version=item.version,
            payload=item.payload,
            correlation_id=by.correlation_id,
        )
        for item in fresh.values()
    ]
    InboxMessage.objects.bulk_create(rows, ignore_conflicts=True)
    kept = InboxMessage.objects.filter(system=system, kind=kind, message_id__in=fresh, state=InboxState.NEW)
    return list(kept.order_by("id"))


def take_message(message: InboxMessage, *, take: Take, record: type[Record], by: Actor) -> str:
    """Give a message to the app that owns it; tell what became of it.

    new, changed, same, older, parked or quarantined. A message that was taken in by another
    worker meanwhile is "same". Nothing of a refused one remains.
    """
    try:
        return _taken(message.pk, take=take, record=record, by=by)
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


@transaction.atomic
def _taken(pk: int, *, take: Take, record: type[Record], by: Actor) -> str:
    row = _locked(pk)
    if row.state in (InboxState.APPLIED, InboxState.OLD):
        return Outcome.SAME
    outcome = take(record.model_validate(newest_form(record, row.payload)), by=by)
    row.state = InboxState.OLD if outcome == Outcome.OLDER else InboxState.APPLIED
    row.reason = ""
    row.applied_at = timezone.now()
    row.next_try_at = None
    row.attempts += 1
    row.save(update_fields=["state", "reason", "applied_at", "next_try_at", "attempts"])
    if row.attempts > 1:
        settle_cases(_subject(row), by=by, reason=_("It was taken in."), kinds=(ORPHAN, QUARANTINED))
    return outcome


@transaction.atomic
def _park(pk: int, reason: str, *, by: Actor) -> str:
    row = _locked(pk)
    now = timezone.now()
    row.state = InboxState.PARKED
    row.reason = reason[:300]
    row.attempts += 1
    row.next_try_at = now + timedelta(seconds=min(LONGEST_WAIT, 2.0 ** min(row.attempts, 10)))
    row.save(update_fields=["state", "reason", "attempts", "next_try_at"])
    if now - row.received_at > PATIENCE:
        open_case(ORPHAN, _subject(row), _facts(row, reason), by=by)
    return "parked"


@transaction.atomic
def _quarantine(pk: int, reason: str, *, by: Actor) -> str:
    row = _locked(pk)
    row.state = InboxState.QUARANTINED
    row.reason = reason[:300]
    row.attempts += 1
    row.next_try_at = None
    row.save(update_fields=["state", "reason", "attempts", "next_try_at"])
    open_case(QUARANTINED, _subject(row), _facts(row, reason), by=by)
    return "quarantined"


def _locked(pk: int) -> InboxMessage:
    return InboxMessage.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)


def _subject(row: InboxMessage) -> str:
    return f"{row.kind}:{row.key}"[:80]


def _facts(row: InboxMessage, reason: str) -> CaseFacts:
    return CaseFacts(
        cause=_("A message of the %(system)s about %(key)s cannot be taken in: %(reason)s")
        % {"system": row.system.upper(), "key": row.key, "reason": reason},
        promise=_("The pages show what was known before it."),
        severity=Severity.NONE,
        system=row.system,
        company=str(row.payload.get("company_number") or ""),
        evidence={"message": row.message_id, "kind": row.kind, "reason": reason, "inbox": row.pk},
    )
