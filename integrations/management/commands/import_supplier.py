"""Takes in a supplier's file by its format: the same lane, report, tolerance and cases as any other batch (INT-49)."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.connectors.supplier_files.mapping import FORMATS
from integrations.effective import effective
from integrations.feeds import supplier_file
from integrations.running import run_flow
from integrations.systems import ERP


class Command(BaseCommand):
    """Read one file of the suppliers' folder."""

    help = "Take in a file that a supplier has put into the folder SUPPLIER_DROP, and print what it brought."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which format, which file, and what moment it tells of."""
        parser.add_argument("--supplier", required=True, choices=sorted(FORMATS), help="whose format it has")
        parser.add_argument("--file", required=True, help="its name in the folder")
        parser.add_argument(
            "--as-of", help="the moment it tells of, ISO 8601, UTC without a zone; else when it was written"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Read it; the command fails when the file is not taken."""
        form, as_of = FORMATS[options["supplier"]], _moment(options["as_of"])
        silent = () if effective("erp.stock").is_live else (ERP,)
        feed = supplier_file(options["file"], form, as_of=as_of, silent=silent)
        run = run_flow(f"supplier.{form.brings}", is_asked=True, feed=feed)
        if run is None:
            raise CommandError(f"The flow supplier.{form.brings} is held or paused, or runs just now.")
        if run.error:
            raise CommandError(run.error)
        self.stdout.write(
            f"seen {run.seen}, new {run.new}, changed {run.changed}, same {run.same}, "
            f"rejected {run.rejected}, removed {run.removed}"
        )


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{text} is no moment: write it like 2026-12-31T23:00:00+00:00.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
