"""A transaction that a test holds open beside itself."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction


class Held:
    """A transaction of another connection that goes on step by step."""

    def __init__(self, *steps: Callable[[], Any]) -> None:
        self._steps, self._go, self._done = steps, threading.Semaphore(0), threading.Semaphore(0)
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            with transaction.atomic():
                for step in self._steps:
                    self._go.acquire(timeout=30)
                    step()
                    self._done.release()
                self._go.acquire(timeout=30)
        except Exception as error:  # noqa: BLE001 - told to the test
            self.error = error
            self._done.release()
        finally:
            connection.close()

    def step(self) -> None:
        """Take the next step, and be there when it is done."""
        self._go.release()
        assert self._done.acquire(timeout=30)

    def end(self) -> None:
        """Commit."""
        self._go.release()
        self._thread.join(30)
        assert not self._thread.is_alive()
