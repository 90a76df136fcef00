"""Who owns which field, which flow may write what, and the guard that nobody else does (INT-02, SEC-02)."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from core.errors import NotOwner

ERP, PIM, US = "erp", "pim", "us"

_owners: dict[str, dict[str, str]] = {}
_rights: dict[str, frozenset[str]] = {}
_precedence: dict[tuple[str, str], tuple[str, ...]] = {}


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


def prefer(model: str, **systems_by_field: Sequence[str]) -> None:
    """State, beside the owners, whose word of a field holds where several systems bring it: the first (INT-03).

    systems_by_field: on_hand=("erp", "supplier"). What is stated again replaces what was.
    """
    for name, systems in systems_by_field.items():
        _precedence[model, name] = tuple(systems)


def precedence_of(model: str, field: str) -> tuple[str, ...]:
    """The systems that may bring a field, the one whose word holds first; its owner alone where nobody said more."""
    return _precedence.get((model, field), (owner_of(model, field),))


def weaker_than(model: str, field: str, system: str) -> list[str]:
    """The systems whose word of a field gives way to that of `system`, whichever came first.

    None gives way to a system that is not in the precedence.
    """
    order = precedence_of(model, field)
    return list(order[order.index(system) + 1 :]) if system in order else []


def source_of(by: Actor) -> str:
    """The system in whose name a flow brings facts: erp of flow:erp.prices; of anybody else the ERP."""
    flow = by.channel.removeprefix("flow:")
    return flow.partition(".")[0] if flow != by.channel else ERP


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
