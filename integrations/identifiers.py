"""Reads of the table that maps other systems' ids to our keys (INT-07)."""

from collections.abc import Iterable

from integrations.models import Identifier


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
