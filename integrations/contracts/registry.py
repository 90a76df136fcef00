"""The contracts: the one form of each thing that comes in or goes out, with its version and manners."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from django.utils.translation import gettext as _

from accounts.records import (
    ApprovalWordRecord,
    CreditRecord,
    CustomerRecord,
    LicenceRecord,
    PaymentTermRecord,
)
from catalog.records import CategoryRecord, ContentRecord, ProductRecord, StockRecord, WarehouseRecord
from core.errors import InvalidValue
from core.records import Record, forms, misfit
from orders.live import LivePrice, LiveQuestion
from orders.records import ErpOrderRecord, InvoiceRecord, OrderSnapshot, OrderStatusRecord, ShipmentRecord
from pricing.records import (
    AssignmentRecord,
    CostRecord,
    PriceListRecord,
    PriceNews,
    PriceRecord,
    TaxRateRecord,
)

IN, OUT, TOLD = "in", "out", "event"
Json = dict[str, Any]

READ = (
    "Read by the portal on the flow's schedule, at most one reading at a time, in pages. A failed reading is "
    "repeated with the next turn; a row that does not fit is kept with its field and reason and stops no other."
)
PUSHED = (
    "Pushed to the portal as it happens, at most 500 messages or 1 MB a call, signed as Standard Webhooks say. "
    "Answered 202 when it is stored; repeat a call that got a 5xx or no answer, as often as needed: what was here "
    "before does nothing. An older version than was applied is dropped."
)
ANSWERED = (
    "The answer to a call of the portal. A call that fails in a way that heals is repeated after 1 s, "
    "doubling to 5 min, at most 20 times; Retry-After is obeyed; an unknown outcome is asked for by the order's "
    "number before anything is sent again."
)
ASKED = (
    "Asked when a buyer decides, once and within a total time; never repeated within one decision. Without an "
    "answer the rule in force decides by our own figure and its age."
)
SENT = (
    "Delivered at least once and in order per subject; the event's id is the key that makes a repeat "
    "recognisable. What heals is repeated after 1 s, doubling to 5 min, at most 20 times; Retry-After is obeyed."
)
TELLING = (
    "Written to the event log with the change it tells of. Where it is delivered, that is at least once and in "
    "order per subject; the event's id is the key that makes a repeat recognisable. What heals is repeated after "
    "1 s, doubling to 5 min, at most 20 times; Retry-After is obeyed."
)


@dataclass(frozen=True)
class Contract:
    """The form of one thing that crosses the border.

    name: of the thing, or of the event. record: its form, of `version`. way: in, out or event.
    manners: rate limit and retries, for whoever is on the other side (INT-12). upgrades: {version:
    the function that makes a payload of it one of the next}, so that what was sent in an older form is
    still taken. deprecated_on, sunset_on: of the newest form, from when it should not and from when it is not
    used any more.
    """

    name: str
    record: type[Record]
    way: str
    manners: str
    version: int = 1
    upgrades: Mapping[int, Callable[[Json], Json]] = field(default_factory=dict)
    deprecated_on: date | None = None
    sunset_on: date | None = None

    def read(self, payload: Json) -> Json:
        """The payload in the newest form. Raises InvalidValue for a version that nobody can read."""
        version = payload.get("v", 1)
        while version != self.version:
            if version not in self.upgrades:
                raise InvalidValue(
                    _("v: version %(version)s of “%(contract)s” is not known here.")
                    % {"version": version, "contract": self.name},
                    field="v",
                )
            payload = {**self.upgrades[version](payload), "v": version + 1}
            version += 1
        return payload

    def misfit(self, payload: Json) -> str:
        """What of a payload does not fit, "field: reason"; "" when all does."""
        try:
            return misfit(self.record, self.read(payload))
        except InvalidValue as error:
            return str(error)


_CANONICAL = (
    Contract("payment_term", PaymentTermRecord, IN, READ),
    Contract("customer", CustomerRecord, IN, READ),
    Contract("credit", CreditRecord, IN, READ),
    Contract("licence", LicenceRecord, IN, READ),
    Contract("tax_rate", TaxRateRecord, IN, READ),
    Contract("warehouse", WarehouseRecord, IN, READ),
    Contract("product", ProductRecord, IN, READ),
    Contract("stock", StockRecord, IN, READ),
    Contract("category", CategoryRecord, IN, READ),
    Contract("content", ContentRecord, IN, READ),
    Contract("price_list", PriceListRecord, IN, READ),
    Contract("price_list_assignment", AssignmentRecord, IN, READ),
    Contract("price", PriceRecord, IN, READ),
    Contract("price_news", PriceNews, IN, PUSHED),
    Contract("cost", CostRecord, IN, READ),
    Contract("order_status", OrderStatusRecord, IN, READ),
    Contract("shipment", ShipmentRecord, IN, READ),
    Contract("invoice", InvoiceRecord, IN, READ),
    Contract("order", OrderSnapshot, OUT, SENT),
    Contract("order_answer", ErpOrderRecord, IN, ANSWERED),
    Contract("live_question", LiveQuestion, OUT, ASKED),
    Contract("live_price", LivePrice, IN, ASKED),
    Contract("approval_word", ApprovalWordRecord, IN, ASKED),
)


@cache
def contracts() -> dict[str, Contract]:
    """All contracts by name: the canonical records, then the events; asked for when all apps are there."""
    events = (Contract(name, form, TOLD, TELLING) for name, form in forms().items())
    return {contract.name: contract for contract in (*_CANONICAL, *events)}


def contract_of(record: type[Record]) -> Contract | None:
    """The contract whose form a record is."""
    return next((contract for contract in _CANONICAL if contract.record is record), None)


def newest_form(record: type[Record], payload: Json) -> Json:
    """What was kept in an older form, in the newest. Raises InvalidValue for one that nobody can read."""
    contract = contract_of(record)
    return contract.read(payload) if contract else payload
