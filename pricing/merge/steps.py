"""The set-based merge of prices: stage by COPY, judge as a set, end what changed, insert what is new.

Only `pricing.actions` calls this, inside its transaction and with the lists locked.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.applied import MOST_LISTED, Rejected
from pricing.merge import statements
from pricing.models import PriceList, PriceRun
from pricing.records import PriceRecord

LINES_AT_ONCE = 2000

REASONS: dict[str, tuple[str, str | Promise]] = {
    "list": ("price_list_code", _("The price list is not known here; send it first.")),
    "sku": ("sku", _("The product is not known here; send it first.")),
    "number": ("unit_price", _("A price, quantity or price unit is not a positive number of six places.")),
    "range": ("valid_until", _("The last day comes before the first; it is exclusive.")),
    "twice": ("min_quantity", _("Given twice with different prices in one run: which one holds?")),
    "overlap": ("valid_from", _("Its days overlap with another price of the same quantity.")),
}


@dataclass(frozen=True)
class Verdict:
    """What a merge would do: rows to insert, those of them that replace one, rows that say the same,
    rows that cannot be taken, and rows of ours that a full list lacks.

    lists: {id of a list: its part}, of those that change.
    """

    inserted: int
    changed: int
    same: int
    bad: int
    ended: int
    lists: Mapping[int, "ListChange"] = field(default_factory=dict)

    @property
    def changes_nothing(self) -> bool:
        """Whether all there is to say is said already."""
        return not self.inserted and not self.ended


@dataclass(frozen=True)
class ListChange:
    """How many prices of a list are new, replace another one, or end without."""

    new: int = 0
    changed: int = 0
    ended: int = 0


@dataclass(frozen=True)
class RisingStep:
    """A step of a list's ladder that costs more per piece than the one before."""

    list_id: int
    sku: str
    min_quantity: Decimal
    unit_price: Decimal
    price_unit: Decimal


@dataclass
class Staged:
    """What the staged records name: the lists, and whether any price holds from a day on."""

    list_codes: set[str] = field(default_factory=set)
    has_dates: bool = False

    def lines(self, records: Iterable[PriceRecord]) -> Iterator[str]:
        """The records as lines of a COPY, noting what they name.

        No record is kept beyond its line: thousands of them at a time keep the garbage collector busy, which
        took a quarter of the staging.
        """
        for record in records:
            self.list_codes.add(record.price_list_code)
            self.has_dates = self.has_dates or record.valid_from is not None
            yield _line(record)


def stage(records: Iterable[PriceRecord]) -> Staged:
    """Stream the records into the staging table; memory does not grow with their number."""
    staged = Staged()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'")
        # Two runs in one transaction: the first one's tables would only end with it.
        cursor.execute(statements.CLEAR_STAGE)
        cursor.execute(statements.STAGE)
        with cursor.copy("COPY price_stage FROM STDIN") as copy:
            lines = staged.lines(records)
            while block := "".join(islice(lines, LINES_AT_ONCE)):
                copy.write(block)
        # The number of rows is what the plan needs; to sort samples of texts takes longer than it helps.
        cursor.execute("ANALYZE price_stage (min_quantity)")
    return staged


def _line(record: PriceRecord) -> str:
    start, end = record.valid_from, record.valid_until
    return (
        f"{_text(record.price_list_code)}\t{_text(record.sku)}\t{record.min_quantity!s}\t{record.unit_price!s}\t"
        f"{record.price_unit!s}\t{start or NULL}\t{end or NULL}\t{_text(record.formula)}\n"
    )


NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _text(value: str) -> str:
    # Almost no text has any of them: to look costs a fifth of a translation.
    return value.translate(_ESCAPES) if "\\" in value or not value.isprintable() else value


def judge(
    staged: Staged, *, lists: Sequence[PriceList], full: Sequence[int], newer: Sequence[int]
) -> Verdict:
    """Find for every staged row what it means, and which cannot be taken.

    full: ids of the lists that came whole. newer: imports whose reading is later than this one.
    May be asked again: nothing but the judgement is written.
    """
    values = {"lists": [item.pk for item in lists], "full": list(full), "newer": list(newer)}
    _run(statements.CLEAR_JUDGED, {})
    _run(statements.JUDGE, values)
    _run("ANALYZE price_merge (list_id, product_id, old_id, is_same, bad)", {})
    repeats = _run(statements.REPEATED, {})
    if repeats:
        _run(statements.COMPARE_REPEATED, {})
        _run(statements.SETTLE_REPEATED, {})
    if newer:
        _run(statements.LATE, values)
    if staged.has_dates or _rows(statements.HAS_DATES, values)[0][0]:
        # A row that falls out leaves its predecessor in place, which may overlap in its turn.
        while _run(statements.OVERLAPS, values):
            pass
    ended = _run(statements.VANISHED, values) if full and (repeats or _lacks_any(values)) else 0
    return _verdict(_rows(statements.COUNTS), dict(_rows(statements.COUNTS_VANISHED)) if ended else {})


def _lacks_any(values: Mapping[str, Any]) -> bool:
    """Whether the full lists have current prices that no staged row meets.

    Two counts: to look for each of a million prices whether it is met takes five times as long.
    """
    current = _rows(statements.COUNT_CURRENT, dict(values))[0][0]
    met = _rows(statements.COUNT_MET, dict(values))[0][0]
    return bool(current > met)


def _verdict(counts: Sequence[tuple[Any, ...]], ended: Mapping[int, int]) -> Verdict:
    """counts: (list, inserted, changed, same, bad) per list; ended: {list: prices that end}."""
    moved = {row[0]: row[1:3] for row in counts if row[1]}
    lists = {}
    for key in moved.keys() | ended.keys():
        inserted, changed = moved.get(key, (0, 0))
        lists[key] = ListChange(new=inserted - changed, changed=changed, ended=ended.get(key, 0))
    inserted, changed, same, bad = (sum(row[place] for row in counts) for place in range(1, 5))
    return Verdict(
        inserted=inserted, changed=changed, same=same, bad=bad, ended=sum(ended.values()), lists=lists
    )


def rejected() -> tuple[Rejected, ...]:
    """The rows that cannot be taken, each with its field and reason; the first ten thousand of them."""
    return tuple(_rejection(row) for row in _rows(statements.REJECTED, {"most": MOST_LISTED}))


def _rejection(row: tuple[Any, ...]) -> Rejected:
    bad, list_code, sku, min_quantity, *rest = row
    field, reason = REASONS[bad]
    names = ("unit_price", "price_unit", "valid_from", "valid_until", "formula")
    record = {"price_list_code": list_code, "sku": sku, "min_quantity": str(min_quantity)}
    record |= {name: None if value is None else str(value) for name, value in zip(names, rest, strict=True)}
    return Rejected(f"{list_code}/{sku}/{min_quantity}", field, str(reason), record)


def merge(run: PriceRun, verdict: Verdict) -> None:
    """End the versions that changed or vanished and insert the new ones, all by the run."""
    values = {"run": run.pk}
    if verdict.changed:
        _run(statements.END_CHANGED, values)
    if verdict.ended:
        _run(statements.END_VANISHED, values)
    if verdict.inserted:
        _run(statements.INSERT, values)


def some_products(verdict: Verdict) -> dict[int, list[str]]:
    """{id of a list: SKUs of some products whose prices the merge has changed}."""
    found: dict[int, list[str]] = dict(_rows(statements.SOME_VANISHED)) if verdict.ended else {}
    return {**found, **dict(_rows(statements.SOME_CHANGED))}


def undone(undo: PriceRun) -> list[tuple[int, ListChange, list[str]]]:
    """What an import that takes another one back did per list: id, counts, SKUs of some products."""
    rows = _rows(statements.UNDONE, {"undo": undo.pk})
    return [(key, ListChange(new=new, ended=ended), skus) for key, new, ended, skus in rows]


def rising_steps(lists: Sequence[PriceList]) -> list[RisingStep]:
    """The steps of the ladders touched by the merge that cost more than the one before."""
    values = {"lists": [item.pk for item in lists]}
    if not _rows(statements.HAS_BREAKS, values)[0][0]:
        return []
    return [RisingStep(*row) for row in _rows(statements.RISING, values)]


def changed_since(run: PriceRun) -> int | None:
    """An import that has since changed a price that `run` brought or ended; None if there is none."""
    found = _rows(statements.REPLACED_SINCE, {"run": run.pk})
    return found[0][0] if found else None


def revive(run: PriceRun, undo: PriceRun) -> int:
    """Insert what `run` had ended as versions of `undo`; how many."""
    return _run(statements.REVIVE, {"run": run.pk, "undo": undo.pk})


def _run(sql: str, values: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return int(cursor.rowcount)


def _rows(sql: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
