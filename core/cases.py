"""Cases: opened by what goes wrong, closed by what mends it."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.actor import Actor, action
from core.errors import InvalidValue, WrongState
from core.models import Case, CaseState, CaseStep, Severity, trace
from core.numbers import next_number


@dataclass(frozen=True)
class CaseFacts:
    """What a case tells: cause and promise in plain words, amount at stake, evidence.

    evidence: JSON, already free of secrets. due_at: until when somebody should have looked.
    """

    cause: str
    promise: str = ""
    severity: str = Severity.NONE
    system: str = ""
    company: str = ""
    amount: Decimal | None = None
    currency: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None


@action
def open_case(kind: str, subject: str, facts: CaseFacts, *, by: Actor) -> Case:
    """Open a case, or count the repeat on the one that is open for this kind and subject.

    A repeat brings the newest cause and evidence; number, owner and age stay. Source: ORD-07.
    """
    now = timezone.now()
    told = {
        "cause": facts.cause[:300],
        "promise": facts.promise[:300],
        "severity": facts.severity,
        "system": facts.system,
        "company_number": facts.company[:40],
        "amount": facts.amount,
        "currency": facts.currency,
        "evidence": facts.evidence,
        "correlation_id": by.correlation_id,
        "last_at": now,
    }
    case = _open(kind, subject)
    if case is None:
        case, created = Case.objects.get_or_create(
            kind=kind,
            subject=subject,
            state=CaseState.OPEN,
            defaults={
                **told,
                "number": next_number("case"),
                "opened_at": now,
                "due_at": facts.due_at,
            },
        )
        if created:
            CaseStep.objects.create(case=case, kind="opened", **trace(by))
            return case
    Case.objects.filter(pk=case.pk).update(times=F("times") + 1, **told)
    case.refresh_from_db()
    return case


def _open(kind: str, subject: str) -> Case | None:
    return (
        Case.objects.select_for_update(of=("self",), no_key=True)
        .filter(kind=kind, subject=subject, state=CaseState.OPEN)
        .first()
    )


@action
def settle_cases(subject: str, *, by: Actor, reason: str, kinds: tuple[str, ...] = ()) -> int:
    """Close the open cases of a subject because their fault is gone; tell how many.

    kinds: only these, all if empty. Settling what is settled does nothing.
    """
    cases = Case.objects.select_for_update(of=("self",), no_key=True).filter(
        subject=subject, state=CaseState.OPEN
    )
    if kinds:
        cases = cases.filter(kind__in=kinds)
    settled = list(cases.order_by("pk"))
    for case in settled:
        _end(case, CaseState.CLOSED, reason, by)
    return len(settled)


@action
def ignore_case(case: Case, *, by: Actor, reason: str) -> Case:
    """Leave a case as it is, for a reason that is kept (ORD-09)."""
    case = _locked(case)
    _need_reason(reason)
    _end(case, CaseState.IGNORED, reason, by)
    return case


@action
def assign_case(case: Case, *, to: int | None, by: Actor) -> Case:
    """Give a case to a person, or to nobody. to: the user's id."""
    case = _locked(case)
    case.owner_id = to
    case.save(update_fields=["owner"])
    CaseStep.objects.create(case=case, kind="assigned", details={"to": to}, **trace(by))
    return case


@action
def note_case(case: Case, *, by: Actor, text: str, kind: str = "noted") -> CaseStep:
    """Keep what was found or done on a case. Raises InvalidValue for an empty text."""
    _need_reason(text)
    return CaseStep.objects.create(case=case, kind=kind, reason=text, **trace(by))


def _locked(case: Case) -> Case:
    case = Case.objects.select_for_update(of=("self",), no_key=True).get(pk=case.pk)
    if case.state != CaseState.OPEN:
        raise WrongState(_("This case is already settled."), case=case.number)
    return case


def _need_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidValue(_("Say why: the reason is kept with the case."), field="reason")


def _end(case: Case, state: CaseState, reason: str, by: Actor) -> None:
    case.state = state
    case.closed_at = timezone.now()
    case.closed_reason = reason
    case.save(update_fields=["state", "closed_at", "closed_reason"])
    CaseStep.objects.create(case=case, kind=str(state), reason=reason, **trace(by))
