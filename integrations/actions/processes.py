"""Writes of processes: each note is one transaction, the attempt is counted before the call.

Whoever comes back to a step on which another worker has gone on is told so and writes nothing.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actor import Actor, action
from core.errors import InvalidValue
from core.states import check_move
from integrations.failures import CallFailed, NotUndone, Transient, can_heal, facts_of
from integrations.models import Process, ProcessStep
from integrations.patience import SECONDS_PER_DELIVERY
from integrations.processes.queries import all_newest_process, all_settings_version
from integrations.states import PROCESS_NEXT, STEP_NEXT, ProcessState, StepState


@action
def begin_process(
    kind: str, subject: str, *, steps: Iterable[str], given: dict[str, Any], by: Actor, flow: str = ""
) -> Process:
    """Begin a further run of a process about a document, with all its steps still to do.

    given: small JSON that each step is handed. flow: how it is set now is kept with the run. Raises Transient when another worker has begun one.
    """
    newest = all_newest_process(kind, subject)
    try:
        with transaction.atomic():
            process = Process.objects.create(
                kind=kind,
                subject=subject,
                run=newest.run + 1 if newest else 1,
                settings_version=all_settings_version(flow) if flow else 0,
                company_number=by.on_behalf_of,
                correlation_id=by.correlation_id,
            )
    except IntegrityError:
        raise _overtaken() from None
    ProcessStep.objects.bulk_create(
        ProcessStep(process=process, position=position, name=name, input=given)
        for position, name in enumerate(steps, start=1)
    )
    return process


@transaction.atomic
def resume_process(process: Process) -> Process:
    """Go on with a process: one that waited for a person continues where it stopped, on or back."""
    process = _locked(process)
    if process.state != ProcessState.WAITING:
        return process
    failure = dict(process.failure)
    was_undoing = failure.pop("undo", None) is not None
    _move(process, ProcessState.UNDOING if was_undoing else ProcessState.RUNNING)
    process.failure = failure if was_undoing else {}
    process.save(update_fields=["state", "failure"])
    return process


@transaction.atomic
def start_step(step: ProcessStep, given: dict[str, Any]) -> ProcessStep:
    """Begin a step, or begin it again: one without an end has an outcome that is to be asked for."""
    process, step = _locked_step(step)
    if process.state != ProcessState.RUNNING:
        raise _overtaken()
    if step.state != StepState.STARTED:
        check_move(STEP_NEXT, step.state, StepState.STARTED)
        step.state = StepState.STARTED
    now = timezone.now()
    step.attempts += 1
    step.input = given
    step.started_at = step.started_at or now
    step.lost_at = last_sent_at(step)
    step.tried_at = now
    step.save(update_fields=["state", "attempts", "input", "started_at", "lost_at", "tried_at"])
    return step


@transaction.atomic
def finish_step(step: ProcessStep, output: dict[str, Any]) -> ProcessStep:
    """Keep what a step brought about; it is never done again."""
    _process, row = _locked_step(step)
    if row.state != StepState.STARTED or row.attempts != step.attempts:
        raise _overtaken()
    check_move(STEP_NEXT, row.state, StepState.DONE)
    row.state = StepState.DONE
    row.output = output
    row.error = ""
    row.tried_at = None
    row.ended_at = timezone.now()
    row.save(update_fields=["state", "output", "error", "tried_at", "ended_at"])
    return row


@transaction.atomic
def fail_step(step: ProcessStep, failure: CallFailed) -> ProcessStep:
    """Note a failed attempt. What cannot heal turns the process round: all that was done is undone.

    An unknown outcome leaves the step begun, so that the next attempt asks for it.
    """
    process, row = _locked_step(step)
    if row.state != StepState.STARTED or row.attempts != step.attempts:
        raise _overtaken()
    row.tried_at = None
    if not isinstance(failure, Transient) and can_heal(failure):
        row.lost_at = timezone.now()
        row.error = failure.reason[:500]
        row.save(update_fields=["error", "tried_at", "lost_at"])
        return row
    check_move(STEP_NEXT, row.state, StepState.FAILED)
    row.state = StepState.FAILED
    row.error = failure.reason[:500]
    row.save(update_fields=["state", "error", "tried_at"])
    if not can_heal(failure):
        _turn_round(process, {**facts_of(failure), "step": row.name})
    return row


def last_sent_at(step: ProcessStep) -> datetime | None:
    """The latest moment at which an attempt without an answer can have been sent; None when all were answered.

    One whose worker ended can have been sent at any moment of the time that it had.
    """
    if step.tried_at is None:
        return step.lost_at
    latest = step.tried_at + timedelta(seconds=SECONDS_PER_DELIVERY)
    return latest if step.lost_at is None else max(latest, step.lost_at)


@transaction.atomic
def finish_process(process: Process) -> Process:
    """All steps are done."""
    process = _locked(process)
    _move(process, ProcessState.DONE)
    process.ended_at = timezone.now()
    process.save(update_fields=["state", "ended_at"])
    return process


@transaction.atomic
def begin_undoing(process: Process, *, reason: str, code: str) -> Process:
    """Turn a process round because what it was for is over; one that is being undone already goes on so.

    Why a step of it had failed stays with it.
    """
    process = _locked(process)
    if process.state == ProcessState.UNDOING:
        return process
    failed = {name: value for name, value in process.failure.items() if name != "undo"}
    is_known = "step" in failed
    return _turn_round(process, failed if is_known else {"reason": reason, "code": code, "cause": reason})


@transaction.atomic
def start_undo(step: ProcessStep) -> ProcessStep:
    """Begin to take a step back, or begin it again."""
    process, step = _locked_step(step)
    if process.state != ProcessState.UNDOING:
        raise _overtaken()
    if step.state != StepState.UNDOING:
        check_move(STEP_NEXT, step.state, StepState.UNDOING)
        step.state = StepState.UNDOING
    step.undo_attempts += 1
    step.ended_at = None
    step.save(update_fields=["state", "undo_attempts", "ended_at"])
    return step


@transaction.atomic
def finish_undo(step: ProcessStep) -> ProcessStep:
    """A step is taken back; if it is the one that failed, why it did stays with it."""
    process, row = _locked_step(step)
    if row.state != StepState.UNDOING or row.undo_attempts != step.undo_attempts:
        raise _overtaken()
    _end_undo(process, row)
    return row


@transaction.atomic
def fail_undo(step: ProcessStep, failure: CallFailed) -> ProcessStep:
    """Note that taking a step back has failed; it is still to be taken back."""
    _process, row = _locked_step(step)
    if row.state != StepState.UNDOING or row.undo_attempts != step.undo_attempts:
        raise _overtaken()
    row.error = failure.reason[:500]
    row.save(update_fields=["error"])
    return row


@transaction.atomic
def end_undoing(process: Process) -> Process:
    """Everything is taken back."""
    process = _locked(process)
    _move(process, ProcessState.UNDONE)
    process.ended_at = timezone.now()
    process.save(update_fields=["state", "ended_at"])
    return process


@transaction.atomic
def pause_process(process: Process, failure: CallFailed) -> Process:
    """Let a process wait for a person, who may let it go on or turn it round (X-14)."""
    process = _locked(process)
    if process.state == ProcessState.WAITING:
        return process
    if process.state == ProcessState.UNDOING:
        why = failure.why if isinstance(failure, NotUndone) else failure
        process.failure = {**process.failure, "undo": facts_of(why)}
    else:
        process.failure = facts_of(failure)
    _move(process, ProcessState.WAITING)
    process.save(update_fields=["state", "failure"])
    return process


@action
def settle_undoing(process: Process, *, left: Iterable[ProcessStep], by: Actor, reason: str) -> Process:
    """What was left to undo was taken back by others, such as by hand; who and why stay with the process.

    Raises WrongState when it has ended, InvalidValue without a reason.
    """
    process = _locked(process)
    if not reason.strip():
        raise InvalidValue(_("Say why: the reason is kept with the process."), field="reason")
    if process.state != ProcessState.UNDOING:
        _move(process, ProcessState.UNDOING)
    for step in left:
        row = ProcessStep.objects.select_for_update(of=("self",), no_key=True).get(pk=step.pk)
        if row.state != StepState.UNDOING:
            check_move(STEP_NEXT, row.state, StepState.UNDOING)
            row.state = StepState.UNDOING
        _end_undo(process, row)
    _move(process, ProcessState.UNDONE)
    process.failure = {**process.failure, "settled": {"by": by.label, "reason": reason.strip()}}
    process.ended_at = timezone.now()
    process.save(update_fields=["state", "failure", "ended_at"])
    return process


def _turn_round(process: Process, facts: dict[str, Any]) -> Process:
    _move(process, ProcessState.UNDOING)
    process.failure = facts
    process.save(update_fields=["state", "failure"])
    return process


def _end_undo(process: Process, step: ProcessStep) -> None:
    check_move(STEP_NEXT, step.state, StepState.UNDONE)
    step.state = StepState.UNDONE
    failed_here = process.failure.get("step") == step.name
    step.error = process.failure["reason"][:500] if failed_here else ""
    step.ended_at = timezone.now()
    step.save(update_fields=["state", "error", "ended_at"])


def _move(process: Process, state: ProcessState) -> None:
    check_move(PROCESS_NEXT, process.state, state)
    process.state = state


def _locked(process: Process) -> Process:
    return Process.objects.select_for_update(of=("self",), no_key=True).get(pk=process.pk)


def _locked_step(step: ProcessStep) -> tuple[Process, ProcessStep]:
    """The process, locked, and its step as it is now: the process is the root of what is written."""
    process = Process.objects.select_for_update(of=("self",), no_key=True).get(pk=step.process_id)
    return process, ProcessStep.objects.get(pk=step.pk)


def _overtaken() -> Transient:
    return Transient("Another worker has gone on with this process meanwhile.")
