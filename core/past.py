"""What was written of the past, made readable: the versions of a row with their differences, and all of one cause."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Max, Min

from core.history import audited_models
from core.models import AuditEntry, Event, RowChange

# What one cause brings about lies close together; wide enough for a delivery that was tried again for a day.
AROUND = timedelta(days=1)
MOST = 200


@dataclass(frozen=True)
class Difference:
    """A field whose value changed: its label, what it was and what it is, as people read them."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Version:
    """One row of history: when, who by which way for whom, and what differs from the version before.

    kind: "+" made, "~" changed, "-" deleted. user_id: of the person, None for machines; who: as told then.
    """

    at: datetime
    kind: str
    user_id: int | None
    who: str
    on_behalf_of: str
    channel: str
    correlation_id: str
    title: str
    model: type[models.Model]
    key: Any
    differences: list[Difference] = field(default_factory=list)


def versions_of(model: type[models.Model], key: Any, *, most: int = MOST) -> list[Version]:
    """The versions of a row, newest first, each with what differs from the one before it."""
    kept = model.history.filter(**{model._meta.pk.attname: key})  # type: ignore[attr-defined]
    rows = list(kept.order_by("-history_date", "-history_id")[: most + 1])
    return _versions(
        model, [(row, after) for row, after in zip(rows, [*rows[1:], None], strict=False)][:most]
    )


def all_of_cause(correlation_id: str, *, near: datetime | None = None) -> list[Version]:
    """Every version of every audited row that one cause brought about, newest first.

    near: a time at which something of it happened, where neither an event nor an entry tells.
    """
    first, last = _times(correlation_id, near)
    if first is None or last is None:
        return []
    found: list[Version] = []
    for model in audited_models():
        rows = model.history.filter(  # type: ignore[attr-defined]
            history_date__range=(first - AROUND, last + AROUND), correlation_id=correlation_id
        )[:MOST]
        found += _versions(model, [(row, _before(model, row)) for row in rows])
    return sorted(found, key=lambda version: version.at, reverse=True)


def all_events_of_cause(correlation_id: str) -> list[Event]:
    """The events of one cause, newest first."""
    return list(Event.objects.filter(correlation_id=correlation_id).order_by("-id")[:MOST])


def all_entries_of_cause(correlation_id: str) -> list[AuditEntry]:
    """The audit log of one cause, newest first."""
    return list(AuditEntry.objects.filter(correlation_id=correlation_id).order_by("-id")[:MOST])


def all_row_changes_of_cause(correlation_id: str) -> list[RowChange]:
    """The changes of groups and rights of one cause, newest first."""
    return list(RowChange.objects.filter(correlation_id=correlation_id).order_by("-id")[:MOST])


def _times(correlation_id: str, near: datetime | None) -> tuple[datetime | None, datetime | None]:
    times = [near] if near else []
    for rows, column in ((Event.objects, "recorded_at"), (AuditEntry.objects, "recorded_at")):
        found = rows.filter(correlation_id=correlation_id).aggregate(first=Min(column), last=Max(column))
        times += [time for time in found.values() if time]
    return (min(times), max(times)) if times else (None, None)


def _before(model: type[models.Model], row: Any) -> Any:
    key = model._meta.pk.attname
    past = model.history.filter(**{key: getattr(row, key)})  # type: ignore[attr-defined]
    return past.filter(history_id__lt=row.history_id).order_by("-history_id").first()


def _versions(model: type[models.Model], pairs: Sequence[tuple[Any, Any]]) -> list[Version]:
    fields = list(model.history.model.tracked_fields)  # type: ignore[attr-defined]
    names = _names(fields, [row for pair in pairs for row in pair if row is not None])
    return [_version(model, fields, names, row, before) for row, before in pairs]


def _version(model: type[models.Model], fields: Sequence[Any], names: Any, row: Any, before: Any) -> Version:
    blank = row.history_type == "-" or before is None
    other = None if blank else before
    differences = [
        Difference(str(one.verbose_name), _word(one, other, names), _word(one, row, names))
        for one in fields
        if not one.primary_key and _differs(one, row, other)
    ]
    return Version(
        at=row.history_date,
        kind=row.history_type,
        user_id=row.history_user_id,
        who=row.actor_label,
        on_behalf_of=row.on_behalf_of,
        channel=row.channel,
        correlation_id=row.correlation_id,
        title=str(model._meta.verbose_name),
        model=model,
        key=getattr(row, model._meta.pk.attname),
        differences=differences,
    )


def _differs(one: Any, row: Any, other: Any) -> bool:
    value = getattr(row, one.attname)
    if other is None:
        return value not in (None, "", [], {}, False)
    return bool(value != getattr(other, one.attname))


def _names(fields: Sequence[Any], rows: Iterable[Any]) -> dict[tuple[type, Any], str]:
    """What rows that are pointed at are called now; one statement per kind."""
    wanted: dict[type, set[Any]] = defaultdict(set)
    for row in rows:
        for one in fields:
            if one.is_relation and getattr(row, one.attname) is not None:
                wanted[one.related_model].add(getattr(row, one.attname))
    found = {}
    for model, keys in wanted.items():
        manager = apps.get_model(model._meta.label)._base_manager  # type: ignore[attr-defined]
        found.update({(model, key): str(thing) for key, thing in manager.in_bulk(keys).items()})
    return found


def _word(one: Any, row: Any, names: Any) -> str:
    if row is None:
        return ""
    value = getattr(row, one.attname)
    if value in (None, ""):
        return ""
    if one.is_relation:
        return str(names.get((one.related_model, value), f"#{value}"))
    if one.choices and not isinstance(value, list):
        return str(dict(one.flatchoices).get(value, value))
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    return str(value)
