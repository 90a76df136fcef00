"""Writes of what pages show rename its generation: see core.generations."""

from django.db import migrations

from core.generations import watch


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0007_generations"),
        ("pricing", "0005_prices_checked_as_a_set"),
    ]

    operations = [
        *watch("prices", "pricing_pricelist", "pricing_pricelistassignment", "pricing_pricerow", "pricing_pricerun", "pricing_pricepolicy"),
    ]
