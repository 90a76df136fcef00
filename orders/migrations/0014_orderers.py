"""Names the companies that ordered what the invoices of others are for."""

from django.db import migrations

FILL = """
    INSERT INTO orders_orderer (invoice_id, company_id, billed_to_id, issued_on)
    SELECT DISTINCT invoice.id, ordered.company_id, invoice.company_id, invoice.issued_on
    FROM orders_invoice AS invoice
    JOIN orders_invoice_orders AS link ON link.invoice_id = invoice.id
    JOIN orders_order AS ordered ON ordered.id = link.order_id
    WHERE EXISTS (
        SELECT 1 FROM orders_invoice_orders AS other JOIN orders_order AS foreign_one ON foreign_one.id = other.order_id
        WHERE other.invoice_id = invoice.id AND foreign_one.company_id <> invoice.company_id
    )
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0013_found_by_index")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
