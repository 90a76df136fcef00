"""What the generator hands out: products with identity, content, trade data and a shape to draw."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from demo.catalogue.shapes import Shape

UNIT_CODES = {
    "mm": "MMT", "g": "GRM", "kg": "KGM", "N·m": "NU", "MPa": "MPA", "°C": "CEL", "°": "DD", "HV": None, "µm": "4H",
}  # fmt: skip


@dataclass(frozen=True)
class Attribute:
    """One technical fact. A number is kept as text in decimal notation; unit is the symbol to print."""

    code: str
    name: str
    value: str
    unit: str | None = None
    is_number: bool = False
    is_facet: bool = False

    @property
    def unit_code(self) -> str | None:
        """The UN/ECE Recommendation 20 code of the unit; None without a unit or where there is no code."""
        return UNIT_CODES[self.unit] if self.unit else None


@dataclass(frozen=True)
class Pack:
    """One unit a product is sold in.

    code: UN/ECE (C62, XBX, XCT, XPX); pieces: exact content in pieces; text: how it is packed.
    """

    code: str
    pieces: int
    text: str


@dataclass(frozen=True)
class Relation:
    """kind: accessory or replacement; sku: the product at the other end."""

    kind: str
    sku: str
    note: str


@dataclass(frozen=True)
class Category:
    """A node of the PIM's tree; parent is an id or None."""

    id: str
    parent: str | None
    name: str
    slug: str
    position: int


@dataclass(frozen=True)
class Part:
    """What a family of parts knows about one product, before trade data and relations are added.

    sku: item number; drawing: name of the geometry, shared by what looks the same;
    material_price, work_price: euros per kilogram and per piece that make the cost;
    thread: nominal thread for relations, None where there is none; grade: what differs between replacements.
    """

    sku: str
    name: str
    erp_name: str
    description: str
    category: str
    erp_category: str
    standard: str
    replaces_standard: str | None
    customs_code: str
    origin: str
    shape: Shape
    drawing: str
    weight_g: Decimal
    attributes: tuple[Attribute, ...]
    keywords: tuple[str, ...]
    material_price: Decimal
    work_price: Decimal
    grade: str
    thread: int | None = None
    fits: tuple[tuple[str, str], ...] = ()
    instead: str | None = None


@dataclass(frozen=True)
class Product:
    """A finished product.

    list_price, cost_price: euros per piece, four decimals, before tax. min_quantity, step: pieces.
    stock: pieces per warehouse code.
    """

    part: Part
    position: int
    gtin: str
    packs: tuple[Pack, ...]
    list_price: Decimal
    cost_price: Decimal
    min_quantity: int
    step: int
    stock: dict[str, int] = field(hash=False)
    relations: tuple[Relation, ...]

    @property
    def sku(self) -> str:
        """The item number."""
        return self.part.sku

    @property
    def box(self) -> Pack:
        """The pack the ERP proposes on a sales line."""
        return next((pack for pack in self.packs if pack.code == "XBX"), self.packs[0])
