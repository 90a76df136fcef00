"""Writes the orders placed before a cut-off as CSV or JSON lines, for archives and reports (INT-50)."""

import os
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.errors import DomainError
from integrations.exports import CSV, JSONL, LINE_COLUMNS, ORDER_COLUMNS, Exported, Place, export_orders


class Command(BaseCommand):
    """One snapshot of the orders up to a moment, to a file or to the standard output."""

    help = "Write all orders placed before a moment; what is placed meanwhile is not in it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The cut-off, the form, where to, and where an earlier export ended."""
        parser.add_argument("--until", help="placed before this moment, ISO 8601; without a zone it is UTC")
        parser.add_argument("--format", choices=(CSV, JSONL), default=CSV)
        parser.add_argument("--to", default="-", help="a file, or - for the standard output")
        parser.add_argument(
            "--after",
            default="",
            metavar="PLACED_AT,NUMBER",
            help="go on after this order, as an export told",
        )
        parser.add_argument("--columns", action="store_true", help="tell what each column says, and end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Export; the counts and the place to go on from are told on the error output."""
        if options["columns"]:
            for name, meaning in {**ORDER_COLUMNS, **LINE_COLUMNS}.items():
                self.stdout.write(f"{name:20} {meaning}")
            return
        if not options["until"]:
            raise CommandError("Say --until which moment.")
        until, after = _moment(options["until"]), _place(options["after"])
        try:
            done = self._export(options["to"], until=until, form=options["format"], after=after)
        except DomainError as error:
            raise CommandError(str(error)) from error
        place = f"{done.last.placed_at.astimezone(UTC).isoformat()},{done.last.number}" if done.last else ""
        self.stderr.write(f"{done.orders} orders, {done.lines} lines; the next goes on with --after {place}")

    def _export(self, to: str, *, until: datetime, form: str, after: Place | None) -> Exported:
        if to == "-":
            return export_orders(self.stdout, until=until, form=form, after=after)  # type: ignore[arg-type]
        # A file with its name is a whole one: it gets it when everything is on the disk.
        target, part = Path(to), Path(f"{to}.part")
        try:
            with part.open("w", encoding="utf-8", newline="") as file:
                done = export_orders(file, until=until, form=form, after=after)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return done


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{text} is no moment: write it like 2026-12-31T23:00:00+00:00.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _place(text: str) -> Place | None:
    if not text:
        return None
    placed_at, _comma, number = text.partition(",")
    if not number:
        raise CommandError("--after wants the moment and the number of an order, with a comma between.")
    return Place(_moment(placed_at), number)
