"""`make test`: every check and every test; `--lint` the checks alone.

What stands after `--` goes to pytest. Nothing is skipped for want of a tool: what is missing is installed or
the run fails with advice. The outcomes are left in var/test-report.json for `make requirements`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
if str(PROJECT) not in sys.path:
    sys.path.insert(0, str(PROJECT))

from portal.postgres.cluster import Cluster  # noqa: E402

BIN = Path(sys.executable).parent
APPS = ["core", "accounts", "catalog", "pricing", "orders", "quotes", "integrations", "portal", "demo"]
MANAGE = [sys.executable, "manage.py"]
PRODUCTION = {
    "SECRET_KEY": "only-to-check-the-settings-of-production-0123456789-abcdefghijklm",
    "ALLOWED_HOSTS": "portal.example",
    "SITE_URL": "https://portal.example",
    "DATABASE_URL": "postgres://nobody:nothing@localhost/none",
}
# The tests' cluster also for the checks: they leave the one of development alone, and none behind.
CLUSTER = Cluster(PROJECT / "var" / "test-postgres", durable=False)
DEVELOPMENT = {"PORTAL_EMBEDDED_DB": "1", "PORTAL_PGDATA": str(CLUSTER.root), "PORTAL_PG_FLEETING": "1"}
CHECKS: dict[str, tuple[list[str], dict[str, str]]] = {
    "format": ([str(BIN / "ruff"), "format", "--check", "--quiet", "."], {}),
    "lint": ([str(BIN / "ruff"), "check", "--quiet", "."], {}),
    "templates": ([str(BIN / "djhtml"), "--tabwidth", "2", "--check", "templates"], {}),
    "layers": ([str(BIN / "lint-imports"), "--no-logo"], {}),
    "types": ([str(BIN / "mypy"), "--no-error-summary", *APPS], DEVELOPMENT),
    "migrations": ([*MANAGE, "makemigrations", "--check", "--dry-run"], DEVELOPMENT),
    "system": ([*MANAGE, "check", "--fail-level", "WARNING"], DEVELOPMENT),
    "requirements": ([sys.executable, "-m", "tests.requirements", "--check"], {}),
    "deployment": ([*MANAGE, "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
}


def main() -> int:
    """Run the checks, then the tests, whatever the checks say; fail if anything failed."""
    os.chdir(PROJECT)
    with CLUSTER.in_use():
        return run(sys.argv[1:])


def run(arguments: list[str]) -> int:
    """Do what `make test` or `make lint` asks for, and return the exit code."""
    failed = [name for name in CHECKS if not passes(name)]
    if "--lint" in arguments:
        return 1 if failed else 0

    require_programs()
    extra = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    report = ["-p", "tests.report", "--test-report", "var/test-report.json"]
    parallel = ["-n", "2", "--dist", "loadgroup"]
    tests = subprocess.run([sys.executable, "-m", "pytest", *report, *parallel, *extra], env=environment({}))
    if failed:
        print(f"FAILED checks: {', '.join(failed)} (see above)", flush=True)
    return 1 if failed or tests.returncode else 0


def passes(name: str) -> bool:
    """Run one check and tell in a line how it ended; what it said follows only when it failed."""
    command, variables = CHECKS[name]
    started = time.monotonic()
    done = subprocess.run(command, env=environment(variables), capture_output=True, text=True)
    good = done.returncode == 0
    print(f"{'ok    ' if good else 'FAILED'} {name} ({time.monotonic() - started:.0f} s)", flush=True)
    if not good:
        print(done.stdout + done.stderr, flush=True)
    return good


def environment(variables: dict[str, str]) -> dict[str, str]:
    """Give a check the settings it is about, whatever the caller's shell has set."""
    ours = {*PRODUCTION, *DEVELOPMENT, "DEBUG", "PORTAL_DEMO", "PORTAL_VAR", "PORTAL_PGDATA"}
    keep_url = {"DATABASE_URL"} if not variables else set()
    kept = {name: value for name, value in os.environ.items() if name not in ours - keep_url}
    return {**kept, **variables}


# What the tests start that pip does not bring: {command: Debian packages}.
PROGRAMS = {"chromium": ["chromium", "fonts-dejavu-core"], "redis-server": ["redis-server"]}


def require_programs() -> None:
    """See to it that the tests have the browser and the Redis they start; they fail without, they never skip."""
    missing = [command for command in PROGRAMS if not shutil.which(command)]
    if not missing:
        return
    wanted = [package for command in missing for package in PROGRAMS[command]]
    print(f"Installing {', '.join(missing)} for the tests ...", flush=True)
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "capture_output": True}
        subprocess.run(["apt-get", "update"], **quiet)
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", *wanted], **quiet)
    if missing := [command for command in missing if not shutil.which(command)]:
        sys.exit(
            f"The tests need {', '.join(missing)}, which could not be installed here. "
            f"As root on Debian or Ubuntu: apt-get install {' '.join(wanted)}. Then start again."
        )


if __name__ == "__main__":
    sys.exit(main())
