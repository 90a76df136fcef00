"""Entries of the audit log name their company by its id, too; the index is made while others write."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("core", "0012_named_in_words")]

    operations = [
        migrations.AddField(
            model_name="auditentry",
            name="company_id",
            field=models.BigIntegerField(editable=False, null=True),
        ),
        AddIndexConcurrently(
            model_name="auditentry",
            index=models.Index(fields=["company_id", "id"], name="audit_company_id"),
        ),
    ]
