"""What a request has written: the tables, and whether their rows are what they were."""

from django.db import connection

# What being refused, being there and a cart of one's own leave behind, and may.
MARKS = {
    "core_refusal", "core_generation", "django_session", "usersessions_usersession", "accounts_user",
    "accounts_historicaluser",
    "axes_accesslog",
}  # fmt: skip


def touched() -> dict[str, int]:
    """How many rows of each table this transaction has written so far."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT relname, pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid)
                      + pg_stat_get_xact_tuples_deleted(oid)
               FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"""
        )
        return dict(cursor.fetchall())


def ended() -> int:
    """How many places of sign-in this transaction has ended so far: what a request notes of its own is no news."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_stat_get_xact_tuples_deleted(oid)) FROM pg_class "
            "WHERE relname IN ('usersessions_usersession', 'django_session')"
        )
        return int(cursor.fetchone()[0])


def digest(tables: set[str]) -> dict[str, str | None]:
    """The rows of tables, as one word each."""
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(tables):
            cursor.execute(f"SELECT md5(string_agg(t::text, ';' ORDER BY t::text)) FROM \"{table}\" AS t")  # noqa: S608
            found[table] = cursor.fetchone()[0]
    return found
