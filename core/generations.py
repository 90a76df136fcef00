"""Generations: a name for the state that a kind of data is in, so that what was made of it can be kept.

Triggers rename the state with every statement that writes a watched table, in the writer's own
transaction, whoever writes: an action, an import, the admin, SQL by hand. A name is never used
twice, not after a rollback and not in a restored or copied database, so something kept under the names
that it was made of is right for as long as those names are current.

A transaction renames a kind once, and again after it has itself read the names. Each kind has as many
slots as it ever had writers at once. A writer renames the first slot that nobody holds and adds one when
all are held: writers of a kind never wait for each other.

Read the names *before* the data: then a change that commits in between is under a name not yet read.
"""

from django.db import connection
from django.db.migrations import RunSQL
from django.db.migrations.operations.base import Operation

FUNCTION = """
CREATE FUNCTION core_new_generation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    renamed text := coalesce(current_setting('accord.renamed', true), '');
BEGIN
    IF position('|' || TG_ARGV[0] || '|' IN renamed) > 0 THEN
        RETURN NULL;
    END IF;
    UPDATE core_generation SET value = gen_random_uuid() WHERE id = (
        SELECT id FROM core_generation WHERE kind = TG_ARGV[0]
        ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
    );
    IF NOT FOUND THEN
        INSERT INTO core_generation (kind, value) VALUES (TG_ARGV[0], gen_random_uuid());
    END IF;
    PERFORM set_config('accord.renamed', renamed || '|' || TG_ARGV[0] || '|', true);
    RETURN NULL;
END $$
"""

# Having been read, a state must be renamed by the next write, also of the transaction that read it.
CURRENT = """
SELECT kind, string_agg(value::text, ' ' ORDER BY id), set_config('accord.renamed', '', true)
FROM core_generation GROUP BY kind
"""


def current() -> dict[str, str]:
    """The name of the present state per kind; a kind that nobody has written yet is missing. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(CURRENT)
        return {kind: name for kind, name, _reset in cursor.fetchall()}


def watch(kind: str, *tables: str) -> list[Operation]:
    """The migration operations after which every write of these tables renames the state of `kind`."""
    return [
        RunSQL(
            f"""CREATE TRIGGER {table}_generation
                AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION core_new_generation('{kind}')""",
            f"DROP TRIGGER {table}_generation ON {table}",
        )
        for table in tables
    ]
