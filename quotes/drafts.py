"""What people bring to the actions of quotes: a request, a draft, an answer."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True)
class Wish:
    """What a buyer would like to pay for a cart line, per its unit, and says about it."""

    line_id: int
    target_price: Decimal | None = None
    note: str = ""


@dataclass(frozen=True)
class RfqDraft:
    """A request made from a cart. token: the filling of the cart that the buyer saw.

    ship_to_erp_id: an address of the acting company, empty when it does not matter yet.
    """

    token: UUID
    note: str = ""
    po_number: str = ""
    requested_on: date | None = None
    ship_to_erp_id: str = ""
    wishes: tuple[Wish, ...] = ()


@dataclass(frozen=True)
class LineDraft:
    """A line as sales wants it.

    unit_price: per the unit, None takes what the company pays anyway, if anything. unit_key: ""
    takes the unit that the product is offered in first.
    """

    sku: str
    unit_key: str
    quantity: Decimal
    unit_price: Decimal | None = None
    target_price: Decimal | None = None
    note: str = ""


@dataclass(frozen=True)
class QuoteDraft:
    """A revision as sales wants it. version: of the quote that was being edited."""

    version: int
    lines: tuple[LineDraft, ...]
    valid_until: date | None = None
    requested_on: date | None = None
    message: str = ""
    internal_note: str = ""


@dataclass(frozen=True)
class AcceptChoice:
    """What a buyer adds when accepting. ship_to_erp_id: an address of the quote's company."""

    ship_to_erp_id: str
    po_number: str = ""
    note: str = ""
