"""One process of the running product: started, watched, ended with everything it started itself."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from integrations.lifeline import tied_to

STOP_SECONDS = 15


class StartFailure(Exception):
    """A part did not come up; the message names its log and its last lines."""


@dataclass
class Part:
    """A program with its environment and its log, as the head of a process group of its own."""

    name: str
    command: list[str]
    environment: dict[str, str]
    folder: Path
    log: Path
    on_start: Callable[[int], None] = lambda _: None
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start it; it ends when this process ends, however that happens."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the launcher, which ends all in order
                preexec_fn=tied_to(signal.SIGTERM),
            )
        self.on_start(self.process.pid)

    def is_alive(self) -> bool:
        """Tell whether its head runs."""
        return self.process is not None and self.process.poll() is None

    def wait(self, seconds: float) -> int:
        """Wait for its end and return the exit code."""
        assert self.process is not None
        return self.process.wait(timeout=seconds)

    def ask_to_end(self) -> None:
        """Ask it to end in good order."""
        if self.process is not None and self.is_alive():
            self.process.terminate()

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """End it in good order within some seconds, or else by force."""
        self.ask_to_end()
        deadline = time.monotonic() + seconds
        while self.is_alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.kill()

    def kill(self) -> None:
        """End its whole group now."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()

    def failure(self, what: str) -> StartFailure:
        """Say what went wrong, with the end of the log."""
        lines = self.log.read_text(errors="replace").splitlines()[-12:] if self.log.exists() else []
        return StartFailure("\n".join([f"{self.name}: {what} Its log is {self.log}:", *lines]))
