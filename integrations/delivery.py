"""The relay: hands out events, makes the calls, and notes how each ended. All truth is in the tables."""

import time
from datetime import timedelta

from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from core import refusals
from core.actor import acting, current_actor
from core.errors import DomainError
from core.logging import get_logger
from integrations import dispatch
from integrations.actions.deliveries import (
    POISON,
    claim_delivery,
    dispatch_events,
    fail_delivery,
    finish_delivery,
    is_poison,
)
from integrations.actions.systems import (
    claim_probe,
    note_answer,
    note_failure,
    raise_alarm,
    system_row,
)
from integrations.connectors.registry import probe_of
from integrations.dispatch import Destination
from integrations.failures import Broken, CallFailed, Refused
from integrations.gates import gate_of
from integrations.models import Delivery
from integrations.patience import within
from integrations.queries import all_waiting_for
from integrations.rest import resting_systems
from integrations.systems import Message, job_actor

logger = get_logger(__name__)

PROBE_LEASE = timedelta(seconds=60)
# Less than a lease, and less than the queue's limit with what a tick does before it.
SECONDS_PER_DELIVERY = 40.0


def fan_out() -> int:
    """Give every new event its deliveries; tell how many events were handed out."""
    handed_out = 0
    while count := dispatch_events(dispatch.routes()):
        handed_out += count
    return handed_out


def drain(*, until: float) -> int:
    """Deliver what is due, in turns over the destinations, until nothing is or the time is up.

    until: by time.monotonic(). Tells how many deliveries were tried. Any number may run at once.
    """
    for destination in dispatch.DESTINATIONS.values():
        system_row(destination.system)
    tried, idle = 0, set[str]()
    while time.monotonic() < until and len(idle) < len(dispatch.DESTINATIONS):
        for destination in dispatch.DESTINATIONS.values():
            if _deliver_next(destination):
                tried += 1
                idle.discard(destination.name)
            else:
                idle.add(destination.name)
    return tried


def _deliver_next(destination: Destination) -> bool:
    gate = gate_of(destination)
    if not gate.is_open:
        return False
    delivery = claim_delivery(
        destination.name,
        system=destination.system,
        parallel=destination.parallel,
        passing=destination.passing,
        companies=gate.companies,
    )
    if delivery is None:
        return False
    deliver(delivery, destination)
    return True


def deliver(delivery: Delivery, destination: Destination) -> None:
    """Make one claimed delivery's call and note how it ended."""
    message = Message.of(delivery.event, delivery.attempts)
    with acting(job_actor("relay", message.correlation_id)):
        started = time.monotonic()
        failure = POISON if is_poison(delivery) else _call(destination, message)
        _note_system(destination.system, failure)
        if failure is None:
            finish_delivery(delivery)
            outcome = "delivered"
        else:
            state = fail_delivery(delivery, failure, bury=lambda why: destination.bury(message, why))
            outcome = str(state)
        logger.info(
            "delivery.tried",
            destination=destination.name,
            subject=message.subject,
            event_name=message.name,
            attempts=delivery.attempts,
            outcome=outcome,
            error_class=str(failure.error_class) if failure else "",
            duration_ms=int((time.monotonic() - started) * 1000),
        )


def _call(destination: Destination, message: Message) -> CallFailed | None:
    try:
        with within(SECONDS_PER_DELIVERY):
            destination.send(message)
    except CallFailed as failure:
        return failure
    except (DatabaseError, InterfaceError):
        # Our own database: not this message's fault. The lease runs out and it is tried again.
        raise
    except DomainError as error:
        refusals.keep(error, by=current_actor() or job_actor("relay", message.correlation_id))
        return Broken(f"Our side refused what came back: {error.code}.")
    except Exception as error:
        logger.exception("delivery.broken", destination=destination.name, subject=message.subject)
        return Broken(f"Unexpected {type(error).__name__}; the log has its place.")
    return None


def _note_system(system: str, failure: CallFailed | None) -> None:
    if failure is None or isinstance(failure, Refused):
        note_answer(system)
    elif not isinstance(failure, Broken):
        note_failure(system, failure)


def probe_systems() -> None:
    """Ask each paused system whose turn it is, one worker at a time, whether it is there again."""
    resting = resting_systems(timezone.now())
    for destination in dispatch.DESTINATIONS.values():
        if destination.system not in resting:
            probe_system(destination.system)


def probe_system(key: str) -> None:
    """Ask a paused system once; its answer lets its deliveries and flows go on."""
    probe = probe_of(key)
    if not claim_probe(key, lease=PROBE_LEASE):
        return
    try:
        probe()
    except CallFailed as failure:
        note_failure(key, failure)
        raise_alarm(key, waiting=all_waiting_for(key))
    else:
        note_answer(key)
