"""The whole product put together: PostgreSQL, a real ERP, its PIM's files, worker and web.

`make demo` serves one in the foreground; story and browser tests start theirs with databases, ports and a
folder of their own, beside it.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from types import TracebackType
from typing import Any

from demo.company.customers import OWN_NAME
from demo.databases import clone, drop
from demo.environment import PROJECT, ensure
from demo.part import Part, StartFailure
from demo.plan import Plan, free_port
from demo.watcher import OWNED_BY_DEMO, end_owned
from portal.postgres.cluster import Cluster

ERP_SCRIPT = PROJECT / "demo" / "erp" / "tryton_erp.py"
ERP_USER, ERP_PASSWORD = "portal", "portal-Secret-8069"
FIRST_START_SECONDS = 600
# In one process: each start of Django costs a second.
PREPARE = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("createcachetable", verbosity=0)
"""


class Stack:
    """The running parts of one plan: `with Stack(plan) as stack: ... stack.url`."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.root = plan.root.resolve()
        self.cluster = plan.cluster or Cluster(self.root / "postgres")
        self.parts: dict[str, Part] = {}
        self.owns_database = False
        self.watcher: subprocess.Popen[str] | None = None
        self.port = plan.port or free_port()
        self.erp_port = plan.erp_port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.erp_url = f"http://127.0.0.1:{self.erp_port}"
        self.database_url = ""
        self.is_new = False  # whether this start made the people and all that they did

    def __enter__(self) -> Stack:
        """Start everything; what was started ends again when that fails."""
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """End everything."""
        self.stop()

    # -- the whole

    def start(self) -> None:
        """Start all parts and wait until /healthz is content.

        Raises StartFailure with the end of the log of the part that did not come up.
        """
        self._occupy()
        self._start_watcher()
        self._start_database()
        ready_erp = self._prepare_erp()
        self._prepare_portal()
        ready_erp()
        self.start_erp()
        self._start_portal()
        self._wait_until_well()
        if not (self.root / "demo" / "sign-ins.json").exists():
            self.manage("demo_seed")
            self.is_new = True

    def stop(self) -> None:
        """End all parts in order, the database last and only if it was started here."""
        for name in ("web", "worker", "erp", "erp-init"):
            if name in self.parts:
                self.parts[name].ask_to_end()
        for part in self.parts.values():
            part.stop()
        if self.plan.template is not None:
            drop(self.cluster, self.plan.database, self._erp_database())
        if self.owns_database:
            end_owned(self.cluster)
        if self.watcher is not None and self.watcher.stdin is not None:
            with suppress(BrokenPipeError):
                self.watcher.communicate("done\n", timeout=20)
        if hasattr(self, "occupied"):
            self.occupied.close()

    # -- single parts, for whoever breaks and mends them

    def start_erp(self) -> None:
        """Start the ERP's server on its port and wait until it answers."""
        part = self._part(
            "erp", [*self.erp_command(), "serve", "--die-with-parent", "--port", str(self.erp_port)]
        )
        part.start()
        self._wait(part, 60, lambda: _answers(f"{self.erp_url}/", any_status=True))

    def start_worker(self) -> None:
        """Start the background work."""
        self._part("worker", self._manage_command("worker", "--grace", "10")).start()

    def start_web(self) -> None:
        """Start the web server; it answers a moment later."""
        command = [sys.executable, "-m", "gunicorn", "portal.wsgi", "--worker-class", "gthread"]
        size = ["--workers", "2", "--threads", "4", "--graceful-timeout", "5", "--no-control-socket"]
        if self.plan.is_dev:
            command = self._manage_command("runserver", "--noreload", "--insecure", f"127.0.0.1:{self.port}")
            size = []
        else:
            size += ["--bind", f"127.0.0.1:{self.port}", "--keep-alive", "5"]
        self._part("web", [*command, *size]).start()

    def manage(self, *arguments: str) -> str:
        """Run a management command in the stack's environment and return what it printed."""
        done = subprocess.run(
            self._manage_command(*arguments),
            cwd=PROJECT,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            said = (done.stdout + done.stderr).strip().splitlines()[-12:]
            raise StartFailure("\n".join([f"manage.py {' '.join(arguments)} did not succeed:", *said]))
        return done.stdout

    def erp(self, *arguments: str, given: str | None = None) -> str:
        """Run the ERP's script (scenario, info ...) on the stack's ERP and return what it printed."""
        command = [*self.erp_command(), *arguments]
        done = subprocess.run(
            command, cwd=PROJECT, env=self.erp_environment, input=given, capture_output=True, text=True
        )
        if done.returncode:
            raise StartFailure(f"ERP: {' '.join(arguments)} did not succeed:\n{done.stderr.strip()[-2000:]}")
        return done.stdout

    def health(self) -> tuple[int, dict[str, Any]]:
        """Return status and body of /healthz; status 0 when nobody answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refusal:
            with suppress(ValueError):
                return refusal.code, json.load(refusal)
            return refusal.code, {}
        except OSError:
            return 0, {}

    def people(self) -> list[dict[str, str]]:
        """Return who may sign in: name, email, password and what they do."""
        file = self.root / "demo" / "sign-ins.json"
        found: list[dict[str, str]] = json.loads(file.read_text()) if file.exists() else []
        return found

    # -- what the parts are given

    @cached_property
    def erp_url_of_portal(self) -> str:
        """Where the portal finds the ERP: its address, or that of what the plan puts before it."""
        return self.plan.front_erp(self.erp_url) if self.plan.front_erp else self.erp_url

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every process of the portal."""
        return {
            **_clean_environment(),
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "PYTHONUNBUFFERED": "1",
            "PORTAL_DEMO": "1",
            "SHOP_NAME": OWN_NAME,
            "PORTAL_VAR": str(self.root),
            "PIM_DROP": str(self.root / "pim"),
            "DEBUG": "1" if self.plan.is_dev else "0",
            "SECRET_KEY": self._secret_key(),
            "DATABASE_URL": self.database_url,
            "SITE_URL": self.url,
            "ERP_URL": self.erp_url_of_portal,
            "ERP_DATABASE": self._erp_database(),
            "ERP_USER": ERP_USER,
            "ERP_PASSWORD": ERP_PASSWORD,
            **self.plan.variables,
        }

    @property
    def erp_environment(self) -> dict[str, str]:
        """The environment of the ERP: its own Python, the naive times of its protocol in UTC."""
        return {**_clean_environment(), "PYTHONUNBUFFERED": "1", "TZ": "UTC"}

    def _secret_key(self) -> str:
        file = self.root / "secret-key"
        if not file.exists():
            file.touch(0o600)
            file.write_text(secrets.token_urlsafe(48))
        return file.read_text()

    def _erp_database(self) -> str:
        return "erp" if self.plan.erp_kind == "sqlite" else f"erp_{self.plan.database}"

    def erp_command(self) -> list[str]:
        command = [str(ensure("erp")), str(ERP_SCRIPT), "--state", str(self.root / "erp")]
        if self.plan.erp_kind == "postgresql":
            access = self.cluster.access()
            assert access is not None
            command += ["--uri", access.url("").replace("postgres://", "postgresql://", 1)]
        return [*command, "--db", self._erp_database()]

    def _manage_command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(PROJECT / "manage.py"), *arguments]

    def _part(self, name: str, command: list[str]) -> Part:
        is_erp = name.startswith("erp")
        environment = self.erp_environment if is_erp else self.environment
        log = self.root / "log" / f"{name}.log"
        self.parts[name] = Part(name, command, environment, PROJECT, log, self._tell_watcher)
        return self.parts[name]

    # -- the steps of a start

    def _occupy(self) -> None:
        for folder in ("run", "static"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        self.occupied = (self.root / "run" / "stack.lock").open("a")
        try:
            fcntl.flock(self.occupied, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartFailure(
                f"A demo already runs from {self.root}. End it first (Ctrl-C where it runs), "
                "or give this one a folder of its own: demo/launch.py --root DIR"
            ) from None

    def _start_watcher(self) -> None:
        self.watcher = subprocess.Popen(
            [sys.executable, "-m", "demo.watcher", str(self.cluster.root)],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def _tell_watcher(self, word: object) -> None:
        if self.watcher is not None and self.watcher.stdin is not None:
            self.watcher.stdin.write(f"{word}\n")
            self.watcher.stdin.flush()

    def _start_database(self) -> None:
        external = os.environ.get("DATABASE_URL", "")
        if external and self.plan.cluster is None:
            self.database_url = external
            self.plan.tell("Database: the one that DATABASE_URL names")
            return
        # A cluster found running belongs to somebody else, unless its launcher and watcher were both killed.
        mark = self.cluster.root / OWNED_BY_DEMO
        self.owns_database = self.plan.cluster is None and (mark.exists() or not self.cluster.is_running())
        if self.owns_database:
            self._tell_watcher("database")
            self.cluster.root.mkdir(mode=0o700, exist_ok=True)
            mark.touch()
        if self.plan.template is not None:
            self.database_url = clone(self.cluster, self.plan.template.database, self.plan.database)
            return
        self.database_url = self.cluster.ensure(self.plan.database).url(self.plan.database)
        self.plan.tell(f"Database: PostgreSQL on 127.0.0.1:{self._access_port()}")

    def _access_port(self) -> int:
        access = self.cluster.access()
        return access.port if access else 0

    def _prepare_erp(self) -> Callable[[], None]:
        order = "init" if self.plan.template is None else "reset"
        part = self._part("erp-init", [*self.erp_command(), order])
        if self.plan.template is None:
            first = (
                ""
                if (self.root / "erp").exists()
                else ": building it with the demo company (a minute or two)"
            )
            self.plan.tell(f"ERP: Tryton{first} ...")
        part.start()

        def wait() -> None:
            if part.wait(FIRST_START_SECONDS):
                raise part.failure("the ERP could not be built.")

        return wait

    def _prepare_portal(self) -> None:
        if self.plan.template is not None:
            return
        self.plan.tell("Portal: migrations ...")
        drop = self._part("pim", [sys.executable, "-m", "demo.pim", "write", str(self.root / "pim")])
        drop.start()
        self.manage("shell", "--no-imports", "--command", PREPARE)
        if drop.wait(FIRST_START_SECONDS):
            raise drop.failure("the PIM's files could not be written.")

    def _start_portal(self) -> None:
        self.plan.tell("Portal: worker and web ...")
        self.start_worker()
        self.start_web()

    def _wait_until_well(self) -> None:
        started, told = time.monotonic(), ""
        while True:
            for name in ("erp", "worker", "web"):
                if not self.parts[name].is_alive():
                    raise self.parts[name].failure("it ended while starting.")
            status, body = self.health()
            if status == 200:
                return
            if time.monotonic() - started > FIRST_START_SECONDS:
                raise self.parts["worker"].failure(f"/healthz is not content: {json.dumps(body)}.")
            if body.get("first_synchronisation") == "not done" and not told:
                told = "first synchronisation with ERP and PIM (about a minute) ..."
                self.plan.tell(f"Portal: {told}")
            time.sleep(1 if told else 0.25)

    def _wait(self, part: Part, seconds: float, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            if not part.is_alive() or time.monotonic() > deadline:
                raise part.failure("it does not answer.")
            time.sleep(0.05)


def _answers(url: str, *, any_status: bool = False) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError:
        return any_status
    except OSError:
        return False
    return True


def _clean_environment() -> dict[str, str]:
    """Pass on what programs need from the caller, nothing that would point them elsewhere."""
    names = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "USER", "XDG_RUNTIME_DIR")
    return {name: os.environ[name] for name in names if name in os.environ} | {"TZ": "UTC"}
