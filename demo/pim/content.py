"""The content of a drop: the generated catalogue in the PIM's own words and shapes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from demo.catalogue.assortment import categories, category_path, products
from demo.catalogue.model import Attribute, Product
from demo.pim.drawing.sheet import HEIGHT, SMALL_HEIGHT, SMALL_WIDTH, WIDTH, drawing, thumbnail

Row = dict[str, Any]


@dataclass(frozen=True)
class Picture:
    """One picture: its path inside the drop, its bytes and the sentence that describes it."""

    path: str
    data: bytes
    title: str
    width: int
    height: int

    @property
    def digest(self) -> str:
        """The SHA-256 of the file."""
        return sha256(self.data).hexdigest()


@cache
def pictures() -> dict[str, tuple[Picture, Picture]]:
    """Return drawing and thumbnail by the name of the geometry; many products share one."""
    found: dict[str, tuple[Picture, Picture]] = {}
    for product in products():
        name = product.part.drawing
        if name not in found:
            large, title = drawing(product.part.shape)
            small = thumbnail(product.part.shape, title)
            found[name] = (
                _picture(name, large, title, WIDTH, HEIGHT),
                _picture(f"{name}-small", small, title, SMALL_WIDTH, SMALL_HEIGHT),
            )
    return found


def _picture(name: str, svg: str, title: str, width: int, height: int) -> Picture:
    data = svg.encode()
    return Picture(f"media/{name}.{sha256(data).hexdigest()[:12]}.svg", data, title, width, height)


def category_rows() -> list[Row]:
    """Return the categories as the drop writes them, parents before children."""
    return [
        {"id": c.id, "parent": c.parent, "name": c.name, "slug": c.slug, "position": c.position}
        for c in categories()
    ]


def product_rows() -> list[Row]:
    """Return the products as the drop writes them."""
    return [product_row(product) for product in products()]


def product_row(product: Product) -> Row:
    """Return one product as the drop writes it: see demo/pim/README.md."""
    part = product.part
    large, small = pictures()[part.drawing]
    return {
        "sku": part.sku,
        "name": part.name,
        "description": part.description,
        "brand": "Nordwind",
        "category": part.category,
        "category_path": list(category_path(part.category)),
        "standard": part.standard,
        "replaces_standard": part.replaces_standard,
        "gtin": product.gtin,
        "customs_code": part.customs_code,
        "origin": part.origin,
        "weight_g": f"{part.weight_g:f}",
        "keywords": list(part.keywords),
        "attributes": [_attribute(attribute) for attribute in part.attributes],
        "packaging": [
            {"unit_code": pack.code, "base_quantity": pack.pieces, "text": pack.text}
            for pack in product.packs
        ],
        "media": [_media("drawing", large), _media("thumbnail", small)],
        "relations": _relations(product),
    }


def _attribute(attribute: Attribute) -> Row:
    return {
        "code": attribute.code,
        "name": attribute.name,
        "type": "number" if attribute.is_number else "text",
        "value": attribute.value,
        "unit": attribute.unit,
        "unit_code": attribute.unit_code,
        "facet": attribute.is_facet,
    }


def _media(role: str, picture: Picture) -> Row:
    return {
        "role": role,
        "path": picture.path,
        "media_type": "image/svg+xml",
        "width": picture.width,
        "height": picture.height,
        "sha256": picture.digest,
        "title": picture.title,
    }


def _relations(product: Product) -> list[Row]:
    rows: list[Row] = []
    positions: dict[str, int] = {}
    for relation in product.relations:
        positions[relation.kind] = position = positions.get(relation.kind, 0) + 1
        rows.append({"kind": relation.kind, "sku": relation.sku, "position": position, "note": relation.note})
    return rows
