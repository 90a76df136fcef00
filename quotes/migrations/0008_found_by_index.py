"""Long lists are found by indexes of their own, made while others write, before the old ones go."""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('accounts', '0017_partner_access'),
        ('quotes', '0007_history_by_triggers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='quote',
            index=models.Index(fields=['contact', 'company', '-id'], name='quote_of_contact'),
        ),
        AddIndexConcurrently(
            model_name='quote',
            index=models.Index(condition=models.Q(('status', 'sent')), fields=['company', '-id'], name='quote_waiting'),
        ),
        AddIndexConcurrently(
            model_name='rfq',
            index=models.Index(condition=models.Q(('status__in', ['submitted', 'in_work', 'declined'])), fields=['company', '-id'], name='rfq_waiting'),
        ),
        migrations.AlterField(
            model_name='quote',
            name='company',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='quotes', to='accounts.company'),
        ),
        migrations.AlterField(
            model_name='quote',
            name='contact',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='buyer'),
        ),
        migrations.AlterField(
            model_name='rfq',
            name='company',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='rfqs', to='accounts.company'),
        ),
    ]
