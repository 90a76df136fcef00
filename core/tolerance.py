"""How many bad rows a batch may have before none of it is taken: declared per flow, one rule for all (INT-48)."""

import re
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from core.applied import Applied
from core.errors import InvalidValue


@dataclass(frozen=True)
class Tolerance:
    """Bad rows that a batch may have: at most so many, or so many percent of those that came; both None: any.

    Exactly at the limit is still taken. Its text is what `parse_tolerance` reads.
    """

    most_rows: int | None = None
    most_percent: Decimal | None = None

    def __str__(self) -> str:
        if self.most_percent is not None:
            return f"{self.most_percent.normalize():f} %"
        if self.most_rows is None:
            return "any"
        return f"{self.most_rows} rows" if self.most_rows else "all_or_nothing"


ANY = Tolerance()
ALL_OR_NOTHING = Tolerance(most_rows=0)


class BeyondTolerance(InvalidValue):
    """A batch has more bad rows than its flow tolerates: nothing of it is taken, all of it is reported.

    applied: what would have become of it, with the bad rows. `details` hold the first of them.
    """

    code = "beyond_tolerance"

    def __init__(self, tolerance: Tolerance, applied: Applied) -> None:
        first = applied.rejected[0]
        super().__init__(
            _(
                "%(count)s of %(seen)s rows cannot be taken; the flow tolerates %(tolerance)s, so none was "
                "taken and what we had stays. The first: %(key)s, %(reason)s"
            )
            % {
                "count": applied.bad,
                "seen": applied.seen,
                "tolerance": _worded(tolerance),
                "key": first.key,
                "reason": first.reason,
            },
            count=applied.bad,
            seen=applied.seen,
            tolerance=str(tolerance),
            rejected=[
                {"key": item.key, "field": item.field, "reason": item.reason}
                for item in applied.rejected[:SHOWN]
            ],
            more=max(applied.bad - SHOWN, 0),
        )
        self.tolerance = tolerance
        self.applied = applied


# How many bad rows a refusal tells by name; how many more there are stands beside them.
SHOWN = 50


def is_beyond(tolerance: Tolerance, *, seen: int, bad: int) -> bool:
    """Tell whether a batch with so many bad rows among those seen is to be refused as a whole."""
    if not bad:
        return False
    if tolerance.most_percent is not None:
        return Decimal(bad) * 100 > tolerance.most_percent * seen
    return tolerance.most_rows is not None and bad > tolerance.most_rows


def check_tolerance(tolerance: Tolerance, applied: Applied) -> Applied:
    """Give the report back, or raise BeyondTolerance: the caller's transaction must end with it."""
    if is_beyond(tolerance, seen=applied.seen, bad=applied.bad):
        raise BeyondTolerance(tolerance, applied)
    return applied


# Of so few rows that end, no share says anything.
FEW = 5


class TooMuchGone(InvalidValue):
    """What came as a whole lacks more of what we have than may end at once: nothing of it is taken."""

    code = "too_much_gone"


def check_gone(most: Tolerance, applied: Applied) -> Applied:
    """Give the report of a whole reading back, or raise TooMuchGone: the caller's transaction must end with it.

    most: how much of what we had may end by one reading. A reading that was cut off looks like one in which
    the rest has ended; a few rows may always end. Source: INT-48.
    """
    had = applied.removed + applied.same + applied.changed
    if applied.removed > FEW and is_beyond(most, seen=had, bad=applied.removed):
        raise TooMuchGone(
            _(
                "%(gone)s of %(had)s rows that we have are missing in what came as the whole; at most "
                "%(most)s may end at once, so none of it was taken. If they have really ended, set “May end "
                "at once” of the flow to any and let it run once."
            )
            % {"gone": applied.removed, "had": had, "most": str(most)},
            gone=applied.removed,
            had=had,
        )
    return applied


ROWS = re.compile(r"(\d{1,9})\s*rows?")
PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,4})?)\s*%")


def parse_tolerance(text: str, *, field: str = "tolerance") -> Tolerance:
    """Read a tolerance as a person sets it: all_or_nothing, any, 5 rows, or 0.5 %.

    field: where it was typed. Raises InvalidValue with the four ways to say it.
    """
    said = " ".join(text.lower().split())
    if said in ("any", "all_or_nothing"):
        return ANY if said == "any" else ALL_OR_NOTHING
    if rows := ROWS.fullmatch(said):
        return Tolerance(most_rows=int(rows[1]))
    percent = PERCENT.fullmatch(said)
    if percent and Decimal(percent[1]) <= 100:
        return Tolerance(most_percent=Decimal(percent[1]))
    raise InvalidValue(
        _(
            "“%(text)s” is no tolerance. Write all_or_nothing, any, a number of rows such as “5 rows”, "
            "or a share of the rows from 0 to 100 such as “0.5 %%”."
        )
        % {"text": text[:60]},
        field=field,
    )


def _worded(tolerance: Tolerance) -> object:
    if tolerance.most_percent is not None:
        return str(tolerance)
    return _("none") if not tolerance.most_rows else _("%(count)s of them") % {"count": tolerance.most_rows}
