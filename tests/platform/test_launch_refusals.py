"""The launcher refuses what cannot go well before it builds or starts anything, and says what to do."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from demo import environment
from demo.environment import EnvironmentFailure, Recipe

PROJECT = Path(__file__).resolve().parents[2]


def launch(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "demo/launch.py", *arguments],
        cwd=PROJECT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )


def test_a_taken_port_is_told_with_the_way_out(tmp_path):
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = str(stranger.getsockname()[1])

        refused = launch("--root", str(tmp_path / "var"), PORT=port)

    assert refused.returncode == 1
    assert f"Port {port} is taken" in refused.stderr
    assert "PORT=" in refused.stderr
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("port", ["eighty", "0", "70000", "-1"])
def test_nonsense_for_a_port_is_told(tmp_path, port):
    refused = launch("--root", str(tmp_path / "var"), PORT=port)

    assert refused.returncode == 1
    assert "is not a port" in refused.stderr
    assert not (tmp_path / "var").exists()


def test_a_reset_leaves_a_database_of_yours_alone(tmp_path):
    refused = launch("--reset", "--root", str(tmp_path / "var"), DATABASE_URL="postgres://me@localhost/mine")

    assert refused.returncode == 1
    assert "DATABASE_URL" in refused.stderr


def test_a_reset_of_nothing_is_no_error(tmp_path):
    assert launch("--reset", "--root", str(tmp_path / "var"), DATABASE_URL="").returncode == 0


def test_an_environment_with_the_stamp_of_its_lock_is_left_alone(tmp_path, monkeypatch):
    lock = tmp_path / "some.lock"
    lock.write_text("nothing==1.0\n")
    recipe = Recipe(tmp_path / "env", lock, "some")
    monkeypatch.setitem(environment.RECIPES, "some", recipe)
    built = []
    monkeypatch.setattr(environment, "_build", lambda recipe: built.append(recipe))
    (tmp_path / "env" / "bin").mkdir(parents=True)
    (tmp_path / "env" / "bin" / "python").touch()
    environment._stamp(recipe, "some").write_text(environment._digest(recipe))

    environment.ensure("some")
    assert built == []

    lock.write_text("nothing==1.1\n")
    environment.ensure("some")
    assert built == [recipe]


def test_a_python_that_is_too_old_is_told(monkeypatch):
    monkeypatch.setattr(environment.sys, "version_info", (3, 9, 1))
    monkeypatch.setattr(environment.shutil, "which", lambda name: None)

    with pytest.raises(EnvironmentFailure, match=r"3\.11 to 3\.13"):
        environment.suitable_python()


def test_the_locks_name_versions_and_hashes_and_no_host():
    for name in ("requirements.lock", "requirements-dev.lock", "demo/erp/requirements.lock"):
        text = (PROJECT / name).read_text()

        assert "--hash=sha256:" in text
        assert "http" not in text.replace("httpcore", "").replace("httpx", "")
        assert "index" not in text
