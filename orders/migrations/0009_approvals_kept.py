"""What was decided and what was booked is never changed; orders that wait already get their requests."""

from django.db import migrations

from core.generations import watch

KEPT = """
CREATE FUNCTION orders_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are kept as they are', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER orders_approvaldecision_kept BEFORE UPDATE OR DELETE ON orders_approvaldecision
    FOR EACH ROW EXECUTE FUNCTION orders_kept();
CREATE TRIGGER orders_budgetentry_kept BEFORE UPDATE OR DELETE ON orders_budgetentry
    FOR EACH ROW EXECUTE FUNCTION orders_kept();
"""
NOT_KEPT = """
DROP TRIGGER orders_approvaldecision_kept ON orders_approvaldecision;
DROP TRIGGER orders_budgetentry_kept ON orders_budgetentry;
DROP FUNCTION orders_kept();
"""
RULES = """
UPDATE {table} SET approval_rules = jsonb_build_array(jsonb_build_object(
    'code', 'order_limit', 'name', 'Order limit of the buyer', 'version', 0, 'company', '',
    'reasons', jsonb_build_array(jsonb_build_object(
        'kind', 'order_limit', 'over', split_part(approval_reason, ':', 2), 'found', net_amount::text))))
WHERE approval_reason LIKE 'order_limit:%'
"""
REQUESTS = """
INSERT INTO orders_approvalrequest
    (order_id, round, unit_id, requester_id, submitted_by_id, state, stage, rules, figures, opened_at)
SELECT id, 1, company_id, placed_by_id, placed_by_id, 'open', 1, approval_rules,
    jsonb_build_object('net_amount', net_amount::text), placed_at
FROM orders_order WHERE status = 'pending_approval';
INSERT INTO orders_approvalstep
    (request_id, stage, rule, rule_name, rule_version, any_approver, roles, people, needs_all, allows_own,
     state, remind_hours, escalate_hours, opened_at)
SELECT id, 1, 'order_limit', 'Order limit of the buyer', 0, true, '{}', '{}', false, false,
    'open', 24, 72, opened_at
FROM orders_approvalrequest
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0007_generations"), ("orders", "0008_approvals_and_budgets")]

    operations = [
        migrations.RunSQL(RULES.format(table="orders_order"), migrations.RunSQL.noop),
        migrations.RunSQL(REQUESTS, migrations.RunSQL.noop),
        migrations.RemoveField(model_name="order", name="approval_reason"),
        migrations.RemoveField(model_name="historicalorder", name="approval_reason"),
        migrations.RunSQL(KEPT, NOT_KEPT),
        *watch("orders", "orders_approvalrequest", "orders_approvalstep", "orders_approvaldecision"),
    ]
