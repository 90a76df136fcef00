"""Messages that cannot be taken in now: put off, parked until their parent comes, or quarantined as cases."""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actor import Actor, action
from core.cases import CaseFacts, open_case, settle_cases
from core.models import Case, CaseState, Severity
from integrations.actions.inbox.messages import LONGEST_SUBJECT, fitting
from integrations.models import InboxMessage
from integrations.states import InboxState
from orders.rules.standing import is_older

ORPHAN, QUARANTINED = "orphan", "quarantined"
# How long a message may wait for its parent before a person is asked.
PATIENCE = timedelta(minutes=30)
LONGEST_WAIT = 60.0
# One whose flow is not live for its company yet is looked at again after this long.
PUT_OFF = timedelta(minutes=10)


@transaction.atomic
def put_back(system: str, kind: str, state: str) -> int:
    """Let all messages of a sender and kind that wait or were not valid be taken in again; tell how many."""
    waiting = InboxMessage.objects.filter(system=system, kind=kind, state=state)
    return waiting.update(state=InboxState.NEW, next_try_at=None)


@transaction.atomic
def put_off(pk: int, reason: str) -> str:
    """Let a message wait whose flow is not live for it yet; nobody need act."""
    row = locked_message(pk)
    row.state = InboxState.PARKED
    row.reason = reason[:300]
    row.next_try_at = timezone.now() + PUT_OFF
    row.save(update_fields=["state", "reason", "next_try_at"])
    return "waiting"


@action
def park(pk: int, reason: str, *, by: Actor) -> str:
    """Let a message wait for its parent, ever longer; past PATIENCE a case asks a person."""
    row = locked_message(pk)
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
def quarantine(pk: int, reason: str, *, by: Actor) -> str:
    """Put a message aside that cannot be taken in, with a case."""
    row = locked_message(pk)
    row.state = InboxState.QUARANTINED
    row.reason = reason[:300]
    row.attempts += 1
    row.next_try_at = None
    row.save(update_fields=["state", "reason", "attempts", "next_try_at"])
    _open_case(QUARANTINED, row, reason, by=by)
    return "quarantined"


def supersede(taken: Sequence[InboxMessage], *, by: Actor) -> None:
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
        settle_shared(old, by=by)


def settle_shared(row: InboxMessage, *, by: Actor) -> None:
    """End the case that many messages share with the last of them."""
    for kind, state in ((ORPHAN, InboxState.PARKED), (QUARANTINED, InboxState.QUARANTINED)):
        left = InboxMessage.objects.filter(system=row.system, kind=row.kind, state=state).exclude(pk=row.pk)
        if not left.exists():
            settle_cases(_shared_subject(row), by=by, reason=_("All are taken in."), kinds=(kind,))


def locked_message(pk: int) -> InboxMessage:
    """A message, locked."""
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
