"""Runs flows by hand and shows what each brought: the first synchronisation, or one that is wanted now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.flows import fed, in_order
from integrations.running import run_flow


class Command(BaseCommand):
    """Run flows in the order in which they need each other."""

    help = "Run flows now, all or the named ones, and print what each brought."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which flows, and whether everything is to be compared."""
        parser.add_argument("flows", nargs="*", metavar="flow", help=f"any of: {', '.join(_names())}")
        parser.add_argument("--full", action="store_true", help="compare everything, not only what moved")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run them; the command fails when one of them did."""
        names = options["flows"] or None
        if unknown := sorted(set(names or ()) - set(_names())):
            raise CommandError(f"There is no flow {', '.join(unknown)}: choose among {', '.join(_names())}.")
        form = "{:20} {:>7} {:>7} {:>8} {:>7} {:>9} {:>8} {:>6}  {}"
        heads = ("flow", "seen", "new", "changed", "same", "rejected", "removed", "calls", "")
        self.stdout.write(form.format(*heads))
        failed = []
        for flow in in_order(names):
            run = run_flow(flow.name, is_full=options["full"], is_asked=True)
            if run is None:
                self.stdout.write(f"{flow.name:20} is paused, or another worker runs it just now")
                continue
            if run.error:
                failed.append(flow.name)
            counts = (run.seen, run.new, run.changed, run.same, run.rejected, run.removed, run.calls)
            self.stdout.write(form.format(flow.name, *counts, run.error or ("full" if run.is_full else "")))
        if failed:
            raise CommandError(f"Not everything came through: {', '.join(failed)}.")


def _names() -> list[str]:
    return [flow.name for flow in fed()]
