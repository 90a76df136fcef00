"""What a flow has read: records that hold, rows that do not, and where to go on from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from core.applied import Rejected
from core.errors import DomainError
from core.records import Record, reason_of
from core.tolerance import ANY, Tolerance
from pricing.records import PriceRecord

R = TypeVar("R", bound=Record)
Row = dict[str, Any]
FIELDS_KEPT = ("id", "code", "sku", "number", "name", "line")


@dataclass
class Batch(Generic[R]):
    """The records of one reading, with the rows that were none.

    as_of: by the other system's clock, before the reading began. cursor: where the next reading
    goes on. keys: every row that was looked at, good or bad. is_full: all there is was read.
    tolerance: how many bad rows it may have before none of it is taken.
    """

    as_of: datetime
    cursor: dict[str, Any] = field(default_factory=dict)
    records: list[R] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    is_full: bool = False
    tolerance: Tolerance = ANY

    def take(self, rows: Iterable[Row], *, key: Callable[[Row], str], record: Callable[[Row], R]) -> None:
        """Map rows to records; one that does not map is kept with its reason and stops nobody (INT-48)."""
        for row in rows:
            name = key(row)
            self.keys.add(name)
            try:
                self.records.append(record(row))
            except ValidationError as error:
                path, _colon, reason = reason_of(error).partition(": ")
                self.rejected.append(Rejected(name, path, reason, shown(row)))
            except DomainError as error:
                at = str(error.details.get("field", ""))
                self.rejected.append(Rejected(name, at, str(error), shown(row)))


@dataclass
class PriceBatch(Batch[PriceRecord]):
    """Prices, and the lists that were read whole: what ours has more of there has ended."""

    full_lists: set[str] = field(default_factory=set)


def shown(row: Row) -> Row:
    """What finds a bad row again, as evidence: its ids and names, never its amounts or addresses."""
    return {name: str(row[name])[:80] for name in FIELDS_KEPT if row.get(name) not in (None, "")}
