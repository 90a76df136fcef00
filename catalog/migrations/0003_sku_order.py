"""Where each product stands in a list: M8 before M10."""

from django.db import migrations, models

from catalog.rules import natural_order


def fill(apps, schema_editor):
    product = apps.get_model("catalog", "Product")
    rows = list(product.objects.only("pk", "sku"))
    for row in rows:
        row.sku_order = natural_order(row.sku)
    product.objects.bulk_update(rows, ["sku_order"], batch_size=1000)


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0002_search_words"),
    ]

    operations = [
        migrations.AddField(
            model_name="product",
            name="sku_order",
            field=models.CharField(db_index=True, default="", editable=False, max_length=200),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
