"""What the catalogue takes from feeds: identity, units and stock from the ERP, content from the PIM."""

from datetime import datetime
from decimal import Decimal

from pydantic import Field

from core import audit, ownership
from core.records import Payload, Record, describe
from core.rows import RowChanged


class UnitRecord(Record):
    """A unit that a product is sold in: numerator / denominator base units are one of it.

    key: the ERP's own name of the unit, unique per product. code: UN/ECE Rec 20, or X and the
    Rec 21 code. is_default: the one that the ERP proposes. Ratios are judged by the action.
    """

    key: str = Field(min_length=1, max_length=30)
    code: str = Field(min_length=1, max_length=3)
    numerator: int
    denominator: int = 1
    is_default: bool = False
    erp_id: str = Field(default="", max_length=60)


class ProductRecord(Record):
    """An item of the ERP with all its units.

    min_quantity, step_quantity: in the base unit. as_of: the ERP's clock when it was read.
    """

    sku: str = Field(min_length=1, max_length=60)
    erp_id: str = Field(default="", max_length=60)
    erp_name: str = Field(min_length=1, max_length=250)
    status: str = Field(default="active", pattern=r"^(active|blocked|retired)$")
    base_unit: str = Field(default="C62", min_length=1, max_length=3)
    min_quantity: Decimal = Field(default=Decimal(1), max_digits=18, decimal_places=6)
    step_quantity: Decimal = Field(default=Decimal(1), max_digits=18, decimal_places=6)
    tax_code: str = Field(default="", max_length=40)
    units: tuple[UnitRecord, ...] = ()
    as_of: datetime


class WarehouseRecord(Record):
    """A place that ships."""

    code: str = Field(min_length=1, max_length=20)
    name: str = Field(min_length=1, max_length=100)
    erp_id: str = Field(default="", max_length=60)


class StockRecord(Record):
    """The physical stock of a product in a warehouse, in the base unit.

    on_hand: what was shipped until `as_of`, by the ERP's clock, is deducted; open orders are not.
    """

    sku: str = Field(min_length=1, max_length=60)
    warehouse_code: str = Field(min_length=1, max_length=20)
    on_hand: Decimal = Field(max_digits=18, decimal_places=6)
    as_of: datetime


class CategoryRecord(Record):
    """A node of the PIM's taxonomy. slug: unique in the whole tree."""

    pim_id: str = Field(min_length=1, max_length=60)
    parent_pim_id: str | None = None
    slug: str = Field(min_length=1, max_length=100, pattern=r"^[a-z0-9_-]+$")
    name: str = Field(min_length=1, max_length=150)
    position: int = Field(default=0, ge=0)


class AttributeRecord(Record):
    """One technical fact, in the order to show it.

    code: means the same, in the same unit, in every product. value: as written, a number with a
    decimal point. unit: the symbol to print. is_facet: worth filtering by.
    """

    code: str = Field(default="", max_length=60)
    name: str = Field(min_length=1, max_length=100)
    value: str = Field(max_length=300)
    unit: str = Field(default="", max_length=20)
    is_facet: bool = False


class MediaRecord(Record):
    """A picture or document by reference: a path below the PIM's drop (PIM-02)."""

    kind: str = Field(pattern=r"^(drawing|thumbnail|photo|document)$")
    reference: str = Field(min_length=1, max_length=300)
    title: str = Field(default="", max_length=200)
    position: int = Field(default=0, ge=0)


class PackingRecord(Record):
    """How a unit is packed, in words; it finds the ERP's unit by code and content (UOM-03)."""

    unit_code: str = Field(min_length=1, max_length=3)
    base_quantity: Decimal = Field(gt=0)
    text: str = Field(max_length=200)


class RelationRecord(Record):
    """Another product beside this one."""

    kind: str = Field(pattern=r"^(accessory|replacement|successor)$")
    sku: str = Field(min_length=1, max_length=60)
    position: int = Field(default=0, ge=0)


class ContentRecord(Record):
    """What the PIM tells of a product. Everything not named is empty: a record is the whole.

    weight_kg: of one base unit. keywords: found by the search, never shown. version: the PIM's
    name of this state. as_of: the PIM's clock.
    """

    sku: str = Field(min_length=1, max_length=60)
    name: str = Field(min_length=1, max_length=250)
    description: str = ""
    category_pim_id: str | None = None
    standard: str = Field(default="", max_length=80)
    attributes: tuple[AttributeRecord, ...] = ()
    gtin: str = Field(default="", max_length=14)
    weight_kg: Decimal | None = Field(default=None, ge=0, max_digits=18, decimal_places=6)
    keywords: tuple[str, ...] = ()
    media: tuple[MediaRecord, ...] = ()
    packing_texts: tuple[PackingRecord, ...] = ()
    relations: tuple[RelationRecord, ...] = ()
    version: str = Field(default="", max_length=60)
    as_of: datetime


class StockUpdated(Payload):
    """One reading of stock that brought news of a warehouse.

    changed: how many products have a new figure; forgotten: how many have none any more. skus: of the
    changed ones, the first twenty. as_of: the reading, by the ERP's clock.
    """

    warehouse: str
    changed: int
    forgotten: int
    skus: tuple[str, ...]
    as_of: datetime


class StockFell(Payload):
    """One reading of stock after which products of a warehouse cannot be bought from stock any more.

    Before it, what was free covered a product's least order quantity, now it does not. products: how many;
    skus: the first twenty of them. as_of: the reading, by the ERP's clock.
    """

    warehouse: str
    products: int
    skus: tuple[str, ...]
    as_of: datetime


class ProductApproved(Payload):
    """Products that have become sellable: described by the PIM and active in the ERP, as they were not before.

    products: how many; skus: the first twenty of them.
    """

    products: int
    skus: tuple[str, ...]


class AssortmentFilled(Payload):
    """Many products were put into an assortment, or taken out. new, changed: how many; skus: the first twenty."""

    assortment: str
    effect: str
    new: int
    changed: int
    skus: tuple[str, ...]


describe(AssortmentFilled, "assortment.filled")
describe(RowChanged, "entitlement.changed")
describe(StockUpdated, "stock.updated")
describe(StockFell, "stock.fell_below")
describe(ProductApproved, "product.approved")

ERP_FIELDS = (
    "sku",
    "erp_id",
    "erp_name",
    "status",
    "base_unit",
    "min_quantity",
    "step_quantity",
    "tax_code",
    "units",
    "stock",
)
PIM_FIELDS = (
    "name",
    "description",
    "standard",
    "attributes",
    "category",
    "gtin",
    "weight_kg",
    "keywords",
    "media",
    "packing_text",
    "relations",
)
ownership.declare("catalog.Product", erp=ERP_FIELDS, pim=PIM_FIELDS)
ownership.declare(
    "catalog.ProductUnit",
    erp=("key", "code", "numerator", "denominator", "is_default", "is_active", "erp_id"),
    pim=("packing_text",),
)
ownership.declare("catalog.Category", pim=("pim_id", "parent", "slug", "name", "position"))
ownership.declare(
    "catalog.Warehouse",
    erp=("code", "name", "erp_id"),
    us=("time_zone", "position", "is_active", "when_stale"),
)
ownership.declare("catalog.StockLevel", erp=("on_hand", "as_of", "source"))
# A supplier's figure is for places of which the ERP tells nothing.
ownership.prefer("catalog.StockLevel", on_hand=("erp", "supplier"))

audit.tell(
    {
        "entitlement.changed": ("model", "key", "change"),
        "assortment.filled": ("assortment", "effect", "new", "changed"),
    }
)
