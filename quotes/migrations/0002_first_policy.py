"""The quote policy that a new installation starts with."""

from django.db import migrations
from django.utils import timezone


def start(apps, schema_editor):
    apps.get_model("quotes", "QuotePolicy").objects.create(
        version=1,
        max_discount_percent=10,
        min_margin_percent=20,
        max_net_amount=10000,
        validity_days=30,
        active_from=timezone.now(),
        note="Discount over 10 %, margin under 20 % or over 10,000 net needs approval.",
    )


class Migration(migrations.Migration):
    dependencies = [("quotes", "0001_initial")]

    operations = [migrations.RunPython(start, migrations.RunPython.noop)]
