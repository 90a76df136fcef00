"""`manage.py rights`: write docs/rights.md of the tables that decide, or see whether it is up to date."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.rights_page import PATH, rights_page


class Command(BaseCommand):
    """Write or check the page of rights."""

    help = "Write docs/rights.md (--check only compares)."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Write or compare."""
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--write", action="store_true", help="bring the page up to date (the default)")
        how.add_argument("--check", action="store_true", help="fail when it is not up to date")

    def handle(self, *args: Any, **options: Any) -> str | None:
        """Do it; the command fails when the page is not what the tables say."""
        if not options["check"]:
            PATH.write_text(rights_page())
            return "docs/rights.md is written."
        if not PATH.exists() or PATH.read_text() != rights_page():
            raise CommandError("docs/rights.md is not up to date: run manage.py rights --write and commit.")
        return "docs/rights.md is up to date."
