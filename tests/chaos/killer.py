"""Kills parts of a running stack with -9 at random, and starts again what does not come back by itself."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

from demo.stack import Stack
from tests.process_tree import children, descendants

# Seconds between two kills. What is killed before it works shows nothing, so the next one waits for that.
SHORTEST, LONGEST = 2.0, 6.0
PATIENCE = 90.0
# Two heads with sentinel, workers, pusher and monitor each.
POOL = 9


class Killer:
    """Kills something every few seconds while `rage` runs; what and how often stands in `kills`.

    In the main thread alone: parts end with the thread that has started them.
    """

    def __init__(self, stack: Stack, *, seed: int) -> None:
        self.stack, self.chance = stack, random.Random(seed)
        self.kills: Counter[str] = Counter()
        self.victims = {
            "process of the worker": self._kill_one_of_the_pool,
            "worker": self._kill_worker,
            "web process": self._kill_one_web_process,
            "web": self._kill_web,
            "ERP": self._kill_erp,
        }

    def rage(self) -> None:
        """Wait a while and until everything works, then kill one part or one process."""
        time.sleep(self.chance.uniform(SHORTEST, LONGEST))
        self._wait_until_all_works()
        name = self.chance.choice(list(self.victims))
        self.victims[name]()
        self.kills[name] += 1

    def mend(self) -> None:
        """See to it that every part runs again."""
        starters = {
            "erp": self.stack.start_erp,
            "worker": self.stack.start_worker,
            "web": self.stack.start_web,
        }
        for name, start in starters.items():
            if not self.stack.parts[name].is_alive():
                start()

    def _wait_until_all_works(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            status, _body = self.stack.health()
            if status and len(descendants(self._pid("worker"))) >= POOL:
                return
            time.sleep(0.5)

    def _kill_one_of_the_pool(self) -> None:
        found = descendants(self._pid("worker"))
        if found:
            kill(self.chance.choice(found))

    def _kill_worker(self) -> None:
        everyone = descendants(self._pid("worker"))
        self.stack.parts["worker"].kill()
        for pid in everyone:
            kill(pid)
        time.sleep(self.chance.uniform(0, 2))
        self.stack.start_worker()

    def _kill_one_web_process(self) -> None:
        found = children(self._pid("web"))
        if found:
            kill(self.chance.choice(found))

    def _kill_web(self) -> None:
        self.stack.parts["web"].kill()
        time.sleep(self.chance.uniform(0, 1))
        self.stack.start_web()

    def _kill_erp(self) -> None:
        self.stack.parts["erp"].kill()
        time.sleep(self.chance.uniform(0, 3))
        self.stack.start_erp()

    def _pid(self, part: str) -> int:
        process = self.stack.parts[part].process
        assert process is not None
        return process.pid


def kill(pid: int) -> None:
    """End a process at once, if it is still there."""
    if Path(f"/proc/{pid}").exists():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
