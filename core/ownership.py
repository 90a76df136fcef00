"""Who owns which field, and the guard that only the owner's flow writes it (INT-02)."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from core.errors import NotOwner

ERP, PIM, US = "erp", "pim", "us"

_owners: dict[str, dict[str, str]] = {}


def declare(model: str, **fields_by_owner: Iterable[str]) -> None:
    """State the owner of a model's fields, beside its records.

    model: "app.Model". fields_by_owner: erp=..., pim=..., us=... names of fields.
    Raises ValueError when a field is claimed twice.
    """
    owners = _owners.setdefault(model, {})
    for owner, fields in fields_by_owner.items():
        for name in fields:
            if owners.setdefault(name, owner) != owner:
                raise ValueError(f"{model}.{name} has two owners: {owners[name]} and {owner}")


def owner_of(model: str, field: str) -> str:
    """The kind of system that owns a field: erp, pim or us (the default)."""
    return _owners.get(model, {}).get(field, US)


def fields_of(model: str, owner: str) -> list[str]:
    """The fields of a model that `owner` owns, by name."""
    return sorted(name for name, who in _owners.get(model, {}).items() if who == owner)


def declared() -> dict[str, dict[str, str]]:
    """The whole matrix: {model: {field: owner}}."""
    return {model: dict(fields) for model, fields in sorted(_owners.items())}


def check(by: Actor, model: str, fields: Iterable[str]) -> None:
    """Refuse a write to fields that the actor's system does not own.

    Raises NotOwner naming the fields and their owners; the edges keep the refusal (see
    `core.refusals`), since the transaction of the action is rolled back.
    """
    foreign = {name: owner_of(model, name) for name in fields}
    foreign = {name: owner for name, owner in foreign.items() if owner != by.system}
    if not foreign:
        return
    raise NotOwner(
        _("%(fields)s belong to the %(owners)s: change them there, they arrive here by themselves.")
        % {
            "fields": ", ".join(sorted(foreign)),
            "owners": ", ".join(sorted({owner.upper() for owner in foreign.values()})),
        },
        model=model,
        fields=foreign,
        writer=by.system,
    )
