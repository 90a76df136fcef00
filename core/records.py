"""The root of every record: what an app takes from feeds or hands out in events."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError


class Record(BaseModel):
    """A frozen, validated message. Fields that the contract does not name are not kept (INT-63)."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)


class Payload(Record):
    """What an event says. v: the version of its form. A field that the form does not name is refused."""

    model_config = ConfigDict(extra="forbid")

    v: int = 1


_forms: dict[str, type[Payload]] = {}


def describe(form: type[Payload], *events: str) -> None:
    """State the form of the payload of these events, beside the form.

    Raises ValueError for an event that has another form already.
    """
    for event in events:
        if _forms.setdefault(event, form) is not form:
            raise ValueError(f"{event} has two forms: {_forms[event].__name__} and {form.__name__}")


def forms() -> dict[str, type[Payload]]:
    """The events that have a form, {name: form of the payload}."""
    return dict(sorted(_forms.items()))


def misfit(form: type[BaseModel], payload: Mapping[str, Any]) -> str:
    """What of a payload does not fit its form, "field: reason"; "" when all fits. Tells no values."""
    try:
        form.model_validate(payload)
    except ValidationError as error:
        return reason_of(error)
    return ""


def misfit_of_event(event: str, payload: Mapping[str, Any]) -> str:
    """As `misfit`, by the form of an event; an event without a form fits as it is."""
    form = _forms.get(event)
    return misfit(form, payload) if form else ""


def reason_of(error: ValidationError) -> str:
    """The first thing that does not fit, "field: reason", without the value that was there (INT-13)."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
