"""Nobody changes or deletes what the audit log holds; one function alone may set the seals."""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION core_keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    callers text;
BEGIN
    GET DIAGNOSTICS callers = PG_CONTEXT;
    IF position('function core_seal_audit(' IN callers) > 0 THEN
        IF TG_TABLE_NAME = 'core_auditseal' AND TG_OP = 'INSERT' THEN
            RETURN NEW;
        END IF;
        IF TG_TABLE_NAME = 'core_auditentry' AND TG_OP = 'UPDATE' AND to_jsonb(OLD)->>'seal_id' IS NULL
            AND to_jsonb(OLD) - 'seal_id' - 'digest' = to_jsonb(NEW) - 'seal_id' - 'digest' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'rows of % are never changed nor deleted', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION core_new_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.recorded_at := clock_timestamp();
    NEW.seal_id := NULL;
    NEW.digest := '';
    RETURN NEW;
END $$;

CREATE FUNCTION core_seal_audit(seal bigint, before text, hash text, keys bigint[], hashes text[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    newest record;
    written bigint;
BEGIN
    SELECT number, digest INTO newest FROM core_auditseal ORDER BY number DESC LIMIT 1;
    IF seal <> coalesce(newest.number, 0) + 1 OR before <> coalesce(newest.digest, repeat('0', 64)) THEN
        RAISE EXCEPTION 'seal % does not follow the newest one', seal;
    END IF;
    INSERT INTO core_auditseal (number, sealed_at, entries, previous, digest)
    VALUES (seal, clock_timestamp(), cardinality(keys), before, hash);
    UPDATE core_auditentry SET seal_id = seal, digest = made.digest
    FROM unnest(keys, hashes) AS made(id, digest)
    WHERE core_auditentry.id = made.id AND core_auditentry.seal_id IS NULL;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written <> cardinality(keys) THEN
        RAISE EXCEPTION 'some of the entries of seal % are sealed already', seal;
    END IF;
END $$;
"""

TRIGGERS = """
CREATE TRIGGER core_auditentry_new BEFORE INSERT ON core_auditentry
    FOR EACH ROW EXECUTE FUNCTION core_new_audit();
CREATE TRIGGER core_auditentry_kept BEFORE UPDATE OR DELETE ON core_auditentry
    FOR EACH ROW EXECUTE FUNCTION core_keep_audit();
CREATE TRIGGER core_auditseal_kept BEFORE INSERT OR UPDATE OR DELETE ON core_auditseal
    FOR EACH ROW EXECUTE FUNCTION core_keep_audit();
CREATE TRIGGER core_auditentry_whole BEFORE TRUNCATE ON core_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION core_keep_audit();
CREATE TRIGGER core_auditseal_whole BEFORE TRUNCATE ON core_auditseal
    FOR EACH STATEMENT EXECUTE FUNCTION core_keep_audit();
"""

UNDO = """
DROP TRIGGER core_auditentry_new ON core_auditentry;
DROP TRIGGER core_auditentry_kept ON core_auditentry;
DROP TRIGGER core_auditentry_whole ON core_auditentry;
DROP TRIGGER core_auditseal_kept ON core_auditseal;
DROP TRIGGER core_auditseal_whole ON core_auditseal;
DROP FUNCTION core_seal_audit(bigint, text, text, bigint[], text[]);
DROP FUNCTION core_new_audit();
DROP FUNCTION core_keep_audit();
"""


class Migration(migrations.Migration):
    """Puts the guards in place."""

    dependencies = [("core", "0008_history_and_audit")]

    operations = [migrations.RunSQL(FUNCTIONS + TRIGGERS, UNDO)]
