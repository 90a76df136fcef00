"""The finished assortment: every product with its trade data and relations, and the PIM's category tree."""

from __future__ import annotations

from functools import cache
from itertools import chain

from demo.catalogue import trade
from demo.catalogue.families import bolts, machine_parts, nuts, screws
from demo.catalogue.model import Category, Part, Product, Relation

TREE: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    (
        "CAT-100",
        "Screws and bolts",
        (
            ("CAT-110", "Socket head cap screws"),
            ("CAT-120", "Hexagon head bolts"),
            ("CAT-130", "Hexagon head screws"),
            ("CAT-140", "Button head screws"),
            ("CAT-150", "Countersunk socket screws"),
            ("CAT-160", "Threaded rods"),
        ),
    ),
    (
        "CAT-200",
        "Nuts and washers",
        (
            ("CAT-210", "Hexagon nuts"),
            ("CAT-220", "Thin nuts"),
            ("CAT-230", "Plain washers"),
            ("CAT-240", "Large washers"),
        ),
    ),
    (
        "CAT-300",
        "Bearings",
        (
            ("CAT-310", "Deep groove ball bearings, series 60"),
            ("CAT-320", "Deep groove ball bearings, series 62"),
        ),
    ),
    (
        "CAT-400",
        "Rings, pins and keys",
        (
            ("CAT-410", "Retaining rings for shafts"),
            ("CAT-420", "Retaining rings for bores"),
            ("CAT-430", "Parallel pins"),
            ("CAT-440", "Parallel keys"),
        ),
    ),
)
MOST_REPLACEMENTS = 3


@cache
def categories() -> tuple[Category, ...]:
    """Return the PIM's categories, parents before children."""
    found: list[Category] = []
    for position, (id_, name, children) in enumerate(TREE, 1):
        found.append(Category(id_, None, name, _slug(name), position))
        for place, (child, label) in enumerate(children, 1):
            found.append(Category(child, id_, label, _slug(label), place))
    return tuple(found)


@cache
def products() -> tuple[Product, ...]:
    """Return all products in catalogue order; raises ValueError when two share an item number."""
    parts = tuple(chain(screws.parts(), bolts.parts(), nuts.parts(), machine_parts.parts()))
    known = {part.sku: part for part in parts}
    if len(known) != len(parts):
        raise ValueError("Two parts share an item number: see demo/catalogue/families.")
    alike: dict[str, list[Part]] = {}
    for part in parts:
        alike.setdefault(part.instead or part.drawing, []).append(part)
    return tuple(
        _product(part, position, known, alike[part.instead or part.drawing])
        for position, part in enumerate(parts, 1)
    )


@cache
def by_sku() -> dict[str, Product]:
    """Return the products by item number."""
    return {product.sku: product for product in products()}


def category_path(id_: str) -> tuple[str, ...]:
    """Return the names from the root down to a category."""
    tree = {category.id: category for category in categories()}
    category = tree[id_]
    above = category_path(category.parent) if category.parent else ()
    return (*above, category.name)


def _product(part: Part, position: int, known: dict[str, Part], alike: list[Part]) -> Product:
    packs = trade.packs(part)
    sizes = {pack.code: pack.pieces for pack in packs}
    smallest, step = trade.order_steps(part, sizes["XBX"])
    return Product(
        part=part,
        position=position,
        gtin=trade.gtin(position),
        packs=packs,
        list_price=trade.list_price(part),
        cost_price=trade.cost_price(part),
        min_quantity=smallest,
        step=step,
        stock=trade.stock(part, sizes["XBX"], sizes.get("XCT", sizes["XBX"] * 4)),
        relations=tuple(_relations(part, known, alike)),
    )


def _relations(part: Part, known: dict[str, Part], alike: list[Part]) -> list[Relation]:
    fitting = [Relation("accessory", sku, note) for sku, note in part.fits if sku in known]
    others = [other for other in alike if other.sku != part.sku][:MOST_REPLACEMENTS]
    return fitting + [Relation("replacement", other.sku, f"Instead: {other.grade}") for other in others]


def _slug(name: str) -> str:
    return "-".join(name.lower().replace(",", "").split())
