"""Which rows a feed changes: compared in memory, written as sets."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


def differs(row: models.Model, values: dict[str, Any]) -> bool:
    """Whether any of the values is not what the row holds."""
    return any(getattr(row, name) != value for name, value in values.items())


def assign(row: Row, values: dict[str, Any]) -> Row:
    """Put the values on the row, unsaved."""
    for name, value in values.items():
        setattr(row, name, value)
    return row


def write(
    model: type[models.Model],
    *,
    new: Sequence[models.Model],
    changed: Sequence[models.Model],
    fields: Iterable[str],
) -> None:
    """Insert and update as sets.

    Only for the hundreds of rows of master data; large feeds merge in SQL.
    """
    if new:
        model._default_manager.bulk_create(new, batch_size=1000)
    if changed:
        model._default_manager.bulk_update(changed, list(fields), batch_size=1000)
