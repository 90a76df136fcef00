"""Tryton's states in our words. A word that is not here is refused, never guessed."""

from decimal import Decimal
from typing import TypeVar

from django.utils.translation import gettext as _

from core.errors import InvalidValue
from integrations.words import said
from orders.states import DeliveryStatus, InvoiceStatus, PaymentStatus, ShipmentStatus

DELIVERY = {
    "none": DeliveryStatus.NONE,
    "waiting": DeliveryStatus.WAITING,
    "partially shipped": DeliveryStatus.PARTIAL,
    "sent": DeliveryStatus.SHIPPED,
    "exception": DeliveryStatus.EXCEPTION,
}
SHIPMENT = {
    "draft": ShipmentStatus.PLANNED,
    "waiting": ShipmentStatus.PLANNED,
    "assigned": ShipmentStatus.PLANNED,
    "picked": ShipmentStatus.PICKED,
    "packed": ShipmentStatus.PACKED,
    "shipped": ShipmentStatus.SHIPPED,
    "done": ShipmentStatus.SHIPPED,
    "cancelled": ShipmentStatus.CANCELLED,
}
# Tryton's one word, as the states of invoicing and of payment while all is invoiced.
INVOICES = {
    "none": (InvoiceStatus.NONE, PaymentStatus.NONE),
    "pending": (InvoiceStatus.PENDING, PaymentStatus.NONE),
    "awaiting payment": (InvoiceStatus.INVOICED, PaymentStatus.OPEN),
    "partially paid": (InvoiceStatus.INVOICED, PaymentStatus.PARTIAL),
    "paid": (InvoiceStatus.INVOICED, PaymentStatus.PAID),
    "exception": (InvoiceStatus.EXCEPTION, PaymentStatus.OPEN),
}


def shipping_status(word: str) -> DeliveryStatus:
    """How far the goods of an order are."""
    told = said("delivery_states", word)
    return DeliveryStatus(told) if told else _known(DELIVERY, word)


def shipment_status(word: str) -> ShipmentStatus:
    """How far one shipment is."""
    told = said("shipment_states", word)
    return ShipmentStatus(told) if told else _known(SHIPMENT, word)


def invoice_states(word: str, delivery: DeliveryStatus) -> tuple[InvoiceStatus, PaymentStatus]:
    """How far the invoices of an order are, and their payment.

    Goods are invoiced when they leave, and Tryton speaks of the invoices that there are: while a part
    is still to be shipped, neither all is invoiced nor all is paid.
    """
    invoices, payment = _told_invoices(word) or _known(INVOICES, word)
    is_all_shipped = delivery == DeliveryStatus.SHIPPED
    if invoices == InvoiceStatus.INVOICED and not is_all_shipped:
        invoices = InvoiceStatus.PARTIAL
        payment = PaymentStatus.PARTIAL if payment == PaymentStatus.PAID else payment
    return invoices, payment


def _told_invoices(word: str) -> tuple[InvoiceStatus, PaymentStatus] | None:
    told = said("invoice_states", word)
    if told is None:
        return None
    invoices, _slash, payment = told.partition("/")
    return InvoiceStatus(invoices), PaymentStatus(payment)


def payment_state(word: str, *, total: Decimal, to_pay: Decimal | None) -> PaymentStatus:
    """How far one invoice is paid. A cancelled one with a number was credited: nothing is due."""
    if word == "cancelled":
        return PaymentStatus.NONE
    if word == "paid" or not to_pay:
        return PaymentStatus.PAID
    return PaymentStatus.OPEN if to_pay == total else PaymentStatus.PARTIAL


T = TypeVar("T")


def _known(table: dict[str, T], word: str) -> T:
    try:
        return table[word]
    except KeyError:
        raise InvalidValue(
            _("The ERP's state “%(word)s” is not known here: map it first.") % {"word": word}, field="state"
        ) from None
