"""The PIM's objects as our records. Version 1, for format 1 of the drop."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from catalog.records import (
    AttributeRecord,
    CategoryRecord,
    ContentRecord,
    MediaRecord,
    PackingRecord,
    RelationRecord,
)
from core.errors import InvalidValue

VERSION = 1
Row = dict[str, Any]


def category(row: Row) -> CategoryRecord:
    """A node of the taxonomy."""
    return CategoryRecord(
        pim_id=row.get("id", ""),
        parent_pim_id=row.get("parent"),
        slug=row.get("slug", ""),
        name=row.get("name", ""),
        position=row.get("position", 0),
    )


def content(row: Row, *, version: str, as_of: datetime) -> ContentRecord:
    """All that the PIM says of a product."""
    return ContentRecord(
        sku=row.get("sku", ""),
        name=row.get("name", ""),
        description=row.get("description") or "",
        category_pim_id=row.get("category"),
        standard=row.get("standard") or "",
        attributes=tuple(_attribute(item) for item in row.get("attributes", [])),
        gtin=row.get("gtin") or "",
        weight_kg=_weight(row.get("weight_g")),
        keywords=tuple(row.get("keywords", [])),
        media=tuple(_media(item, at) for at, item in enumerate(row.get("media", []), 1)),
        packing_texts=tuple(_packing(item) for item in row.get("packaging", [])),
        relations=tuple(_relation(item) for item in row.get("relations", [])),
        version=version,
        as_of=as_of,
    )


def _weight(grams: Any) -> Decimal | None:
    if grams in (None, ""):
        return None
    try:
        return Decimal(str(grams)) / 1000
    except InvalidOperation:
        raise InvalidValue(_("The weight is not a number."), field="weight_g") from None


def _attribute(row: Row) -> AttributeRecord:
    return AttributeRecord(
        code=row.get("code", ""),
        name=row.get("name", ""),
        value=row.get("value", ""),
        unit=row.get("unit") or "",
        is_facet=bool(row.get("facet")),
    )


def _media(row: Row, position: int) -> MediaRecord:
    return MediaRecord(
        kind=row.get("role", ""),
        reference=row.get("path", ""),
        title=(row.get("title") or "")[:200],
        position=position,
    )


def _packing(row: Row) -> PackingRecord:
    return PackingRecord(
        unit_code=row.get("unit_code", ""),
        base_quantity=row.get("base_quantity", 0),
        text=row.get("text", ""),
    )


def _relation(row: Row) -> RelationRecord:
    return RelationRecord(kind=row.get("kind", ""), sku=row.get("sku", ""), position=row.get("position", 0))
