"""`make demo`, played by its own launcher: it serves, looks after its parts, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.environment import PROJECT, ensure
from demo.plan import free_port
from demo.stack import ERP_SCRIPT
from integrations.lifeline import tied_to
from portal.postgres import processes
from portal.postgres.cluster import Cluster

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.slow]


class Demo:
    """A launcher in a folder of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output = root.with_suffix(".out")
        variables = {
            name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "DEBUG"}
        }
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "demo/launch.py", "--root", str(root), "--port", str(self.port)],
                cwd=PROJECT,
                env={**variables, "PYTHONUNBUFFERED": "1"},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=tied_to(signal.SIGTERM),
            )

    def wait_until_ready(self, seconds: float = 300) -> float:
        started = time.monotonic()
        while "Accord is ready" not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() - started < seconds, self.said()
            time.sleep(0.1)
        return time.monotonic() - started

    def said(self) -> str:
        return self.output.read_text()

    def health(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/healthz", timeout=10) as answer:
            return json.load(answer)

    def is_well(self) -> bool:
        try:
            return self.health()["status"] == "ok"
        except OSError:
            return False

    def processes(self) -> set[int]:
        """Everything alive that names this demo's folder in its command line or environment."""
        return {pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if self._owns(pid)}

    def _owns(self, pid: int) -> bool:
        try:
            environment = Path(f"/proc/{pid}/environ").read_text(errors="replace")
        except OSError:
            return False
        mine = f"{self.root}"
        return pid != os.getpid() and (mine in processes.command_line(pid) or mine in environment)

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=40)


@pytest.fixture(scope="module")
def erp_state() -> Path:
    """The ERP's databases as files, built once and kept: building them is not what is tested here."""
    state = PROJECT / "var" / "test-erp"
    command = [str(ensure("erp")), str(ERP_SCRIPT), "--state", str(state), "--db", "erp", "init"]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "TZ": "UTC"})
    return state


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, erp_state: Path) -> Iterator[Path]:
    """Where a demo was started for the first time and ended in good order."""
    root = tmp_path_factory.mktemp("demo") / "var"
    shutil.copytree(erp_state, root / "erp")
    first = Demo(root)
    seconds = first.wait_until_ready()
    assert first.end(signal.SIGINT) == 0
    (root / "first-output").write_text(first.said())
    (root / "first-seconds").write_text(str(seconds))
    yield root
    Cluster(root / "postgres").destroy()


@pytest.fixture
def demo(root: Path) -> Iterator[Demo]:
    demo = Demo(root)
    yield demo
    if demo.process.poll() is None:
        demo.end(signal.SIGTERM)


def test_it_tells_its_progress_then_addresses_and_sign_ins(root):
    said = (root / "first-output").read_text()

    assert said.index("migrations") < said.index("first synchronisation") < said.index("Accord is ready")
    assert re.search(r"Portal +http://127\.0\.0\.1:\d+/", said)
    people = json.loads((PROJECT / "demo" / "people.json").read_text())
    assert [person["email"] for person in people if person["email"] not in said] == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_second_start_is_quick_and_the_end_leaves_nothing(demo, how):
    first = float((demo.root / "first-seconds").read_text())

    assert demo.wait_until_ready() < first / 2
    assert demo.health()["database"] == "ok"
    assert len(demo.processes()) > 10

    assert demo.end(how) == 0

    assert demo.processes() == set()
    assert not Cluster(demo.root / "postgres").is_running()
    assert not demo.is_well()


def test_a_stranger_is_led_to_the_sign_in_page(demo):
    demo.wait_until_ready()

    with urllib.request.urlopen(demo.url + "/") as answer:
        assert "/accounts/login/" in answer.url
        assert "jana.reuter@kessler.example" in answer.read().decode()


@pytest.mark.req("TST-10")
def test_nothing_survives_a_launcher_that_was_killed(demo):
    demo.wait_until_ready()

    demo.end(signal.SIGKILL)

    assert processes.wait_until(lambda: not demo.processes(), 20), demo.processes()
    assert not Cluster(demo.root / "postgres").is_running()


def test_a_second_demo_in_the_same_folder_is_refused_and_the_first_goes_on(demo):
    demo.wait_until_ready()
    second = Demo(demo.root.parent / "var")
    second.process.wait(timeout=30)

    assert second.process.returncode == 1
    assert "already runs" in second.said()
    assert demo.is_well()


@pytest.mark.req("TST-10")
def test_parts_and_database_that_were_killed_are_started_again(demo):
    demo.wait_until_ready()
    cluster = Cluster(demo.root / "postgres")
    before = demo.processes()
    victims = [pid for pid in before if "gunicorn" in processes.command_line(pid)]
    victims += [pid for pid in before if "manage.py worker" in processes.command_line(pid)]
    victims += [pid for pid in before if "tryton_erp.py" in processes.command_line(pid)]
    for pid in [*victims, cluster.postmaster()]:
        processes.send(pid, signal.SIGKILL)

    assert processes.wait_until(lambda: not demo.is_well(), 10)
    assert processes.wait_until(demo.is_well, 60), demo.said()


def test_a_reset_begins_anew(tmp_path, root):
    state = tmp_path / "var"
    shutil.copytree(root, state)

    done = subprocess.run(
        [sys.executable, "demo/launch.py", "--reset", "--root", str(state)],
        cwd=PROJECT,
        env={name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert {file.name for file in state.iterdir()} == {"first-output", "first-seconds"}
