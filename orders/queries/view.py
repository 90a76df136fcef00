"""One order with everything known of it: the one read behind the buyer's page and the back office."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from catalog.models import Warehouse
from core.days import erp_today
from core.freshness import is_stale, later, read_up_to
from core.money import ZERO, round_amount
from orders.models import Invoice, Order, OrderLine, Shipment, ShipmentLine
from orders.queries.invoices import is_overdue
from orders.queries.standing import SENT
from orders.queries.timeline import TimelineRow, timeline_of
from orders.rules.standing import LineProgress, LineState, line_state
from orders.states import OrderStatus, ShipmentStatus


@dataclass(frozen=True)
class LineView:
    """A line and how far it is. rest: still to be shipped, in the line's unit. state: in one word."""

    line: OrderLine
    rest: Decimal
    state: LineState

    @property
    def is_over(self) -> bool:
        """Whether more was shipped than ordered."""
        return self.line.shipped > self.line.ordered - self.line.cancelled


@dataclass(frozen=True)
class ShipmentView:
    """A shipment with its lines. has_left: whether the goods are on their way or there."""

    shipment: Shipment
    lines: tuple[ShipmentLine, ...]
    has_left: bool

    @property
    def warehouse(self) -> Warehouse | None:
        """Where it leaves from."""
        return self.shipment.warehouse


@dataclass(frozen=True)
class InvoiceRow:
    """An invoice or credit note of an order."""

    invoice: Invoice
    is_overdue: bool


@dataclass(frozen=True)
class OrderView:
    """An order as buyer and support see it alike (ORD-16).

    as_of: up to when the ERP's word on it is known, None before it has any; is_stale: older than
    promised. rest_lines: lines with something still to ship, next_on: when the next part leaves.
    """

    order: Order
    lines: tuple[LineView, ...]
    shipments: tuple[ShipmentView, ...]
    invoices: tuple[InvoiceRow, ...]
    timeline: tuple[TimelineRow, ...]
    as_of: datetime | None
    is_stale: bool
    rest_lines: int
    rest_net: Decimal
    next_on: date | None
    invoiced_net: Decimal
    open_amount: Decimal

    @property
    def can_be_cancelled(self) -> bool:
        """Whether it may still be taken back here."""
        return self.order.status in (
            OrderStatus.PENDING_APPROVAL,
            OrderStatus.RETURNED,
            OrderStatus.RECEIVED,
            OrderStatus.ON_HOLD,
        )

    @property
    def has_returned(self) -> bool:
        """Whether anything came back."""
        return any(row.line.returned for row in self.lines)

    @property
    def left(self) -> int:
        """How many shipments have left."""
        return sum(row.has_left for row in self.shipments)


KINDS = ("orders", "shipments", "invoices")
FINANCIAL = ("invoice.", "credit_note.")


def order_view(order: Order, *, for_staff: bool = False, with_invoices: bool = True) -> OrderView:
    """Everything about an order, in a constant number of statements.

    order: from order_by_number, so that the scope has been asked. for_staff: with the timeline's
    internal rows. with_invoices: False for a reader without the right to see them (FIN-07).
    """
    lines = tuple(_line(order, line) for line in order.lines.select_related("product").order_by("position"))
    shipments = tuple(_shipments(order))
    today = erp_today()
    documents = order.invoices.select_related("credits").order_by("issued_on", "pk") if with_invoices else ()
    invoices = tuple(InvoiceRow(invoice, is_overdue(invoice, today)) for invoice in documents)
    rows = timeline_of(order, for_staff=for_staff)
    as_of, is_late = _age(order)
    waiting = [row for row in lines if row.rest > 0]
    return OrderView(
        order=order,
        lines=lines,
        shipments=shipments,
        invoices=invoices,
        timeline=tuple(row for row in rows if with_invoices or not row.kind.startswith(FINANCIAL)),
        as_of=as_of,
        is_stale=is_late,
        rest_lines=len(waiting),
        rest_net=sum((_rest_net(row, order.currency) for row in waiting), ZERO),
        next_on=_next_on(shipments),
        invoiced_net=sum((row.invoice.net_amount for row in invoices), ZERO),
        open_amount=sum((row.invoice.open_amount for row in invoices), ZERO),
    )


def _age(order: Order) -> tuple[datetime | None, bool]:
    """Up to when the ERP's word on an order is known, and whether any part of it is older than promised.

    States, shipments and invoices are read one after the other: the oldest reading counts.
    """
    if order.erp_as_of is None:
        return None, False
    read = read_up_to()
    ages = {kind: later(order.erp_as_of, read.get(kind)) for kind in KINDS}
    late = order.status == OrderStatus.CONFIRMED and any(is_stale(kind, age) for kind, age in ages.items())
    return min(age for age in ages.values() if age is not None), late


def _line(order: Order, line: OrderLine) -> LineView:
    progress = LineProgress(line.ordered, line.cancelled, line.shipped, line.invoiced)
    ended = order.status in (OrderStatus.CANCELLED, OrderStatus.REJECTED)
    rest = ZERO if ended else progress.rest
    return LineView(line, rest, line_state(progress, line.backordered, order.status))


def _shipments(order: Order) -> list[ShipmentView]:
    """Planned ones first, then those that left, newest first; cancelled ones are not shown."""
    rows = list(
        order.shipments.exclude(status=ShipmentStatus.CANCELLED)
        .select_related("warehouse")
        .prefetch_related("lines__order_line")
    )
    views = [ShipmentView(row, tuple(row.lines.all()), row.status in SENT) for row in rows]
    return sorted(views, key=lambda view: (view.has_left, -view.shipment.pk))


def _rest_net(row: LineView, currency: str) -> Decimal:
    return round_amount(row.rest * row.line.unit_price / row.line.price_unit, currency)


def _next_on(shipments: tuple[ShipmentView, ...]) -> date | None:
    planned = [
        view.shipment.planned_on for view in shipments if not view.has_left and view.shipment.planned_on
    ]
    return min(planned, default=None)
