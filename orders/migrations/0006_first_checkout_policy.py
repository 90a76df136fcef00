"""The checkout policy that a new installation starts with."""

from datetime import UTC, datetime

from django.db import migrations

RULES = {
    "price_worse": "refuse",
    "price_better": "take_erp",
    "price_unheard": "last_known",
    "price_unheard_stale": "to_confirm",
    "stock_worse": "refuse",
    "stock_better": "take_erp",
    "stock_unheard": "last_known",
    "stock_unheard_stale": "to_confirm",
    "credit_worse": "take_erp",
    "credit_better": "take_erp",
    "credit_unheard": "last_known",
    "credit_unheard_stale": "hold",
}


def start(apps, schema_editor):
    apps.get_model("orders", "CheckoutPolicy").objects.create(
        version=1,
        rules=RULES,
        active_from=datetime(2000, 1, 1, tzinfo=UTC),
        note="The ERP's word holds; a higher price is shown first; without an answer what we know, if it is fresh.",
    )


class Migration(migrations.Migration):
    dependencies = [("orders", "0005_checkout_policy")]

    operations = [migrations.RunPython(start, migrations.RunPython.noop)]
