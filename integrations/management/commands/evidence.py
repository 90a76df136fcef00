"""Takes out the evidence of a company, an order or a time, as a zip that proves itself."""

from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core.errors import DomainError
from integrations.evidence import Asked, export_evidence
from integrations.systems import job_actor

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Command(BaseCommand):
    """The export is itself an entry of the audit log."""

    help = "Write the evidence of a company, an order or a time into a zip file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Of what, of which time, and where to."""
        parser.add_argument("--company", default="", help="the number of a company")
        parser.add_argument("--order", default="", help="the number of an order")
        parser.add_argument(
            "--since", default="", help="from this moment on, ISO 8601; without a zone it is UTC"
        )
        parser.add_argument("--until", default="", help="before this moment; now, unless given")
        parser.add_argument("--to", required=True, help="the zip file, or a folder for it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Export, and say what is in it."""
        if not (options["company"] or options["order"] or options["since"]):
            raise CommandError("Say --company, --order or --since which moment.")
        asked = Asked(
            since=_moment(options["since"]) or LONG_AGO,
            until=_moment(options["until"]) or timezone.now() + timedelta(seconds=1),
            company=options["company"],
            order=options["order"],
        )
        to = Path(options["to"])
        to = to / asked.name if to.is_dir() else to
        part = to.with_name(f"{to.name}.part")
        try:
            with part.open("wb") as file:
                taken = export_evidence(file, asked, by=job_actor("evidence"))
            part.replace(to)
        except DomainError as error:
            raise CommandError(str(error)) from error
        finally:
            part.unlink(missing_ok=True)
        rows = ", ".join(f"{name} {count}" for name, count in taken.rows.items() if name != "README.txt")
        self.stdout.write(f"{to}: {rows}. SHA-256 of the manifest {taken.manifest}")


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{text} is no moment of ISO 8601.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
