"""What changed between two revisions, and why the total moved."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from core.money import ZERO, round_amount
from pricing.rules import discount_percent


class OfferedLine(Protocol):
    """A line as revisions are compared by."""

    @property
    def sku(self) -> str: ...
    @property
    def unit_key(self) -> str: ...
    @property
    def quantity(self) -> Decimal: ...
    @property
    def unit_price(self) -> Decimal | None: ...
    @property
    def net_amount(self) -> Decimal: ...


L = TypeVar("L", bound=OfferedLine)


class ChangeKind(StrEnum):
    """What became of a line between two revisions."""

    SAME = "same"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True)
class LineChange(Generic[L]):
    """A line beside itself in the earlier revision; one of the two is missing when it came or went."""

    kind: ChangeKind
    old: L | None
    new: L | None

    @property
    def net_change(self) -> Decimal:
        """By how much the net of the document moves through this line."""
        return (self.new.net_amount if self.new else ZERO) - (self.old.net_amount if self.old else ZERO)

    @property
    def has_new_price(self) -> bool:
        """Whether the unit price differs."""
        return bool(self.old and self.new and self.old.unit_price != self.new.unit_price)

    @property
    def has_new_quantity(self) -> bool:
        """Whether the quantity differs."""
        return bool(self.old and self.new and self.old.quantity != self.new.quantity)

    @property
    def price_percent(self) -> Decimal | None:
        """By how many percent the unit price rose, negative when it fell; None where it did not."""
        if not (self.has_new_price and self.old and self.new) or self.new.unit_price is None:
            return None
        down = discount_percent(self.new.unit_price, self.old.unit_price)
        return None if down is None else -down


def line_changes(old: Sequence[L], new: Sequence[L]) -> list[LineChange[L]]:
    """The lines of a revision beside the earlier one's, in the new order, removed ones last.

    The same product in the same unit is the same line; where there are several, in their order.
    """
    before = _numbered(old)
    after = _numbered(new)
    changes = [_change(before.get(key), line) for key, line in after.items()]
    gone = [LineChange(ChangeKind.REMOVED, line, None) for key, line in before.items() if key not in after]
    return changes + gone


def _numbered(lines: Sequence[L]) -> dict[tuple[str, str, int], L]:
    seen: dict[tuple[str, str], int] = {}
    found: dict[tuple[str, str, int], L] = {}
    for line in lines:
        key = (line.sku, line.unit_key)
        seen[key] = seen.get(key, 0) + 1
        found[(*key, seen[key])] = line
    return found


def _change(old: L | None, new: L) -> LineChange[L]:
    if old is None:
        return LineChange(ChangeKind.ADDED, None, new)
    same = (old.quantity, old.unit_price) == (new.quantity, new.unit_price)
    return LineChange(ChangeKind.SAME if same else ChangeKind.CHANGED, old, new)


@dataclass(frozen=True)
class TotalChange:
    """Why the net total moved between two revisions; the parts add up to `total` exactly."""

    by_price: Decimal = ZERO
    by_quantity: Decimal = ZERO
    by_added: Decimal = ZERO
    by_removed: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """The whole movement."""
        return self.by_price + self.by_quantity + self.by_added + self.by_removed

    @property
    def has_parts(self) -> bool:
        """Whether anything moved at all, also where the parts cancel out."""
        return any((self.by_price, self.by_quantity, self.by_added, self.by_removed))


def total_change(changes: Iterable[LineChange[L]], currency: str) -> TotalChange:
    """Split the movement of the net total into prices, quantities, and lines that came or went.

    Quantity counts at the old price, rounded; the price has the rest of a changed line.
    """
    price = quantity = added = removed = ZERO
    for change in changes:
        if change.kind is ChangeKind.ADDED:
            added += change.net_change
        elif change.kind is ChangeKind.REMOVED:
            removed += change.net_change
        elif change.old and change.new:
            more = (change.new.quantity - change.old.quantity) * (change.old.unit_price or ZERO)
            by_quantity = round_amount(more, currency) if change.has_new_price else change.net_change
            quantity += by_quantity
            price += change.net_change - by_quantity
    return TotalChange(price, quantity, added, removed)
