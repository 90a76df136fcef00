"""The price policy that a new installation starts with."""

from datetime import UTC, datetime

from django.db import migrations


def start(apps, schema_editor):
    apps.get_model("pricing", "PricePolicy").objects.create(
        version=1,
        precedence=["contract", "group", "list"],
        floor_margin_percent=12,
        active_from=datetime(2000, 1, 1, tzinfo=UTC),
        note="Agreement before group before list.",
    )


class Migration(migrations.Migration):
    dependencies = [("pricing", "0001_initial")]

    operations = [migrations.RunPython(start, migrations.RunPython.noop)]
