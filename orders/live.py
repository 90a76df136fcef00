"""What is asked of the ERP before an order is taken, and what it said: canonical, without its words."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import Field

from accounts.records import ApprovalWordRecord, CreditRecord
from catalog.records import StockRecord
from core.records import Record
from orders.states import ASKED, LiveKind

# Why nothing came, as a machine reads it.
TIMEOUT, ABSENT, REFUSED, NONSENSE, PAUSED = "timeout", "absent", "refused", "nonsense", "paused"


class AskedLine(Record):
    """A line of the document. quantity: in the unit.

    break_quantity: what counts for the price breaks, in the unit: lines of one product add up.
    has_erp_price: whether the price that we would use is the ERP's own; others it cannot confirm.
    """

    sku: str
    unit_key: str
    unit_erp_id: str = ""
    quantity: Decimal
    quantity_base: Decimal
    break_quantity: Decimal
    has_erp_price: bool = True


class LiveQuestion(Record):
    """All that is asked about one document. gross_amount: what it would take of the credit.

    lineage: numbers of the company and those above it, nearest first; the first with a price list in
    the ERP names the prices. credit_numbers: who shares the limit, none without one. warehouse: where
    the goods would leave. kinds: what is asked at all.
    """

    company_number: str
    lineage: tuple[str, ...]
    currency: str
    warehouse_code: str = ""
    warehouse_erp_id: str = ""
    credit_numbers: tuple[str, ...] = ()
    gross_amount: Decimal = Decimal(0)
    lines: tuple[AskedLine, ...] = ()
    kinds: frozenset[LiveKind] = ASKED


class LivePrice(Record):
    """The ERP's price of one unit at a quantity. Nothing costs nothing: zero is no answer.

    is_remembered: said a moment ago, when the buyer was shown it, and not again now.
    """

    sku: str
    unit_key: str
    break_quantity: Decimal
    unit_price: Decimal = Field(gt=0, allow_inf_nan=False)
    as_of: datetime
    is_remembered: bool = False


class Heard(Record):
    """What came of one kind of question. why: "" if all was answered, else why not (all of) it.

    waited_ms: how long that took. approvals: with the credit, whether orders of the line are to be approved.
    """

    why: str = ""
    waited_ms: int = 0
    prices: tuple[LivePrice, ...] = ()
    stock: tuple[StockRecord, ...] = ()
    credit: tuple[CreditRecord, ...] = ()
    approvals: tuple[ApprovalWordRecord, ...] = ()


class LiveAnswers(Record):
    """The answers by kind; a kind that is missing was not asked."""

    asked_at: datetime
    heard: dict[LiveKind, Heard] = {}

    def why(self, kind: LiveKind) -> str:
        """Why a kind was not (wholly) answered, "" when it was or was not asked."""
        return self.heard[kind].why if kind in self.heard else ""

    def price_of(self, sku: str, unit_key: str, break_quantity: Decimal) -> LivePrice | None:
        """The price that was said of a unit at exactly this quantity."""
        for price in self.heard[LiveKind.PRICE].prices if LiveKind.PRICE in self.heard else ():
            if (price.sku, price.unit_key, price.break_quantity) == (sku, unit_key, break_quantity):
                return price
        return None

    def remembering(self, prices: tuple[LivePrice, ...]) -> "LiveAnswers":
        """The same with earlier prices where none came now."""
        heard = self.heard.get(LiveKind.PRICE)
        if heard is None:
            return self
        said = {(price.sku, price.unit_key, price.break_quantity) for price in heard.prices}
        more = tuple(
            price.model_copy(update={"is_remembered": True})
            for price in prices
            if (price.sku, price.unit_key, price.break_quantity) not in said
        )
        whole: dict[LiveKind, Any] = {
            **self.heard,
            LiveKind.PRICE: heard.model_copy(update={"prices": (*heard.prices, *more)}),
        }
        return self.model_copy(update={"heard": whole})
