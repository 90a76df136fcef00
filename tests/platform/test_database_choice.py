"""Which database a process gets, and what the embedded one's command does with it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal.postgres import processes
from portal.postgres.choice import database
from portal.postgres.cluster import Cluster

PROJECT = Path(__file__).resolve().parents[2]


def test_database_url_wins_over_everything(tmp_path):
    variables = {"DATABASE_URL": "postgres://me:secret@db:5433/shop", "PORTAL_EMBEDDED_DB": "1"}

    entry = database(variables, tmp_path, debug=True)

    assert entry["ENGINE"] == "django.db.backends.postgresql"
    assert (entry["HOST"], entry["PORT"], entry["NAME"]) == ("db", 5433, "shop")
    assert entry["CONN_MAX_AGE"] == 60


def test_development_gets_the_embedded_database_below_the_project(tmp_path):
    entry = database({}, tmp_path, debug=True)

    assert entry["ENGINE"] == "portal.postgres"
    assert entry["EMBEDDED"]["root"] == str(tmp_path / "var" / "postgres")
    assert entry["EMBEDDED"]["durable"] is True


def test_production_without_a_database_is_told_what_to_set(tmp_path):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL=postgres://"):
        database({}, tmp_path, debug=False)


@pytest.mark.parametrize("url", ["mysql://me@db/shop", "postgres://me@db", "sqlite:///file", "rubbish"])
def test_a_database_url_that_names_no_postgresql_database_is_refused(tmp_path, url):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        database({"DATABASE_URL": url}, tmp_path, debug=True)


class Command:
    """`manage.py` on an embedded database of its own."""

    def __init__(self, root: Path) -> None:
        self.cluster = Cluster(root, durable=False)

    def __call__(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        settings = {"DJANGO_SETTINGS_MODULE": "portal.settings", "PORTAL_PGDATA": str(self.cluster.root)}
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env={**kept, **settings, "PORTAL_EMBEDDED_DB": "1", "PORTAL_PG_FLEETING": "1", **variables},
            capture_output=True,
            text=True,
        )


@pytest.fixture
def manage(tmp_path: Path) -> Iterator[Command]:
    command = Command(tmp_path / "postgres")
    yield command
    command.cluster.destroy()


@pytest.mark.parametrize("arguments", [["check"], ["makemigrations", "--help"], ["embedded_db", "status"]])
def test_a_command_that_needs_no_database_starts_none(manage, arguments):
    manage(*arguments)

    assert not manage.cluster.root.exists() or not manage.cluster.is_running()


def test_the_first_connection_starts_it_and_the_command_ends_it(manage):
    stopped = manage("embedded_db", "status")
    asked = manage(
        "shell", "-c", "from django.db import connection as c; c.ensure_connection(); print('there')"
    )
    running = manage("embedded_db", "status")
    ended = manage("embedded_db", "stop")

    assert (stopped.returncode, stopped.stdout.split(";")[0]) == (3, "stopped")
    assert "there" in asked.stdout
    assert running.returncode == 0
    assert running.stdout.startswith("running on 127.0.0.1:")
    assert ended.stdout.strip() == "stopped"
    assert not manage.cluster.is_running()


def test_a_connection_survives_the_death_of_the_server(manage):
    script = (
        "import os, signal; from django.db import connection as c; c.ensure_connection(); "
        "os.kill(c.cluster.postmaster(), signal.SIGKILL); c.close(); c.ensure_connection(); "
        "print(c.cluster.postmaster())"
    )

    done = manage("shell", "-c", script)

    assert done.returncode == 0, done.stderr
    assert processes.command_line(int(done.stdout.split()[-1]))


def test_psql_and_dump_speak_to_it(manage):
    answer = manage("embedded_db", "psql", "--", "-Atc", "select current_database()")
    dump = manage("embedded_db", "dump", "--schema-only")

    assert answer.stdout.strip() == "accord"
    assert "PostgreSQL database dump" in dump.stdout


def test_the_command_leaves_another_server_alone(manage):
    refused = manage("embedded_db", "stop", DATABASE_URL="postgres://me:secret@localhost:1/shop")

    assert refused.returncode == 1
    assert "DATABASE_URL" in refused.stderr
