"""Licences that companies hold, and their kinds: kept by staff, or told by the ERP's flow.

Who vouches for a licence owns it: staff write theirs, the flow its own. What the ERP tells of a licence that staff had
typed makes it the ERP's; where its days differ, that stands in the log of disagreements.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.models import Q

from accounts.models import Company, Licence, LicenceKind
from accounts.records import LICENCE_FIELDS, LicenceRecord
from core import conflicts, ownership
from core.actor import Actor, action
from core.applied import Applied, Rejected, latest_of
from core.changes import assign, differs, write
from core.conflicts import Disagreement
from core.rows import drop_row, keep_row

EVENT = "licence.changed"
TOLD = ("valid_from", "valid_until", "is_withdrawn")
Kept = TypeVar("Kept", Licence, LicenceKind)


def keep_licence(row: Kept, *, by: Actor) -> Kept:
    """Write a licence or a kind of licence as it stands. Raises InvalidValue, and NotOwner for one of the ERP's.

    Records `licence.changed`.
    """
    _check_ours(row, by)
    return keep_row(row, event=EVENT, by=by)


def drop_licence(row: Licence | LicenceKind, *, by: Actor) -> None:
    """Take a licence or a kind of licence away. Raises NotOwner for one of the ERP's. Records `licence.changed`."""
    _check_ours(row, by)
    drop_row(row, event=EVENT, by=by)


def _check_ours(row: Licence | LicenceKind, by: Actor) -> None:
    if not isinstance(row, Licence):
        return
    stored = Licence.objects.filter(pk=row.pk).values_list("system", flat=True).first()
    if ownership.ERP in (row.system, stored):
        ownership.check(by, "accounts.FedLicence", ["number"])


@action
def apply_licences(records: Sequence[LicenceRecord], *, by: Actor, is_full: bool = False) -> Applied:
    """Take over the licences that the ERP vouches for; unchanged ones are not written (ENT-05, ENT-16).

    One of an unknown customer or kind is refused alone, one older than what we have is dropped. is_full: what the
    ERP no longer tells is withdrawn, never deleted.
    """
    ownership.check(by, "accounts.FedLicence", LICENCE_FIELDS)
    single, repeated = latest_of(records, _key)
    numbers = {record.company_number for record in single}
    companies = dict(Company.objects.filter(number__in=numbers).values_list("number", "pk"))
    kinds = dict(LicenceKind.objects.values_list("code", "pk"))
    rows = Licence.objects.filter(Q(company__in=companies.values()) | Q(system=ownership.ERP))
    rows = rows.select_for_update(of=("self",), no_key=True).order_by("pk")
    known = {(row.company_id, row.kind_id, row.number): row for row in rows}

    new, changed, rejected, found, same = [], [], [], [], 0
    for record in single:
        if refusal := _refusal(record, companies, kinds):
            rejected.append(refusal)
            continue
        values: dict[str, Any] = {**record.model_dump(include={*TOLD}), "system": ownership.ERP}
        place = (companies[record.company_number], kinds[record.kind_code], record.number)
        row = known.pop(place, None)
        if row is None:
            company_id, kind_id, number = place
            new.append(
                Licence(company_id=company_id, kind_id=kind_id, number=number, as_of=record.as_of, **values)
            )
        elif differs(row, values) and not (row.as_of and record.as_of < row.as_of):
            found += _disagreements(row, record) if row.system == ownership.US else []
            changed.append(assign(row, {**values, "as_of": record.as_of}))
        else:
            same += 1
    gone = [row for row in known.values() if is_full and row.system == ownership.ERP and not row.is_withdrawn]
    ended = [assign(row, {"is_withdrawn": True}) for row in gone]

    write(Licence, new=new, changed=[*changed, *ended], fields=(*TOLD, "system", "as_of"))
    conflicts.note_news(found, by=by)
    return Applied(len(new), len(changed), same, removed=len(ended), rejected=(*rejected, *repeated))


def _key(record: LicenceRecord) -> str:
    return f"{record.company_number}/{record.kind_code}/{record.number}"


def _refusal(record: LicenceRecord, companies: dict[str, int], kinds: dict[str, int]) -> Rejected | None:
    plain = record.model_dump(mode="json")
    if record.company_number not in companies:
        reason = "The customer is not known here; send it first."
        return Rejected(_key(record), "company_number", reason, plain, code="parent_missing")
    if record.kind_code not in kinds:
        reason = f"There is no kind of licence “{record.kind_code}” here: make it first, or map it."
        return Rejected(_key(record), "kind_code", reason, plain)
    return None


def _disagreements(row: Licence, record: LicenceRecord) -> list[Disagreement]:
    """What the ERP tells otherwise than staff had typed; its word holds."""
    return [
        Disagreement(
            model="accounts.Licence",
            key=_key(record),
            field=name,
            kept=getattr(record, name),
            refused=getattr(row, name),
            winner=ownership.ERP,
            loser=ownership.US,
            rule="owner",
        )
        for name in TOLD
        if getattr(record, name) != getattr(row, name)
    ]
