"""Rows that a flow could not take over: kept until they come good, each with a case as long as they are few."""

from collections.abc import Collection
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from core.actor import Actor
from core.applied import Applied, Rejected
from core.cases import CaseFacts, open_case, settle_cases
from core.models import Case, CaseState
from integrations.actions.inbox.messages import LONGEST_SUBJECT, fitting
from integrations.models import RejectedRow

ROW_REJECTED, ROWS_REJECTED = "row_rejected", "rows_rejected"
# What waits for its parent is tried again by itself and bothers nobody.
WAITS = ("parent_missing", "parked", "quarantined")
# Cases opened by one run; a broken mapping must not flood the operator.
MOST_CASES = 50


def keep_rejected(flow: str, applied: Applied, *, by: Actor, is_refused: bool = False) -> None:
    """Keep each bad row until a reading finds it good: a case is opened for the first of them only."""
    now = timezone.now()
    RejectedRow.objects.bulk_create(
        (
            RejectedRow(
                flow=flow,
                key=item.key[:160],
                field=item.field[:60],
                reason=str(item.reason)[:300],
                code=item.code[:40],
                record=_kept(item.record),
                is_refused=is_refused,
                rejected_at=now,
                correlation_id=by.correlation_id,
            )
            for item in applied.rejected
        ),
        batch_size=1000,
    )


def note_rejected(flow: str, applied: Applied, *, keys: Collection[str], is_full: bool, by: Actor) -> None:
    """One case per bad row; it is settled when the row comes good, or is gone.

    keys: of the rows that the run has looked at; is_full: whether these are all there are.
    """
    bad = {item.key: item for item in applied.rejected if item.code not in WAITS}
    prefix = f"row:{flow}:"
    for item in list(bad.values())[:MOST_CASES]:
        open_case(ROW_REJECTED, _row_subject(flow, item.key), _row_facts(flow, item), by=by)
    _note_many(flow, len(bad) + applied.unlisted, by=by)
    open_cases = Case.objects.filter(kind=ROW_REJECTED, state=CaseState.OPEN, subject__startswith=prefix)
    subjects = {_row_subject(flow, key) for key in bad}
    looked_at = {_row_subject(flow, key) for key in keys}
    for subject in open_cases.values_list("subject", flat=True):
        if subject not in subjects and (is_full and keys or subject in looked_at):
            settle_cases(subject, by=by, reason=_("The row is good now, or gone."), kinds=(ROW_REJECTED,))


def _note_many(flow: str, count: int, *, by: Actor) -> None:
    """One case that says how many bad rows have none of their own; it ends with a run that has few."""
    subject = f"flow:{flow}"
    if count <= MOST_CASES:
        settle_cases(subject, by=by, reason=_("The bad rows are few again."), kinds=(ROWS_REJECTED,))
        return
    facts = CaseFacts(
        cause=_(
            "%(count)s rows of %(flow)s were not taken over: %(cases)s have a case each, %(more)s more do not."
        )
        % {"count": count, "flow": flow, "cases": MOST_CASES, "more": count - MOST_CASES},
        promise=_("The rejected rows list them all; what was known of them before stays in force."),
        system=flow.partition(".")[0],
        evidence={"flow": flow, "rejected": count, "more": count - MOST_CASES},
    )
    open_case(ROWS_REJECTED, subject, facts, by=by)


def _row_subject(flow: str, key: str) -> str:
    return fitting(f"row:{flow}:{key}", LONGEST_SUBJECT)


def _row_facts(flow: str, item: Rejected) -> CaseFacts:
    at = f" ({item.field})" if item.field else ""
    return CaseFacts(
        cause=_("%(key)s was not taken over%(at)s: %(reason)s")
        % {"key": item.key, "at": at, "reason": item.reason},
        promise=_("What was known of it before stays in force."),
        system=flow.partition(".")[0],
        evidence={"flow": flow, "key": item.key, "field": item.field, "row": _kept(item.record)},
    )


def _kept(record: dict[str, Any]) -> dict[str, str]:
    """Of the row only what finds it again."""
    names = ("id", "erp_id", "pim_id", "code", "sku", "number", "name", "line", "price_list_code")
    return {name: str(record[name])[:80] for name in names if record.get(name) not in (None, "")}
