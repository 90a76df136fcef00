"""The life of an order, and the words that the ERP's own states become."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class OrderStatus(TextChoices):
    """Our one status: who has the order now. Received is not confirmed (CRT-16)."""

    PENDING_APPROVAL = "pending_approval", _("Waiting for approval")
    RETURNED = "returned", _("Returned to the buyer")
    RECEIVED = "received", _("Received")
    ON_HOLD = "on_hold", _("On hold")
    CONFIRMED = "confirmed", _("Confirmed")
    CLOSED = "closed", _("Closed")
    REJECTED = "rejected", _("Rejected")
    CANCELLED = "cancelled", _("Cancelled")


NEXT: dict[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.PENDING_APPROVAL: frozenset(
        {OrderStatus.RECEIVED, OrderStatus.RETURNED, OrderStatus.REJECTED, OrderStatus.CANCELLED}
    ),
    OrderStatus.RETURNED: frozenset(
        {OrderStatus.PENDING_APPROVAL, OrderStatus.RECEIVED, OrderStatus.CANCELLED}
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


# Orders that wait for somebody of the company.
WAITING = (OrderStatus.PENDING_APPROVAL, OrderStatus.RETURNED)


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


class LiveKind(TextChoices):
    """What is decided on by the ERP's word before an order is taken.

    Eligibility, whether the company may have the product at all, is no question of its own: it rests on the
    licences that the ERP vouches for, and is in doubt while nothing is heard from there.
    """

    PRICE = "price", _("Price")
    STOCK = "stock", _("Stock")
    CREDIT = "credit", _("Credit")
    ELIGIBILITY = "eligibility", _("Eligibility")


# The kinds that are questions.
ASKED = frozenset({LiveKind.PRICE, LiveKind.STOCK, LiveKind.CREDIT})


class Situation(TextChoices):
    """How the ERP's live word stands to what we knew. Better and worse are meant for the buyer."""

    AGREES = "agrees", _("The ERP says the same")
    BETTER = "better", _("The ERP's figure is better for the buyer")
    WORSE = "worse", _("The ERP's figure is worse for the buyer")
    UNHEARD = "unheard", _("No answer, our figure is within its age limit")
    UNHEARD_STALE = "unheard_stale", _("No answer, our figure is too old")
    NOT_ASKED = "not_asked", _("Not asked")


class LiveRule(TextChoices):
    """What is done then. To be confirmed: taken as received, and not before the ERP's word goes on."""

    REFUSE = "refuse", _("Take no order; show it and ask again")
    TAKE_ERP = "take_erp", _("Use what the ERP says")
    LAST_KNOWN = "last_known", _("Use our last known figure")
    TO_CONFIRM = "to_confirm", _("Take the order, to be confirmed")
    HOLD = "hold", _("Take the order and hold it for review")


class RequestState(TextChoices):
    """How an approval request stands."""

    OPEN = "open", _("Open")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    RETURNED = "returned", _("Returned")
    CANCELLED = "cancelled", _("Cancelled")
    REPLACED = "replaced", _("Started again")


class StepState(TextChoices):
    """How a step of an approval stands."""

    WAITING = "waiting", _("Later")
    OPEN = "open", _("Decided on now")
    APPROVED = "approved", _("Approved")
    ENDED = "ended", _("Not needed any more")


class ApprovalOutcome(TextChoices):
    """What an approver decides."""

    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    RETURNED = "returned", _("Returned")


class PeriodKind(TextChoices):
    """How long a budget lasts."""

    MONTH = "month", _("Month")
    QUARTER = "quarter", _("Quarter")
    YEAR = "year", _("Year")
    CUSTOM = "custom", _("From a day until another")


class OnExceeding(TextChoices):
    """What becomes of an order beyond a budget."""

    REFUSE = "refuse", _("Refuse the order")
    APPROVE = "approve", _("Ask for approval")


class BudgetMove(TextChoices):
    """One movement of a budget."""

    RESERVED = "reserved", _("Reserved")
    RELEASED = "released", _("Given back")
    SPENT = "spent", _("Spent")
    REFUNDED = "refunded", _("Spending given back")


class Condition(TextChoices):
    """What a rule can look at."""

    AMOUNT = "amount", _("Order above an amount")
    LINES = "lines", _("More lines than")
    CATEGORY = "category", _("A product of a category")
    PRODUCT = "product", _("A certain product")
    BRAND = "brand", _("A product of a manufacturer")
    NEW_PRODUCT = "new_product", _("A product your company has never ordered")
    SHIP_TO = "ship_to", _("A certain delivery address")
    COST_CENTRE = "cost_centre", _("A certain cost centre")
    REQUESTER = "requester", _("A certain buyer")
    BUDGET = "budget", _("A budget is exceeded")
    ERP_HOLD = "erp_hold", _("The ERP holds the customer")


class Approvers(TextChoices):
    """Whom a step asks. Everybody of them must also hold the right to approve."""

    RIGHT = "right", _("Everybody who may approve")
    ROLE = "role", _("Everybody of a role")
    MANAGER = "manager", _("The buyer's manager")
    PERSON = "person", _("Certain people")
