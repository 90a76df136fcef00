"""The set-based merge of prices: stage by COPY, judge as a set, end what changed, insert what is new.

Only `pricing.actions` calls this, inside its transaction and with the lists locked.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.applied import Rejected
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
class Merged:
    """What a merge did to the rows."""

    inserted: int
    changed: int
    ended: int


@dataclass(frozen=True)
class RisingStep:
    """A step of a list's ladder that costs more per piece than the one before."""

    list_id: int
    sku: str
    min_quantity: Decimal
    unit_price: Decimal
    price_unit: Decimal


def stage(records: Iterable[PriceRecord]) -> None:
    """Stream the records into the staging table; memory does not grow with their number."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'")
        # Two runs in one transaction: the first one's tables would only end with it.
        cursor.execute(statements.CLEAR)
        cursor.execute(statements.STAGE)
        with cursor.copy("COPY price_stage FROM STDIN") as copy:
            for block in _blocks(records):
                copy.write(block)
        cursor.execute("ANALYZE price_stage")


def _blocks(records: Iterable[PriceRecord]) -> Iterator[str]:
    lines = map(_line, records)
    while block := "".join(islice(lines, LINES_AT_ONCE)):
        yield block


def _line(record: PriceRecord) -> str:
    return (
        f"{_text(record.price_list_code)}\t{_text(record.sku)}\t{record.min_quantity}\t{record.unit_price}\t"
        f"{record.price_unit}\t{record.valid_from or NULL}\t{record.valid_until or NULL}\t"
        f"{_text(record.formula)}\n"
    )


NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _text(value: str) -> str:
    return value if value.isalnum() else value.translate(_ESCAPES)


def staged_list_codes() -> list[str]:
    """The lists that the staged records name."""
    return [code for (code,) in _rows("SELECT DISTINCT list_code FROM price_stage")]


def judge(*, lists: Sequence[PriceList], full: Sequence[int], newer: Sequence[int]) -> None:
    """Find for every staged row what it means, and which cannot be taken.

    full: ids of the lists that came whole. newer: imports whose reading is later than this one.
    """
    values = {"lists": [item.pk for item in lists], "full": list(full), "newer": list(newer)}
    _run(statements.JUDGE, values)
    _run("ANALYZE price_merge", {})
    _run(statements.REPEATED, {})
    if _rows("SELECT 1 FROM price_repeated LIMIT 1"):
        _run(statements.COMPARE_REPEATED, {})
        _run(statements.SETTLE_REPEATED, {})
    if newer:
        _run(statements.LATE, values)
    if _rows(statements.HAS_DATES, values)[0][0]:
        # A row that falls out leaves its predecessor in place, which may overlap in its turn.
        while _run(statements.OVERLAPS, values):
            pass


def rejected() -> tuple[Rejected, ...]:
    """The rows that cannot be taken, each with its field and reason."""
    return tuple(_rejection(row) for row in _rows(statements.REJECTED))


def _rejection(row: tuple[Any, ...]) -> Rejected:
    bad, list_code, sku, min_quantity, *rest = row
    field, reason = REASONS[bad]
    names = ("unit_price", "price_unit", "valid_from", "valid_until", "formula")
    record = {"price_list_code": list_code, "sku": sku, "min_quantity": str(min_quantity)}
    record |= {name: None if value is None else str(value) for name, value in zip(names, rest, strict=True)}
    return Rejected(f"{list_code}/{sku}/{min_quantity}", field, str(reason), record)


def counts() -> tuple[int, int]:
    """How many staged rows say the same as we have, and how many cannot be taken."""
    same, bad = _rows(statements.COUNTS)[0]
    return same, bad


def merge(run: PriceRun, *, full: Sequence[int], newer: Sequence[int]) -> Merged:
    """End the versions that changed or vanished and insert the new ones, all by the run."""
    values = {"run": run.pk, "full": list(full), "newer": list(newer)}
    changed = _run(statements.END_CHANGED, values)
    ended = _run(statements.END_VANISHED, values) if full else 0
    inserted = _run(statements.INSERT, values)
    return Merged(inserted=inserted, changed=changed, ended=ended)


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
