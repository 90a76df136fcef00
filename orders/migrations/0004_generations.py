"""Writes of what pages show rename its generation: see core.generations."""

from django.db import migrations

from core.generations import watch


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0007_generations"),
        ("orders", "0003_live_checks"),
    ]

    operations = [
        *watch("carts", "orders_cart", "orders_cartline"),
        *watch("orders", "orders_order"),
    ]
