"""Writes of what pages show rename its generation: see core.generations."""

from django.db import migrations

from core.generations import watch


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0007_generations"),
        ("catalog", "0004_when_stale"),
    ]

    operations = [
        *watch("content", "catalog_category", "catalog_product", "catalog_productunit", "catalog_media"),
        *watch("stock", "catalog_warehouse", "catalog_stocklevel", "catalog_allocation"),
    ]
