"""What the migrations left in the database, given back after each test that commits.

A flush truncates each of some hundred and fifty tables and stores what belongs there row by row through the models; most
tests write to a few of them. Here the tables that hold rows are emptied, and what belongs there is copied back as it was.
"""

from __future__ import annotations

from django.db import connection, transaction
from psycopg import sql


class Pristine:
    """The rows of all tables as they are when it is made.

    The role must be a superuser's, as that of the embedded cluster is: triggers and foreign keys rest meanwhile.
    """

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            )
            self.tables = {name: sql.SQL(name) for (name,) in cursor.fetchall()}
            self.rows: dict[str, bytes] = {}
            for name in self._filled(cursor):
                with cursor.copy(sql.SQL("COPY {} TO STDOUT").format(self.tables[name])) as copy:
                    self.rows[name] = b"".join(bytes(part) for part in copy)

    def give_back(self) -> None:
        """Make all tables hold these rows and no others; waits for whoever still writes, as a flush does."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            everything = sql.SQL(", ").join(self.tables.values())
            cursor.execute(sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(everything))
            for name in self._filled(cursor):
                cursor.execute(sql.SQL("DELETE FROM {}").format(self.tables[name]))
            for name, rows in self.rows.items():
                with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(self.tables[name])) as copy:
                    copy.write(rows)
            # The name of a state is never used twice: pages kept in this process are under the names before.
            cursor.execute("UPDATE core_generation SET value = gen_random_uuid()")

    def _filled(self, cursor: object) -> list[str]:
        """The tables that hold a row."""
        asked = [
            sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(name, table)
            for name, table in self.tables.items()
        ]
        cursor.execute(sql.SQL(" UNION ALL ").join(asked))  # type: ignore[attr-defined]
        return [name for (name,) in cursor.fetchall()]  # type: ignore[attr-defined]
