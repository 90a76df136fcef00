"""Long lists of what companies own: a stretch at a time, found by index, and counts that end somewhere (ACC-09).

A page costs the same wherever in the list it stands and however many companies or documents there are below a
headquarters: it goes on from the last document that was shown, and asks each company for its next one alone.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BigIntegerField, F, Func, Model, OuterRef, Q, QuerySet, Subquery

from accounts.models import Company

M = TypeVar("M", bound=Model)

# Nobody turns over more; beyond it a list says "more than", which an index answers at once.
COUNTED = 10_000
NEWEST = ("-id",)


@dataclass(frozen=True)
class Counted:
    """How many there are: `number`, or more than that."""

    number: int
    is_more: bool = False

    def __bool__(self) -> bool:
        return self.number > 0

    def __str__(self) -> str:
        return f"{self.number}{'+' if self.is_more else ''}"

    def __add__(self, other: "Counted") -> "Counted":
        number = self.number + other.number
        return Counted(min(number, COUNTED), self.is_more or other.is_more or number > COUNTED)


@dataclass(frozen=True)
class Place:
    """Where in a list a stretch begins: behind a document or before one, by its number; both empty at the start."""

    behind: str = ""
    before: str = ""


START = Place()


@dataclass(frozen=True)
class Stretch(Generic[M]):
    """A part of a long list. newer, older: the document to go on before or behind, "" where the list ends."""

    rows: list[M]
    newer: str = ""
    older: str = ""


class Finder(Protocol[M]):
    """Finds documents of those that may be seen; `OfCompanies` where they are seen by their company alone."""

    def first(self, rows: QuerySet[M], order: Sequence[str], size: int) -> list[M]:
        """The first of some rows in an order, as far as they may be seen."""
        ...

    def sees(self, row: M) -> bool:
        """Whether a row may be seen."""
        ...


def stretch(
    finder: Finder[M],
    rows: QuerySet[M],
    place: Place = START,
    *,
    size: int,
    order: Sequence[str] = NEWEST,
) -> Stretch[M]:
    """The rows that stand at a place of a list. One statement more than the finder takes, none at the start.

    rows: whatever the list holds, whoever may see it. order: of the list, ending in the key. A place whose document
    is not in the list, or may not be seen, is its start.
    """
    anchor = rows.filter(number=place.before or place.behind).first() if place != START else None
    if anchor is None or not finder.sees(anchor):
        found = finder.first(rows, order, size + 1)
        return _told(found[:size], has_newer=False, has_older=len(found) > size)
    if place.before:
        turned = [field[1:] if field[0] == "-" else f"-{field}" for field in order]
        found = finder.first(rows.filter(beyond(anchor, turned)), turned, size + 1)
        return _told(found[:size][::-1], has_newer=len(found) > size, has_older=True)
    found = finder.first(rows.filter(beyond(anchor, order)), order, size + 1)
    return _told(found[:size], has_newer=True, has_older=len(found) > size)


def _told(rows: list[M], *, has_newer: bool, has_older: bool) -> Stretch[M]:
    if not rows:
        return Stretch([])
    numbers: list[Any] = [vars(row)["number"] for row in rows]
    return Stretch(rows, numbers[0] if has_newer else "", numbers[-1] if has_older else "")


def beyond(anchor: Model, order: Sequence[str]) -> Q:
    """The condition on what comes after a row in an order of one or two fields."""
    conditions = []
    for field in order:
        name, is_falling = field.removeprefix("-"), field.startswith("-")
        conditions.append((name, "lt" if is_falling else "gt", getattr(anchor, name)))
    name, side, value = conditions[-1]
    found = Q(**{f"{name}__{side}": value})
    for name, side, value in reversed(conditions[:-1]):
        found = Q(**{f"{name}__{side}e": value}) & (Q(**{f"{name}__{side}": value}) | found)
    return found


@dataclass(frozen=True)
class OfCompanies(Generic[M]):
    """Finds the rows of some companies; None for those of all.

    The first rows of many companies together are among those of the companies whose own first ones come first:
    one row by index from each, then a few more from few of them. It needs an index that begins with the company
    and goes on in the order.
    """

    companies: Collection[int] | None

    def sees(self, row: M) -> bool:
        """Whether a row is of one of them."""
        return self.companies is None or vars(row)["company_id"] in self.companies

    def first(self, rows: QuerySet[M], order: Sequence[str], size: int) -> list[M]:
        """The first rows; one statement for one company, two for several."""
        if self.companies is None:
            return list(rows.order_by(*order)[:size])
        if len(self.companies) < 2:
            return list(rows.filter(company__in=self.companies).order_by(*order)[:size])
        inner = rows.filter(company=OuterRef("pk")).order_by(*order).select_related(None)
        leading = self._leading(inner, order, size)
        key = Func(
            ArraySubquery(inner.values("pk")[:size]), function="unnest", output_field=BigIntegerField()
        )
        found = Company.objects.filter(pk__in=leading).order_by().values_list(key)
        return list(rows.filter(pk__in=found).order_by(*order)[:size])

    def _leading(self, inner: QuerySet[M], order: Sequence[str], size: int) -> list[int]:
        """Those of the companies whose first rows come first."""
        names = [field.removeprefix("-") for field in order]
        firsts = {f"first_{name}": Subquery(inner.values(name)[:1]) for name in names}
        turned = [
            F(f"first_{name}").desc(nulls_last=True) if field[0] == "-" else F(f"first_{name}").asc()
            for name, field in zip(names, order, strict=True)
        ]
        owners = Company.objects.filter(pk__in=self.companies or ()).annotate(**firsts).order_by(*turned)
        return [pk for pk, first, *_rest in owners.values_list("pk", *firsts)[:size] if first is not None]


def counts(lists: Mapping[str, QuerySet[Any]], *, most: int = COUNTED) -> dict[str, Counted]:
    """How many rows there are in each list, up to `most`. One statement, which reads no more of each than that."""
    parts: list[str] = []
    values: list[Any] = []
    for rows in lists.values():
        limited = rows.order_by().select_related(None).values("pk")[: most + 1]
        try:
            statement, parameters = limited.query.sql_with_params()
        except EmptyResultSet:  # what the ORM knows to be empty it does not say in SQL
            statement, parameters = "SELECT 1 WHERE false", ()
        parts.append(f"(SELECT count(*) FROM ({statement}) AS counted)")  # noqa: S608 -- of the ORM's own
        values += parameters
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(parts), values)
        found = cursor.fetchone()
    return {
        name: Counted(min(number, most), number > most) for name, number in zip(lists, found, strict=True)
    }
