"""The relay: hands out events, makes the calls, and notes how each ended. All truth is in the tables."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from core import refusals
from core.actor import acting, current_actor
from core.errors import DomainError
from core.logging import get_logger
from integrations import dispatch
from integrations.actions.pace import return_tokens
from integrations.actions.relay import (
    POISON,
    Done,
    claim_deliveries,
    dispatch_events,
    fail_delivery,
    finish_deliveries,
    hand_back,
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
from integrations.contracts.registry import contracts
from integrations.failures import Broken, CallFailed, Paced, Refused
from integrations.gates import gate_of
from integrations.models import Delivery
from integrations.patience import SECONDS_PER_DELIVERY, within
from integrations.queries import all_waiting_for
from integrations.rest import resting_systems
from integrations.rules import LEASE
from integrations.systems import Destination, Message, job_actor

logger = get_logger(__name__)

PROBE_LEASE = timedelta(seconds=60)
# A call is begun only if it will have ended before the batch's lease has.
SECONDS_PER_BATCH = LEASE.total_seconds() - SECONDS_PER_DELIVERY - 10
# How many calls and how long may pass before their success is noted.
MOST_UNNOTED, LONGEST_UNNOTED = 50, 0.1
FAN_OUT_EVERY = 0.2


def fan_out() -> int:
    """Give every new event its deliveries; tell how many events were handed out."""
    routes, handed_out = dispatch.routes(), 0
    while count := dispatch_events(routes):
        handed_out += count
    return handed_out


def drain(*, until: float) -> int:
    """Deliver what is due, in turns over the destinations, until nothing is or the time is up.

    until: by time.monotonic(). Tells how many deliveries were tried. Any number may run at once. What
    happens meanwhile is handed out too: something urgent does not wait for the end of a long queue.
    """
    for destination in dispatch.DESTINATIONS.values():
        system_row(destination.system)
    # By chance: whoever is slow now and uses up the time must not be the first of every wake-up.
    turns = random.sample(list(dispatch.DESTINATIONS.values()), k=len(dispatch.DESTINATIONS))
    tried, idle, next_fan_out = 0, set[str](), time.monotonic() + FAN_OUT_EVERY
    while time.monotonic() < until and len(idle) < len(dispatch.DESTINATIONS):
        for destination in turns:
            if time.monotonic() >= until:
                break
            count = _deliver_next(destination, until)
            tried += count
            (idle.discard if count else idle.add)(destination.name)
        if time.monotonic() >= next_fan_out:
            fan_out()
            next_fan_out = time.monotonic() + FAN_OUT_EVERY
    return tried


def _deliver_next(destination: Destination, until: float) -> int:
    gate = gate_of(destination)
    if not gate.is_open:
        return 0
    claimed = claim_deliveries(destination, companies=gate.companies)
    return deliver(claimed, destination, until=until) if claimed else 0


@dataclass
class Notes:
    """The calls of a batch that succeeded and are not noted yet; since: when the first of them began."""

    destination: Destination
    done: list[Done] = field(default_factory=list)
    since: float = 0.0

    def add(self, done: Done, started: float) -> None:
        """Keep one; write all down when they are many or the first is old, so that a slow one is at once."""
        self.since = self.since if self.done else started
        self.done.append(done)
        if len(self.done) >= MOST_UNNOTED or time.monotonic() - self.since >= LONGEST_UNNOTED:
            self.write()

    def write(self) -> None:
        """Write them down in one statement. Those a crash keeps from it are called again: receivers know the key."""
        done, self.done = self.done, []
        if done:
            note_answer(self.destination.system)
            finish_deliveries(done)


def deliver(claimed: Sequence[Delivery], destination: Destination, *, until: float | None = None) -> int:
    """Make the calls of a claimed batch one by one, and note how they ended; tell how many were made.

    until: by time.monotonic(). When the time is up, or the system fails, the rest is given back as it was.
    """
    began = time.monotonic()
    ends = min(until or began + SECONDS_PER_BATCH, began + SECONDS_PER_BATCH)
    notes, made = Notes(destination), 0
    try:
        for delivery in claimed:
            if made and time.monotonic() >= ends:
                break
            made += 1
            if _is_over(_deliver(delivery, destination, notes)):
                break
    finally:
        notes.write()
    given_back = hand_back(claimed[made:])
    if given_back and destination.pays:
        return_tokens(destination.system, given_back)
    return made


def _is_over(failure: CallFailed | None) -> bool:
    """Whether the rest of a batch would fare no better."""
    return failure is not None and not isinstance(failure, Refused | Broken)


def _deliver(delivery: Delivery, destination: Destination, notes: Notes) -> CallFailed | None:
    message = Message.of(delivery.event, delivery.attempts)
    with acting(job_actor("relay", message.correlation_id)):
        started, began = time.monotonic(), timezone.now()
        failure = POISON if is_poison(delivery) else _call(destination, message)
        if failure is None:
            notes.add(Done(delivery, began, timezone.now()), started)
            outcome = "delivered"
        else:
            notes.write()
            _note_system(destination.system, failure)
            outcome = str(
                fail_delivery(delivery, failure, began=began, bury=lambda why: destination.bury(message, why))
            )
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
    return failure


def _call(destination: Destination, message: Message) -> CallFailed | None:
    contract = contracts().get(message.name)
    if contract and (wrong := contract.misfit(message.payload)):
        return Broken(f"The message does not fit its contract: {wrong}")
    try:
        with within(SECONDS_PER_DELIVERY):
            destination.send(
                replace(message, payload=contract.read(message.payload)) if contract else message
            )
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


def _note_system(system: str, failure: CallFailed) -> None:
    if isinstance(failure, Refused):
        note_answer(system)
    elif not isinstance(failure, Broken | Paced):
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
