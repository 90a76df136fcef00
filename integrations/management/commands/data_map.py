"""Writes the data map, or checks that it says what the models say."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from integrations.datamap import as_text, stale, unclassified

PLACE = Path(settings.BASE_DIR) / "docs" / "data-map.md"


class Command(BaseCommand):
    """Ends with an error when the map is out of date or a field is not classified."""

    help = "Write docs/data-map.md from the models, or check it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One of the two."""
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--write", action="store_true", help="write the map")
        what.add_argument("--check", action="store_true", help="fail when it is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write or check."""
        if missing := [*unclassified(), *stale()]:
            raise CommandError(f"Say in integrations/datamap.py what these are: {', '.join(missing)}")
        with translation.override("en"):
            text = as_text()
        if options["write"]:
            PLACE.write_text(text, encoding="utf-8")
            self.stdout.write(f"{PLACE} is written")
        elif not PLACE.exists() or PLACE.read_text(encoding="utf-8") != text:
            raise CommandError("The data map is out of date: manage.py data_map --write")
