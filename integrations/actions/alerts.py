"""Writes of the monitor: one look at a time, a case per red flow, and who is told when nobody takes it (INT-61)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core import outbox
from core.actor import Actor, action
from core.cases import CaseFacts, open_case, settle_cases
from core.models import Case, CaseState, CaseStep, trace
from integrations.lights import BACKLOG, ERRORS, LATE, in_words
from integrations.models import Heartbeat

ALARMS = (LATE, ERRORS, BACKLOG)
TOLD_STEWARD, TOLD_NEXT = "told_steward", "told_next"
WATCH = "job:alerts"
# An open case takes up the newest figures this often.
FRESHENED = timedelta(minutes=10)


@transaction.atomic
def claim_watch(now: datetime, *, every: timedelta) -> bool:
    """Take the look that is due; False when it is not, or another worker has taken it."""
    Heartbeat.objects.get_or_create(cluster=WATCH, defaults={"beat_at": now - every})
    due = Heartbeat.objects.filter(cluster=WATCH, beat_at__lte=now - every)
    return bool(due.update(beat_at=now))


@action
def raise_flow_alarm(flow: str, kind: str, facts: CaseFacts, *, now: datetime, by: Actor) -> Case:
    """Open the case of a red flow; one that is open takes up the newest figures every ten minutes."""
    subject = f"flow:{flow}"
    is_open = Case.objects.filter(kind=kind, subject=subject, state=CaseState.OPEN)
    fresh = is_open.filter(last_at__gt=now - FRESHENED).first()
    return fresh or open_case(kind, subject, facts, by=by)


@action
def settle_flow_alarms(flow: str, kinds: tuple[str, ...], *, by: Actor, reason: str) -> int:
    """Close the cases of a flow whose fault is gone; tell how many."""
    return settle_cases(f"flow:{flow}", by=by, reason=reason, kinds=kinds)


@action
def escalate_case(
    case: Case, level: str, to: Sequence[User | str], *, label: str, now: datetime, by: Actor
) -> bool:
    """Tell the people of a level of a case that nobody has taken, once; False when there was nothing to tell.

    to: persons, or mail addresses. label: what it is about, in words. Taken is a case that has an owner,
    or on which a person has done something. Records `case.escalated`, unless the level has nobody: then
    the step alone says so.
    """
    row = Case.objects.select_for_update(of=("self",), no_key=True).get(pk=case.pk)
    steps = CaseStep.objects.filter(case=row)
    if row.state != CaseState.OPEN or row.owner_id or steps.filter(kind=level).exists():
        return False
    if steps.filter(actor_user__isnull=False).exists():
        return False

    people = [_recipient(one) for one in to]
    reason = (
        _("Told by mail, since nobody took it: %(people)s")
        % {"people": ", ".join(one["name"] for one in people)}
        if people
        else _("Nobody took it, and nobody holds the role that is told next.")
    )
    CaseStep.objects.create(
        case=row, kind=level, reason=reason, details={"to": [one["email"] for one in people]}, **trace(by)
    )
    if people:
        outbox.record(
            "case.escalated",
            subject=f"case:{row.number}",
            payload={
                "number": row.number,
                "flow": label,
                "cause": _sentence(row.cause),
                "promise": row.promise or _("nothing that was promised changes."),
                "age": in_words(now - row.opened_at),
                "level": level,
                "recipients": people,
            },
            by=by,
        )
    return True


def _recipient(one: User | str) -> dict[str, str]:
    if isinstance(one, str):
        return {"name": one, "email": one, "locale": "en"}
    return {"name": str(one), "email": one.email, "locale": one.locale}


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
