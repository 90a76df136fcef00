"""The life of an order, and the words that the ERP's own states become."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class OrderStatus(TextChoices):
    """Our one status: who has the order now. Received is not confirmed (CRT-16)."""

    PENDING_APPROVAL = "pending_approval", _("Waiting for approval")
    RECEIVED = "received", _("Received")
    ON_HOLD = "on_hold", _("On hold")
    CONFIRMED = "confirmed", _("Confirmed")
    CLOSED = "closed", _("Closed")
    REJECTED = "rejected", _("Rejected")
    CANCELLED = "cancelled", _("Cancelled")


NEXT: dict[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.PENDING_APPROVAL: frozenset(
        {OrderStatus.RECEIVED, OrderStatus.REJECTED, OrderStatus.CANCELLED}
    ),
    OrderStatus.RECEIVED: frozenset({OrderStatus.CONFIRMED, OrderStatus.ON_HOLD, OrderStatus.CANCELLED}),
    OrderStatus.ON_HOLD: frozenset({OrderStatus.RECEIVED, OrderStatus.CONFIRMED, OrderStatus.CANCELLED}),
    OrderStatus.CONFIRMED: frozenset({OrderStatus.CLOSED, OrderStatus.CANCELLED}),
    OrderStatus.CLOSED: frozenset(),
    OrderStatus.REJECTED: frozenset(),
    OrderStatus.CANCELLED: frozenset(),
}

# Orders that still weigh on credit and stock.
OPEN = (
    OrderStatus.PENDING_APPROVAL,
    OrderStatus.RECEIVED,
    OrderStatus.ON_HOLD,
    OrderStatus.CONFIRMED,
)


class DeliveryStatus(TextChoices):
    """How far the goods are, by the ERP's word."""

    NONE = "none", _("Not shipped")
    WAITING = "waiting", _("Waiting")
    PARTIAL = "partial", _("Partly shipped")
    SHIPPED = "shipped", _("Shipped")
    EXCEPTION = "exception", _("Delivery problem")


class InvoiceStatus(TextChoices):
    """How far the invoices of an order are, by the ERP's word."""

    NONE = "none", _("Not invoiced")
    PENDING = "pending", _("Invoice in preparation")
    PARTIAL = "partial", _("Partly invoiced")
    INVOICED = "invoiced", _("Invoiced")
    EXCEPTION = "exception", _("Invoice problem")


class PaymentStatus(TextChoices):
    """How far an order or invoice is paid, by the ERP's word."""

    NONE = "none", _("Nothing due")
    OPEN = "open", _("Open")
    PARTIAL = "partial", _("Partly paid")
    PAID = "paid", _("Paid")


class ShipmentStatus(TextChoices):
    """Stages of a shipment (SHP-05)."""

    PLANNED = "planned", _("Planned")
    PICKED = "picked", _("Picked")
    PACKED = "packed", _("Packed")
    SHIPPED = "shipped", _("Shipped")
    DELIVERED = "delivered", _("Delivered")
    CANCELLED = "cancelled", _("Cancelled")


class InvoiceKind(TextChoices):
    """Invoice or credit note: two kinds of document, linked both ways."""

    INVOICE = "invoice", _("Invoice")
    CREDIT_NOTE = "credit_note", _("Credit note")


class Outcome(TextChoices):
    """What became of one record of a feed. Older news than ours is dropped and counted."""

    NEW = "new", _("new")
    CHANGED = "changed", _("changed")
    SAME = "same", _("same")
    OLDER = "older", _("older")
