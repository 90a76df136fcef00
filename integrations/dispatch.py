"""Which event goes where: the one page that says it."""

from collections.abc import Callable
from dataclasses import dataclass

from integrations.destinations import erp, mail
from integrations.failures import CallFailed
from integrations.systems import ERP, MAIL, Message


@dataclass(frozen=True)
class Destination:
    """A place that events go to.

    system: whose circuit counts. parallel: how many may be on their way at once. send: the call,
    raises CallFailed. bury: what a dead letter means for the document it is about. passing: events
    that a dead letter does not hold up, because they end what it was about.
    """

    name: str
    system: str
    parallel: int
    send: Callable[[Message], None]
    bury: Callable[[Message, CallFailed], None]
    passing: tuple[str, ...] = ()


# Tryton locks whole tables at a confirmation: two at once only make each other fail.
DESTINATIONS: dict[str, Destination] = {
    "erp": Destination("erp", ERP, 1, erp.send, erp.bury, passing=("order.cancelled",)),
    "mail": Destination("mail", MAIL, 4, mail.send, mail.bury),
}

ROUTES: dict[str, tuple[str, ...]] = {
    "rfq.submitted": ("mail",),
    "rfq.declined": ("mail",),
    "quote.approval_requested": ("mail",),
    "quote.approved": ("mail",),
    "quote.returned": ("mail",),
    "quote.sent": ("mail",),
    "quote.change_requested": ("mail",),
    "quote.accepted": ("mail",),
    "quote.declined": ("mail",),
    "quote.expired": ("mail",),
    "quote.withdrawn": ("mail",),
    "order.received": ("erp", "mail"),
    "order.resent": ("erp",),
    "order.cancelled": ("erp", "mail"),
    "order.approval_requested": ("mail",),
    "order.approved": ("mail",),
    "order.rejected": ("mail",),
    "order.confirmed": ("mail",),
    "order.held": ("mail",),
    "shipment.shipped": ("mail",),
    "invoice.issued": ("mail",),
    "credit_note.issued": ("mail",),
}


def routes() -> dict[str, tuple[tuple[str, str], ...]]:
    """{event name: ((destination, system), ...)}, as the fan-out wants it."""
    return {
        event: tuple((name, DESTINATIONS[name].system) for name in names) for event, names in ROUTES.items()
    }
