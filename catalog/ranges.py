"""A company's range: which of the assortments given to it count on a day, and why the others do not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

# Levels from which something is inherited, nearest first: the companies of the line by their distance,
# then what their segments have, then what everybody has.
SEGMENT, EVERYBODY = 10_000, 10_001


class Standing(StrEnum):
    """Whether an assortment that was given counts."""

    COUNTS = "counts"
    NOT_YET = "not_yet"
    OVER = "over"
    REPLACED = "replaced"


@dataclass(frozen=True)
class Given:
    """An assortment that a company has, by itself, from above, by a segment or as everybody.

    level: how far away it was given, see SEGMENT. origin: number of the company, or key of the segment.
    covers_all: whether it holds everything that its rules do not take out. adds: beside what comes from farther.
    """

    assortment_id: int
    code: str
    name: str
    covers_all: bool
    level: int
    origin: str = ""
    adds: bool = False
    contract: str = ""
    valid_from: date | None = None
    valid_until: date | None = None

    def has_begun(self, on: date) -> bool:
        """Whether its first day has come."""
        return self.valid_from is None or self.valid_from <= on

    def is_over(self, on: date) -> bool:
        """Whether its last day is past."""
        return self.valid_until is not None and self.valid_until <= on


@dataclass(frozen=True)
class Range:
    """What a company may see on a day.

    is_open: nothing was ever given to it, so it sees everything. given: all, nearest first, with their standing.
    Something that has ended keeps the catalogue closed: whoever had a range does not see more after its end.
    """

    is_open: bool
    given: tuple[tuple[Given, Standing], ...]

    @property
    def counted(self) -> tuple[Given, ...]:
        """The assortments that count."""
        return tuple(given for given, standing in self.given if standing == Standing.COUNTS)

    @property
    def ids(self) -> list[int]:
        """The keys of the assortments that count."""
        return sorted({given.assortment_id for given in self.counted})

    @property
    def covers_all(self) -> bool:
        """Whether one of them holds everything that is not taken out."""
        return any(given.covers_all for given in self.counted)


def range_on(given: Iterable[Given], on: date) -> Range:
    """The range that what was given makes on a day.

    From the nearest level outwards; a level on which something counts that does not add is the last one.
    Source: ENT-01, ENT-04.
    """
    ordered = sorted(given, key=lambda one: (one.level, one.code))
    valid = [one for one in ordered if one.has_begun(on) and not one.is_over(on)]
    last = min((one.level for one in valid if not one.adds), default=EVERYBODY)
    return Range(
        is_open=not any(one.has_begun(on) for one in ordered),
        given=tuple((one, _standing(one, on, last)) for one in ordered),
    )


def _standing(one: Given, on: date, last: int) -> Standing:
    if not one.has_begun(on):
        return Standing.NOT_YET
    if one.is_over(on):
        return Standing.OVER
    return Standing.REPLACED if one.level > last else Standing.COUNTS


def distance_in(lineage: Sequence[int], company_id: int | None, segment: str) -> int:
    """The level of something given to a company of the line, to a segment, or to everybody."""
    if company_id is not None:
        return lineage.index(company_id)
    return SEGMENT if segment else EVERYBODY
