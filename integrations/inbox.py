"""What comes in about our orders: which record each kind of message is, and which action takes it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from core.actor import Actor
from core.applied import Applied, Rejected
from core.records import Record
from integrations.actions.cancelled import leave_cancelled
from integrations.actions.inbox import Incoming, receive_messages, take_message
from integrations.batches import Batch
from integrations.identifiers import all_key_now
from integrations.models import InboxMessage
from integrations.states import InboxState
from integrations.systems import ERP, flow_actor
from orders.actions.erp import apply_order_status
from orders.actions.invoices import apply_invoice
from orders.actions.shipments import apply_shipment
from orders.records import InvoiceRecord, OrderStatusRecord, ShipmentRecord
from orders.states import Outcome

# A message still new after this long was left by a worker that died: its reading is over, and as the
# message is known already, no later reading takes it in.
LEFT_NEW = timedelta(minutes=1)


@dataclass(frozen=True)
class Kind:
    """A kind of message: the flow that brings it, its record, the action that takes it, what it is about."""

    flow: str
    record: type[Record]
    take: Callable[..., Outcome]
    key: Callable[[Any], str]


def _take_order_state(news: OrderStatusRecord, *, by: Actor) -> Outcome:
    """Take over the states of an order; one that the ERP has cancelled needs nothing of ours any more."""
    outcome = apply_order_status(news, by=by)
    if news.is_cancelled and outcome == Outcome.CHANGED:
        leave_cancelled(news.order_number, by=by)
    return outcome


def _take_invoice(news: InvoiceRecord, *, by: Actor) -> Outcome:
    """Take over an invoice; one that names its customer as it was named before lands on it all the same."""
    number = all_key_now(ERP, "customer", news.company_number)
    return apply_invoice(news.model_copy(update={"company_number": number}), by=by)


KINDS: dict[str, Kind] = {
    "order_state": Kind(
        "erp.order-states", OrderStatusRecord, _take_order_state, lambda record: record.order_number
    ),
    "shipment": Kind("erp.shipments", ShipmentRecord, apply_shipment, lambda record: record.erp_id),
    "invoice": Kind("erp.invoices", InvoiceRecord, _take_invoice, lambda record: record.erp_id),
}


def taking(kind: str) -> Callable[[Batch[Any], Actor, bool], Applied]:
    """The feed action of a kind: what was here before does nothing, what is new is taken in once."""

    def take(batch: Batch[Any], by: Actor, is_whole: bool) -> Applied:
        incoming = [_incoming(kind, record) for record in batch.records]
        fresh = receive_messages(ERP, kind, incoming, by=by)
        outcomes = [take_in(message, by=by) for message in fresh]
        counted = _counted(outcomes, fresh)
        return counted + Applied(same=len(incoming) - len(fresh))

    return take


def _incoming(kind: str, record: Any) -> Incoming:
    return Incoming(
        key=KINDS[kind].key(record), version=record.version, payload=record.model_dump(mode="json")
    )


def take_in(message: InboxMessage, *, by: Actor) -> str:
    """Give one message to its app."""
    kind = KINDS[message.kind]
    return take_message(message, take=kind.take, record=kind.record, by=by)


def _counted(outcomes: list[str], messages: list[InboxMessage]) -> Applied:
    waits = ("parked", "quarantined")
    rejected = tuple(
        Rejected(
            message.key,
            "",
            "waits for its parent" if outcome == "parked" else "not valid",
            code="parked" if outcome == "parked" else "quarantined",
        )
        for message, outcome in zip(messages, outcomes, strict=True)
        if outcome in waits
    )
    return Applied(
        new=outcomes.count(Outcome.NEW),
        changed=outcomes.count(Outcome.CHANGED),
        same=outcomes.count(Outcome.SAME) + outcomes.count(Outcome.OLDER),
        rejected=rejected,
    )


def work_parked(*, most: int = 50) -> int:
    """Try the parked messages whose time has come again, and what a dead worker left new."""
    now = timezone.now()
    parked = Q(state=InboxState.PARKED, next_try_at__lte=now)
    left = Q(state=InboxState.NEW, received_at__lte=now - LEFT_NEW)
    messages = list(InboxMessage.objects.filter(parked | left).order_by("id")[:most])
    for message in messages:
        take_again(message)
    return len(messages)


def take_again(message: InboxMessage) -> str:
    """Give a message that waits to its app once more, as the flow that brought it."""
    by = flow_actor(KINDS[message.kind].flow, correlation_id=message.correlation_id)
    return take_in(message, by=by)
