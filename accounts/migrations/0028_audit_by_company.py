"""Whoever writes an entry of the audit log: the company that has the number at that moment is the one it is about."""

from django.db import migrations

NAMED = """
CREATE FUNCTION accounts_audit_company() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.company_number <> '' THEN
        NEW.company_id := (SELECT id FROM accounts_company WHERE number = NEW.company_number);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_audit_company BEFORE INSERT ON core_auditentry
    FOR EACH ROW EXECUTE FUNCTION accounts_audit_company();
"""
UNNAMED = """
DROP TRIGGER accounts_audit_company ON core_auditentry;
DROP FUNCTION accounts_audit_company();
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0013_audit_by_company"), ("accounts", "0027_partners_end")]

    operations = [migrations.RunSQL(NAMED, UNNAMED)]
