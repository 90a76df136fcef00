"""Taxonomy and content out of the PIM's drop: whole, and only when it is a new one."""

from typing import Any

from catalog.records import CategoryRecord, ContentRecord
from integrations.batches import Batch
from integrations.connectors.pim_files import mapping
from integrations.connectors.pim_files.transport import Drop, current_drop, lines_of

Cursor = dict[str, Any]


def probe() -> None:
    """Whether there is a delivery that can be used. Raises CallFailed."""
    current_drop()


def read_categories(cursor: Cursor, *, is_full: bool) -> Batch[CategoryRecord]:
    """The whole taxonomy of a drop that was not applied yet."""
    drop = current_drop()
    batch: Batch[CategoryRecord] = _batch(drop)
    if is_full or _is_new(drop, cursor):
        batch.take(
            lines_of(drop, "categories"),
            key=lambda row: str(row.get("id") or f"line {row.get('line')}"),
            record=mapping.category,
        )
        batch.is_full = True
    return batch


def read_content(cursor: Cursor, *, is_full: bool) -> Batch[ContentRecord]:
    """The content of all products of a drop that was not applied yet."""
    drop = current_drop()
    batch: Batch[ContentRecord] = _batch(drop)
    if is_full or _is_new(drop, cursor):
        batch.take(
            lines_of(drop, "products"),
            key=lambda row: str(row.get("sku") or f"line {row.get('line')}"),
            record=lambda row: mapping.content(row, version=str(drop.serial), as_of=drop.created_at),
        )
        batch.is_full = True
    return batch


def _batch(drop: Drop) -> Batch[Any]:
    return Batch(as_of=drop.created_at, cursor={"serial": drop.serial, "content": drop.content})


def _is_new(drop: Drop, cursor: Cursor) -> bool:
    """Serials rise; a drop from before is not applied over a later one."""
    return drop.serial > int(cursor.get("serial", 0)) and drop.content != cursor.get("content")
