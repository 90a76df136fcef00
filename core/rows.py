"""Rows that people keep by hand: checked as a whole, written with history, told by one event each."""

from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models

from core import outbox, ownership
from core.actor import Actor, action
from core.errors import InvalidValue
from core.records import Payload

Row = TypeVar("Row", bound=models.Model)


class RowChanged(Payload):
    """A row that people keep was made, changed or taken away. about: the row in words.

    old, new: the columns that differ, as texts; of a new row all that are set, of one taken away all it had.
    """

    model: str
    key: str
    change: str
    about: str
    old: dict[str, str | None]
    new: dict[str, str | None]


@action
def keep_row(row: Row, *, event: str, by: Actor) -> Row:
    """Write a row as it stands, if it differs from what is stored. Records `event`.

    The caller's action says which event. Raises NotOwner, and InvalidValue for what the model or its
    constraints refuse.
    """
    model = type(row)
    ownership.check(by, model._meta.label, [field.name for field in model._meta.concrete_fields])
    stored = _locked(row)
    before = _told(stored) if stored else {}
    try:
        row.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise InvalidValue(messages[0], field=field) from error
    after = _told(row)
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    if stored and not changed:
        return row

    row.save()
    old = {name: before[name] for name in sorted(changed) if name in before}
    new = {name: after[name] for name in sorted(changed) if name in after}
    _record(event, row, "changed" if stored else "created", old, new, by)
    return row


@action
def drop_row(row: models.Model, *, event: str, by: Actor) -> None:
    """Take a row away; one that is gone already is fine. Records `event`."""
    model = type(row)
    ownership.check(by, model._meta.label, [field.name for field in model._meta.concrete_fields])
    stored = _locked(row)
    if stored is None:
        return

    key, old = stored.pk, _told(stored)
    stored.delete()
    stored.pk = key
    _record(event, stored, "deleted", old, {}, by)


def _locked(row: Row) -> Row | None:
    if row.pk is None:
        return None
    rows = type(row)._default_manager.select_for_update(of=("self",), no_key=True)
    found: Row | None = rows.filter(pk=row.pk).first()
    return found


def _told(row: models.Model) -> dict[str, str | None]:
    """The columns that are set, as texts."""
    values = {
        field.attname: field.value_to_string(row) if getattr(row, field.attname) not in (None, "") else None
        for field in row._meta.concrete_fields
        if not field.primary_key
    }
    return {name: value for name, value in values.items() if value is not None}


def _record(
    event: str, row: models.Model, change: str, old: dict[str, Any], new: dict[str, Any], by: Actor
) -> None:
    outbox.record(
        event,
        subject=f"{row._meta.model_name}:{row.pk}",
        payload={
            "model": row._meta.label,
            "key": str(row.pk),
            "change": change,
            "about": str(row)[:300],
            "old": old,
            "new": new,
        },
        by=by,
    )
