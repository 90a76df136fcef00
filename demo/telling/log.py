"""What the story prints: a timeline as it happens, and both sides' figures side by side, compared."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from decimal import Decimal

from demo.environment import say

WIDTHS = (34, 30, 30)


@dataclass
class Log:
    """The told story. begun: when everything had started. differences: what did not agree, in words."""

    started: float = field(default_factory=time.monotonic)
    begun: float = 0.0
    differences: list[str] = field(default_factory=list)
    compared: int = 0

    def begin(self, text: str) -> None:
        """Say that everything has started: the story itself begins."""
        self.begun = time.monotonic()
        self.told("", text)

    def chapter(self, title: str) -> None:
        """Begin a part of the story."""
        say(f"\n{title}")

    def told(self, who: str, what: str) -> None:
        """Print a step with the time since the start."""
        say(f"  {time.monotonic() - self.started:6.1f} s  {who:<18} {what}")

    def head(self, *sides: str) -> None:
        """Begin a comparison. sides: what the columns are, the first of them the figure."""
        say("  " + "  ".join(f"{side:<{width}}" for side, width in zip(sides, WIDTHS, strict=False)))
        say("  " + "  ".join("-" * width for width in WIDTHS[: len(sides)]))

    def same(self, figure: str, ours: object, theirs: object) -> None:
        """Print a figure of both sides; keep it among the differences unless they are equal."""
        self.compared += 1
        left, right = _plain(ours), _plain(theirs)
        agrees = left == right
        mark = "=" if agrees else "DIFFERS"
        say(f"  {figure:<{WIDTHS[0]}}  {left:<{WIDTHS[1]}}  {right:<{WIDTHS[2]}}  {mark}")
        if not agrees:
            self.differences.append(f"{figure}: {left} here, {right} there")

    def end(self) -> int:
        """Say how it went; the exit code."""
        begun = self.begun or self.started
        seconds, preparing = time.monotonic() - begun, begun - self.started
        if self.differences:
            say(f"\n{len(self.differences)} of {self.compared} figures DIFFER after {seconds:.0f} s:")
            for difference in self.differences:
                say(f"  {difference}")
            return 1
        say(
            f"\nAll {self.compared} figures agree. Played in {seconds:.0f} s, after {preparing:.0f} s of starting."
        )
        return 0


def _plain(value: object) -> str:
    if isinstance(value, (Decimal, float, int)) and not isinstance(value, bool):
        number = Decimal(str(value))
        return f"{number.normalize():f}" if number else "0"
    return str(value)
