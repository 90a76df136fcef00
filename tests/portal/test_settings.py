"""Settings: wrong ones end the start with one clear line; production's pass Django's own checks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "SECRET_KEY": "a-key-for-this-test-only-" + "k7#" * 20,
    "ALLOWED_HOSTS": "portal.example",
    "SITE_URL": "https://portal.example",
    "DATABASE_URL": "postgres://accord:word@db.example:5432/accord",
}


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py with these variables and none of ours."""
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**clean, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.req("SEC-03")
@pytest.mark.parametrize("missing", PRODUCTION)
def test_production_does_not_start_without_what_it_needs(missing):
    variables = {name: value for name, value in PRODUCTION.items() if name != missing}

    finished = manage("check", **variables)

    assert finished.returncode != 0
    assert missing in finished.stderr
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DEBUG", "maybe", "say 1 or 0"),
        ("ALLOWED_HOSTS", "*", "name the hosts"),
        ("Q_WORKERS", "many", "a number is needed"),
        ("Q_WORKERS", "0", "at least 1"),
        ("DATABASE_URL", "mysql://nowhere/x", "PostgreSQL"),
    ],
)
def test_nonsense_is_refused_by_name(name, value, told):
    finished = manage("check", **{**PRODUCTION, name: value})

    assert finished.returncode != 0
    assert told in finished.stderr
    assert "Traceback" not in finished.stderr


def test_production_passes_the_deployment_checks():
    finished = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)

    assert finished.returncode == 0, finished.stderr


def test_the_demo_mode_is_off_unless_asked_for():
    program = "from django.conf import settings; print(settings.DEMO, settings.DEBUG)"
    finished = manage("shell", "--no-imports", "-c", program, **PRODUCTION)

    assert finished.stdout.split() == ["False", "False"]
