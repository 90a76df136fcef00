"""Batches on their way into tables: a temporary table filled by COPY, then merged in SQL.

Memory stays flat and the number of statements constant, however long the batch is (INT-46).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, LiteralString

from django.db import connection
from psycopg import sql

from core.applied import Applied, Rejected


def one_at_a_time(name: str) -> None:
    """Let the transactions that say this name run one after the other: the lock of a set-based merge."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def stage(name: LiteralString, columns: Mapping[str, LiteralString], rows: Iterable[Sequence[Any]]) -> None:
    """Fill a temporary table that ends with the transaction.

    columns: {name: SQL type}, what the rows hold, in this order. A column `line` counts the rows
    from 1 in the order they came. JSON comes as text.
    """
    table = sql.Identifier(name)
    typed = [sql.SQL("{} {}").format(sql.Identifier(key), sql.SQL(kind)) for key, kind in columns.items()]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP TABLE IF EXISTS pg_temp.{}").format(table))
        cursor.execute(
            sql.SQL(
                "CREATE TEMP TABLE {} (line bigint GENERATED ALWAYS AS IDENTITY, {}) ON COMMIT DROP"
            ).format(table, sql.SQL(", ").join(typed))
        )
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(table, names)) as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(sql.SQL("ANALYZE {}").format(table))


def run(statement: LiteralString, params: Sequence[Any] | Mapping[str, Any] | None = None) -> int:
    """Execute one statement of a merge; tell how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return int(cursor.rowcount)


def rows(
    statement: LiteralString | sql.Composed, params: Sequence[Any] | Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    """Execute one statement and give the rows that it returns."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())


def as_json(value: Any) -> dict[str, Any]:
    """A staged jsonb column as a dict, whichever way the driver hands it over."""
    return dict(json.loads(value)) if isinstance(value, str) else dict(value)


def report(table: LiteralString, rejected: Sequence[Rejected], *, removed: int = 0) -> Applied:
    """Count the staged rows by their `verdict` (new, changed, same; old and outranked count as same)."""
    counting = sql.SQL("SELECT verdict, count(*) FROM {} GROUP BY verdict")
    counts = dict(rows(counting.format(sql.Identifier(table))))
    return Applied(
        new=counts.get("new", 0),
        changed=counts.get("changed", 0),
        same=counts.get("same", 0) + counts.get("old", 0) + counts.get("outranked", 0),
        removed=removed,
        rejected=tuple(rejected),
    )
