"""What pricing takes from feeds: lists, who gets them, prices, costs and tax rates, as the ERP states them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BeforeValidator, Field, model_validator

from core import audit, ownership
from core.records import Payload, Record, describe


def _no_float(value: Any) -> Any:
    """A float has already lost what it meant: 0.1 is not 0.1."""
    if isinstance(value, float):
        raise ValueError("a price or quantity comes as a decimal or as text, never as a float")
    return value


Number = Annotated[
    Decimal,
    BeforeValidator(_no_float),
    Field(ge=0, max_digits=18, decimal_places=6, allow_inf_nan=False),
]
Positive = Annotated[Number, Field(gt=0)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class PriceListRecord(Record):
    """A list of prices. kind: contract, group or list. as_of: the ERP's clock when it was read."""

    code: str = Field(min_length=1, max_length=60)
    name: str = Field(min_length=1, max_length=150)
    kind: str = Field(pattern=r"^(contract|group|list)$")
    currency: Currency
    erp_id: str = Field(default="", max_length=60)
    as_of: datetime


class AssignmentRecord(Record):
    """Who gets a list. company_number: None means everybody. priority: the smaller number first.

    valid_from, valid_until: days of the ERP's zone, half open.
    """

    price_list_code: str = Field(min_length=1, max_length=60)
    company_number: str | None = None
    priority: int = 0
    valid_from: date | None = None
    valid_until: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "AssignmentRecord":
        return _check_range(self)


class PriceRecord(Record):
    """One step of a ladder: from min_quantity base units on, price_unit of them cost unit_price.

    formula: how the ERP derives it, as text for people. valid_from, valid_until: days of the
    ERP's zone, half open.
    """

    price_list_code: str = Field(min_length=1, max_length=60)
    sku: str = Field(min_length=1, max_length=60)
    min_quantity: Number = Decimal(0)
    unit_price: Number
    price_unit: Positive = Decimal(1)
    valid_from: date | None = None
    valid_until: date | None = None
    formula: str = Field(default="", max_length=200)

    @model_validator(mode="after")
    def _in_order(self) -> "PriceRecord":
        return _check_range(self)


class PriceNews(PriceRecord):
    """A price that the ERP sends by itself. as_of: since when it says so, by its clock."""

    as_of: AwareDatetime


class CostRecord(Record):
    """What a product costs us per base unit."""

    sku: str = Field(min_length=1, max_length=60)
    cost_price: Number
    currency: Currency
    as_of: datetime


class TaxRateRecord(Record):
    """A rate of tax by its code, in percent."""

    code: str = Field(min_length=1, max_length=40)
    name: str = Field(min_length=1, max_length=100)
    percent: Annotated[
        Decimal,
        BeforeValidator(_no_float),
        Field(ge=0, le=100, max_digits=6, decimal_places=3, allow_inf_nan=False),
    ]
    erp_id: str = Field(default="", max_length=60)
    as_of: datetime


Dated = TypeVar("Dated", AssignmentRecord, PriceRecord)


def _check_range(record: Dated) -> Dated:
    if record.valid_from and record.valid_until and record.valid_until <= record.valid_from:
        raise ValueError("the last day comes before the first: valid_until is exclusive")
    return record


class PriceListChanged(Payload):
    """One import that changed prices of a list, or the ERP's news of the list itself.

    run: our number of the import, None where the list itself is new, changed or out of use. new, changed,
    ended: how many prices. skus: some of the products, at most twenty; fewer or none of a list that comes
    late in a long import. as_of: the reading, by the ERP's clock.
    """

    price_list: str
    run: int | None
    is_active: bool
    new: int = 0
    changed: int = 0
    ended: int = 0
    skus: tuple[str, ...] = ()
    as_of: datetime


describe(PriceListChanged, "price_list.changed")

PRICE_FIELDS = (
    "price_list",
    "product",
    "min_quantity",
    "unit_price",
    "price_unit",
    "valid_from",
    "valid_until",
    "formula",
)

ownership.declare(
    "pricing.PriceList", erp=["code", "name", "kind", "currency", "erp_id", "is_active", "as_of"]
)
ownership.declare(
    "pricing.PriceListAssignment",
    erp=["price_list", "company", "priority", "valid_from", "valid_until"],
    us=["segment"],
)
ownership.declare("pricing.PriceRow", erp=PRICE_FIELDS)
ownership.declare("pricing.ItemCost", erp=["product", "cost_price", "currency", "as_of"])
ownership.declare("pricing.TaxRate", erp=["code", "name", "percent", "erp_id", "as_of"])
ownership.declare(
    "pricing.PricePolicy",
    us=["version", "precedence", "floor_margin_percent", "active_from", "note"],
)

audit.tell({"price_list.changed": ("run", "is_active", "new", "changed", "ended")})
