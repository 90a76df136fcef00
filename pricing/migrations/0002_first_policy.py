"""The price policy that a new installation starts with."""

from django.db import migrations
from django.utils import timezone


def start(apps, schema_editor):
    apps.get_model("pricing", "PricePolicy").objects.create(
        version=1,
        precedence=["contract", "group", "list"],
        floor_margin_percent=12,
        active_from=timezone.now(),
        note="Agreement before group before list.",
    )


class Migration(migrations.Migration):
    dependencies = [("pricing", "0001_initial")]

    operations = [migrations.RunPython(start, migrations.RunPython.noop)]
