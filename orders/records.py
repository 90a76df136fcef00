"""What orders hands out and takes in: the canonical order, and the ERP's word about it."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Annotated

from pydantic import AfterValidator, Field

from core import ownership
from core.records import Record
from orders.states import DeliveryStatus, InvoiceKind, InvoiceStatus, PaymentStatus, ShipmentStatus


def _places(digits: int) -> AfterValidator:
    """Bring a number to the places that its column keeps, so that a repeat is seen as one."""
    step = Decimal(1).scaleb(-digits)

    def brought(value: Decimal) -> Decimal:
        try:
            return value.quantize(step, rounding=ROUND_HALF_UP)
        except InvalidOperation:
            raise ValueError("a number is too large to be kept") from None

    return AfterValidator(brought)


Amount = Annotated[Decimal, _places(4)]
Quantity = Annotated[Decimal, _places(6)]
UnitPrice = Annotated[Decimal, _places(6)]
Percent = Annotated[Decimal, _places(3)]


class PartyOfOrder(Record):
    """A customer as the ERP knows it."""

    number: str
    name: str
    erp_id: str


class AddressOfOrder(Record):
    """An address as it was when the order was placed; erp_id: the ERP's key of it.

    code: its number in the role it has here, ship-to or bill-to (ACC-04); "" in orders from before there were any.
    """

    erp_id: str
    code: str = ""
    name: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""


class OrderSnapshotLine(Record):
    """A line of the canonical order. unit_price: per one of `unit_key`; net_amount: rounded."""

    position: int
    sku: str
    product_erp_id: str
    name: str
    unit_key: str
    unit_code: str
    unit_erp_id: str = ""
    quantity: Quantity
    unit_price: UnitPrice
    price_unit: Quantity = Decimal("1.000000")
    net_amount: Amount
    tax_code: str = ""
    tax_percent: Percent
    note: str = ""


class OrderSnapshot(Record):
    """The canonical order: all that leaves with `order.received`, frozen when it was accepted.

    number: our key under which the ERP is asked for the order. Amounts in `currency`.
    """

    number: str
    company: PartyOfOrder
    bill_to_company: PartyOfOrder
    ship_to: AddressOfOrder
    bill_to: AddressOfOrder
    placed_at: datetime
    placed_by: str
    currency: str
    po_number: str = ""
    note: str = ""
    requested_on: date | None = None
    payment_term_code: str = ""
    payment_term_erp_id: str = ""
    warehouse_code: str
    warehouse_erp_id: str = ""
    origin: str
    origin_ref: str
    net_amount: Amount
    tax_amount: Amount
    gross_amount: Amount
    lines: tuple[OrderSnapshotLine, ...]


class ErpOrderLineRecord(Record):
    """A line of the order as the ERP has taken it; position: ours, quantity in the line's unit."""

    position: int
    erp_id: str
    quantity: Quantity
    net_amount: Amount


class ErpOrderRecord(Record):
    """The ERP's answer to a submitted order. as_of: by the ERP's clock."""

    order_number: str
    erp_id: str = Field(min_length=1)
    erp_number: str
    erp_status: str
    lines: tuple[ErpOrderLineRecord, ...]
    net_amount: Amount
    tax_amount: Amount | None = None
    as_of: datetime


class OrderStatusRecord(Record):
    """The ERP's own states of an order, in our words; erp_status: its word as it stands.

    is_cancelled: the ERP will deliver nothing more. version: see `orders.rules.standing.is_older`.
    """

    order_number: str
    erp_number: str = ""
    erp_status: str
    delivery_status: DeliveryStatus = DeliveryStatus.NONE
    invoice_status: InvoiceStatus = InvoiceStatus.NONE
    payment_status: PaymentStatus = PaymentStatus.NONE
    is_cancelled: bool = False
    version: str
    as_of: datetime


class ShipmentLineRecord(Record):
    """How much of an order's line is in a shipment, in the line's unit."""

    position: int
    quantity: Annotated[Decimal, Field(ge=0), _places(6)]


class ShipmentRecord(Record):
    """A shipment with all its lines: it replaces what was known of it. shipped_at: ERP's clock."""

    order_number: str
    erp_id: str = Field(min_length=1, max_length=60)
    number: str
    status: ShipmentStatus
    erp_status: str = ""
    warehouse_code: str | None = None
    planned_on: date | None = None
    shipped_on: date | None = None
    shipped_at: datetime | None = None
    tracking_number: str = ""
    carrier: str = ""
    version: str
    as_of: datetime
    lines: tuple[ShipmentLineRecord, ...]


class InvoiceLineRecord(Record):
    """A line of an invoice; order_number and order_line_position where it comes from one of ours.

    quantity: in the order line's unit, negative on a credit note.
    """

    position: int
    order_number: str | None = None
    order_line_position: int | None = None
    sku: str = ""
    text: str = ""
    quantity: Quantity
    unit_code: str = ""
    unit_price: UnitPrice
    net_amount: Amount


class PaymentRecord(Record):
    """Money that the ERP has booked on an invoice."""

    erp_id: str = Field(min_length=1, max_length=60)
    amount: Amount
    paid_on: date


class InvoiceRecord(Record):
    """An invoice or credit note as issued, with all its lines and payments.

    open_amount: still to be paid, by the ERP's word. credits_erp_id: the invoice that a credit note
    belongs to. is_credited: credited in full. Credit notes carry negative amounts.
    """

    erp_id: str = Field(min_length=1, max_length=60)
    number: str = Field(min_length=1, max_length=60)
    kind: InvoiceKind
    company_number: str
    order_numbers: tuple[str, ...] = ()
    credits_erp_id: str | None = None
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    net_amount: Amount
    tax_amount: Amount
    gross_amount: Amount
    open_amount: Amount
    status: PaymentStatus
    erp_status: str = ""
    is_credited: bool = False
    issued_on: date
    due_on: date | None = None
    version: str
    as_of: datetime
    lines: tuple[InvoiceLineRecord, ...]
    payments: tuple[PaymentRecord, ...] = ()


ownership.declare(
    "orders.Order",
    erp=[
        "erp_id",
        "erp_number",
        "erp_status",
        "erp_version",
        "erp_as_of",
        "delivery_status",
        "invoice_status",
        "payment_status",
        "confirmed_at",
    ],
    us=["status", "company", "po_number", "note", "requested_on", "net_amount", "tax_amount", "gross_amount"],
)
ownership.declare("orders.CheckoutPolicy", us=["rules", "cached_credit_amount"])
ownership.declare("orders.CachedCredit", us=["amount"])
ownership.declare("orders.OrderLine", erp=["confirmed", "shipped", "invoiced", "returned", "credited"])
ownership.declare(
    "orders.Shipment",
    erp=["number", "erp_id", "status", "erp_status", "planned_on", "shipped_on", "shipped_at", "lines"],
)
ownership.declare(
    "orders.Invoice",
    erp=[
        "number",
        "erp_id",
        "status",
        "net_amount",
        "tax_amount",
        "gross_amount",
        "open_amount",
        "issued_on",
        "due_on",
        "lines",
        "payments",
    ],
)
