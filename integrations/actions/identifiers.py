"""Writes of the table that maps other systems' ids to our authoritative identifiers (INT-07)."""

from collections.abc import Iterable

from django.db import transaction

from core.applied import Rejected
from integrations.models import Identifier


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
