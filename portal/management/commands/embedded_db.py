"""`manage.py embedded_db`: look after the embedded PostgreSQL of development and demo."""

from __future__ import annotations

import os
import subprocess
from argparse import REMAINDER, ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from portal.postgres.cluster import Cluster, EmbeddedPostgresFailure


class Command(BaseCommand):
    """Shows, starts, stops, opens and dumps the embedded database."""

    help = "Look after the embedded PostgreSQL: status, start, stop, psql, dump."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take one order; what follows it goes to psql or pg_dump."""
        parser.add_argument("order", choices=["status", "start", "stop", "psql", "dump"])
        parser.add_argument("arguments", nargs=REMAINDER, help="for psql or pg_dump, after the order")

    def handle(self, *args: Any, order: str, arguments: list[str], **options: Any) -> None:
        """Do as ordered; refuse where the database is not the embedded one."""
        if not hasattr(connection, "cluster"):
            raise CommandError(
                "DATABASE_URL names another server: there is no embedded database to look after."
            )
        self.cluster: Cluster = connection.cluster
        self.database: str = connection.settings_dict["EMBEDDED"]["database"]
        try:
            getattr(self, order)(arguments)
        except EmbeddedPostgresFailure as failure:
            raise CommandError(str(failure)) from failure

    def status(self, arguments: list[str]) -> None:
        """Tell whether it runs and where; the exit code is 3 when it does not."""
        access = self.cluster.access()
        if access is None or not self.cluster.is_running():
            self.stdout.write(f"stopped; data in {self.cluster.data}")
            raise SystemExit(3)
        self.stdout.write(
            f"running on {access.host}:{access.port}, process {self.cluster.postmaster()}; "
            f"data in {self.cluster.data}, log {self.cluster.log}"
        )

    def start(self, arguments: list[str]) -> None:
        """Start it, unless it runs."""
        self.cluster.ensure(self.database)
        self.status(arguments)

    def stop(self, arguments: list[str]) -> None:
        """End it, if it runs."""
        self.stdout.write("stopped" if self.cluster.stop() else "was not running")

    def psql(self, arguments: list[str]) -> None:
        """Open psql in place of this process, or run it with the arguments given."""
        tool, variables = self._client("psql")
        os.execve(tool, [str(tool), *arguments], variables)  # noqa: S606 -- the wheel's own psql

    def dump(self, arguments: list[str]) -> None:
        """Write a dump that pg_restore reads to standard output, or as pg_dump's arguments say."""
        tool, variables = self._client("pg_dump")
        done = subprocess.run([tool, *(arguments or ["--format=custom"])], env=variables, check=False)
        if done.returncode:
            raise CommandError("pg_dump did not end well; what it wrote is not a whole dump.")

    def _client(self, name: str) -> tuple[Path, dict[str, str]]:
        access = self.cluster.ensure(self.database)
        place = {"PGHOST": access.host, "PGPORT": str(access.port), "PGDATABASE": self.database}
        who = {"PGUSER": access.user, "PGPASSWORD": access.password}
        return self.cluster.tool(name), {**os.environ, **place, **who}
