"""Drives processes: step by step on, and in reverse back. What is done is kept and never done again.

Whoever drives holds the lease of the message that the process is about, so that there is one at a time;
the tables are the truth. A driver may end anywhere: the next one goes on from the last note.
"""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from core.actor import Actor
from integrations.actions.processes import (
    begin_process,
    begin_undoing,
    end_undoing,
    fail_step,
    fail_undo,
    finish_process,
    finish_step,
    finish_undo,
    last_sent_at,
    pause_process,
    resume_process,
    settle_undoing,
    start_step,
    start_undo,
)
from integrations.failures import CallFailed, NotUndone, Paced, TooEarly, can_heal, failure_from
from integrations.models import Process, ProcessStep
from integrations.processes.queries import all_newest_process, all_process_under_way
from integrations.processes.steps import Definition, Output, Step, Work
from integrations.states import UNDER_WAY, ProcessState, StepState

# So often a compensation is tried by itself before a person is asked (INT-45).
MOST_UNDOS = 5


def carry_on(definition: Definition, subject: str, given: dict[str, Any], *, by: Actor) -> dict[str, Output]:
    """Do what is left of a process, begun if it was not yet; answer with the outputs of its steps.

    given: small JSON that says what it is begun with; other words bring the run under way to its end
    and begin a further one. Raises what a step failed with: when that can heal, the process goes on with the
    next call; else it is undone first, and NotUndone says that a compensation failed too often.
    """
    process = all_newest_process(definition.kind, subject)
    is_same = process is not None and _begun_with(process) == given
    if process is not None and process.state in UNDER_WAY:
        process = resume_process(process)
        if process.state == ProcessState.UNDOING:
            _undo(definition, process, by)
            if is_same:
                raise failure_from(process.failure)
            end_undoing(process)
            process = None
        elif not is_same:
            _end_older(definition, process, by)
            process = None
    elif process is not None and not (is_same and process.state == ProcessState.DONE):
        process = None
    if process is None:
        names = [step.name for step in definition.steps]
        process = begin_process(
            definition.kind, subject, steps=names, given=given, by=by, flow=definition.flow
        )
    return _go_on(definition, process, by)


def take_back(definition: Definition, subject: str, *, reason: str, by: Actor) -> None:
    """Undo what a process that has not ended did, because what it was for is over; quiet when there is none.

    Raises Transient or UnknownOutcome to be called again, NotUndone when a person must see to it.
    """
    process = all_process_under_way(definition.kind, subject)
    if process is None:
        return
    process = begin_undoing(process, reason=reason, code="cancelled")
    _undo(definition, process, by)
    end_undoing(process)


def give_up(definition: Definition, subject: str, failure: CallFailed) -> Process | None:
    """End a process as far as it can be: undone if nothing is left to undo, else it waits for a person.

    Called where the message becomes a dead letter, in the same transaction. None when no run is open.
    """
    process = all_process_under_way(definition.kind, subject)
    if process is None:
        return None
    if process.state == ProcessState.UNDOING and not left_to_undo(definition, process):
        return end_undoing(process)
    return pause_process(process, failure)


def close_undone(definition: Definition, subject: str, *, reason: str, by: Actor) -> None:
    """End a process as undone without asking anybody: what it did was taken back by others."""
    process = all_process_under_way(definition.kind, subject)
    if process is not None:
        settle_undoing(process, left=left_to_undo(definition, process), by=by, reason=reason)


def left_to_undo(definition: Definition, process: Process) -> list[ProcessStep]:
    """The steps whose effects may still stand, the last first: done, or begun and their end unknown."""
    return [
        row
        for row in process.steps.order_by("-position")
        if row.state not in (StepState.WAITING, StepState.UNDONE) and definition.step(row.name).undo
    ]


def _go_on(definition: Definition, process: Process, by: Actor) -> dict[str, Output]:
    outputs: dict[str, Output] = {}
    for row in process.steps.order_by("position"):
        if row.state != StepState.DONE:
            row = _do(definition, process, row, outputs, by)
        outputs[row.name] = row.output
    if process.state != ProcessState.DONE:
        finish_process(process)
    return outputs


def _end_older(definition: Definition, process: Process, by: Actor) -> None:
    """End a run that was begun with older words: undone, or done where something lasting has begun."""
    if _has_lasting(definition, process):
        try:
            _go_on(definition, process, by)
        except CallFailed as failure:
            if can_heal(failure) or isinstance(failure, NotUndone):
                raise
        else:
            return
    else:
        process = begin_undoing(process, reason="Newer words came.", code="superseded")
    _undo(definition, process, by)
    end_undoing(process)


def _has_lasting(definition: Definition, process: Process) -> bool:
    begun = process.steps.exclude(state=StepState.WAITING).values_list("name", flat=True)
    return any(definition.step(name).is_lasting for name in begun)


def _do(
    definition: Definition, process: Process, row: ProcessStep, outputs: dict[str, Output], by: Actor
) -> ProcessStep:
    step = definition.step(row.name)
    given = {**row.input, **{name: outputs[name] for name in step.needs}}
    row = start_step(row, given)
    try:
        output = step.run(Work(process.subject, given, by))
    except CallFailed as failure:
        fail_step(row, failure)
        if not can_heal(failure):
            _undo(definition, process, by)
        raise
    return finish_step(row, output)


def _undo(definition: Definition, process: Process, by: Actor) -> None:
    """Take back what was done, the last first. Raises what heals, and NotUndone when it has not healed."""
    for row in left_to_undo(definition, process):
        step = definition.step(row.name)
        if step.undo is None:
            continue
        row = start_undo(row)
        began = timezone.now()
        try:
            step.undo(Work(process.subject, row.input, by))
            _check_settled(step, row, began)
        except CallFailed as failure:
            fail_undo(row, failure)
            # A person who has it tried again gives it as many tries again; what was never sent has not failed.
            if isinstance(failure, Paced) or can_heal(failure) and row.undo_attempts % MOST_UNDOS:
                raise
            raise NotUndone(row.name, failure) from failure
        finish_undo(row)


def _check_settled(step: Step, row: ProcessStep, looked_at: datetime) -> None:
    """Raise TooEarly while an attempt without an answer might still take effect after we have looked."""
    sent_at = last_sent_at(row)
    if sent_at is None:
        return
    left = (sent_at + timedelta(seconds=step.patience) - looked_at).total_seconds()
    if step.patience and left > 0:
        raise TooEarly(f"An attempt to {step.name} may still take effect there.", retry_after=left)


def _begun_with(process: Process) -> dict[str, Any]:
    first: dict[str, Any] = process.steps.order_by("position").values_list("input", flat=True)[0]
    return first
