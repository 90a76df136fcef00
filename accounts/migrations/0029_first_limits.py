"""Who was admitted before newcomers got a first limit gets one of zero: none counts as one without (ACC-17)."""

from django.db import migrations

FIRST = """
INSERT INTO accounts_creditaccount (company_id, currency, limit_amount, used_amount, is_on_hold, as_of)
SELECT c.id, c.currency, 0, 0, false, statement_timestamp() FROM accounts_company AS c
WHERE c.status = 'pending' AND c.erp_id = '' AND c.parent_id IS NULL AND c.merged_into_id IS NULL
    AND NOT EXISTS (SELECT FROM accounts_creditaccount AS a WHERE a.company_id = c.id)
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0028_audit_by_company")]

    operations = [migrations.RunSQL(FIRST, migrations.RunSQL.noop)]
