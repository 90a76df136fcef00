"""One embedded PostgreSQL cluster in one folder: made once, started when needed, found again, ended."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from portal.postgres import processes
from portal.postgres.account import Account, EmbeddedPostgresFailure, choose_account, installed_binaries

SUPERUSER = "accord"
START_SECONDS = 120
SETTLE_SECONDS = 15
CONFIGURATION = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 200
shared_buffers = 128MB
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
"""
DURABLE = "idle_in_transaction_session_timeout = 60s\n"
# For data that a test run makes and throws away: a crash of the machine may lose it.
FLEETING = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nautovacuum_naptime = 15s\n"


@dataclass(frozen=True)
class Access:
    """How to reach a running cluster: TCP on the loopback, with a password that only its owner can read."""

    port: int
    password: str
    host: str = "127.0.0.1"
    user: str = SUPERUSER

    def url(self, database: str) -> str:
        """Return the DATABASE_URL of one of its databases."""
        return f"postgres://{self.user}:{self.password}@{self.host}:{self.port}/{database}"


@dataclass(frozen=True)
class Cluster:
    """A cluster under `root`, a folder on a local disk that belongs to one user.

    durable: False gives up safety against power loss for speed (tests).
    account: as whom the server runs when we are root; chosen by the machine unless given.
    """

    root: Path
    durable: bool = True
    account: Account | None = None

    # -- what callers ask for

    def ensure(self, *databases: str) -> Access:
        """Start the cluster unless it runs, create the databases it lacks, and say how to reach it.

        Safe with any number of processes at once, on an empty folder too; a server that was killed is
        recovered, a server that runs is left alone.
        """
        access = self.access()
        if access is None or self._answer(access) != "up":
            with self._alone():
                access = self._start()
        for database in databases:
            self._create_database(access, database)
        return access

    def access(self) -> Access | None:
        """Say how to reach the cluster according to its state file, whether it runs or not."""
        state = self._state()
        return Access(state["port"], state["password"]) if state else None

    def is_running(self) -> bool:
        """Tell whether the server answers with our password."""
        access = self.access()
        return access is not None and self._answer(access) == "up"

    def postmaster(self) -> int | None:
        """Return the process id of the live server of this folder."""
        return processes.live_postmaster(self.data) if self._state() else None

    def stop(self) -> bool:
        """End the server and wait until it is gone; tell whether there was one."""
        if not self.root.exists():
            return False
        with self._alone():
            pid = self.postmaster()
            if pid is None:
                return False
            for order, patience in ((signal.SIGINT, 60), (signal.SIGQUIT, 20)):
                processes.send(pid, order)
                if processes.wait_until(lambda: processes.live_postmaster(self.data) != pid, patience):
                    processes.wait_until(lambda: not processes.working_in(self.data), SETTLE_SECONDS)
                    return True
        raise EmbeddedPostgresFailure(f"The server with process id {pid} did not end; its log is {self.log}.")

    @contextmanager
    def in_use(self) -> Iterator[Cluster]:
        """Be one of its users for a while: the last of them ends it, also after one that was killed."""
        users = self.root.with_name(f"{self.root.name}.users")
        users.parent.mkdir(parents=True, exist_ok=True)
        with users.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            try:
                yield self
            finally:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass  # somebody else uses it
                else:
                    self.stop()

    def destroy(self) -> None:
        """End the server and remove everything it stored."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(self.root, ignore_errors=True)

    def tool(self, name: str) -> Path:
        """Return the path of one of PostgreSQL's programs (psql, pg_dump ...), of the server's version."""
        return installed_binaries() / "bin" / name

    @property
    def home(self) -> Path:
        """Where data and log stand: in the root, except where its owner may not run a server."""
        state = self._state()
        return Path((state and state["home"]) or self.root).resolve()

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """The server's own log."""
        return self.home / "postgres.log"

    # -- starting, always under the lock

    def _start(self) -> Access:
        if self._state() is None or not self.data.exists():
            self._initialise()
        access = self.access()
        assert access is not None  # noqa: S101 -- just written
        deadline = time.monotonic() + START_SECONDS
        while True:
            answer = self._answer(access)
            if answer == "up":
                return access
            if answer == "busy" or self.postmaster() is not None:
                self._wait_a_moment(deadline)
                continue
            self._clear_traces()
            access = self._launch()

    def _wait_a_moment(self, deadline: float) -> None:
        if time.monotonic() > deadline:
            raise EmbeddedPostgresFailure(
                f"The embedded database does not answer after {START_SECONDS} s. Its log is {self.log}."
            )
        time.sleep(0.05)

    def _clear_traces(self) -> None:
        """Remove the pid file of a server that was killed, once its children are gone.

        PostgreSQL itself takes a zombie, or a stranger with the same number, for a live server.
        """
        if not processes.wait_until(lambda: not processes.working_in(self.data), SETTLE_SECONDS):
            raise EmbeddedPostgresFailure(
                f"Processes of a killed database server still work in {self.data}: "
                f"{', '.join(map(str, processes.working_in(self.data)))}. End them and start again."
            )
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _launch(self) -> Access:
        account = self._account()
        for _ in range(3):
            access = self._configure()
            command = [account.binaries / "bin" / "pg_ctl", "-D", self.data, "-w"]
            options = ["-t", str(START_SECONDS), "-l", self.log, "start"]
            result = account.run([*command, *options], timeout=START_SECONDS + 30)
            if result.returncode == 0:
                return access
            if not self._is_taken(access.port):
                break
        raise EmbeddedPostgresFailure(
            f"The embedded database did not start: {result.stdout.strip()}\n{_tail(self.log)}"
        )

    def _configure(self) -> Access:
        """Write the server's settings; the port stays the same as long as nobody else took it."""
        state = self._state()
        assert state is not None  # noqa: S101
        if self._is_taken(state["port"]):
            state["port"] = _free_port()
            self._save(state)
        own = self.data / "accord.conf"
        own.write_text(CONFIGURATION.format(port=state["port"]) + (DURABLE if self.durable else FLEETING))
        self._account().own(own)
        return Access(state["port"], state["password"])

    def _is_taken(self, port: int) -> bool:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return True
        return False

    # -- making

    def _initialise(self) -> None:
        account = self.account or choose_account()
        home = account.home(self.root.resolve())
        new, data = home / "data.new", home / "data"
        if data.exists():
            raise EmbeddedPostgresFailure(
                f"{data} holds a database, but its password is lost with {self.root / 'state.json'}. "
                "Put that file back, or move the data away to begin anew."
            )
        shutil.rmtree(new, ignore_errors=True)  # of an earlier try that did not come to its end
        password = secrets.token_urlsafe(24)
        secret = home / "password.new"
        secret.touch(0o600)
        secret.write_text(password)
        account.own(home, secret)
        try:
            command = [account.binaries / "bin" / "initdb", "-D", new, "-U", SUPERUSER, "-E", "UTF8"]
            locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", f"--locale={_system_locale()}"]
            result = account.run(
                [*command, *locale, "--auth=scram-sha-256", f"--pwfile={secret}", *self._sync()], timeout=300
            )
        finally:
            secret.unlink()
        if result.returncode:
            raise EmbeddedPostgresFailure(f"The embedded database could not be made: {result.stdout.strip()}")
        with (new / "postgresql.conf").open("a") as settings:
            settings.write("\ninclude_if_exists = 'accord.conf'\n")
        elsewhere = "" if home == self.root.resolve() else str(home)
        self._save({"port": _free_port(), "password": password, "account": account.name, "home": elsewhere})
        new.rename(data)

    def _sync(self) -> list[str]:
        return [] if self.durable else ["--no-sync"]

    def _account(self) -> Account:
        state = self._state()
        assert state is not None  # noqa: S101
        if self.account is not None:
            return self.account
        return choose_account(state["account"])

    # -- asking the server

    def _answer(self, access: Access) -> str:
        """Tell whether the server is up, busy (starting, recovering, ending) or down."""
        try:
            psycopg.connect(access.url("postgres"), connect_timeout=3).close()
        except psycopg.OperationalError as refusal:
            text = str(refusal)
            if "FATAL" not in text or "password authentication failed" in text:
                return "down"
            return "busy" if _is_passing(text) else "up"
        return "up"

    def _create_database(self, access: Access, name: str) -> None:
        with psycopg.connect(access.url("postgres"), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return
            try:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                return  # another process was faster

    # -- the folder

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = (self.root / "lock").open("w")
        except PermissionError as refusal:
            raise self._not_ours() from refusal
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _state(self) -> dict[str, Any] | None:
        try:
            state: dict[str, Any] = json.loads((self.root / "state.json").read_text())
        except FileNotFoundError:
            return None
        except PermissionError as refusal:
            raise self._not_ours() from refusal
        return state

    def _save(self, state: dict[str, Any]) -> None:
        new = self.root / f"state.json.{os.getpid()}"
        new.touch(0o600)
        new.write_text(json.dumps(state))
        new.rename(self.root / "state.json")

    def _not_ours(self) -> EmbeddedPostgresFailure:
        return EmbeddedPostgresFailure(
            f"The embedded database in {self.root} belongs to another user. Work as that user, "
            "choose another folder with PORTAL_PGDATA, or name a server with DATABASE_URL."
        )


def _is_passing(text: str) -> bool:
    return any(word in text for word in ("starting up", "shutting down", "recovery", "not yet accepting"))


def _system_locale() -> str:
    return "C.UTF-8" if os.uname().sysname == "Linux" else "C"


def _free_port() -> int:
    """Choose a port below the range from which systems number outgoing connections."""
    for _ in range(200):
        port = 15000 + secrets.randbelow(10000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise EmbeddedPostgresFailure("No free port was found between 15000 and 25000 for the embedded database.")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-10:]) if log.exists() else ""
