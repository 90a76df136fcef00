"""What the events of orders, shipments and invoices say: the form of each payload, version 1."""

from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

from core import audit
from core.records import Payload, Record, describe
from orders.records import OrderSnapshot
from orders.states import InvoiceKind


class PersonOfOrder(Record):
    """Somebody who is told. locale: the language of the letter."""

    name: str
    email: str
    locale: str = "en"


class OrderTold(Payload):
    """What every event of an order carries. Amounts without (net) and with tax (gross) in `currency`.

    entered_by: who of our sales placed it for the buyer, empty for most.
    """

    number: str
    company: str
    company_name: str
    buyer: PersonOfOrder
    currency: str
    net_amount: Decimal
    gross_amount: Decimal
    po_number: str
    origin: str
    origin_ref: str
    erp_number: str
    entered_by: str = ""


class OrderReceived(OrderTold):
    """An order on its way to the ERP, with all that the ERP needs."""

    order: OrderSnapshot


class OrderCancelled(OrderReceived):
    """An order that is cancelled. order: what it was over."""

    reason: str


class OrderHeld(OrderTold):
    """An order that the ERP has refused. reason: what it said."""

    reason: str


class OrderUnconfirmed(OrderTold):
    """An order that was placed with prices that the ERP could not confirm. prices: of which items."""

    prices: tuple[str, ...]


class OrderDecided(OrderTold):
    """An order that an approver has decided on, for one step or for all. comment: what was said with it.

    decided_by: who it was. has_new_prices: prices had changed since it was submitted, and were taken.
    """

    comment: str
    decided_by: str = ""
    has_new_prices: bool = False


class OrderWaits(OrderTold):
    """An order that waits for approval. approvers: who may decide. round: how often it was submitted, 0 unknown.

    stage: which of the steps that follow each other asks now, 0 unknown.
    """

    approvers: tuple[PersonOfOrder, ...]
    round: int = 0
    stage: int = 0


class OrderRerouted(OrderWaits):
    """An order whose approval asks other people than its rule said. reason: why, by the staff."""

    reason: str


class OrderChanged(OrderTold):
    """News of the ERP about an order: its own state and the one before, or why a rest is cancelled."""

    erp_status: str = ""
    was: str = ""
    reason: str = ""


class ShipmentLineTold(Record):
    """How much of an order's line is in a shipment, in the line's unit."""

    position: int
    sku: str
    name: str
    quantity: Decimal
    unit_code: str


class ShipmentTold(OrderTold):
    """A shipment of an order, planned or on its way."""

    shipment: str
    carrier: str
    tracking_number: str
    planned_on: date | None
    shipped_on: date | None
    lines: tuple[ShipmentLineTold, ...]


class InvoiceTold(Payload):
    """An invoice or credit note, on an order of ours or, with the order's fields empty, on its own.

    paid: the money that has come with this news.
    """

    company: str
    company_name: str
    currency: str
    invoice: str
    kind: InvoiceKind
    credits: str
    issued_on: date
    due_on: date | None
    invoice_net_amount: Decimal
    invoice_gross_amount: Decimal
    open_amount: Decimal
    paid: Decimal | None = None
    number: str = ""
    buyer: PersonOfOrder | None = None
    net_amount: Decimal | None = None
    gross_amount: Decimal | None = None
    po_number: str = ""
    origin: str = ""
    origin_ref: str = ""
    erp_number: str = ""


class AllocatedLine(Record):
    """What of an order's line stock was reserved for at once, and what waits for more, in the line's unit."""

    position: int
    sku: str
    unit_code: str
    allocated: Decimal
    backordered: Decimal


class StockAllocated(Payload):
    """Stock that is held back for an order from when it was placed, also while it waits for approval."""

    number: str
    company: str
    warehouse: str
    lines: tuple[AllocatedLine, ...]


class CartUpdated(Payload):
    """A change of a cart. cart: the filling that an order or request made from it names as its origin.

    change: what was done. sku, unit_code, quantity: of the line it was done to, as it is since; empty
    where it was the cart's head, or all lines.
    """

    cart: UUID
    company: str
    change: Literal["line_added", "line_changed", "line_removed", "details_set", "cleared"]
    sku: str = ""
    unit_code: str = ""
    quantity: Decimal | None = None


describe(OrderTold, "order.confirmed", "order.closed")
describe(OrderReceived, "order.received", "order.resent")
describe(OrderCancelled, "order.cancelled")
describe(OrderHeld, "order.held")
describe(OrderUnconfirmed, "order.unconfirmed")
describe(OrderDecided, "order.approved", "order.step_approved", "order.rejected", "order.returned")
describe(OrderWaits, "order.approval_requested", "order.approval_reminded", "order.approval_escalated")
describe(OrderRerouted, "order.approval_rerouted")
describe(OrderChanged, "order.changed")
describe(StockAllocated, "stock.allocated")
describe(CartUpdated, "cart.updated")
describe(ShipmentTold, "shipment.planned", "shipment.shipped")
describe(InvoiceTold, "invoice.issued", "invoice.paid", "invoice.partly_paid", "credit_note.issued")

# What auditors ask of an order: who placed, approved, refused or cancelled what it was worth.
_WORTH = ("net_amount", "gross_amount", "currency", "po_number", "origin", "origin_ref", "erp_number")
audit.tell(
    {
        f"order.{what}": _WORTH
        for what in "received approved step_approved rejected returned cancelled held resent unconfirmed confirmed".split()
    }
    | {
        "order.approval_requested": (*_WORTH, "round", "stage"),
        "budget.changed": ("budget", "amount", "period", "on_exceeding", "is_active"),
        "cost_centre.changed": ("code", "title", "is_new"),
        "approval_rule.changed": ("rule", "version", "active_from", "ended_at"),
        "checkout_policy.changed": ("version", "rules", "cached_credit_amount", "restores"),
        "cached_credit.changed": ("amount",),
    }
)
