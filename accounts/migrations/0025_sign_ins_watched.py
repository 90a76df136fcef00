"""Company sign-ins decide which session opens a company: writes of them rename the generation of people."""

from django.db import migrations

from core.generations import watch


class Migration(migrations.Migration):
    dependencies = [("core", "0007_generations"), ("accounts", "0024_named_in_words")]

    operations = [*watch("people", "accounts_signinconnection", "accounts_signindomain")]
