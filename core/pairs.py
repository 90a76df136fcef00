"""What the rows of `RowChange` are about: the things that a row of a plain table points at, by name."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Q

from core.history import plain_tables
from core.models import RowChange

# Tables whose rows the set-up writes for the ready-made roles, from a command that no person stands behind.
OF_ROLES = ("auth_group", "auth_group_permissions")
# Pairs that are kept here and say nothing of rights.
NO_RIGHTS = ("orders_invoice_orders",)


def made_by_set_up() -> Q:
    """The changes by which a migration or the set-up makes the ready-made roles and what they may.

    Who is given a role is never among them, whoever gives it.
    """
    return Q(table_name__in=OF_ROLES, channel="shell", user_id=None)


def of_no_rights() -> Q:
    """The pairs that are no rights."""
    return Q(table_name__in=NO_RIGHTS)


def things_of(changes: Sequence[RowChange]) -> list[dict[str, str]]:
    """For each change the things that its row points at, by field, and its other columns: as they are called now.

    A thing that is no more is called by its number. One statement per kind of thing.
    """
    wanted: dict[Any, set[Any]] = defaultdict(set)
    for change in changes:
        for one, value in _pointed(change):
            wanted[one.related_model].add(value)
    names = {
        (model, key): word for model, keys in wanted.items() for key, word in _called(model, keys).items()
    }
    found = []
    for change in changes:
        row = {key: str(value) for key, value in _row(change).items()}
        row |= {one.name: names.get((one.related_model, key), f"#{key}") for one, key in _pointed(change)}
        found.append(row)
    return found


def _row(change: RowChange) -> dict[str, Any]:
    return change.after or change.before or {}


def _pointed(change: RowChange) -> list[tuple[Any, Any]]:
    model = _models().get(change.table_name)
    if model is None:
        return []
    row = _row(change)
    fields: list[Any] = [one for one in model._meta.concrete_fields if one.is_relation]
    return [(one, row[one.column]) for one in fields if row.get(one.column) is not None]


@cache
def _models() -> dict[str, type[models.Model]]:
    tables = plain_tables()
    found = apps.get_models(include_auto_created=True)
    return {model._meta.db_table: model for model in found if model._meta.db_table in tables}


def _called(model: Any, keys: set[Any]) -> dict[Any, str]:
    rows = model._base_manager.select_related().in_bulk(keys)
    is_permission = model._meta.label == "auth.Permission"
    return {key: row.name if is_permission else str(row) for key, row in rows.items()}
