"""A partner's access has an end: held whoever writes, at the end of the transaction that gives the role (SEC-11)."""

from django.db import migrations

GUARD = """
CREATE FUNCTION accounts_partner_ends() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    who bigint;
BEGIN
    IF TG_TABLE_NAME = 'accounts_user' THEN
        who := NEW.id;
    ELSE
        who := NEW.user_id;
    END IF;
    PERFORM 1 FROM accounts_user WHERE id = who FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT 1 FROM accounts_user AS person
        JOIN accounts_user_groups AS held ON held.user_id = person.id
        JOIN auth_group AS role ON role.id = held.group_id
        WHERE person.id = who AND role.name = 'Partner' AND person.access_until IS NULL
    ) THEN
        RAISE EXCEPTION 'a partner is let in until a day' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER accounts_partner_ends AFTER INSERT OR UPDATE ON accounts_user_groups
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION accounts_partner_ends();
CREATE CONSTRAINT TRIGGER accounts_partner_ends AFTER UPDATE OF access_until ON accounts_user
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION accounts_partner_ends();
"""
UNGUARD = """
DROP TRIGGER accounts_partner_ends ON accounts_user;
DROP TRIGGER accounts_partner_ends ON accounts_user_groups;
DROP FUNCTION accounts_partner_ends();
"""


class Migration(migrations.Migration):
    dependencies = [("auth", "0012_alter_user_first_name_max_length"), ("accounts", "0026_plain_keys")]

    operations = [migrations.RunSQL(GUARD, UNGUARD)]
