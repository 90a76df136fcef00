"""Other systems' words in ours: a flow's settings lie over what its connector knows (INT-64)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.units import UNITS
from orders.states import DeliveryStatus, InvoiceStatus, PaymentStatus, ShipmentStatus

Mapped = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Words:
    """A kind of word that may be mapped. ours: the words of ours that one of theirs may stand for; None: any."""

    label: str | Promise
    ours: frozenset[str] | None = None


INVOICE_WORDS = frozenset(f"{invoice}/{payment}" for invoice in InvoiceStatus for payment in PaymentStatus)
KINDS: dict[str, Words] = {
    "units": Words(_("Units"), frozenset(UNITS)),
    "tax_codes": Words(_("Tax codes")),
    "licences": Words(_("Kinds of licences")),
    "delivery_states": Words(_("States of delivery"), frozenset(DeliveryStatus.values)),
    "invoice_states": Words(_("States of invoices and payment"), INVOICE_WORDS),
    "shipment_states": Words(_("States of shipments"), frozenset(ShipmentStatus.values)),
}

_over: ContextVar[Mapped | None] = ContextVar("words_over", default=None)


@contextmanager
def laid_over(mapping: Mapped) -> Iterator[None]:
    """Let these words count before the connector's own while a flow reads."""
    token = _over.set(mapping)
    try:
        yield
    finally:
        _over.reset(token)


def said(kind: str, theirs: str) -> str | None:
    """What people have set one of their words to stand for; None when they set nothing."""
    return (_over.get() or {}).get(kind, {}).get(theirs)
