"""A run that changes nothing: the action runs, what it would have changed is noted, and all of it is taken back (OPS-16)."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction

from core.applied import Applied

# So many differences are kept by name; the counts of the run tell of the rest.
MOST = 1000
# Of tables with more rows than this, what would be removed is counted and not told by name.
SMALL = 50_000
# What moves with every reading and says nothing of the thing itself.
BOOKKEEPING = {
    "id",
    "as_of",
    "erp_as_of",
    "pim_as_of",
    "pim_version",
    "erp_version",
    "updated_at",
    "counted_at",
}
Values = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """A row that would change. change: new, changed or removed. ours, theirs: the fields that differ."""

    key: str
    change: str
    ours: Values
    theirs: Values


def rehearsed(apply: Callable[[], Applied], names: Iterable[str]) -> tuple[Applied, tuple[Found, ...]]:
    """Let an action run and take back all it wrote; tell its report and the rows that would differ.

    names: "app.Model" of what it may write. Whatever the action raises is raised. Rows are found by the
    number of the transaction that wrote them, so that nothing else has to be read or compared.
    """
    tables: list[type[models.Model]] = [apps.get_model(name) for name in names]
    with transaction.atomic():
        begun = _transaction_id()
        known = {table: _keys(table) for table in tables}
        point = transaction.savepoint()
        try:
            applied = apply()
            after = {table: _written(table, begun) for table in tables}
            left = {table: _keys(table) for table in tables}
        finally:
            transaction.savepoint_rollback(point)
        found = [item for table in tables for item in _compare(table, after[table], known, left)]
    return applied, tuple(found[:MOST])


def _transaction_id() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::xid::text")
        return str(cursor.fetchone()[0])


def _keys(table: type[models.Model]) -> set[Any] | None:
    rows = table._default_manager.all()
    return set(rows.values_list("pk", flat=True)) if rows[SMALL : SMALL + 1].count() == 0 else None


def _written(table: type[models.Model], begun: str) -> dict[Any, models.Model]:
    """The rows that this transaction wrote last, by key; those of others are the same before and after."""
    name = connection.ops.quote_name(table._meta.db_table)
    pk = connection.ops.quote_name(str(table._meta.pk.column))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {pk} FROM {name} WHERE age(xmin) <= age(%s::xid) ORDER BY age(xmin) LIMIT %s",  # noqa: S608
            [begun, MOST],
        )
        return _rows(table, [key for (key,) in cursor.fetchall()])


def _rows(table: type[models.Model], keys: Iterable[Any]) -> dict[Any, models.Model]:
    links = [field.name for field in table._meta.concrete_fields if field.is_relation]
    rows = table._default_manager.select_related(*links) if links else table._default_manager.all()
    return {row.pk: row for row in rows.filter(pk__in=list(keys))}


def _compare(
    table: type[models.Model],
    after: dict[Any, models.Model],
    known: dict[type[models.Model], set[Any] | None],
    left: dict[type[models.Model], set[Any] | None],
) -> list[Found]:
    gone = (known[table] or set()) - (left[table] or set()) if left[table] is not None else set()
    before = _rows(table, [*after, *sorted(gone)[:MOST]])
    found = [_difference(before.get(key), row) for key, row in after.items()]
    found += [_difference(before[key], None) for key in sorted(gone) if key in before]
    return [item for item in found if item is not None]


def _difference(ours: models.Model | None, theirs: models.Model | None) -> Found | None:
    old, new = _values(ours), _values(theirs)
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    row = theirs or ours
    if not names or row is None:
        return None
    change = "new" if ours is None else "removed" if theirs is None else "changed"
    return Found(
        f"{row._meta.label}: {row}"[:160],
        change,
        {name: old[name] for name in names if name in old},
        {name: new[name] for name in names if name in new},
    )


def _values(row: models.Model | None) -> Values:
    if row is None:
        return {}
    fields = [field for field in row._meta.concrete_fields if field.name not in BOOKKEEPING]
    told = {
        field.name: str(getattr(row, field.name))
        if field.is_relation and getattr(row, field.attname)
        else getattr(row, field.attname)
        for field in fields
    }
    return dict(json.loads(json.dumps(told, cls=DjangoJSONEncoder)))
