"""Writes of the table that maps other systems' ids to our authoritative identifiers (INT-07, INT-09)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actions.erp import rename_company
from catalog.actions.products import rename_product
from core.actor import Actor, action
from core.applied import Rejected
from core.errors import InvalidValue, NotFound
from core.models import trace
from integrations.models import Identifier, IdentifierChange
from integrations.states import IdentifierChangeKind
from integrations.systems import flow_actor


@dataclass(frozen=True)
class Named:
    """A kind of thing that other systems name. flow: whose word the name is. rename: gives ours its new key."""

    flow: str
    rename: Callable[..., Any]


KINDS: dict[str, Named] = {
    "customer": Named("erp.customers", rename_company),
    "product": Named("erp.products", rename_product),
}


@dataclass(frozen=True)
class Known:
    """One of our things as a system knows it: kind such as "customer", and our key of it."""

    system: str
    kind: str
    key: str


@action
def rename_identifier(thing: Known, to: str, *, reason: str, by: Actor) -> Identifier:
    """Give a thing the key that its system has given it; what names the old one still lands here (INT-09).

    Our own row gets the key too, as the word of the flow that owns it. Raises NotFound for a key that
    nobody maps, InvalidValue without a reason or when the new key is taken.
    """
    row = _locked(thing)
    _need_reason(reason)
    if Identifier.objects.filter(system=thing.system, kind=thing.kind, key=to).exists():
        raise InvalidValue(
            _("“%(key)s” stands for something else here: merge the two instead.") % {"key": to}, field="key"
        )
    named = KINDS.get(thing.kind)
    if named is not None:
        owner = flow_actor(named.flow, system=thing.system, correlation_id=by.correlation_id)
        named.rename(thing.key, to, by=owner)

    row.key = to
    row.save(update_fields=["key", "updated_at"])
    _keep(thing, row.external_id, IdentifierChangeKind.RENAME, [to], reason, by)
    return row


@action
def merge_identifiers(thing: Known, into: str, *, reason: str, by: Actor) -> Identifier:
    """Let what names a thing land on another one from now on; both rows of ours stay (INT-09).

    The other keeps its own id, or takes this one when it has none. Raises as rename_identifier.
    """
    row = _locked(thing)
    _need_reason(reason)
    if into == thing.key:
        raise InvalidValue(_("Choose another one to merge it into."), field="key")
    other = Identifier.objects.filter(system=thing.system, kind=thing.kind, key=into).first()

    external = row.external_id
    _keep(thing, external, IdentifierChangeKind.MERGE, [into], reason, by)
    if other is not None:
        row.delete()
        return other
    row.key = into
    row.save(update_fields=["key", "updated_at"])
    return row


@action
def split_identifier(thing: Known, into: list[str], *, reason: str, by: Actor) -> None:
    """Say that a thing is several from now on: what names it waits for a person who says which (INT-09).

    Raises as rename_identifier, and InvalidValue for less than two.
    """
    row = _locked(thing)
    _need_reason(reason)
    if len(set(into)) < 2:
        raise InvalidValue(_("Name at least two that it became."), field="key")

    _keep(thing, row.external_id, IdentifierChangeKind.SPLIT, list(into), reason, by)
    row.delete()


def _locked(thing: Known) -> Identifier:
    rows = Identifier.objects.select_for_update(no_key=True)
    row = rows.filter(system=thing.system, kind=thing.kind, key=thing.key).first()
    if row is None:
        raise NotFound(
            _("No id of the %(system)s stands for “%(key)s”.")
            % {"system": thing.system.upper(), "key": thing.key}
        )
    return row


def _need_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidValue(_("Say why: the reason is kept with the change."), field="reason")


def _keep(
    thing: Known, external: str, change: IdentifierChangeKind, became: list[str], reason: str, by: Actor
) -> None:
    IdentifierChange.objects.create(
        system=thing.system,
        kind=thing.kind,
        external_id=external,
        key=thing.key,
        change=change,
        became=became,
        reason=reason.strip()[:300],
        **trace(by),
    )


@transaction.atomic
def keep_identifiers(system: str, kind: str, pairs: Iterable[tuple[str, str]]) -> list[Rejected]:
    """Map ids of a system to our keys; what contradicts the table is refused, the rest is kept.

    pairs: (the system's id, our key). An id that stands for another key of ours is refused: which
    of the two is meant is for a person to say. A key whose thing was made anew there gets its new
    id. What is known already is not written.
    """
    wanted = {key: external for external, key in pairs if external and key}
    rows = Identifier.objects.select_for_update(no_key=True).filter(system=system, kind=kind)
    by_key = {row.key: row for row in rows.filter(key__in=wanted)}
    taken = dict(rows.filter(external_id__in=set(wanted.values())).values_list("external_id", "key"))
    new, changed, refused = [], [], []
    for key, external in wanted.items():
        if taken.setdefault(external, key) != key:
            reason = f"The id {external} of the {system.upper()} stands for {taken[external]} here."
            refused.append(Rejected(key, "erp_id", reason, {"id": external, "code": key}))
        elif key not in by_key:
            new.append(Identifier(system=system, kind=kind, external_id=external, key=key))
        elif by_key[key].external_id != external:
            by_key[key].external_id = external
            changed.append(by_key[key])
    Identifier.objects.bulk_create(new, batch_size=1000)
    Identifier.objects.bulk_update(changed, ["external_id"], batch_size=1000)
    return refused
