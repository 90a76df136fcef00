"""How far an order is: its states as the movements and the ERP's last word make them."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from orders.states import DeliveryStatus, InvoiceStatus, OrderStatus, PaymentStatus

ZERO = Decimal(0)


@dataclass(frozen=True)
class LineProgress:
    """One line in its unit: what was ordered and what has become of it."""

    ordered: Decimal
    cancelled: Decimal = ZERO
    shipped: Decimal = ZERO
    invoiced: Decimal = ZERO

    @property
    def due(self) -> Decimal:
        """What is to be shipped and invoiced in all."""
        return self.ordered - self.cancelled

    @property
    def rest(self) -> Decimal:
        """What is still to be shipped; never below zero, even when more was sent."""
        return max(self.due - self.shipped, ZERO)


def backordered(line: LineProgress, allocated: Decimal, in_hand: Decimal, has_left: bool) -> Decimal:
    """How much of a line is not there to be shipped now.

    allocated: what stock covered when the order was taken, our own promise. in_hand: what the ERP
    has picked. has_left: as soon as anything of the order was shipped, what stayed behind and is
    not picked is missing, whatever we had promised. Source: SHP-03, ORD-02.
    """
    if has_left:
        return max(line.rest - in_hand, ZERO)
    return max(line.rest - max(in_hand, allocated), ZERO)


@dataclass(frozen=True)
class Claim:
    """An invoice's amounts with tax: what was asked for and what is still open."""

    gross: Decimal
    open: Decimal


def delivery_status(lines: Iterable[LineProgress], word: str, has_shipment: bool) -> DeliveryStatus:
    """The delivery state of an order.

    word: the ERP's, which alone knows of trouble and of waiting. has_shipment: one is planned.
    """
    lines = list(lines)
    if word == DeliveryStatus.EXCEPTION:
        return DeliveryStatus.EXCEPTION
    if any(line.shipped > 0 for line in lines):
        done = all(line.rest == 0 for line in lines)
        return DeliveryStatus.SHIPPED if done else DeliveryStatus.PARTIAL
    if has_shipment or word == DeliveryStatus.WAITING:
        return DeliveryStatus.WAITING
    return DeliveryStatus.NONE


def invoice_status(lines: Iterable[LineProgress], word: str) -> InvoiceStatus:
    """The invoice state of an order; word: the ERP's, for trouble and for what is being prepared."""
    lines = list(lines)
    if word == InvoiceStatus.EXCEPTION:
        return InvoiceStatus.EXCEPTION
    if any(line.invoiced > 0 for line in lines):
        done = all(line.invoiced >= line.due for line in lines)
        return InvoiceStatus.INVOICED if done else InvoiceStatus.PARTIAL
    return InvoiceStatus.PENDING if word == InvoiceStatus.PENDING else InvoiceStatus.NONE


def payment_status(claims: Iterable[Claim]) -> PaymentStatus:
    """How far a set of invoices is paid, from their open amounts. None: nothing has been asked for.

    A part is paid as soon as one invoice is settled or less open than it asked for.
    """
    claims = list(claims)
    if not claims:
        return PaymentStatus.NONE
    if all(claim.open <= 0 for claim in claims):
        return PaymentStatus.PAID
    if any(claim.open < claim.gross for claim in claims):
        return PaymentStatus.PARTIAL
    return PaymentStatus.OPEN


def is_complete(lines: Iterable[LineProgress], payment: PaymentStatus) -> bool:
    """Whether nothing is left to do: all shipped, all invoiced, all paid."""
    return payment == PaymentStatus.PAID and all(
        line.rest == 0 and line.invoiced >= line.due for line in lines
    )


class LineState(StrEnum):
    """How far one line is, in one word."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    LATER = "later"
    PARTIAL = "partial"
    COMPLETE = "complete"
    CANCELLED = "cancelled"


def line_state(line: LineProgress, missing: Decimal, status: str) -> LineState:
    """The state of a line. missing: what is backordered. status: the order's."""
    if line.due <= 0 or status in (OrderStatus.CANCELLED, OrderStatus.REJECTED):
        return LineState.CANCELLED
    if line.rest == 0:
        return LineState.COMPLETE
    if missing > 0:
        return LineState.LATER
    if line.shipped > 0:
        return LineState.PARTIAL
    return LineState.CONFIRMED if status == OrderStatus.CONFIRMED else LineState.WAITING


def is_older(version: str, stored: str) -> bool:
    """Whether a source's version stamp is before the stored one (SHP-07, failure bank 32).

    Stamps of one source have one form: whole numbers, or texts that sort by time.
    """
    if version.isdigit() and stored.isdigit():
        return int(version) < int(stored)
    return version < stored
