"""Tryton's JSON: decimals, dates and times as it writes them, both ways."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any


def encode(value: Any) -> bytes:
    """The body of a call. Raises TypeError for what Tryton has no form for; floats included."""
    return json.dumps(value, default=_wrap, allow_nan=False).encode()


def _wrap(value: Any) -> dict[str, Any]:
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": format(value, "f")}
    if isinstance(value, datetime):
        stamp = value.astimezone(UTC)
        names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
        return {"__class__": "datetime", **{name: getattr(stamp, name) for name in names}}
    if isinstance(value, date):
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    raise TypeError(f"Tryton has no form for {type(value).__name__}")


def decode(text: bytes) -> Any:
    """The answer with its decimals, dates and times; numbers with a point are Decimals too.

    Its times are naive in the server's zone, which is UTC. Raises ValueError for anything else.
    """
    return json.loads(text, object_hook=_unwrap, parse_float=Decimal)


def _unwrap(found: dict[str, Any]) -> Any:
    kind = found.get("__class__")
    if kind == "Decimal":
        return Decimal(found["decimal"])
    if kind == "date":
        return date(found["year"], found["month"], found["day"])
    if kind == "datetime":
        day = (found["year"], found["month"], found["day"])
        clock = (found["hour"], found["minute"], found["second"], found["microsecond"])
        return datetime(*day, *clock, tzinfo=UTC)
    if kind == "timedelta":
        return timedelta(seconds=float(found["seconds"]))
    return found


def stamp_of(row: dict[str, Any]) -> datetime | None:
    """When a record last moved: Tryton leaves write_date empty until the first update."""
    return row.get("write_date") or row.get("create_date")


def version_of(*stamps: datetime | None) -> str:
    """The newest of the stamps as a text that sorts like time."""
    known = [stamp for stamp in stamps if stamp is not None]
    return max(known).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") if known else ""
