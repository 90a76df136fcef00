"""What quotes hands out in its events: the request and the offer, complete enough to tell people."""

from datetime import date
from decimal import Decimal

from pydantic import JsonValue

from core import audit
from core.records import Payload, Record, describe


class PersonTold(Record):
    """Somebody who is told. locale: the language of the letter."""

    name: str
    email: str
    locale: str = "en"


class RfqLineTold(Record):
    """A product that a price is asked for. target_price: per unit."""

    position: int
    sku: str
    name: str
    unit_code: str
    unit_key: str
    quantity: Decimal
    target_price: Decimal | None = None
    note: str = ""


class RfqTold(Payload):
    """A request as its events carry it. sales: who looks after the company, None if nobody yet."""

    number: str
    company_number: str
    company_name: str
    currency: str
    buyer: PersonTold
    sales: PersonTold | None
    note: str = ""
    po_number: str = ""
    requested_on: date | None = None
    reason: str = ""
    lines: tuple[RfqLineTold, ...] = ()


class OfferLineTold(Record):
    """A line of an offer as the buyer sees it. unit_price: per unit of `unit_key`."""

    position: int
    sku: str
    name: str
    unit_code: str
    unit_key: str
    quantity: Decimal
    unit_price: Decimal | None
    net_amount: Decimal


class QuoteTold(Payload):
    """A quote as its events carry it, without cost, floor or margin.

    text: what was said with this step (message, comment, reason). order_number: of the order an
    acceptance made. buyer: None while there is no contact.
    """

    number: str
    revision: int
    company_number: str
    company_name: str
    rfq_number: str = ""
    currency: str
    net_amount: Decimal
    tax_amount: Decimal
    gross_amount: Decimal
    valid_until: date | None
    buyer: PersonTold | None
    sales: PersonTold
    text: str = ""
    order_number: str = ""
    lines: tuple[OfferLineTold, ...] = ()


class QuoteToApprove(QuoteTold):
    """A quote that needs a second pair of eyes. reasons: the rules that ask for them, with limit and figure."""

    reasons: tuple[dict[str, JsonValue], ...]
    policy_version: int


class QuoteWithdrawn(QuoteTold):
    """A quote that is taken back. was_sent: whether the buyer had seen an offer."""

    was_sent: bool


class PolicyChanged(Payload):
    """New limits above which a quote needs approval; None does not ask. note: why."""

    version: int
    max_discount_percent: Decimal | None
    min_margin_percent: Decimal | None
    max_net_amount: Decimal | None
    validity_days: int
    note: str = ""


describe(RfqTold, "rfq.submitted", "rfq.declined", "rfq.cancelled")
describe(
    QuoteTold,
    "quote.created",
    "quote.revised",
    "quote.approved",
    "quote.returned",
    "quote.sent",
    "quote.seen",
    "quote.change_requested",
    "quote.accepted",
    "quote.declined",
    "quote.expired",
)
describe(QuoteToApprove, "quote.approval_requested")
describe(QuoteWithdrawn, "quote.withdrawn")
describe(PolicyChanged, "quote_policy.changed")

_OFFER = (
    "revision",
    "net_amount",
    "gross_amount",
    "currency",
    "valid_until",
    "order_number",
    "policy_version",
)
audit.tell(
    {
        f"quote.{what}": _OFFER
        for what in "created approval_requested approved returned sent withdrawn accepted declined".split()
    }
    | {
        "quote_policy.changed": (
            "version", "max_discount_percent", "min_margin_percent", "max_net_amount", "validity_days",
        ),
        "rfq.submitted": ("po_number",),
        "rfq.declined": ("po_number",),
    }
)  # fmt: skip
