"""The lives of a delivery and of an inbound message."""

from django.db.models import TextChoices
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
    """What a failed call means: it heals by itself, needs a person, or its outcome is unknown."""

    TRANSIENT = "transient", _("Heals by itself")
    UNKNOWN = "unknown", _("Outcome unknown")
    REFUSED = "refused", _("Refused by the other system")
    BROKEN = "broken", _("Needs a person")


class InboxState(TextChoices):
    """What became of an inbound message."""

    NEW = "new", _("New")
    APPLIED = "applied", _("Applied")
    OLD = "old", _("Older than what we have")
    PARKED = "parked", _("Waiting for its parent")
    QUARANTINED = "quarantined", _("Not valid")
