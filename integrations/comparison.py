"""Shadow mode of what goes out: each held message is held against its contract and its receiver, and stays held."""

import time
from dataclasses import replace

from django.db import DatabaseError, InterfaceError
from django.utils.translation import gettext as _

from core.actor import acting
from core.logging import get_logger
from integrations import dispatch
from integrations.actions.comparisons import note_comparison
from integrations.actions.systems import note_answer, note_failure, system_row
from integrations.compared import Compared
from integrations.contracts.registry import contracts
from integrations.failures import CallFailed
from integrations.gates import gate_of
from integrations.models import Delivery, System
from integrations.patience import within
from integrations.states import DeliveryState, FlowMode
from integrations.systems import Destination, Message, job_actor

logger = get_logger(__name__)

SECONDS_PER_MESSAGE = 20.0
AT_ONCE = 20


def compare_held(*, until: float) -> int:
    """Compare what waits before destinations in shadow mode and was not compared yet; tell how many were.

    until: by time.monotonic(). Nothing is sent and no attempt is counted. A receiver that does not answer is
    left alone by its circuit, and the rest follows.
    """
    count = 0
    for destination in dispatch.DESTINATIONS.values():
        if gate_of(destination).why == FlowMode.SHADOW and not _is_away(destination):
            count += _compare_waiting(destination, until)
    return count


def _is_away(destination: Destination) -> bool:
    return System.objects.filter(key=destination.system, down_since__isnull=False).exists()


def _compare_waiting(destination: Destination, until: float) -> int:
    waiting = Delivery.objects.filter(
        destination=destination.name, state=DeliveryState.WAITING, comparison__isnull=True
    )
    count = 0
    for delivery in waiting.select_related("event").order_by("id")[:AT_ONCE]:
        if time.monotonic() >= until or not _compare(delivery, destination):
            break
        count += 1
    return count


def _compare(delivery: Delivery, destination: Destination) -> bool:
    """Compare one message; False when its receiver does not answer."""
    message = Message.of(delivery.event, delivery.attempts)
    with acting(job_actor("relay", message.correlation_id)):
        system_row(destination.system)
        try:
            found = _found(message, destination)
        except CallFailed as failure:
            note_failure(destination.system, failure)
            return False
        except (DatabaseError, InterfaceError):
            raise
        except Exception as error:
            logger.exception("comparison.broken", destination=destination.name, subject=message.subject)
            found = [Compared("known", message.number, is_same=False, why=type(error).__name__)]
        else:
            note_answer(destination.system)
        row = note_comparison(delivery, found)
    logger.info(
        "comparison.made",
        destination=destination.name,
        subject=message.subject,
        fits=row.fits,
        count=len(found),
    )
    return True


def _found(message: Message, destination: Destination) -> list[Compared]:
    contract = contracts().get(message.name)
    if contract is None:
        fits = Compared("contract", message.name, is_same=None, why=_("This message has no contract."))
    elif wrong := contract.misfit(message.payload):
        return [Compared("contract", message.name, is_same=False, why=wrong)]
    else:
        fits = Compared("contract", message.name, why=_("It fits its contract."))
        message = replace(message, payload=contract.read(message.payload))
    if destination.compare is None:
        return [fits]
    with within(SECONDS_PER_MESSAGE):
        return [fits, *destination.compare(message)]
