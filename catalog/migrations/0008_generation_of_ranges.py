"""Writes of who sees what rename the state of the ranges: see core.generations."""

from django.db import migrations

from core.generations import watch


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0007_assortments"),
    ]

    operations = [
        *watch(
            "range",
            "catalog_assortment",
            "catalog_assortmentrule",
            "catalog_assortmentassignment",
            "accounts_address",
        ),
    ]
