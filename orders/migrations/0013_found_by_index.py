"""Long lists are found by indexes of their own, made while others write; the old ones go when the new ones are there."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('accounts', '0017_partner_access'),
        ('catalog', '0011_index_of_rules'),
        ('orders', '0012_kept_whole'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='invoice',
            index=models.Index(fields=['company', '-issued_on', '-id'], include=('kind',), name='invoice_of_company'),
        ),
        AddIndexConcurrently(
            model_name='invoice',
            index=models.Index(condition=models.Q(('open_amount', 0), _negated=True), fields=['company', '-issued_on', '-id'], include=('open_amount', 'due_on'), name='invoice_open'),
        ),
        AddIndexConcurrently(
            model_name='invoice',
            index=models.Index(condition=models.Q(('kind', 'credit_note')), fields=['company', '-issued_on', '-id'], name='invoice_credit'),
        ),
        AddIndexConcurrently(
            model_name='invoice',
            index=models.Index(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('number'), 'text_pattern_ops'), name='invoice_number_begins'),
        ),
        AddIndexConcurrently(
            model_name='order',
            index=models.Index(fields=['company', '-id'], include=('status',), name='order_of_company'),
        ),
        AddIndexConcurrently(
            model_name='order',
            index=models.Index(fields=['placed_by', 'company', '-id'], name='order_of_person'),
        ),
        AddIndexConcurrently(
            model_name='order',
            index=models.Index(condition=models.Q(('status__in', ('pending_approval', 'received', 'on_hold', 'confirmed'))), fields=['company', '-id'], name='order_open'),
        ),
        AddIndexConcurrently(
            model_name='order',
            index=models.Index(condition=models.Q(('status__in', ('pending_approval', 'returned'))), fields=['company', '-id'], name='order_waiting'),
        ),
        AddIndexConcurrently(
            model_name='order',
            index=models.Index(condition=models.Q(('status', 'on_hold'), ('delivery_status', 'exception'), ('invoice_status', 'exception'), _connector='OR'), fields=['company', '-id'], name='order_trouble'),
        ),
        AddIndexConcurrently(
            model_name='order',
            index=models.Index(condition=models.Q(('payment_status__in', ['open', 'partial'])), fields=['company', '-id'], name='order_unpaid'),
        ),
        AddIndexConcurrently(
            model_name='order',
            index=models.Index(models.F('company'), django.contrib.postgres.indexes.OpClass(models.Func(django.db.models.functions.text.Upper('po_number'), models.Value('^[^0-9]+'), models.Value(''), function='regexp_replace', output_field=models.TextField()), 'text_pattern_ops'), name='order_po_figures'),
        ),
        AddIndexConcurrently(
            model_name='orderline',
            index=models.Index(django.db.models.functions.text.Upper('sku'), models.F('order'), name='order_line_sku'),
        ),
        RemoveIndexConcurrently(
            model_name='invoice',
            name='invoice_company',
        ),
        RemoveIndexConcurrently(
            model_name='order',
            name='order_company',
        ),
        RemoveIndexConcurrently(
            model_name='order',
            name='order_po_number',
        ),
        AddIndexConcurrently(
            model_name='order',
            index=models.Index(models.F('company'), django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('po_number'), 'text_pattern_ops'), name='order_po_number'),
        ),
        RemoveIndexConcurrently(
            model_name='order',
            name='order_erp_number',
        ),
        AddIndexConcurrently(
            model_name='order',
            index=models.Index(django.db.models.functions.text.Upper('erp_number'), name='order_erp_number'),
        ),
        migrations.AlterField(
            model_name='invoice',
            name='company',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='accounts.company'),
        ),
        migrations.AlterField(
            model_name='order',
            name='company',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='accounts.company'),
        ),
        migrations.AlterField(
            model_name='order',
            name='placed_by',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='orderline',
            name='order',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='orders.order'),
        ),
        migrations.CreateModel(
            name='Orderer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('issued_on', models.DateField()),
            ],
        ),
        migrations.AddField(
            model_name='orderer',
            name='billed_to',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.company'),
        ),
        migrations.AddField(
            model_name='orderer',
            name='company',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.company'),
        ),
        migrations.AddField(
            model_name='orderer',
            name='invoice',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='orderers', to='orders.invoice'),
        ),
        migrations.AddIndex(
            model_name='orderer',
            index=models.Index(fields=['company', 'billed_to', '-issued_on', '-invoice'], name='orderer_newest'),
        ),
        migrations.AddIndex(
            model_name='orderer',
            index=models.Index(fields=['billed_to'], name='orderer_billed_to'),
        ),
        migrations.AddConstraint(
            model_name='orderer',
            constraint=models.UniqueConstraint(fields=('invoice', 'company'), name='orderer_once'),
        ),
    ]
