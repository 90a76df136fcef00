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
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
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
Step = tuple[list[str], dict[str, str]]
CHECKS: dict[str, Step] = {
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
# What the tests begin with: the database that theirs are cloned from, migrated while the checks go on.
AHEAD: dict[str, Step] = {
    "database": ([sys.executable, "-m", "tests.databases"], {"DJANGO_SETTINGS_MODULE": "tests.settings"})
}
LONGEST = {"types", "database"}


def main() -> int:
    """Run the checks, then the tests, whatever the checks say; fail if anything failed."""
    os.chdir(PROJECT)
    with CLUSTER.in_use():
        return run(sys.argv[1:])


def run(arguments: list[str]) -> int:
    """Do what `make test` or `make lint` asks for, and return the exit code."""
    is_lint = "--lint" in arguments
    failed = failed_of(CHECKS if is_lint else {**CHECKS, **AHEAD})
    if is_lint:
        return 1 if failed else 0

    require_programs()
    extra = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    report = ["-p", "tests.report", "--test-report", "var/test-report.json"]
    parallel = ["-n", "2", "--dist", "loadgroup"]
    tests = subprocess.run([sys.executable, "-m", "pytest", *report, *parallel, *extra], env=environment({}))
    if failed:
        print(f"FAILED checks: {', '.join(failed)} (see above)", flush=True)
    return 1 if failed or tests.returncode else 0


def failed_of(steps: Mapping[str, Step]) -> list[str]:
    """Take steps that do not need each other, two at a time, and return which failed."""
    names = sorted(steps, key=lambda name: name not in LONGEST)
    with ThreadPoolExecutor(max_workers=2) as pool:
        good = dict(zip(names, pool.map(lambda name: passes(name, *steps[name]), names), strict=True))
    return [name for name in steps if not good[name]]


def passes(name: str, command: list[str], variables: dict[str, str]) -> bool:
    """Run one check and tell in a line how it ended; what it said follows only when it failed."""
    started = time.monotonic()
    done = subprocess.run(command, env=environment(variables), capture_output=True, text=True)
    good = done.returncode == 0
    said = "" if good else f"\n{done.stdout}{done.stderr}"
    print(f"{'ok    ' if good else 'FAILED'} {name} ({time.monotonic() - started:.0f} s){said}", flush=True)
    return good


def environment(variables: dict[str, str]) -> dict[str, str]:
    """Give a check the settings it is about, whatever the caller's shell has set."""
    ours = {*PRODUCTION, *DEVELOPMENT, "DEBUG", "PORTAL_DEMO", "PORTAL_VAR", "PORTAL_PGDATA"}
    keep_url = set() if variables in (DEVELOPMENT, PRODUCTION) else {"DATABASE_URL"}
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
