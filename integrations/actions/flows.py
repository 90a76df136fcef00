"""Writes about flows: claimed by a lease, their runs and cursors noted, paused and resumed by people."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from core import audit, freshness
from core.actor import Actor, action
from core.applied import Applied
from core.cases import CaseFacts, open_case, settle_cases
from core.errors import InvalidValue
from core.tolerance import BeyondTolerance
from integrations.actions.rejected import keep_rejected, note_rejected
from integrations.holders import is_gone, this_process
from integrations.models import Difference, FlowRun, FlowSettings, FlowState, RejectedRow
from integrations.rehearsal import Found
from integrations.states import FlowMode

LEASE = timedelta(minutes=30)
LONGEST_PAUSE = 300.0
FLOW_BROKEN = "flow_broken"


@dataclass(frozen=True)
class RunResult:
    """What a run brought, as the flow's table keeps it. found: what a rehearsal would have changed."""

    applied: Applied
    as_of: datetime
    cursor: dict[str, Any]
    keys: frozenset[str]
    is_full: bool
    calls: int
    settings_version: int = 0
    found: tuple[Found, ...] = ()


def flow_row(name: str) -> FlowState:
    """The row of a flow, made at its first use; it is due at once."""
    row, _created = FlowState.objects.get_or_create(flow=name)
    return row


@transaction.atomic
def claim_flow(name: str, *, even_paused: bool = False) -> FlowState | None:
    """Take a flow to run it; None when somebody else does, or it is paused.

    The lease ends with its holder, or after half an hour. Source: failure bank 29.
    """
    flow_row(name)
    row = FlowState.objects.select_for_update(skip_locked=True, no_key=True).filter(flow=name).first()
    if row is None or (row.is_paused and not even_paused):
        return None
    now = timezone.now()
    if is_held(row, now):
        return None
    row.claimed_until = now + LEASE
    row.claimed_by = this_process()
    row.last_run_at = now
    row.save(update_fields=["claimed_until", "claimed_by", "last_run_at"])
    return row


def leave_flow(row: FlowState) -> None:
    """Give a claimed flow back as if it had not been claimed."""
    _give_back(row)


def is_running(row: FlowState, now: datetime) -> bool:
    """Whether some process, ours too, has the flow claimed: what it reads may still be written."""
    return row.claimed_until is not None and row.claimed_until > now and not is_gone(row.claimed_by)


def is_held(row: FlowState, now: datetime) -> bool:
    """Whether another process runs the flow now.

    A process runs one flow at a time: a claim of its own is one that it could not give back.
    """
    if row.claimed_until is None or row.claimed_until <= now:
        return False
    return row.claimed_by != this_process() and not is_gone(row.claimed_by)


@transaction.atomic
def ask_flow(name: str, *, patience: timedelta = timedelta(minutes=1)) -> bool:
    """Mark a due flow as asked for, so that the next wake-ups do not ask again; True for the first."""
    now = timezone.now()
    due = Q(next_run_at=None) | Q(next_run_at__lte=now)
    return bool(FlowState.objects.filter(due, flow=name, is_paused=False).update(next_run_at=now + patience))


@action
def end_run(
    row: FlowState,
    result: RunResult,
    *,
    by: Actor,
    kind: str,
    next_run_at: datetime,
    full_due_at: datetime | None,
    is_asked: bool,
) -> FlowRun:
    """Note a run that came through: cursor, age of the data, counts, cases for bad rows.

    A run that was not asked for and changed nothing leaves no row behind. What was asked of the flow while
    it ran, by people or by new settings, is still to be done: this run may not have seen it.
    """
    now = timezone.now()
    applied = result.applied
    stands = _locked(row)
    if stands.full_due_at != row.full_due_at or _settings_version(row.flow) != result.settings_version:
        full_due_at = stands.full_due_at
    run = _run_of(row, result, by=by)
    if is_asked or row.failures or applied.new or applied.changed or applied.removed:
        run.save()
    waits = [item for item in applied.rejected if item.code == "parent_missing"]
    if waits and full_due_at is not None:
        full_due_at = min(full_due_at, now + timedelta(minutes=5))
    _give_back(
        row,
        cursor=result.cursor,
        as_of=result.as_of,
        last_success_at=now,
        last_error="",
        failures=0,
        next_run_at=_next_run(row, stands, next_run_at),
        full_due_at=full_due_at,
    )
    freshness.note(kind, result.as_of)
    gone = RejectedRow.objects.filter(flow=row.flow)
    if not result.is_full:
        gone = gone.filter(key__in={item.key for item in applied.rejected} | result.keys)
    gone.delete()
    keep_rejected(row.flow, applied, by=by)
    note_rejected(row.flow, applied, keys=result.keys, is_full=result.is_full, by=by)
    settle_cases(f"flow:{row.flow}", by=by, reason=_("The flow came through."), kinds=(FLOW_BROKEN,))
    return run


def _run_of(row: FlowState, result: RunResult, *, by: Actor) -> FlowRun:
    applied, now = result.applied, timezone.now()
    return FlowRun(
        flow=row.flow,
        started_at=row.last_run_at or now,
        ended_at=now,
        is_full=result.is_full,
        seen=applied.seen,
        new=applied.new,
        changed=applied.changed,
        same=applied.same,
        rejected=applied.bad,
        removed=applied.removed,
        outside=applied.outside,
        calls=result.calls,
        settings_version=result.settings_version,
        correlation_id=by.correlation_id,
    )


@action
def end_rehearsal(
    row: FlowState, result: RunResult, *, by: Actor, next_run_at: datetime, is_asked: bool
) -> FlowRun:
    """Note what a shadow run would have changed; cursor, age and cases stay as they were (OPS-16).

    A run that finds what the one before it found leaves no row; differences are kept of the newest alone.
    """
    run = _run_of(row, result, by=by)
    run.mode = FlowMode.SHADOW
    before = FlowRun.objects.filter(flow=row.flow, mode=FlowMode.SHADOW).first()
    names = ("seen", "new", "changed", "removed", "rejected", "outside", "settings_version")
    is_news = before is None or any(getattr(before, name) != getattr(run, name) for name in names)
    if is_asked or is_news:
        run.save()
        Difference.objects.filter(run__flow=row.flow).delete()
        Difference.objects.bulk_create(
            Difference(run=run, key=item.key, change=item.change, ours=item.ours, theirs=item.theirs)
            for item in result.found
        )
    next_run_at = _next_run(row, _locked(row), next_run_at)
    _give_back(row, last_error="", failures=0, next_run_at=next_run_at)
    return run


@action
def fail_run(
    row: FlowState,
    error: str,
    *,
    by: Actor,
    every: timedelta,
    needs_person: bool,
    refused: BeyondTolerance | None = None,
) -> FlowRun:
    """Note a run that did not come through; what it had taken before stays, the cursor too.

    refused: it came with more bad rows than tolerated and was not taken at all; they are all kept.
    """
    now = timezone.now()
    failures = row.failures + 1
    wait = min(LONGEST_PAUSE, max(every.total_seconds(), 2.0 ** min(failures, 9)))
    _give_back(row, last_error=error[:300], failures=failures, next_run_at=now + timedelta(seconds=wait))
    run = FlowRun(
        flow=row.flow,
        started_at=row.last_run_at or now,
        ended_at=now,
        error=error[:300],
        correlation_id=by.correlation_id,
    )
    evidence: dict[str, Any] = {"flow": row.flow, "error": error, "failures": failures}
    if refused is not None:
        run.seen, run.rejected = refused.applied.seen, refused.applied.bad
        evidence |= refused.details
        RejectedRow.objects.filter(flow=row.flow).delete()
        keep_rejected(row.flow, refused.applied, by=by, is_refused=True)
    if row.last_error != error[:300]:
        run.save()
    if needs_person:
        facts = CaseFacts(
            cause=_("The flow %(flow)s does not come through: %(error)s")
            % {"flow": row.flow, "error": error},
            promise=_("What it brings stays as it was and is labelled stale when it is too old."),
            evidence=evidence,
        )
        open_case(FLOW_BROKEN, f"flow:{row.flow}", facts, by=by)
    return run


def _locked(row: FlowState) -> FlowState:
    return FlowState.objects.select_for_update(no_key=True).get(pk=row.pk)


def _settings_version(flow: str) -> int:
    """The version in force; it changes only under the lock of the flow's row."""
    active = FlowSettings.objects.filter(flow=flow, is_active=True)
    return active.values_list("version", flat=True).first() or 0


def _next_run(row: FlowState, stands: FlowState, usual: datetime) -> datetime:
    """When a flow runs again: as usual, or sooner if that was asked for while it ran."""
    asked = stands.next_run_at
    return min(usual, asked) if asked is not None and asked != row.next_run_at else usual


def _give_back(row: FlowState, **values: Any) -> None:
    """Note how a run ended and end its claim; nothing where the lease ran out and another run has it."""
    held = FlowState.objects.filter(pk=row.pk, claimed_by=row.claimed_by, claimed_until=row.claimed_until)
    held.update(**values, claimed_until=None, claimed_by="")


@action
def pause_flow(name: str, *, by: Actor, reason: str) -> FlowState:
    """Stop a flow until somebody resumes it; who and why are shown beside it."""
    if not reason.strip():
        raise InvalidValue(_("Say why: the reason is shown beside the flow."), field="reason")
    row = FlowState.objects.select_for_update(no_key=True).get(pk=flow_row(name).pk)
    row.is_paused = True
    row.pause_reason = reason.strip()[:300]
    row.paused_by = by.label[:200]
    row.save(update_fields=["is_paused", "pause_reason", "paused_by"])
    audit.log("flow.paused", by=by, about=f"flow:{name}")
    return row


@action
def resume_flow(name: str, *, by: Actor) -> FlowState:
    """Let a paused flow go on, at once."""
    row = FlowState.objects.select_for_update(no_key=True).get(pk=flow_row(name).pk)
    row.is_paused = False
    row.pause_reason = row.paused_by = ""
    row.next_run_at = timezone.now()
    row.save(update_fields=["is_paused", "pause_reason", "paused_by", "next_run_at"])
    audit.log("flow.resumed", by=by, about=f"flow:{name}")
    return row


@transaction.atomic
def ask_for_run(name: str, *, is_full: bool = False) -> FlowState:
    """Let a flow run at the next wake-up instead of when its time comes.

    is_full: it is to compare everything, also what has not moved over there since it was read.
    """
    row = FlowState.objects.select_for_update(no_key=True).get(pk=flow_row(name).pk)
    row.next_run_at = timezone.now()
    if is_full:
        row.full_due_at = timezone.now()
    row.save(update_fields=["next_run_at", "full_due_at"])
    return row
