"""What became of a batch of records: the counts add up, and every rejected row has its reason."""

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

MOST_LISTED = 10_000
R = TypeVar("R")


@dataclass(frozen=True)
class Rejected:
    """A record that was not taken. key: its identity; record: what came, for the repair.

    code: "invalid", or "parent_missing" when what it hangs on has not come yet: such a one is
    worth another try by itself (PIM-17).
    """

    key: str
    field: str
    reason: str
    record: dict[str, Any] = dataclasses.field(default_factory=dict)
    code: str = "invalid"


@dataclass(frozen=True)
class Applied:
    """The report of a feed action: seen = new + changed + same + rejected (INT-48).

    removed: rows of ours that a full run no longer held; they are not among the seen.
    outside: records that the flow is not live for: left as they are, not among the seen either (OPS-03).
    unlisted: rejected rows beyond the first ten thousand, which are counted and not told one by one.
    """

    new: int = 0
    changed: int = 0
    same: int = 0
    removed: int = 0
    rejected: tuple[Rejected, ...] = ()
    outside: int = 0
    unlisted: int = 0

    @property
    def bad(self) -> int:
        """How many records were rejected."""
        return len(self.rejected) + self.unlisted

    @property
    def seen(self) -> int:
        """How many records came."""
        return self.new + self.changed + self.same + self.bad

    def __add__(self, other: "Applied") -> "Applied":
        return Applied(
            new=self.new + other.new,
            changed=self.changed + other.changed,
            same=self.same + other.same,
            removed=self.removed + other.removed,
            rejected=self.rejected + other.rejected,
            outside=self.outside + other.outside,
            unlisted=self.unlisted + other.unlisted,
        )

    @classmethod
    def total(cls, parts: Iterable["Applied"]) -> "Applied":
        """The sum of several reports."""
        return sum(parts, cls())


def latest_of(records: Iterable[R], key: Callable[[R], str]) -> tuple[list[R], tuple[Rejected, ...]]:
    """The records of a batch, each key once: of one that came twice the later counts, the earlier is told."""
    kept: dict[str, R] = {}
    repeated = []
    for record in records:
        name = key(record)
        if kept.pop(name, None) is not None:
            repeated.append(Rejected(name, "", "It came twice in one batch; the later one was taken."))
        kept[name] = record
    return list(kept.values()), tuple(repeated)
