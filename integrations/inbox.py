"""What comes in message by message: which record each kind is, and which action takes it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts.actions.erp import apply_credit, apply_customers
from accounts.records import CreditRecord, CustomerRecord
from catalog.actions.stock import apply_stock
from catalog.records import StockRecord
from core.actor import Actor
from core.applied import Applied, Rejected
from core.errors import InvalidValue
from core.records import Record
from integrations.actions.cancelled import leave_cancelled
from integrations.actions.identifiers import keep_identifiers
from integrations.actions.inbox.messages import Incoming, receive_messages
from integrations.actions.inbox.taking import take_message
from integrations.batches import Batch
from integrations.identifiers import all_key_now
from integrations.models import InboxMessage
from integrations.states import Lane
from integrations.systems import ERP, flow_actor
from orders.actions.erp import apply_order_status
from orders.actions.invoices import apply_invoice
from orders.actions.shipments import apply_shipment
from orders.records import InvoiceRecord, OrderStatusRecord, ShipmentRecord
from orders.rules.facts import ParentMissing
from orders.states import Outcome
from pricing.actions.prices import apply_prices
from pricing.records import PriceNews

TakeSet = Callable[..., Applied]


@dataclass(frozen=True)
class Kind:
    """A kind of message: the flow that brings it, its record, the action that takes it, what it is about.

    lane: of what is pushed to us. take_set: the action for several records at once, each about something else;
    None where they are taken one by one. group: what the records of one set must have in common.
    """

    flow: str
    record: type[Record]
    take: Callable[..., Outcome]
    key: Callable[[Any], str]
    lane: Lane = Lane.NORMAL
    take_set: TakeSet | None = None
    group: Callable[[dict[str, Any]], Any] = lambda payload: None


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


def _take_customers(records: Sequence[CustomerRecord], *, by: Actor) -> Applied:
    """Take over customers; one without its addresses is not whole, and an id that stands for another is refused."""
    for record in records:
        if "addresses" not in record.model_fields_set:
            raise InvalidValue(_("addresses: send the customer with all its addresses."), field="addresses")
        if record.parent_number == record.number:
            # No later message makes it right, unlike a parent that is still to come or a circle that it opens.
            raise InvalidValue(
                _("parent_number: the customer is named as its own parent."), field="parent_number"
            )
    taken = keep_identifiers(ERP, "customer", [(record.erp_id, record.number) for record in records])
    names = {item.key for item in taken}
    good = [record for record in records if record.number not in names]
    return apply_customers(good, by=by) + Applied(rejected=tuple(taken))


def _take_credit(records: Sequence[CreditRecord], *, by: Actor) -> Applied:
    """Take over credit; what names its customer as it was named before lands on it all the same."""
    now = [all_key_now(ERP, "customer", record.company_number) for record in records]
    named = zip(records, now, strict=True)
    return apply_credit([one.model_copy(update={"company_number": number}) for one, number in named], by=by)


def _take_prices(records: Sequence[PriceNews], *, by: Actor) -> Applied:
    """Merge prices that are all of one time."""
    return apply_prices(records, by=by, flow="erp.prices", as_of=records[0].as_of)


def _price_key(record: PriceNews) -> str:
    quantity = format(record.min_quantity.normalize(), "f")
    return f"{record.price_list_code}/{record.sku}/{quantity}/{record.valid_from or ''}"


def _singly(take_set: TakeSet, *parents: str) -> Callable[..., Outcome]:
    """The action for one record, made of that for several.

    parents: fields that name what the record hangs on: it waits for what is not known yet.
    """

    def take(record: Record, *, by: Actor) -> Outcome:
        applied = take_set([record], by=by)
        for item in applied.rejected:
            if item.field in parents:
                raise ParentMissing(item.reason, field=item.field)
            raise InvalidValue(f"{item.field}: {item.reason}", field=item.field)
        if applied.new:
            return Outcome.NEW
        return Outcome.CHANGED if applied.changed or applied.removed else Outcome.SAME

    return take


KINDS: dict[str, Kind] = {
    "order_state": Kind(
        "erp.order-states",
        OrderStatusRecord,
        _take_order_state,
        lambda record: record.order_number,
        Lane.URGENT,
    ),
    "shipment": Kind("erp.shipments", ShipmentRecord, apply_shipment, lambda record: record.erp_id),
    "invoice": Kind("erp.invoices", InvoiceRecord, _take_invoice, lambda record: record.erp_id),
    "credit": Kind(
        "erp.credit",
        CreditRecord,
        _singly(_take_credit, "company_number"),
        lambda record: record.company_number,
        Lane.URGENT,
        _take_credit,
    ),
    "customer": Kind(
        "erp.customers",
        CustomerRecord,
        _singly(_take_customers, "parent_number", "payment_term_code"),
        lambda record: record.number,
        Lane.URGENT,
    ),
    "stock": Kind(
        "erp.stock",
        StockRecord,
        _singly(apply_stock, "sku", "warehouse_code"),
        lambda record: f"{record.sku}/{record.warehouse_code}",
        take_set=apply_stock,
    ),
    "price": Kind(
        "erp.prices",
        PriceNews,
        _singly(_take_prices, "price_list_code", "sku"),
        _price_key,
        take_set=_take_prices,
        group=lambda payload: payload.get("as_of"),
    ),
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


def take_again(message: InboxMessage) -> str:
    """Give a message that waits to its app once more, as the flow that brings its kind."""
    by = flow_actor(KINDS[message.kind].flow, correlation_id=message.correlation_id)
    return take_in(message, by=by)
