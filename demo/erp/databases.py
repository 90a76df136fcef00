"""Create, clone and drop Tryton databases on SQLite or PostgreSQL, and work in them as the ERP's staff."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ADMIN = ("admin", "admin-Secret-8069")
PORTAL = ("portal", "portal-Secret-8069")
REST_KEY = "resttestkey" * 8  # a real key is 128 hexadecimal digits
MODULES = (
    "account_invoice_stock",
    "party_relationship",
    "sale_credit_limit",
    "sale_price_list",
    "sale_supply",
    "stock_package",
    "b2b_portal",
)
TEMPLATE_LOCK = 0x4E4F5244  # any number that nobody else takes on that server
OUR_MODULE = Path(__file__).resolve().parent / "b2b_portal_module"


class ScenarioError(Exception):
    """The ERP's staff cannot do that on the present data; the message says why."""


class Databases:
    """The databases of one place: a folder of SQLite files, or a PostgreSQL server."""

    def __init__(self, state: str, uri: str | None = None) -> None:
        self.state = Path(state).resolve()
        self.state.mkdir(parents=True, exist_ok=True)
        os.environ["TRYTOND_DATABASE_URI"] = self.uri = uri or "sqlite://"
        os.environ["TRYTOND_DATABASE__PATH"] = str(self.state)
        self.sqlite = self.uri.startswith("sqlite")
        # Tryton finds our module by its entry point, in this process and in its children.
        sys.path.insert(0, str(OUR_MODULE))
        others = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = os.pathsep.join([str(OUR_MODULE), *([others] if others else [])])
        import trytond.config  # noqa: F401 - reads the two variables now, before proteus changes them

    @contextlib.contextmanager
    def _server(self) -> Iterator:
        """A cursor of the server's maintenance database, in autocommit."""
        from trytond.transaction import Transaction

        with Transaction().start(None, 0, close=True, autocommit=True) as transaction:
            yield transaction.connection.cursor()

    def _path(self, name: str) -> Path:
        return self.state / f"{name}.sqlite"

    def exists(self, name: str) -> bool:
        """Whether there is a database of this name."""
        if self.sqlite:
            return self._path(name).exists()
        with self._server() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            return cursor.fetchone() is not None

    def create(self, name: str, template: str | None = None) -> None:
        """Make an empty database, or a copy of a template (which nobody may be connected to)."""
        if not self.sqlite:
            with self._server() as cursor:
                source = f'TEMPLATE "{template}"' if template else "TEMPLATE template0"
                cursor.execute(f"CREATE DATABASE \"{name}\" {source} ENCODING 'unicode'")
        elif template:
            self._copy(template, name)
        else:
            self._path(name).touch()

    def _copy(self, template: str, name: str) -> None:
        """Copy by SQLite's backup, which is consistent even beside a -wal file; rename when whole."""
        import sqlite3

        half = self._path(f"{name}.{os.getpid()}.part")
        with (
            contextlib.closing(sqlite3.connect(self._path(template))) as source,
            contextlib.closing(sqlite3.connect(half)) as target,
        ):
            source.backup(target)
        half.replace(self._path(name))

    def drop(self, name: str) -> None:
        """Remove a database, also one that somebody is connected to; one that is not there is no error."""
        if self.sqlite:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self._path(name)}{suffix}").unlink(missing_ok=True)
        else:
            with self._server() as cursor:
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Let one process at a time build the template: of this folder, or of this server."""
        if self.sqlite:
            import fcntl

            with (self.state / ".template.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        else:
            import psycopg

            with psycopg.connect(self.uri, dbname="postgres", autocommit=True) as connection:
                connection.execute("SELECT pg_advisory_lock(%s)", (TEMPLATE_LOCK,))
                yield


@contextlib.contextmanager
def staff(database: str, user: str = ADMIN[0]) -> Iterator:
    """A proteus session in a database; warnings are confirmed as a clerk would."""
    from proteus import config as proteus_config

    config = proteus_config.set_trytond(database, user=user)
    config.skip_warning = True
    yield config


def activate(database: str) -> None:
    """Install the modules in a new, empty database; Tryton's own noise goes to stderr."""
    with tempfile.NamedTemporaryFile("w", prefix="trytonpass-") as passfile:
        passfile.write(ADMIN[1])
        passfile.flush()
        subprocess.run(
            [
                *(sys.executable, "-m", "trytond.cli.admin", "-d", database),
                *("--email", "admin@nordwind.example", "--activate-dependencies", "-u", *MODULES),
            ],
            env={**os.environ, "TRYTONPASSFILE": passfile.name},
            stdout=sys.stderr,
            check=True,
        )
