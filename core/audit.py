"""The business audit log: who did what that matters, where nobody can change or delete it (SEC-08, SEC-09).

`log` is the one way in. What an app tells with its events is declared once, by `tell`, and written with the event.
An entry names people by the ids of their users and holds no name, so that a person can be erased and the log stays.
`core.sealing` seals the entries by a chain of hashes.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from core.actor import Actor
from core.models import AuditEntry, Event

# What would name a person. Who it was stands in an entry as the id of a user.
PERSONAL = frozenset(
    "name email mail phone label buyer sales contact person first_name last_name street address ip ip_address".split()
)
_ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.\w+")

# {event: the keys of its payload that its entry holds}
_told: dict[str, tuple[str, ...]] = {}


def tell(events: Mapping[str, tuple[str, ...]]) -> None:
    """Let these events write an entry as well. events: {name: keys of the payload that the entry keeps}."""
    _told.update(events)


def actions() -> list[str]:
    """The events that write an entry."""
    return sorted(_told)


def log(
    action: str,
    *,
    by: Actor,
    about: str = "",
    company: str = "",
    data: Mapping[str, Any] | None = None,
    for_user: int | None = None,
    at: datetime | None = None,
) -> AuditEntry:
    """Write down what somebody did, in the transaction that does it.

    action: noun.past_participle, such as "session.opened". about: "kind:key" of the thing. company: the number of
    the company it concerns; else the one acted for. data: what one must know to judge it, JSON without names of
    people. for_user: the id of the person acted for. at: when it happened; now, unless given.
    Raises ValueError for data that name a person. Source: SEC-08.
    """
    kind, _colon, key = about.partition(":")
    kept = plain(data or {})
    if faults := personal_in(kept):
        raise ValueError(f"audit entry {action}: {', '.join(faults)} would name a person; give the user's id")
    return AuditEntry.objects.create(
        occurred_at=at or timezone.now(),
        user_id=by.user_id,
        actor_key=f"user:{by.user_id}" if by.user_id else by.channel,
        on_behalf_of=f"user:{for_user or by.principal_id}" if for_user or by.principal_id else _company(by),
        channel=by.channel,
        action=action,
        object_kind=kind,
        object_key=key[:120],
        company_number=company or _company(by),
        correlation_id=by.correlation_id,
        data=kept,
    )


def of_event(event: Event, *, by: Actor) -> None:
    """Write the entry of an event, for those that `tell` has named; its `principal`, if any, is acted for."""
    keys = _told.get(event.name)
    if keys is None:
        return
    data = {key: event.payload[key] for key in keys if event.payload.get(key) not in (None, "", [], {})}
    log(
        event.name,
        by=by,
        about=event.subject,
        company=event.company_number,
        data=data,
        for_user=event.payload.get("principal"),
        at=event.occurred_at,
    )


def _company(by: Actor) -> str:
    return "" if _ADDRESS.search(by.on_behalf_of) or " " in by.on_behalf_of else by.on_behalf_of[:60]


def plain(value: Any) -> Any:
    """JSON that reads the same for ever: amounts as text, no floating point, mail addresses as dots.

    Raises ValueError for anything else.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
    if isinstance(value, str):
        return _ADDRESS.sub("•••", value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise ValueError(f"{type(value).__name__} cannot stand in an audit entry")


def personal_in(data: Any, path: str = "") -> list[str]:
    """The places in an entry's data that would name a person."""
    if isinstance(data, dict):
        found = [f"{path}{key}" for key in data if key in PERSONAL]
        return found + [place for key, item in data.items() for place in personal_in(item, f"{path}{key}.")]
    if isinstance(data, list):
        return [place for item in data for place in personal_in(item, path)]
    return []
