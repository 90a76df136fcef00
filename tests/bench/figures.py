"""A figure: what was measured, and the limit that it is held against."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One measurement: ours and what it is held against, both in `unit`, and the ratio it should reach.

    is_at_most: less is better, so the ratio should stay at or below the goal.
    """

    name: str
    value: float
    unit: str
    limit: float
    goal: float
    is_at_most: bool = False

    @property
    def ratio(self) -> float:
        """Ours as a part of what it is held against."""
        return round(self.value / self.limit, 3)

    @property
    def ok(self) -> bool:
        """Whether the goal is reached."""
        return self.ratio <= self.goal if self.is_at_most else self.ratio >= self.goal

    @property
    def aim(self) -> str:
        """The goal in words."""
        return f"at {'most' if self.is_at_most else 'least'} {self.goal}"

    def as_json(self) -> dict[str, Any]:
        """The row of var/bench.json."""
        return {**asdict(self), "ratio": self.ratio, "ok": self.ok}


def seconds(work: Callable[[], object]) -> float:
    """How long a piece of work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
