"""Running flows: which are due, one worker each, and what happens when one does not come through."""

import time
from dataclasses import replace

from django.db import InterfaceError, OperationalError
from django.db.models import Q
from django.utils import timezone

from core import refusals
from core.actor import Actor, acting
from core.errors import DomainError
from core.logging import get_logger
from core.tolerance import BeyondTolerance
from integrations.actions.flows import (
    RunResult,
    claim_flow,
    end_rehearsal,
    end_run,
    fail_run,
    flow_row,
    is_held,
    leave_flow,
)
from integrations.actions.systems import note_answer, note_failure, system_row
from integrations.effective import Effective, all_held, effective
from integrations.failures import Broken, CallFailed, Paced
from integrations.feeds import Feed
from integrations.flows import FLOWS, SLOW, Flow, in_order
from integrations.models import FlowRun, FlowState, System
from integrations.reading import Reading
from integrations.rest import resting_systems
from integrations.states import FlowMode
from integrations.systems import flow_actor

logger = get_logger(__name__)


def run_flow(
    name: str, *, is_full: bool = False, is_asked: bool = False, feed: Feed | None = None
) -> FlowRun | None:
    """Run a flow now, unless another worker does, it is paused, or its system is.

    is_asked: by a person: its run is noted even when nothing changed. feed: what is read instead of the
    flow's own, such as a file that a person hands over. Raises KeyError for an
    unknown name, ValueError for a flow without a feed. A failure is noted and not raised;
    `FlowRun.error` tells it.
    """
    flow = FLOWS[name]
    if feed is not None:
        flow = replace(flow, feed=feed)
    if not flow.is_fed:
        raise ValueError(f"{name} is not read by a schedule")
    if not is_asked and System.objects.filter(_is_left_alone(), key=flow.system).exists():
        return None
    set_to = replace(effective(name), flow=flow)
    if set_to.mode == FlowMode.HELD:
        return None
    row = claim_flow(name)
    if row is None:
        return None
    # What was set meanwhile counts: nobody sets back what a claimed flow brought.
    set_to = replace(effective(name), flow=flow)
    if set_to.mode == FlowMode.HELD:
        leave_flow(row)
        return None
    by = flow_actor(name, system=flow.system)
    with acting(by):
        return _run(set_to, row, by, is_full=is_full or _is_full_due(flow, row), is_asked=is_asked)


def _is_left_alone() -> Q:
    return Q(down_since__isnull=False) | Q(rest_until__gt=timezone.now())


def _is_full_due(flow: Flow, row: FlowState) -> bool:
    if row.last_success_at is None:
        return True
    return row.full_due_at is not None and row.full_due_at <= timezone.now()


def _run(set_to: Effective, row: FlowState, by: Actor, *, is_full: bool, is_asked: bool) -> FlowRun:
    started, flow = time.monotonic(), set_to.flow
    reading = Reading(
        cursor=row.cursor,
        is_full=is_full,
        by=by,
        rollout=set_to.rollout,
        mapping=set_to.mapping,
        rehearses=flow.writes if set_to.mode == FlowMode.SHADOW else None,
        tolerance=set_to.tolerance,
        most_gone=set_to.most_gone,
        writes=flow.writes,
    )
    try:
        fed = flow.read(reading)
    except CallFailed as failure:
        return _failed(set_to, row, by, failure)
    except (OperationalError, InterfaceError):
        # Our own database is away: nothing can be noted. This process takes its claim up again.
        raise
    except BeyondTolerance as refusal:
        note_answer(flow.system)
        return _failed(set_to, row, by, Broken(str(refusal)), refused=refusal)
    except DomainError as error:
        refusals.keep(error, by=by)
        return _failed(set_to, row, by, Broken(str(error)))
    except Exception as error:
        logger.exception("flow.broken", flow=flow.name)
        return _failed(set_to, row, by, Broken(f"Unexpected {type(error).__name__}; the log has its place."))
    note_answer(flow.system)
    now = timezone.now()
    full_due_at = row.full_due_at
    if is_full or full_due_at is None:
        full_due_at = now + set_to.full_every if set_to.full_every else None
    result = RunResult(
        fed.applied, fed.as_of, fed.cursor, fed.keys, fed.is_full, fed.calls, set_to.version, fed.found
    )
    next_run_at = now + set_to.every
    if reading.rehearses is not None:
        return end_rehearsal(row, result, by=by, next_run_at=next_run_at, is_asked=is_asked)
    run = end_run(
        row,
        result,
        by=by,
        kind=flow.kind,
        next_run_at=next_run_at,
        full_due_at=full_due_at,
        is_asked=is_asked or is_full,
    )
    if run.pk:
        logger.info(
            "flow.ran",
            flow=flow.name,
            new=run.new,
            changed=run.changed,
            same=run.same,
            rejected=run.rejected,
            duration_ms=int((time.monotonic() - started) * 1000),
        )
    return run


def _failed(
    set_to: Effective,
    row: FlowState,
    by: Actor,
    failure: CallFailed,
    *,
    refused: BeyondTolerance | None = None,
) -> FlowRun:
    flow = set_to.flow
    needs_person = isinstance(failure, Broken)
    if needs_person:
        logger.error("flow.failed", flow=flow.name, error_class=str(failure.error_class))
    elif not isinstance(failure, Paced):
        system_row(flow.system)
        note_failure(flow.system, failure)
    return fail_run(
        row, failure.reason, by=by, every=set_to.every, needs_person=needs_person, refused=refused
    )


def due_flows() -> list[tuple[Flow, bool]]:
    """The flows whose time has come and whose needs have been met once; True for those of the slow lane.

    A comparison of everything is slow whatever the flow.
    """
    rows = {row.flow: row for row in FlowState.objects.filter(flow__in=FLOWS)}
    for flow in in_order():
        if flow.name not in rows:
            rows[flow.name] = flow_row(flow.name)
    away = set(System.objects.filter(_is_left_alone()).values_list("key", flat=True))
    now = timezone.now()
    away |= resting_systems(now)
    held = all_held()
    due = []
    for flow in in_order():
        row = rows[flow.name]
        waits = row.next_run_at is not None and row.next_run_at > now
        lacks = any(rows[name].last_success_at is None for name in flow.after)
        is_closed = row.is_paused or flow.name in held or flow.system in away
        if not (is_closed or waits or is_held(row, now) or lacks):
            due.append((flow, flow.lane == SLOW or _is_full_due(flow, row)))
    return due
