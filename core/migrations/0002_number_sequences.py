"""The sequences behind the numbers of our documents."""

from django.db import migrations

KINDS = ("rfq", "quote", "order", "case")


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.RunSQL(
            [f"CREATE SEQUENCE core_number_{kind} START 10001" for kind in KINDS],
            [f"DROP SEQUENCE core_number_{kind}" for kind in KINDS],
        )
    ]
