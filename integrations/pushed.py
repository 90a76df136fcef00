"""What other systems push to us: a body becomes messages for the inbox, or is refused as a whole."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, NoReturn

from django.utils.translation import gettext as _
from pydantic import BeforeValidator, Field, ValidationError

from core.actor import Actor
from core.errors import DomainError
from core.records import Record, reason_of
from integrations.actions.inbox.messages import Incoming, store_pushed
from integrations.contracts.registry import contract_of, newest_form
from integrations.inbox import KINDS, Kind
from integrations.states import Lane

# More than these is sent in pages.
MOST_BYTES = 1_000_000
MOST_MESSAGES = 500
# A push of more is a batch, whatever it is about.
BULK_FROM = 100
# The words for our kinds that stand in messages: the names of their contracts.
WORDS: dict[str, str] = {"order_status" if kind == "order_state" else kind: kind for kind in KINDS}


class Unreadable(DomainError):
    """The body is not JSON that can be kept."""

    code = "unreadable"


class UnknownForm(DomainError):
    """A message is of a kind or version that nobody here reads, or says too little of itself."""

    code = "unknown_form"


class TooMuch(DomainError):
    """The body is too large: send it in pages."""

    code = "too_much"


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


# A whole number, or a time that sorts as text: a version that sorts behind every genuine one would shut its key
# against all that follows.
VERSION = (
    r"^([0-9]{1,18}|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}[0-9:.]{0,16}(Z|[+-][0-9]{2}:?[0-9]{2})?)$"
)


class Envelope(Record):
    """What a message says of itself. id: the sender's name of it; key: of what it is about, while its data are
    not readable; version: orders the messages about one thing; urgent: goes before the batches.
    """

    kind: str
    id: Annotated[str, BeforeValidator(_as_text), Field(min_length=1, max_length=120)]
    key: Annotated[str, BeforeValidator(_as_text), Field(max_length=120)] = ""
    version: Annotated[str, BeforeValidator(_as_text), Field(pattern=VERSION)]
    urgent: bool = False
    data: dict[str, Any]


def receive(system: str, body: bytes, *, by: Actor) -> tuple[int, int]:
    """Keep the messages of a body, to be worked later: how many are new, how many were here before (INT-55).

    Raises Unreadable, UnknownForm or TooMuch; then none of it is kept.
    """
    incoming = read_body(body)
    fresh = store_pushed(system, incoming, by=by) if incoming else 0
    return fresh, len(incoming) - fresh


def check_size(length: int) -> None:
    """Raises TooMuch for a body of more bytes than are taken at once."""
    if length > MOST_BYTES:
        raise TooMuch(
            _("The body has more than %(most)s bytes. Send the messages in pages of at most %(count)s.")
            % {"most": MOST_BYTES, "count": MOST_MESSAGES},
            most_bytes=MOST_BYTES,
            most_messages=MOST_MESSAGES,
        )


def read_body(body: bytes) -> list[Incoming]:
    """The messages in a body: one, or a list. Raises Unreadable, UnknownForm or TooMuch."""
    told = _parsed(body)
    rows = told if isinstance(told, list) else [told]
    if len(rows) > MOST_MESSAGES:
        raise TooMuch(
            _("There are more than %(count)s messages. Send them in pages of at most %(count)s.")
            % {"count": MOST_MESSAGES},
            most_bytes=MOST_BYTES,
            most_messages=MOST_MESSAGES,
        )
    return [_incoming(row, place, len(rows)) for place, row in enumerate(rows)]


def _parsed(body: bytes) -> Any:
    """The body as data, if PostgreSQL can hold it: no NUL, no half characters, no numbers that are none."""
    try:
        told = json.loads(body.decode())
        kept = json.dumps(told, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise Unreadable(_("The body is not valid JSON in UTF-8.")) from error
    if rb"\u0000" in kept:
        raise Unreadable(_("The body holds a NUL character. Leave it out."))
    return told


def _key_of(kind: Kind, data: dict[str, Any]) -> str:
    """What a message that is not readable is about, as far as it says so: then its correction ends its case."""
    try:
        return str(kind.key(kind.record.model_construct(**data)))
    except (AttributeError, TypeError, ValueError):
        return ""


def _incoming(row: Any, place: int, count: int) -> Incoming:
    kind, is_readable = _kind_of(row, place), True
    try:
        envelope = Envelope.model_validate(row)
    except ValidationError as error:
        _refuse(place, reason_of(error))
    data = newest_form(kind.record, _with_version(envelope, kind))
    try:
        record = kind.record.model_validate(data)
    except ValidationError:
        # Kept as it came: its worker puts it into quarantine, with the field named (INT-13).
        key, is_readable = envelope.key or _key_of(kind, data) or envelope.id, False
    else:
        key = kind.key(record)
        # What the contract does not name is not kept (INT-63).
        data = {**record.model_dump(mode="json", exclude_unset=True), **_form_of(data)}
    lane = _lane(envelope, kind, count)
    return Incoming(
        key, envelope.version, data, kind=WORDS[envelope.kind], lane=lane, is_readable=is_readable
    )


def _kind_of(row: Any, place: int) -> Kind:
    """The kind of a message, read before all else: its answer names what is known here."""
    word = row.get("kind") if isinstance(row, Mapping) else None
    if not isinstance(word, str) or word not in WORDS:
        text = _("kind: use one of %(known)s.") % {"known": ", ".join(sorted(WORDS))}
        _refuse(place, text, known=sorted(WORDS))
    kind = KINDS[WORDS[word]]
    data = row.get("data")
    contract = contract_of(kind.record)
    if contract is not None and isinstance(data, Mapping) and "v" in data:
        known = sorted({contract.version, *contract.upgrades})
        if data["v"] not in known or isinstance(data["v"], bool):
            text = _("data.v: use one of the versions %(known)s.") % {"known": ", ".join(map(str, known))}
            _refuse(place, text, known=known)
    return kind


def _refuse(place: int, reason: str, **details: Any) -> NoReturn:
    raise UnknownForm(
        _("Message %(place)s cannot be taken: %(reason)s") % {"place": place + 1, "reason": reason},
        place=place + 1,
        **details,
    )


def _with_version(envelope: Envelope, kind: Kind) -> dict[str, Any]:
    """The data with the version of the message, where the record has one: there is one word for it."""
    if "version" in kind.record.model_fields:
        return {**envelope.data, "version": envelope.version}
    return envelope.data


def _form_of(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"v": data["v"]} if "v" in data else {}


def _lane(envelope: Envelope, kind: Kind, count: int) -> Lane:
    if envelope.urgent:
        return Lane.URGENT
    return Lane.BULK if count > BULK_FROM else kind.lane
