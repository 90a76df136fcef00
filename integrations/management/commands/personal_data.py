"""A person's data by hand: handed out as JSON, or erased with the documents left standing."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.errors import DomainError
from integrations.actions.personal import erase_person, export_person, find_person, open_work_of
from integrations.systems import job_actor


class Command(BaseCommand):
    """Erasing asks for the address twice: as the person and as --confirm."""

    help = "Export or erase the personal data of somebody."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose, and what."""
        kinds = parser.add_subparsers(dest="what", required=True)
        export = kinds.add_parser("export", help="all that is stored of a person, as JSON")
        export.add_argument("--to", default="-", help="a file, or - for the standard output")
        erase = kinds.add_parser("erase", help="take the person's data away; documents keep the id")
        erase.add_argument("--to-user", default="", help="who takes over what is open: address or id")
        erase.add_argument("--confirm", default="", help="the person's address once more")
        for one in (export, erase):
            one.add_argument("--user", required=True, help="the e-mail address or the id of a person")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say what came of it."""
        by = job_actor("personal-data")
        try:
            user = find_person(options["user"])
            if options["what"] == "export":
                told = json.dumps(export_person(user, by=by), indent=2, ensure_ascii=False)
                if options["to"] == "-":
                    self.stdout.write(told)
                else:
                    Path(options["to"]).write_text(told, encoding="utf-8")
                return
            if options["confirm"].lower() != user.email.lower():
                work = (
                    ", ".join(f"{item.rows.count()} {item.words}" for item in open_work_of(user)) or "nothing"
                )
                raise CommandError(f"Say --confirm with the person's address. Still in these hands: {work}.")
            to = find_person(options["to_user"]) if options["to_user"] else None
            counts = erase_person(user, by=by, to=to)
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Erased: {', '.join(f'{count} {kind}' for kind, count in counts.items())}")
