"""Nordwind's price lists as the ERP keeps them: lines in order, the first match wins.

A line is for a product, for a category (with all below it) or for everything, from a number of pieces on. Its price
is a share of the list price or an amount per piece. Breaks lie where packs lie: boxes, cartons, pallets.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from demo.catalogue.model import Product

# The ERP's own categories, which prices hang on; a category and its parent.
ERP_CATEGORIES: dict[str, str | None] = {
    "Fasteners": None,
    "Socket screws": "Fasteners",
    "Hexagon bolts": "Fasteners",
    "Threaded rods": "Fasteners",
    "Nuts": "Fasteners",
    "Washers": "Fasteners",
    "Machine parts": None,
    "Bearings": "Machine parts",
    "Rings, pins and keys": "Machine parts",
}


@dataclass(frozen=True)
class Line:
    """One line: `share` of the list price or `amount` in euros per piece, from `quantity` pieces on."""

    quantity: int
    share: Decimal | None = None
    amount: Decimal | None = None
    product: str | None = None
    category: str | None = None

    @property
    def formula(self) -> str:
        """The line as the ERP's formula."""
        return f"unit_price * {self.share}" if self.share is not None else str(self.amount)

    def fits(self, product: Product, quantity: int) -> bool:
        """Whether the line is for this product in this quantity of pieces."""
        category = product.part.erp_category
        return (
            quantity >= self.quantity
            and self.product in {None, product.sku}
            and self.category in {None, category, ERP_CATEGORIES[category]}
        )


def _product(sku: str, *steps: tuple[int, str]) -> tuple[Line, ...]:
    return tuple(Line(quantity, amount=Decimal(amount), product=sku) for quantity, amount in steps)


def _category(name: str | None, *steps: tuple[int, str]) -> tuple[Line, ...]:
    return tuple(Line(quantity, share=Decimal(share), category=name) for quantity, share in steps)


PRICE_LISTS: dict[str, tuple[Line, ...]] = {
    "Key account": (
        *_product("4762-M8X30-88Z", (48_000, "0.0960"), (10_000, "0.1020"), (2_000, "0.1090"), (0, "0.1180")),
        *_product("4032-M8-8Z", (10_000, "0.0280"), (2_500, "0.0310"), (0, "0.0360")),
        *_product("6204-2RS", (100, "2.9500"), (10, "3.3500"), (0, "3.6000")),
        *_product("976-M10X1000-48Z", (400, "1.6500"), (25, "1.8200"), (0, "1.9800")),
        *_category("Socket screws", (10_000, "0.66"), (2_000, "0.70"), (500, "0.74"), (0, "0.80")),
        *_category("Hexagon bolts", (5_000, "0.66"), (1_000, "0.72"), (200, "0.76"), (0, "0.80")),
        *_category("Threaded rods", (250, "0.74"), (50, "0.80"), (0, "0.86")),
        *_category("Fasteners", (25_000, "0.62"), (5_000, "0.68"), (1_000, "0.74"), (0, "0.78")),
        *_category("Bearings", (100, "0.68"), (20, "0.74"), (0, "0.82")),
        *_category(None, (1_000, "0.76"), (0, "0.85")),
    ),
    "Dealer": (
        *_product("4762-M8X30-88Z", (10_000, "0.1150"), (2_000, "0.1240"), (0, "0.1390")),
        *_category("Socket screws", (10_000, "0.76"), (2_000, "0.80"), (500, "0.85"), (0, "0.92")),
        *_category("Hexagon bolts", (5_000, "0.76"), (1_000, "0.82"), (0, "0.92")),
        *_category("Fasteners", (10_000, "0.78"), (2_000, "0.84"), (0, "0.93")),
        *_category("Bearings", (100, "0.80"), (20, "0.86"), (0, "0.94")),
        *_category(None, (1_000, "0.86"), (0, "0.95")),
    ),
}


def price(name: str | None, product: Product, quantity: int) -> Decimal:
    """Return the price per piece in euros for a quantity in pieces; without a list, the list price.

    Four decimals, rounded half to even as the ERP does. For tests and texts; the product asks the ERP.
    """
    if name is None:
        return product.list_price
    line = next(line for line in PRICE_LISTS[name] if line.fits(product, quantity))
    exact = product.list_price * line.share if line.share is not None else line.amount
    assert exact is not None  # noqa: S101 - a line has one of the two
    return exact.quantize(Decimal("0.0001"), rounding=ROUND_HALF_EVEN)


def breaks(name: str, product: Product) -> tuple[int, ...]:
    """Return the quantities in pieces at which the price of a product changes, ascending from 1."""
    steps = sorted({max(line.quantity, 1) for line in PRICE_LISTS[name] if line.fits(product, line.quantity)})
    prices = [price(name, product, step) for step in steps]
    return tuple(step for n, step in enumerate(steps) if n == 0 or prices[n] != prices[n - 1])
