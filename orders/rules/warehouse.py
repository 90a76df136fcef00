"""Which warehouse an order ships from."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Cover:
    """What one warehouse could ship now: per line wanted and available, in base units."""

    warehouse_id: int
    position: int
    lines: tuple[tuple[Decimal, Decimal], ...]

    @property
    def whole(self) -> int:
        """How many lines it covers in full."""
        return sum(available >= wanted for wanted, available in self.lines)

    @property
    def share(self) -> Decimal:
        """How much of all lines it covers, each line weighing one."""
        return sum((min(max(have, Decimal(0)), want) / want for want, have in self.lines), Decimal(0))


def best_warehouse(covers: list[Cover]) -> int | None:
    """The warehouse that covers most lines, then most of them, then the first by position.

    None when there is no warehouse. Source: INV-01, SHP-01.
    """
    if not covers:
        return None
    best = min(covers, key=lambda cover: (-cover.whole, -cover.share, cover.position, cover.warehouse_id))
    return best.warehouse_id
