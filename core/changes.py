"""Which rows a feed changes: compared in memory, written as sets, with history for those alone."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.db import models
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from core.history import traced

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
    """Insert and update as sets; changed rows alone get a history row, naming the actor (SEC-08).

    Only for the hundreds of rows of master data; large feeds merge in SQL.
    """
    tracked = hasattr(model, "history")
    if new and tracked:
        bulk_create_with_history(list(new), model, batch_size=1000, custom_historical_attrs=traced())
    elif new:
        model._default_manager.bulk_create(new, batch_size=1000)
    if changed and tracked:
        bulk_update_with_history(
            list(changed), model, list(fields), batch_size=1000, custom_historical_attrs=traced()
        )
    elif changed:
        model._default_manager.bulk_update(changed, list(fields), batch_size=1000)
