"""Writes of what pages show rename its generation: see core.generations."""

from django.db import migrations

from core.generations import watch


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0007_generations"),
        ("quotes", "0005_words_of_the_policy"),
    ]

    operations = [
        *watch("quotes", "quotes_quote", "quotes_quoterevision"),
    ]
