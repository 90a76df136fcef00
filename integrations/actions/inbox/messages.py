"""Messages as they come: kept once, whoever sends them again."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from core import refusals
from core.actor import Actor, action
from core.errors import NotAllowed
from core.models import Refusal
from integrations.models import InboxMessage
from integrations.states import InboxState, Lane

# Nobody who cannot sign may fill our tables: so many refused calls a minute are kept, the log has all.
REFUSALS_KEPT = 30
PULLED, PUSHED = "pull", "push"
LONGEST_KEY, LONGEST_ID, LONGEST_SUBJECT = 120, 120, 80
STORE = """
    INSERT INTO integrations_inboxmessage (system, kind, message_id, key, version, payload, lane, channel,
        state, reason, attempts, times, received_at, correlation_id)
    SELECT %(system)s, kind, message_id, key, version, payload, lane, 'push',
        'new', '', 0, 1, clock_timestamp(), %(correlation_id)s
    FROM jsonb_to_recordset(%(rows)s::jsonb)
        AS row(kind text, message_id text, key text, version text, payload jsonb, lane int)
    ON CONFLICT (system, kind, message_id) DO UPDATE SET payload = excluded.payload, state = 'new'
        WHERE integrations_inboxmessage.state = 'quarantined'
            AND integrations_inboxmessage.payload <> excluded.payload
"""
# What JSON may hold and our tables cannot: NUL, and halves of a pair.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(value: Any) -> Any:
    """A message's data as our tables can keep them: what they cannot hold shows as a replacement mark."""
    if isinstance(value, str):
        return UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {storable(name): storable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [storable(inner) for inner in value]
    return value


def fitting(text: str, most: int) -> str:
    """A text that fits a column, and is another one for another text."""
    if len(text) <= most:
        return text
    return f"{text[: most - 33]}#{hashlib.sha256(text.encode()).hexdigest()[:32]}"


@dataclass(frozen=True)
class Incoming:
    """A message as it came. key: what it is about; version: orders the messages about one key.

    kind: where messages of several kinds come together. is_readable: whether its data fit its record.
    """

    key: str
    version: str
    payload: dict[str, Any]
    kind: str = ""
    lane: Lane = Lane.NORMAL
    is_readable: bool = True

    @property
    def message_id(self) -> str:
        """What makes a repeat recognisable: the same state of the same thing.

        One that is not readable does not stand for that state: the right one, pushed or read later, is another.
        """
        name = f"{self.key}@{self.version}"
        if not self.is_readable:
            told = json.dumps(self.payload, sort_keys=True).encode()
            name += f"!{hashlib.sha256(told).hexdigest()[:32]}"
        return fitting(name, LONGEST_ID)

    @property
    def place(self) -> tuple[str, str, int, str]:
        """Where it stands among others: the same for everybody, with the versions of a key in order."""
        return self.kind, self.key, len(self.version) if self.version.isdigit() else 0, self.version


@action
def store_pushed(system: str, incoming: Sequence[Incoming], *, by: Actor) -> int:
    """Keep messages that were pushed to us, in one statement; tell how many were not here before (INT-55).

    One that was quarantined and now comes with other data is corrected: it is taken up anew, not for a repeat.
    They are written in one order by everybody, so that two pushes of the same do not block each other.
    """
    rows = {(item.kind, item.message_id): item for item in sorted(incoming, key=lambda item: item.place)}
    told = [
        {
            "kind": item.kind,
            "message_id": item.message_id,
            "key": fitting(item.key, LONGEST_KEY),
            "version": item.version,
            "payload": item.payload,
            "lane": item.lane,
        }
        for item in rows.values()
    ]
    values = {"system": system, "correlation_id": by.correlation_id, "rows": json.dumps(told)}
    with connection.cursor() as cursor:
        cursor.execute(STORE, values)
        return int(cursor.rowcount)


def keep_refused_call(system: str, reason: str, *, by: Actor) -> None:
    """Write down that a call of another system was not believed; in a flood of them, only some."""
    newest = Refusal.objects.order_by("-id").values_list("channel", "at")[:REFUSALS_KEPT]
    minute = timezone.now() - timedelta(minutes=1)
    if sum(channel == by.channel and at > minute for channel, at in newest) < REFUSALS_KEPT:
        text = _("A call in the name of the %(system)s was refused.") % {"system": system.upper()}
        refusals.keep(NotAllowed(text, system=system, reason=reason), by=by)


@action
def receive_messages(
    system: str, kind: str, incoming: Sequence[Incoming], *, by: Actor
) -> list[InboxMessage]:
    """Keep the messages that were not here before, or come corrected, and hand them back in order (INT-35)."""
    told = {item.message_id: item for item in incoming}
    here = InboxMessage.objects.filter(system=system, kind=kind, message_id__in=told)
    known = {row.message_id: row for row in here.only("message_id", "state", "payload")}
    corrected = []
    for name, row in known.items():
        if row.state == InboxState.QUARANTINED and row.payload != storable(told[name].payload):
            row.payload, row.state = storable(told[name].payload), InboxState.NEW
            corrected.append(row)
    InboxMessage.objects.bulk_update(corrected, ["payload", "state"])
    fresh = {name: item for name, item in told.items() if name not in known}
    rows = [
        InboxMessage(
            system=system,
            kind=kind,
            message_id=item.message_id,
            key=fitting(item.key, LONGEST_KEY),
            version=item.version,
            payload=storable(item.payload),
            correlation_id=by.correlation_id,
        )
        for item in fresh.values()
    ]
    InboxMessage.objects.bulk_create(rows, ignore_conflicts=True)
    wanted = [*fresh, *(row.message_id for row in corrected)]
    kept = InboxMessage.objects.filter(system=system, kind=kind, message_id__in=wanted, state=InboxState.NEW)
    return list(kept.order_by("id"))
