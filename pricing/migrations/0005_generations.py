"""Writes of what pages show rename its generation: see core.generations."""

from django.db import migrations

from core.generations import watch


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0007_generations"),
        ("pricing", "0004_runs_unchecked"),
    ]

    operations = [
        *watch("prices", "pricing_pricelist", "pricing_pricelistassignment", "pricing_pricerow", "pricing_pricerun", "pricing_pricepolicy"),
    ]
