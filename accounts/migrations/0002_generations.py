"""Writes of what pages show rename its generation: see core.generations."""

from django.db import migrations

from core.generations import watch


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0007_generations"),
        ("accounts", "0001_initial"),
    ]

    operations = [
        *watch("people", "accounts_user", "accounts_company", "accounts_membership", "accounts_paymentterm"),
    ]
