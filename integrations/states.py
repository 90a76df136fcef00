"""The lives of a delivery, of an inbound message, of a process; and how a flow may be set."""

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _


class DeliveryState(TextChoices):
    """Where an outgoing message is. Buried: it will not be tried again without a person."""

    WAITING = "waiting", _("Waiting")
    SENDING = "sending", _("Being sent")
    DELIVERED = "delivered", _("Delivered")
    BURIED = "buried", _("Dead letter")
    DROPPED = "dropped", _("Dropped")


DELIVERY_NEXT: dict[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.WAITING: frozenset({DeliveryState.SENDING, DeliveryState.BURIED, DeliveryState.DROPPED}),
    DeliveryState.SENDING: frozenset({DeliveryState.WAITING, DeliveryState.DELIVERED, DeliveryState.BURIED}),
    DeliveryState.BURIED: frozenset({DeliveryState.WAITING, DeliveryState.DROPPED}),
    DeliveryState.DELIVERED: frozenset(),
    DeliveryState.DROPPED: frozenset(),
}


class ErrorClass(TextChoices):
    """What a failed call means: it heals by itself, needs a person, or its outcome is unknown.

    Lost: the worker ended in the middle of it.
    """

    TRANSIENT = "transient", _("Heals by itself")
    UNKNOWN = "unknown", _("Outcome unknown")
    REFUSED = "refused", _("Refused by the other system")
    BROKEN = "broken", _("Needs a person")
    LOST = "lost", _("Its worker ended")


class InboxState(TextChoices):
    """What became of an inbound message."""

    NEW = "new", _("New")
    APPLIED = "applied", _("Applied")
    OLD = "old", _("Older than what we have")
    PARKED = "parked", _("Waiting for its parent")
    QUARANTINED = "quarantined", _("Not valid")


class Lane(IntegerChoices):
    """Who goes first: a lower number before a higher one, whatever waits there (INT-06)."""

    URGENT = 0, _("Urgent")
    NORMAL = 1, _("Normal")
    BULK = 2, _("Bulk")


class FlowMode(TextChoices):
    """How a flow is switched. Held and shadow lose nothing: what waits goes on when it is live again."""

    LIVE = "live", _("Live")
    SHADOW = "shadow", _("Compares only")
    HELD = "held", _("Held")


class Light(TextChoices):
    """How a flow is, at a glance. Off: nothing is expected of it now, so nothing can be wrong with its pace."""

    RED = "red", _("Act now")
    AMBER = "amber", _("Look soon")
    GREEN = "green", _("Healthy")
    OFF = "off", _("Nothing expected")


class WindowKind(TextChoices):
    """Why a system rests."""

    BATCH = "batch", _("Batch run")
    MAINTENANCE = "maintenance", _("Maintenance")


class ProcessState(TextChoices):
    """Where a process is. Waiting: for a person, since going on or undoing did not succeed."""

    RUNNING = "running", _("Under way")
    DONE = "done", _("Done")
    UNDOING = "undoing", _("Being undone")
    UNDONE = "undone", _("Undone")
    WAITING = "waiting", _("Waits for a person")


PROCESS_NEXT: dict[ProcessState, frozenset[ProcessState]] = {
    ProcessState.RUNNING: frozenset({ProcessState.DONE, ProcessState.UNDOING, ProcessState.WAITING}),
    ProcessState.UNDOING: frozenset({ProcessState.UNDONE, ProcessState.WAITING}),
    ProcessState.WAITING: frozenset({ProcessState.RUNNING, ProcessState.UNDOING}),
    ProcessState.DONE: frozenset(),
    ProcessState.UNDONE: frozenset(),
}

# Neither done nor undone: at most one run per kind and subject is.
UNDER_WAY = (ProcessState.RUNNING, ProcessState.UNDOING, ProcessState.WAITING)


class StepState(TextChoices):
    """Where a step of a process is. Started without an end means: its outcome is to be asked for."""

    WAITING = "waiting", _("Not begun")
    STARTED = "started", _("Begun")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    UNDOING = "undoing", _("Being undone")
    UNDONE = "undone", _("Undone")


STEP_NEXT: dict[StepState, frozenset[StepState]] = {
    StepState.WAITING: frozenset({StepState.STARTED}),
    StepState.STARTED: frozenset({StepState.DONE, StepState.FAILED, StepState.UNDOING}),
    StepState.FAILED: frozenset({StepState.STARTED, StepState.UNDOING}),
    StepState.DONE: frozenset({StepState.UNDOING}),
    StepState.UNDOING: frozenset({StepState.UNDONE}),
    StepState.UNDONE: frozenset(),
}


class IdentifierChangeKind(TextChoices):
    """What became of an identifier."""

    RENAME = "rename", _("Renamed")
    MERGE = "merge", _("Merged")
    SPLIT = "split", _("Split")


class Direction(TextChoices):
    """Which way a flow runs."""

    IN = "in", _("In")
    OUT = "out", _("Out")
    ASK = "ask", _("Asked")


class Pattern(TextChoices):
    """How a flow moves its facts: asked at the moment, message by message, or as a set (INT-05)."""

    LIVE = "live", _("Live")
    EVENT = "event", _("Event")
    BATCH = "batch", _("Batch")


class ConflictRule(TextChoices):
    """Which word holds when two systems say different things."""

    OWNER = "owner", _("The owner's word holds")
    NEWER = "newer", _("The newer version holds, an older one is dropped")
    ANSWER = "answer", _("The answer holds, what differs is a case")
    TOLD = "told", _("The newer word holds, the buyer is told before the decision")
    NONE = "none", _("Nothing comes back")
