"""The triggers behind the history and the business audit log, brought to what the models say after each migrate."""

from hashlib import sha256
from typing import Any

from django.db import connections

from core.history import plain_tables, wanted_triggers

TRACES = "{history_id,history_date,history_type,history_user_id,history_change_reason,actor_label,on_behalf_of,channel,correlation_id}"

# Columns are looked up by name each time, so that a column added later is kept without touching the trigger.
FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION core_write_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    past text := TG_ARGV[0];
    quiet text[] := TG_ARGV[1]::text[];
    actor jsonb := coalesce(nullif(current_setting('accord.actor', true), '')::jsonb,
        jsonb_build_object('channel', 'sql', 'label', session_user));
    traces text := 'history_date, history_type, history_user_id, actor_label, on_behalf_of, channel, correlation_id';
    kind text := CASE TG_OP WHEN 'INSERT' THEN '+' WHEN 'UPDATE' THEN '~' ELSE '-' END;
    names text;
    news text;
    olds text;
    chosen text;
    said text;
BEGIN
    IF coalesce(current_setting('accord.by_hand', true), '') = TG_TABLE_NAME THEN
        RETURN NULL;
    END IF;
    SELECT string_agg(quote_ident(b.attname), ', ' ORDER BY b.attnum),
        string_agg('r.' || quote_ident(b.attname), ', ' ORDER BY b.attnum),
        string_agg('r.' || quote_ident(b.attname), ', ' ORDER BY b.attnum) FILTER (WHERE b.attname <> ALL (quiet)),
        string_agg('o.' || quote_ident(b.attname), ', ' ORDER BY b.attnum) FILTER (WHERE b.attname <> ALL (quiet))
    INTO names, chosen, news, olds
    FROM pg_attribute b JOIN pg_attribute h ON h.attname = b.attname AND h.attrelid = past::regclass
    WHERE b.attrelid = TG_RELID AND b.attnum > 0 AND NOT b.attisdropped AND NOT h.attisdropped
        AND b.attname <> ALL ('{TRACES}'::text[]);
    said := format('INSERT INTO %I (%s, %s) SELECT %s, statement_timestamp(), $1, $2, $3, $4, $5, $6 FROM ',
        past, names, traces, chosen);
    IF TG_OP = 'INSERT' THEN
        said := said || 'new_rows r';
    ELSIF TG_OP = 'DELETE' THEN
        said := said || 'old_rows r';
    ELSE
        said := said || format('new_rows r JOIN old_rows o ON o.id = r.id WHERE ROW(%s) IS DISTINCT FROM ROW(%s)',
            news, olds);
    END IF;
    EXECUTE said USING kind, (actor->>'user')::bigint, coalesce(actor->>'label', ''),
        coalesce(actor->>'behalf', ''), coalesce(actor->>'channel', ''), coalesce(actor->>'correlation', '');
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION core_write_row_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    actor jsonb := coalesce(nullif(current_setting('accord.actor', true), '')::jsonb,
        jsonb_build_object('channel', 'sql', 'label', session_user));
BEGIN
    IF TG_OP = 'UPDATE' AND OLD IS NOT DISTINCT FROM NEW THEN
        RETURN NULL;
    END IF;
    INSERT INTO core_rowchange (at, table_name, row_key, kind, before, after, user_id, actor_label,
        on_behalf_of, channel, correlation_id)
    VALUES (statement_timestamp(), TG_TABLE_NAME, CASE WHEN TG_OP = 'DELETE' THEN OLD.id ELSE NEW.id END,
        CASE TG_OP WHEN 'INSERT' THEN '+' WHEN 'UPDATE' THEN '~' ELSE '-' END,
        CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE to_jsonb(OLD) END,
        CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE to_jsonb(NEW) END,
        (actor->>'user')::bigint, coalesce(actor->>'label', ''),
        coalesce(actor->>'behalf', ''), coalesce(actor->>'channel', ''), coalesce(actor->>'correlation', ''));
    RETURN NULL;
END $$;

-- Whether two versions of a row differ in nothing but names of people that became those of somebody erased.
CREATE OR REPLACE FUNCTION core_only_erased(was jsonb, is_now jsonb, names text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT was - names = is_now - names AND NOT EXISTS (
        SELECT FROM unnest(names) AS name
        WHERE was->>name IS DISTINCT FROM is_now->>name
            AND is_now->>name !~ '\\(erased\\)|@erased\\.invalid$|^$'
    )
$$;

-- What is written of the past stays as it is, but for the names of a person who is erased (SEC-15). The call stack
-- alone would be no guard: it quotes the text of statements, in which anybody can name the function.
CREATE OR REPLACE FUNCTION core_keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    callers text;
    names text[] := ARRAY['actor_label', 'on_behalf_of'];
BEGIN
    GET DIAGNOSTICS callers = PG_CONTEXT;
    IF TG_OP = 'UPDATE' AND position('function core_erase_history(' IN callers) > 0 THEN
        IF TG_TABLE_NAME = 'accounts_historicaluser' THEN
            names := names || ARRAY['name', 'email', 'phone'];
        END IF;
        IF core_only_erased(to_jsonb(OLD), to_jsonb(NEW), names) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'rows of % are never changed nor deleted', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

-- Puts other words into text columns of the rows of the past that name a person; the rows stay.
CREATE OR REPLACE FUNCTION core_erase_history(past regclass, by_column text, key bigint, words jsonb)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    written bigint;
BEGIN
    EXECUTE format('UPDATE %s SET %s WHERE %I = $1', past, (
        SELECT string_agg(format('%I = $2->>%L', word, word), ', ') FROM jsonb_object_keys(words) AS word
    ), by_column) USING key, words;
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END $$;
-- The same for who was acted for: a name at the end of a label or of on_behalf_of.
CREATE OR REPLACE FUNCTION core_erase_history(past regclass, name text, word text)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    written bigint;
BEGIN
    EXECUTE format($said$
        UPDATE %s SET
            actor_label = CASE WHEN right(actor_label, length($1) + 5) = ' for ' || $1
                THEN left(actor_label, -length($1)) || $2 ELSE actor_label END,
            on_behalf_of = CASE WHEN right(on_behalf_of, length($1) + 3) = ' · ' || $1
                THEN left(on_behalf_of, -length($1)) || $2 WHEN on_behalf_of = $1 THEN $2 ELSE on_behalf_of END
        WHERE right(actor_label, length($1) + 5) = ' for ' || $1
            OR right(on_behalf_of, length($1) + 3) = ' · ' || $1 OR on_behalf_of = $1
    $said$, past) USING name, word;
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END $$;
"""  # noqa: S608 -- names of columns

VERSION = sha256(FUNCTIONS.encode()).hexdigest()[:16]

OPERATIONS = {
    "insert": ("INSERT", "REFERENCING NEW TABLE AS new_rows"),
    "update": ("UPDATE", "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows"),
    "delete": ("DELETE", "REFERENCING OLD TABLE AS old_rows"),
}


def install(sender: Any, using: str = "default", **kwargs: Any) -> None:
    """Put in place what is missing, after `migrate`; what is there costs one statement."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t "
            "JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal AND t.tgname LIKE %s",
            ["%\\_history\\_%"],
        )
        there = {
            (table, name): definition.rpartition("EXECUTE FUNCTION ")[2]
            for table, name, definition in cursor.fetchall()
        }
        wanted = _statements(set(connections[using].introspection.table_names(cursor)))
        for table, name in there.keys() - wanted.keys():
            cursor.execute(f"DROP TRIGGER {name} ON {table}")
        cursor.execute("SELECT obj_description(to_regproc('core_write_history'), 'pg_proc')")
        if cursor.fetchone() == (VERSION,) and all(
            there.get(key) == call for key, (call, _) in wanted.items()
        ):
            return
        cursor.execute(FUNCTIONS)
        cursor.execute(f"COMMENT ON FUNCTION core_write_history() IS '{VERSION}'")
        for _call, statement in wanted.values():
            cursor.execute(statement)


def _statements(tables: set[str]) -> dict[tuple[str, str], tuple[str, str]]:
    """{(table, trigger): (the call at its end, the statement that makes it)}, for the tables that exist."""
    made: dict[tuple[str, str], tuple[str, str]] = {}
    for table, (past, quiet) in wanted_triggers().items():
        if not {table, past} <= tables:
            continue
        call = f"core_write_history('{past}', '{{{','.join(quiet)}}}')"
        for name, (operation, rows) in OPERATIONS.items():
            made[table, f"{table}_history_{name}"] = (
                call,
                f"CREATE OR REPLACE TRIGGER {table}_history_{name} AFTER {operation} ON {table} {rows} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {call}",
            )
        made |= _kept(past)
    if "core_rowchange" in tables:
        for table in tables & plain_tables():
            made[table, f"{table}_history_row"] = (
                "core_write_row_change()",
                f"CREATE OR REPLACE TRIGGER {table}_history_row AFTER INSERT OR UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION core_write_row_change()",
            )
        made |= _kept("core_rowchange")
    return made


def _kept(table: str) -> dict[tuple[str, str], tuple[str, str]]:
    made = {}
    for name, when in (("kept", "UPDATE OR DELETE"), ("whole", "TRUNCATE")):
        scope = "STATEMENT" if name == "whole" else "ROW"
        made[table, f"{table}_history_{name}"] = (
            "core_keep_history()",
            f"CREATE OR REPLACE TRIGGER {table}_history_{name} BEFORE {when} ON {table} "
            f"FOR EACH {scope} EXECUTE FUNCTION core_keep_history()",
        )
    return made
