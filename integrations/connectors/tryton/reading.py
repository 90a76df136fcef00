"""Reading Tryton page by page, all of it or what has moved since."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.connectors.tryton.company import ground_of
from integrations.connectors.tryton.transport import Tryton, connection

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
) -> Iterator[Row]:
    """All rows of a domain, by id. What changes meanwhile neither hides a row nor shows it twice."""
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
        if len(rows) < page:
            return
        last = rows[-1]["id"]


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
    rows = pages(erp, model, [*domain, moved(since)], [up], context={"active_test": False})
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
