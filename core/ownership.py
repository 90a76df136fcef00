"""Who owns which field, which flow may write what, and the guard that nobody else does (INT-02, SEC-02)."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from core.errors import NotOwner

ERP, PIM, US = "erp", "pim", "us"

_owners: dict[str, dict[str, str]] = {}
_rights: dict[str, frozenset[str]] = {}


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


def grant(identity: str, models: Iterable[str]) -> None:
    """Give the identity of a flow its rights: these models and no others (SEC-01, SEC-02).

    identity: the channel of its actor, such as "flow:erp.stock". What was granted before is replaced.
    """
    _rights[identity] = frozenset(models)


def rights_of(identity: str) -> frozenset[str]:
    """The models whose fields the identity of a flow may write; none for one that nobody knows."""
    return _rights.get(identity, frozenset())


def check(by: Actor, model: str, fields: Iterable[str]) -> None:
    """Refuse a write to fields that the actor's system does not own, or that its flow has no right to.

    Raises NotOwner naming the fields and their owners, or the flow and the model; the edges keep the
    refusal (see `core.refusals`), since the transaction of the action is rolled back.
    """
    wanted = list(fields)
    foreign = {name: owner_of(model, name) for name in wanted}
    foreign = {name: owner for name, owner in foreign.items() if owner != by.system}
    if foreign:
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
    if _needs_right(by) and model not in rights_of(by.channel):
        raise NotOwner(
            _("%(writer)s has no right to write %(model)s: give it to the flow that brings these facts.")
            % {"writer": by.channel, "model": model},
            model=model,
            fields=dict.fromkeys(wanted, by.system),
            writer=by.channel,
        )


def _needs_right(by: Actor) -> bool:
    """Whether an actor writes by the right of its flow; people write by their roles."""
    return by.system != US or by.channel.startswith("flow:")
