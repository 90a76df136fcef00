"""Whether what goes out may go out now: paused, held, at rest, or live for some companies alone."""

from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from integrations.criteria import companies_inside
from integrations.dispatch import DESTINATIONS, Destination
from integrations.effective import effective
from integrations.flows import Flow, of_destination
from integrations.models import Delivery, FlowState
from integrations.rest import is_resting
from integrations.states import DeliveryState, FlowMode


@dataclass(frozen=True)
class Gate:
    """What stands before a destination. why: what closes it: paused, held, shadow, rests; "" while open.

    companies: the numbers of those whose messages pass, with their branches; None: everybody's. What is
    not let through waits, and goes out by itself when the gate opens (OPS-07, OPS-10).
    """

    why: str = ""
    companies: frozenset[str] | None = None

    @property
    def is_open(self) -> bool:
        """Whether anything may pass."""
        return not self.why


OPEN = Gate()


def gate_of(destination: Destination) -> Gate:
    """The gate of a destination as it is set now; a destination without a flow is open."""
    flow = of_destination(destination.name)
    if flow is None:
        return OPEN
    if FlowState.objects.filter(flow=flow.name, is_paused=True).exists():
        return Gate("paused")
    set_to = effective(flow.name)
    if set_to.mode != FlowMode.LIVE:
        return Gate(str(set_to.mode))
    if is_resting(flow.system, timezone.now()):
        return Gate("rests")
    return Gate(companies=companies_inside(set_to.rollout))


def gate_before(flow: Flow) -> Gate | None:
    """The gate of the destination that a flow's messages go to; None where none goes out."""
    destination = DESTINATIONS.get(flow.destination)
    return gate_of(destination) if destination else None


def all_outside(destination: str, companies: frozenset[str] | None) -> int:
    """How many messages wait because their companies are outside the roll-out."""
    if companies is None:
        return 0
    waiting = Delivery.objects.filter(destination=destination, state=DeliveryState.WAITING, attempts=0)
    return waiting.filter(~Q(event__company_number__in=companies)).count()
