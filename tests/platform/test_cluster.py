"""The embedded PostgreSQL keeps its promises with real processes: start, attach, killed, ended, several at once."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from portal.postgres import processes
from portal.postgres.account import Account, Dedicated, EmbeddedPostgresFailure
from portal.postgres.cluster import Cluster

PROJECT = Path(__file__).resolve().parents[2]
ENSURE = "import sys; from pathlib import Path; from portal.postgres.cluster import Cluster; " + (
    "print(Cluster(Path(sys.argv[1]), durable=False).ensure('accord').url('accord'))"
)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path / "postgres", durable=False)
    yield cluster
    cluster.destroy()


def ask(url: str, question: str = "SELECT 1") -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question).fetchone()
    return row and row[0]


def start_in_another_process(root: Path, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ENSURE, str(root)], stdout=subprocess.PIPE, text=True, cwd=PROJECT, **options
    )


def test_an_empty_folder_becomes_a_running_utf8_database(cluster):
    url = cluster.ensure("accord").url("accord")

    assert ask(url, "SHOW server_encoding") == "UTF8"
    assert ask(url, "SHOW timezone") == "UTC"
    assert ask(url, "SELECT lower('ÄÖÅ')") == "äöå"
    assert cluster.is_running()


def test_a_running_server_is_attached_to_and_not_started_again(cluster):
    first = cluster.ensure("accord")
    postmaster = cluster.postmaster()

    second = cluster.ensure("accord")

    assert second == first
    assert cluster.postmaster() == postmaster


def test_a_stopped_server_is_gone_and_its_data_stays(cluster):
    with psycopg.connect(cluster.ensure("accord").url("accord"), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS figure")
    postmaster = cluster.postmaster()

    assert cluster.stop() is True
    assert processes.command_line(postmaster) == ""
    assert processes.working_in(cluster.data) == []
    assert cluster.stop() is False
    assert ask(cluster.ensure("accord").url("accord"), "SELECT figure FROM kept") == 7


def test_a_killed_server_comes_back_with_what_was_committed(tmp_path):
    cluster = Cluster(tmp_path / "postgres")
    try:
        with psycopg.connect(cluster.ensure("accord").url("accord"), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS figure")
        os.kill(cluster.postmaster(), signal.SIGKILL)

        url = cluster.ensure("accord").url("accord")

        assert ask(url, "SELECT figure FROM kept") == 7
    finally:
        cluster.destroy()


def test_a_pid_file_that_names_a_stranger_is_not_taken_for_a_server(cluster):
    cluster.ensure("accord")
    pid_file = cluster.data / "postmaster.pid"
    before = pid_file.read_text()
    cluster.stop()
    pid_file.write_text("\n".join([str(os.getpid()), *before.split("\n")[1:]]))

    url = cluster.ensure("accord").url("accord")

    assert ask(url) == 1
    assert cluster.postmaster() != os.getpid()


def test_a_pid_file_that_names_a_zombie_is_not_taken_for_a_server(cluster):
    cluster.ensure("accord")
    pid_file = cluster.data / "postmaster.pid"
    before = pid_file.read_text()
    cluster.stop()
    zombie = subprocess.Popen(["true"])
    time.sleep(0.2)  # it has ended and nobody has asked for its exit code
    pid_file.write_text("\n".join([str(zombie.pid), *before.split("\n")[1:]]))

    url = cluster.ensure("accord").url("accord")

    assert ask(url) == 1
    zombie.wait()


def test_twelve_processes_on_an_empty_folder_start_one_server(tmp_path):
    root = tmp_path / "postgres"
    starters = [start_in_another_process(root) for _ in range(12)]
    answers = {starter.communicate(timeout=120)[0].strip() for starter in starters}

    assert [starter.returncode for starter in starters] == [0] * 12
    assert len(answers) == 1
    assert ask(answers.pop()) == 1
    Cluster(root).destroy()


def test_the_last_of_its_users_ends_it(cluster):
    with cluster.in_use():
        cluster.ensure()
        with Cluster(cluster.root, durable=False).in_use():
            pass
        still_there = cluster.is_running()

    assert still_there
    assert not cluster.is_running()


def test_a_port_taken_by_somebody_else_is_replaced_by_another(cluster):
    port = cluster.ensure("accord").port
    cluster.stop()
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", port))
        stranger.listen()

        access = cluster.ensure("accord")

        assert access.port != port
        assert ask(access.url("accord")) == 1


def test_a_stranger_without_the_password_is_refused(cluster):
    access = cluster.ensure("accord")

    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgres://{access.user}:guess@{access.host}:{access.port}/accord")

    assert (cluster.root / "state.json").stat().st_mode & 0o077 == 0
    assert cluster.root.stat().st_mode & 0o077 == 0


def test_a_first_start_that_was_cut_off_is_begun_again(cluster):
    half = cluster.root / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")

    assert ask(cluster.ensure("accord").url("accord")) == 1


def test_data_whose_password_is_lost_is_never_overwritten(cluster):
    cluster.ensure("accord")
    cluster.stop()
    state = cluster.root / "state.json"
    kept = state.read_text()
    state.unlink()

    with pytest.raises(EmbeddedPostgresFailure, match=r"state\.json"):
        cluster.ensure("accord")

    state.write_text(kept)
    assert ask(cluster.ensure("accord").url("accord")) == 1


def test_the_server_survives_its_starter_and_a_ctrl_c_in_the_terminal(cluster):
    starter = start_in_another_process(cluster.root, start_new_session=True)
    url = starter.communicate(timeout=60)[0].strip()

    with pytest.raises(ProcessLookupError):  # nothing of ours is left in the starter's process group
        os.killpg(starter.pid, signal.SIGINT)
    assert ask(url) == 1


def test_root_runs_it_without_giving_anything_away_or_opening_folders(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    root = closed / "postgres"
    become_root = [] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user"]

    url = run_as(become_root, root)

    assert ask(url) == 1
    assert json.loads((root / "state.json").read_text())["account"] == "namespace"
    assert {path.stat().st_uid for path in (root / "data").rglob("*")} == {os.geteuid()}
    assert closed.stat().st_mode & 0o777 == 0o700
    assert run_as(become_root, root, order="stop") == "True"


def test_an_ordinary_user_runs_it_as_himself(open_folder):
    root = open_folder / "postgres"
    become_ordinary = as_nobody() if os.geteuid() == 0 else []

    url = run_as(become_ordinary, root)

    assert ask(url) == 1
    assert json.loads((root / "state.json").read_text())["account"] == "self"
    os.kill(int((root / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    assert ask(run_as(become_ordinary, root)) == 1
    assert run_as(become_ordinary, root, order="stop") == "True"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs, and can use, an account of its own")
def test_where_namespaces_are_forbidden_root_runs_it_under_an_account_of_its_own(tmp_path):
    cluster = Cluster(tmp_path / "closed" / "postgres", account=Dedicated(login="nobody"))
    try:
        access = cluster.ensure("accord")

        assert ask(access.url("accord")) == 1
        assert Path(f"/proc/{cluster.postmaster()}").stat().st_uid == pwd.getpwnam("nobody").pw_uid
        os.kill(cluster.postmaster(), signal.SIGKILL)
        assert ask(cluster.ensure("accord").url("accord")) == 1
        assert cluster.stop() is True
    finally:
        home = cluster.home
        cluster.destroy()
    assert not home.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="another user's folder is closed to ordinary users only")
def test_another_users_database_is_refused_with_advice(open_folder):
    root = open_folder / "postgres"
    cluster = Cluster(root, durable=False)
    cluster.ensure("accord")

    refused = attempt_as(as_nobody(), root)

    assert refused.returncode != 0
    assert "PORTAL_PGDATA" in refused.stderr
    assert "DATABASE_URL" in refused.stderr
    cluster.destroy()


def test_the_ordinary_account_changes_no_owner(tmp_path):
    mine = tmp_path / "mine"
    mine.touch()

    Account().own(mine)

    assert mine.stat().st_uid == os.geteuid()


ORDER = (
    "import sys; from pathlib import Path; from portal.postgres.cluster import Cluster; "
    "cluster = Cluster(Path(sys.argv[1])); "
    "print(cluster.stop() if sys.argv[2] == 'stop' else cluster.ensure('accord').url('accord'))"
)


def attempt_as(prefix: list[str], root: Path, order: str = "ensure") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*prefix, sys.executable, "-c", ORDER, str(root), order], capture_output=True, text=True, cwd=PROJECT
    )


def run_as(prefix: list[str], root: Path, order: str = "ensure") -> str:
    done = attempt_as(prefix, root, order)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def as_nobody() -> list[str]:
    nobody = pwd.getpwnam("nobody")
    return ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that an ordinary user may reach and fill, as no folder below root's is."""
    folder = Path("/var/tmp") / f"accord-test-{os.getpid()}"  # noqa: S108
    folder.mkdir()
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)
