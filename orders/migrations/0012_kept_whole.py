"""Decisions and movements of budgets cannot be emptied as a whole either, and only an erased name is another name."""

from django.db import migrations

NAMES = """
CREATE OR REPLACE FUNCTION orders_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    callers text;
    names text[] := ARRAY['actor_label', 'on_behalf_of'];
BEGIN
    GET DIAGNOSTICS callers = PG_CONTEXT;
    IF TG_OP = 'UPDATE' AND (position('function core_erase_history(' IN callers) > 0
            OR position('function orders_erase_names(' IN callers) > 0) THEN
        IF to_jsonb(NEW) - names = to_jsonb(OLD) - names AND NOT EXISTS (
            SELECT FROM unnest(names) AS name
            WHERE to_jsonb(OLD)->>name IS DISTINCT FROM to_jsonb(NEW)->>name
                AND to_jsonb(NEW)->>name !~ '\\(erased\\)|^$'
        ) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'rows of % are kept as they are', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""
WHOLE = """
CREATE TRIGGER {0}_whole BEFORE TRUNCATE ON {0} FOR EACH STATEMENT EXECUTE FUNCTION orders_kept();
"""
TABLES = ("orders_approvaldecision", "orders_budgetentry")


class Migration(migrations.Migration):
    dependencies = [("orders", "0011_names_erased")]

    operations = [
        migrations.RunSQL(NAMES, migrations.RunSQL.noop),
        *(
            migrations.RunSQL(WHOLE.format(table), f"DROP TRIGGER {table}_whole ON {table}")
            for table in TABLES
        ),
    ]
