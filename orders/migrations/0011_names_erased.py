"""A person's name may leave what is kept, and nothing else may: by the functions that erase, as in the history."""

from django.db import migrations

BEFORE = """
CREATE OR REPLACE FUNCTION orders_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are kept as they are', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""
NAMES = """
CREATE OR REPLACE FUNCTION orders_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    callers text;
    names text[] := ARRAY['actor_label', 'on_behalf_of'];
BEGIN
    GET DIAGNOSTICS callers = PG_CONTEXT;
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - names = to_jsonb(OLD) - names
        AND (position('function core_erase_history(' IN callers) > 0
            OR position('function orders_erase_names(' IN callers) > 0) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'rows of % are kept as they are', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

-- A movement of a budget names who caused it, and no user: the name itself is looked for, as in core_erase_history.
CREATE FUNCTION orders_erase_names(name text, word text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    written bigint;
BEGIN
    UPDATE orders_budgetentry SET actor_label = CASE WHEN actor_label = name THEN word
        ELSE replace(actor_label, name, word) END
    WHERE actor_label = name OR right(actor_label, length(name) + 5) = ' for ' || name
        OR left(actor_label, length(name) + 5) = name || ' for ';
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0010_acting_for_buyers")]

    operations = [
        migrations.RunSQL(NAMES, "DROP FUNCTION orders_erase_names(text, text);" + BEFORE),
    ]
