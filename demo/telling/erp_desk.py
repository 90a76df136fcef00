"""The staff of the ERP: whoever ships, invoices and books payments there, through the ERP's own scenarios."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from demo.environment import PROJECT
from demo.stack import Stack


class ErpRefused(Exception):
    """The ERP would not do it; the message is its own."""


class ErpDesk:
    """One open session of the ERP's scenarios: `with ErpDesk(stack) as desk: desk.do("ship", sale=...)`."""

    def __init__(self, stack: Stack) -> None:
        self.process = subprocess.Popen(
            [*stack.erp_command(), "scenario", "batch"],
            cwd=PROJECT,
            env=stack.erp_environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.is_ready = False

    def do(self, scenario: str, **values: object) -> Any:
        """Play one scenario and return what it tells. Raises ErpRefused."""
        assert self.process.stdin is not None
        if not self.is_ready:
            self._answer()
            self.is_ready = True
        self.process.stdin.write(json.dumps({"scenario": scenario, **values}) + "\n")
        self.process.stdin.flush()
        answer = self._answer()
        if "error" in answer:
            raise ErpRefused(f"{scenario} {values}: {answer['error']}")
        return answer.get("ok", answer)

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise ErpRefused("the ERP's scenarios ended by themselves")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> ErpDesk:
        return self

    def __exit__(self, *_: object) -> None:
        """Close its input, which ends it."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
