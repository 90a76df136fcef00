"""What is to be ordered, before it is an order."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from orders.rules.live import Decision


@dataclass(frozen=True)
class DraftLine:
    """A line that is to be ordered. unit_price: per one of `unit_key`, already decided.

    ratio: base units per unit as agreed, (numerator, denominator); None takes the product's of now.
    """

    product_id: int
    unit_key: str
    quantity: Decimal
    unit_price: Decimal
    tax_code: str
    tax_percent: Decimal
    price_story: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    note: str = ""
    ratio: tuple[int, int] | None = None


@dataclass(frozen=True)
class OrderDraft:
    """All that makes an order. origin and origin_ref: what it is made from, once and only once.

    payment_term_id: as agreed, None for the company's own. decisions: on what the ERP was asked live.
    """

    company_id: int
    origin: str
    origin_ref: str
    lines: tuple[DraftLine, ...]
    ship_to_erp_id: str
    po_number: str = ""
    note: str = ""
    requested_on: date | None = None
    payment_term_id: int | None = None
    cost_centre: str = ""
    decisions: tuple[Decision, ...] = ()
