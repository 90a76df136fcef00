"""Works the inbox off: what is urgent first, a slice at a time, each record by one worker."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import OperationalError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.errors import DeadlockDetected, LockNotAvailable

from core.actor import Actor
from core.logging import get_logger
from core.records import Record
from integrations.actions.inbox.messages import PULLED, PUSHED
from integrations.actions.inbox.taking import NotYet, take_claimed
from integrations.criteria import Rollout, inside
from integrations.effective import all_effective
from integrations.inbox import KINDS, Kind
from integrations.models import FlowState, InboxMessage
from integrations.states import InboxState, Lane
from integrations.systems import flow_actor
from orders.states import Outcome

logger = get_logger(__name__)

EVENTS = "erp.events"
# A message still new after this long was left by a worker that died: its reading is over, and as the
# message is known already, no later reading takes it in.
LEFT_NEW = timedelta(minutes=1)
# How many of one kind are taken in at once. Whatever is more urgent waits at most for these.
SLICE = 100
# How long a slice waits for what others have locked before it is left for another time.
BUSY_AFTER = timedelta(seconds=3)
ALL = tuple(Lane)


@dataclass(frozen=True)
class Doors:
    """What may be taken in just now: kinds that wait because their flow is paused, held or compares only.

    are_pushed_closed: nothing of what was pushed to us is. rollouts: {kind: whom its flow is live for}.
    """

    closed: frozenset[str]
    are_pushed_closed: bool
    rollouts: dict[str, Rollout]

    @classmethod
    def now(cls) -> "Doors":
        """As the flows are set now. Two statements."""
        set_to = all_effective()
        paused = set(FlowState.objects.filter(is_paused=True).values_list("flow", flat=True))
        shut = paused | {name for name, flow in set_to.items() if not flow.is_live}
        rollouts = {name: set_to[kind.flow].rollout for name, kind in KINDS.items()}
        return cls(
            closed=frozenset(name for name, kind in KINDS.items() if kind.flow in shut),
            are_pushed_closed=EVENTS in shut,
            rollouts={name: rollout for name, rollout in rollouts.items() if any(rollout.values())},
        )


def work(*, until: float, lanes: Sequence[Lane] = ALL) -> int:
    """Take in the open messages whose time has come, the most urgent first; tell how many.

    until: by time.monotonic(); a slice that has begun is ended. Before each slice the inbox is looked at
    anew, so that what comes in meanwhile and is more urgent is next (INT-06). Each message is tried once.
    """
    doors, passed, done = Doors.now(), list[int](), 0
    while time.monotonic() < until:
        found = _next(doors, passed, lanes)
        if not found:
            break
        passed += [message.pk for message in found]
        done += _take(found, doors)
    return done


def _next(doors: Doors, passed: Sequence[int], lanes: Sequence[Lane]) -> list[InboxMessage]:
    """The most urgent open message with those after it that can be taken in together with it."""
    now = timezone.now()
    pushed = Q(channel=PUSHED, state=InboxState.NEW)
    left = Q(channel=PULLED, state=InboxState.NEW, received_at__lte=now - LEFT_NEW)
    due = Q(state=InboxState.PARKED, next_try_at__lte=now)
    open_ones = InboxMessage.objects.filter(pushed | left | due, kind__in=KINDS.keys() - doors.closed)
    if doors.are_pushed_closed:
        open_ones = open_ones.filter(channel=PULLED)
    rows = list(open_ones.filter(lane__in=lanes).exclude(pk__in=passed).order_by("lane", "id")[:SLICE])
    if not rows:
        return []
    first = rows[0]
    if _take_set(first.kind, doors) is None:
        return [first]
    return [row for row in rows if _set_of(row) == _set_of(first)]


def _set_of(row: InboxMessage) -> tuple[Any, ...]:
    """What messages must have in common to be taken in together."""
    return row.lane, row.system, row.kind, KINDS[row.kind].group(row.payload)


def _take_set(kind: str, doors: Doors) -> Any:
    return None if kind in doors.rollouts else KINDS[kind].take_set


def _take(found: list[InboxMessage], doors: Doors) -> int:
    kind = KINDS[found[0].kind]
    rollout = doors.rollouts.get(found[0].kind)
    try:
        return take_claimed(
            [message.pk for message in found],
            take=_live_for(kind, rollout) if rollout else kind.take,
            record=kind.record,
            by=lambda rows: _actor(kind, rows),
            take_set=_take_set(found[0].kind, doors),
            busy_after=BUSY_AFTER,
        )
    except OperationalError as error:
        if not isinstance(error.__cause__, (LockNotAvailable, DeadlockDetected)):
            raise
        logger.info("inbox.busy", kind=found[0].kind, rows=len(found))
        return 0


def _actor(kind: Kind, rows: Sequence[InboxMessage]) -> Actor:
    """The flow that brings the kind; with the cause of the messages if they have one in common."""
    causes = {row.correlation_id for row in rows}
    return flow_actor(kind.flow, correlation_id=causes.pop() if len(causes) == 1 else "")


def _live_for(kind: Kind, rollout: Rollout) -> Any:
    """The action of a kind that lets only those pass whom its flow is live for."""

    def take(record: Record, *, by: Actor) -> Outcome:
        if not inside([record], rollout)[0]:
            raise NotYet(_("Its flow is not live for it yet."))
        return kind.take(record, by=by)

    return take
