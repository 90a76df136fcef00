"""Delegations change what people may do: writes of them rename the generation of people."""

from django.db import migrations

from core.generations import watch


class Migration(migrations.Migration):
    dependencies = [("core", "0007_generations"), ("accounts", "0007_delegations")]

    operations = [*watch("people", "accounts_delegation")]
