"""Reading Tryton page by page, all of it or what has moved since."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.connectors.tryton.company import ground_of
from integrations.connectors.tryton.transport import Tryton, connection
from integrations.failures import Transient

Row = dict[str, Any]

PAGE = 500
# A stamp is the start of the transaction that wrote: a long one shows up later, with an older stamp.
OVERLAP = timedelta(minutes=5)


def probe() -> None:
    """Ask for one small thing that needs network, session and database. Raises CallFailed."""
    connection().call("model.company.company.search_count", [])


def clock_of(erp: Tryton) -> datetime:
    """The ERP's time now, as its answer to a small question states it; whole seconds, never ahead."""
    erp.server_version()
    return erp.clock or datetime.now(UTC)


def pages(
    erp: Tryton,
    model: str,
    domain: Sequence[Any],
    fields: Sequence[str],
    *,
    context: dict[str, Any] | None = None,
    page: int = PAGE,
    may_be_none: bool = False,
) -> Iterator[Row]:
    """All rows of a domain, by id. What changes meanwhile neither hides a row nor shows it twice.

    A page that is not full is the last only when the ERP counts no more behind it: what limits answers on
    the way would look the same, and what is missing in a whole reading ends here. may_be_none: an
    answer without rows is believed. Raises Transient when rows are counted and not given.
    """
    whole = {**ground_of(erp).context, **(context or {})}
    last = 0
    while True:
        rows = erp.call(
            f"model.{model}.search_read",
            [*domain, ["id", ">", last]],
            0,
            page,
            [["id", "ASC"]],
            list(fields),
            context=whole,
        )
        yield from rows
        if rows:
            last = rows[-1]["id"]
        elif may_be_none and not last:
            return
        if len(rows) < page and not _is_more(erp, model, [*domain, ["id", ">", last]], whole):
            return
        if not rows:
            raise Transient(f"The ERP's answer of {model} was cut off: it counts more rows than it gives.")


def _is_more(erp: Tryton, model: str, domain: Sequence[Any], context: dict[str, Any]) -> bool:
    counted = erp.call(f"model.{model}.search_count", domain, context=context)
    return bool(counted)


def moved(since: datetime) -> list[Any]:
    """The domain of records that were written or made since; Tryton stamps no write before the first."""
    return [
        "OR",
        ["write_date", ">=", since],
        [["write_date", "=", None], ["create_date", ">=", since]],
    ]


def ids_moved(
    erp: Tryton, model: str, since: datetime, *, up: str = "id", domain: Sequence[Any] = ()
) -> set[int]:
    """The ids of what moved since, or of the record above it that the field `up` names."""
    rows = pages(erp, model, [*domain, moved(since)], [up], context={"active_test": False}, may_be_none=True)
    return {row[up] for row in rows if row[up]}


def since_of(cursor: dict[str, Any]) -> datetime | None:
    """From when on an incremental reading must look again; None: it has never been read."""
    at = cursor.get("at")
    return datetime.fromisoformat(at) - OVERLAP if at else None


def cursor_at(as_of: datetime, **more: Any) -> dict[str, Any]:
    """The cursor of a reading that began at `as_of`."""
    return {"at": as_of.isoformat(), **more}


def chunks(ids: Iterable[int], size: int = PAGE) -> Iterator[list[int]]:
    """Ids in lists that one call can carry."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def by_ids(
    erp: Tryton,
    model: str,
    ids: Iterable[int],
    fields: Sequence[str],
    context: dict[str, Any] | None = None,
) -> Iterator[Row]:
    """Rows by their ids, also those that are not active any more."""
    for part in chunks(ids):
        yield from pages(
            erp, model, [["id", "in", part]], fields, context={"active_test": False, **(context or {})}
        )
