"""`manage.py contracts`: publish the contracts under docs/contracts/, or see whether they are up to date."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.queries import all_use_of_forms
from integrations.contracts import publish
from portal.api.v1.description import document


def wanted() -> dict[str, str]:
    """All files of docs/contracts, {name: what stands in it}."""
    return {**publish.published(), "openapi.json": document()}


class Command(BaseCommand):
    """Write or check the published contracts."""

    help = "Publish JSON Schema, AsyncAPI and OpenAPI under docs/contracts (--check only compares)."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Write or compare."""
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--write", action="store_true", help="bring the files up to date (the default)")
        how.add_argument("--check", action="store_true", help="fail when they are not up to date")
        how.add_argument("--use", action="store_true", help="how often each version of an event was written")

    def handle(self, *args: Any, **options: Any) -> str | None:
        """Do it; the command fails when the files are not what the code says."""
        if options["use"]:
            return "\n".join(f"{name} {version} {times}" for name, version, times in all_use_of_forms())
        if not options["check"]:
            changed = publish.write(wanted())
            return f"{len(changed)} files written: {', '.join(changed) or 'none'}"
        if old := publish.differing(wanted()):
            raise CommandError(f"Not up to date: {', '.join(old)}. Run make contracts and commit.")
        return "The published contracts are up to date."
