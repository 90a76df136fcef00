"""Reads of the table that maps other systems' ids to our keys, now and before (INT-07, INT-08, INT-09)."""

from collections.abc import Iterable

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Address, Company
from core.errors import InvalidValue
from integrations.models import Identifier, IdentifierChange


def all_key_of(system: str, kind: str, external_id: str) -> str:
    """Our key of another system's id, "" when it is not known (INT-07)."""
    rows = Identifier.objects.filter(system=system, kind=kind, external_id=external_id)
    return rows.values_list("key", flat=True).first() or ""


def all_external_id_of(system: str, kind: str, key: str) -> str:
    """Another system's id of our key, "" when it is not known (INT-07)."""
    rows = Identifier.objects.filter(system=system, kind=kind, key=key)
    return rows.values_list("external_id", flat=True).first() or ""


def all_keys_of(system: str, kind: str, external_ids: Iterable[str]) -> dict[str, str]:
    """Our keys of many ids of another system, {id: key}; unknown ones are not in it."""
    rows = Identifier.objects.filter(system=system, kind=kind, external_id__in=list(external_ids))
    return dict(rows.values_list("external_id", "key"))


def all_resolved(system: str, kind: str, external_id: str) -> str:
    """Our key of an id, also of one that was renamed, merged or made anew; "" for one that never was.

    Raises InvalidValue when it became several: a person says which is meant.
    """
    if key := all_key_of(system, kind, external_id):
        return key
    was = IdentifierChange.objects.filter(system=system, kind=kind, external_id=external_id).first()
    return all_key_now(system, kind, was.key) if was else ""


def all_key_now(system: str, kind: str, key: str) -> str:
    """The key that a thing has now whose key was `key` once; the same when nothing changed.

    A key that is in use stands for itself. Only later changes are followed, so that a name that came
    back ends there. Raises InvalidValue when it became several.
    """
    after = 0
    while not Identifier.objects.filter(system=system, kind=kind, key=key).exists():
        changes = IdentifierChange.objects.filter(system=system, kind=kind, key=key, pk__gt=after)
        change = changes.order_by("-pk").first()
        if change is None:
            break
        if len(change.became) > 1:
            raise InvalidValue(
                _("“%(key)s” became several: %(keys)s. Say which is meant.")
                % {"key": key, "keys": ", ".join(change.became)},
                field="key",
                candidates=change.became,
            )
        key, after = change.became[0], change.pk
    return key


def all_renamed(system: str, kind: str) -> dict[str, str]:
    """Every key that a thing had once and has no more, {then: now}; what became several is not in it."""
    rows = IdentifierChange.objects.filter(system=system, kind=kind)
    names = {}
    for key in set(rows.values_list("key", flat=True)):
        try:
            names[key] = all_key_now(system, kind, key)
        except InvalidValue:
            continue
    return {then: now for then, now in names.items() if then != now}


def all_customers_named(name: str) -> frozenset[int]:
    """The keys of the customers that an identifier stands for, in any role and any system, now or before (ACC-04).

    name: a customer number, a ship-to or bill-to number, or an id of another system, exactly. One that was
    renamed or merged stands for what it became; what became several stands for all of them.
    """
    if not name:
        return frozenset()
    rows = Identifier.objects.filter(kind="customer", external_id=name)
    numbers = {name, *rows.values_list("key", flat=True)}
    was = IdentifierChange.objects.filter(Q(external_id=name) | Q(key=name), kind="customer")
    for system, key in was.values_list("system", "key").distinct():
        try:
            numbers.add(all_key_now(system, "customer", key))
        except InvalidValue as several:
            numbers |= set(several.details["candidates"])
    at_home = Q(erp_id=name, ship_to_code="") | Q(erp_id=name, bill_to_code="")
    addresses = Address.objects.filter(Q(ship_to_code=name) | Q(bill_to_code=name) | at_home)
    found = Company.objects.filter(Q(number__in=numbers) | Q(pk__in=addresses.values("company")))
    return frozenset(into or pk for pk, into in found.order_by().values_list("pk", "merged_into"))
