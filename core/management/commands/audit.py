"""The audit log's chain of seals, by hand: check it, or seal what is new."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.sealing import seal_all, verify


class Command(BaseCommand):
    """Ends with an error when the chain is broken, and names the first break."""

    help = "Check the chain of seals over the audit log, or seal what is new."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to do."""
        kinds = parser.add_subparsers(dest="what", required=True)
        check = kinds.add_parser("verify", help="check every seal and entry; name the first break")
        check.add_argument("--expect", default="", help="the digest of a seal that must be in the chain")
        kinds.add_parser("seal", help="seal the entries that are not yet sealed")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say what came of it."""
        if options["what"] == "seal":
            self.stdout.write(f"{seal_all()} entries sealed")
            return
        found = verify(expect=options["expect"])
        if found.fault:
            raise CommandError(f"The chain is broken: {found.fault}. {found.seals} seals before it hold.")
        self.stdout.write(
            f"The chain holds: {found.seals} seals over {found.entries} entries, {found.unsealed} not yet sealed. "
            f"Last digest {found.last_digest}"
        )
