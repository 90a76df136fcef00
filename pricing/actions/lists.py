"""What the ERP tells of price lists, who gets them, tax rates and costs."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel

from accounts.models import Company
from accounts.segments import all_segments
from catalog.models import Product
from core import ownership
from core.actor import Actor, action
from core.applied import Applied, Rejected, latest_of
from core.changes import assign, differs, write
from core.errors import InvalidValue, NotOwner
from core.ownership import source_of
from pricing.actions.telling import record_changed
from pricing.models import ItemCost, PriceList, PriceListAssignment, TaxRate
from pricing.records import AssignmentRecord, CostRecord, PriceListRecord, TaxRateRecord


@action
def apply_price_lists(records: Sequence[PriceListRecord], *, by: Actor, is_full: bool = False) -> Applied:
    """Take over the price lists of a system; with is_full, those that it no longer has go out of use.

    An empty list takes none out of use. Records `price_list.changed` for each that is new or differs.
    Raises NotOwner for a list that another system brings.
    """
    fields = ("name", "kind", "currency", "erp_id")
    ownership.check(by, "pricing.PriceList", ("code", *fields))
    known = {row.code: row for row in PriceList.objects.select_for_update(no_key=True).order_by("pk")}
    check_source([known[record.code] for record in records if record.code in known], by=by)

    new: list[PriceList] = []
    changed: list[PriceList] = []
    same = 0
    single, repeated = latest_of(records, lambda record: record.code)
    for record in single:
        values = {**record.model_dump(include=set(fields)), "is_active": True}
        row = known.pop(record.code, None)
        if row is None:
            new.append(PriceList(code=record.code, as_of=record.as_of, source=source_of(by), **values))
        elif record.as_of >= row.as_of and differs(row, values):
            changed.append(assign(row, {**values, "as_of": record.as_of}))
        else:
            same += 1
    gone = [
        assign(row, {"is_active": False})
        for row in known.values()
        if is_full and records and row.is_active and row.source == source_of(by)
    ]

    write(PriceList, new=new, changed=changed, fields=(*fields, "is_active", "as_of"))
    write(PriceList, new=[], changed=gone, fields=("is_active",))
    for price_list in [*new, *changed, *gone]:
        read = max(record.as_of for record in records)
        record_changed(price_list, as_of=read, details={"run": None}, by=by)
    return Applied(len(new), len(changed), same, removed=len(gone), rejected=repeated)


@action
def apply_assignments(records: Sequence[AssignmentRecord], *, by: Actor, is_full: bool = False) -> Applied:
    """Take over who gets which list; with is_full, whatever is not among the records ends (PRC-01).

    Told twice, the later one counts; an empty list ends nothing, and nobody ends another system's.
    Raises NotOwner for a list that another system brings.
    """
    fields = ("priority", "valid_from", "valid_until")
    ownership.check(by, "pricing.PriceListAssignment", ("price_list", "company", *fields))
    rows = {row.code: row for row in PriceList.objects.select_for_update(no_key=True).order_by("pk")}
    named = {record.price_list_code for record in records}
    check_source([row for code, row in rows.items() if code in named], by=by)
    lists = {code: row.pk for code, row in rows.items()}
    own = {row.pk for row in rows.values() if row.source == source_of(by)}
    companies: dict[str | None, int | None] = dict(Company.objects.values_list("number", "pk"))
    companies[None] = None
    told = PriceListAssignment.objects.filter(segment="")
    known = {(row.price_list_id, row.company_id): row for row in told}

    new, changed, same, rejected = [], [], 0, []
    single, repeated = latest_of(records, lambda one: f"{one.price_list_code}/{one.company_number or '*'}")
    for record in single:
        problem = _unknown_in(record, lists, companies)
        if problem:
            rejected.append(problem)
            continue
        key = lists[record.price_list_code], companies[record.company_number]
        values = record.model_dump(include=set(fields))
        row = known.pop(key, None)
        if row is None:
            new.append(PriceListAssignment(price_list_id=key[0], company_id=key[1], **values))
        elif differs(row, values):
            changed.append(assign(row, values))
        else:
            same += 1

    write(PriceListAssignment, new=new, changed=changed, fields=fields)
    removed = 0
    for row in known.values() if is_full and records else ():
        if row.price_list_id in own:
            row.delete()
            removed += 1
    return Applied(len(new), len(changed), same, removed, (*rejected, *repeated))


@action
def give_list_to_segment(price_list: PriceList, segment: str, *, by: Actor) -> PriceListAssignment:
    """Let all companies of a segment buy by a list, behind what the ERP gave them of the same kind (ACC-15).

    segment: its key. Repeats are quiet. Raises InvalidValue for an unknown segment. Records `price_list.changed`.
    """
    ownership.check(by, "pricing.PriceListAssignment", ["segment"])
    price_list = PriceList.objects.select_for_update(of=("self",), no_key=True).get(pk=price_list.pk)
    if segment not in all_segments():
        raise InvalidValue(_("There is no segment “%(segment)s”.") % {"segment": segment}, field="segment")

    row, is_new = PriceListAssignment.objects.get_or_create(
        price_list=price_list, company=None, segment=segment
    )

    if is_new:
        record_changed(price_list, as_of=price_list.as_of, details={"run": None}, by=by)
    return row


@action
def take_list_from_segment(price_list: PriceList, segment: str, *, by: Actor) -> None:
    """End what give_list_to_segment began. Records `price_list.changed`; quiet when nothing was given."""
    ownership.check(by, "pricing.PriceListAssignment", ["segment"])
    price_list = PriceList.objects.select_for_update(of=("self",), no_key=True).get(pk=price_list.pk)
    rows = PriceListAssignment.objects.filter(price_list=price_list).exclude(segment="")
    for row in rows.filter(segment=segment):
        row.delete()
        record_changed(price_list, as_of=price_list.as_of, details={"run": None}, by=by)


def check_source(lists: Sequence[PriceList], *, by: Actor) -> None:
    """Raise NotOwner when one of the lists is brought by another system than the actor's (INT-02)."""
    foreign = {row.code: row.source for row in lists if row.source != source_of(by)}
    if foreign:
        raise NotOwner(
            _("The lists %(lists)s are brought by %(sources)s: name another list in the format of the file.")
            % {"lists": ", ".join(sorted(foreign)), "sources": ", ".join(sorted(set(foreign.values())))},
            model="pricing.PriceList",
            fields=foreign,
            writer=by.channel,
        )


def _unknown_in(
    record: AssignmentRecord, lists: dict[str, int], companies: dict[str | None, int | None]
) -> Rejected | None:
    key = f"{record.price_list_code}/{record.company_number or '*'}"
    if record.price_list_code not in lists:
        return _rejection(
            key, "price_list_code", _("The price list is not known here; send it first."), record
        )
    if record.company_number not in companies:
        return _rejection(key, "company_number", _("The customer is not known here; send it first."), record)
    return None


@action
def apply_tax_rates(records: Sequence[TaxRateRecord], *, by: Actor) -> Applied:
    """Take over the ERP's tax rates; a code stays as long as a product may name it (CRT-17)."""
    fields = ("name", "percent", "erp_id")
    ownership.check(by, "pricing.TaxRate", ("code", *fields))
    known = {row.code: row for row in TaxRate.objects.select_for_update(no_key=True).order_by("pk")}

    new, changed, same = [], [], 0
    single, repeated = latest_of(records, lambda record: record.code)
    for record in single:
        values = record.model_dump(include=set(fields))
        row = known.get(record.code)
        if row is None:
            new.append(TaxRate(code=record.code, as_of=record.as_of, **values))
        elif record.as_of >= row.as_of and differs(row, values):
            changed.append(assign(row, {**values, "as_of": record.as_of}))
        else:
            same += 1

    write(TaxRate, new=new, changed=changed, fields=(*fields, "as_of"))
    return Applied(len(new), len(changed), same, rejected=repeated)


@action
def apply_costs(records: Sequence[CostRecord], *, by: Actor) -> Applied:
    """Take over what products cost us; older figures are dropped (QTE-04)."""
    fields = ("cost_price", "currency")
    ownership.check(by, "pricing.ItemCost", ("product", *fields))
    single, repeated = latest_of(records, lambda record: record.sku)
    named = {record.sku for record in single}
    products = dict(Product.objects.filter(sku__in=named).values_list("sku", "pk"))
    rows = ItemCost.objects.select_for_update(no_key=True, of=("self",)).order_by("pk")
    known = {row.product_id: row for row in rows.filter(product_id__in=products.values())}

    new, changed, same, rejected = [], [], 0, []
    for record in single:
        product = products.get(record.sku)
        if product is None:
            reason = _("The product is not known here; send it first.")
            rejected.append(_rejection(record.sku, "sku", reason, record))
            continue
        values = record.model_dump(include=set(fields))
        row = known.get(product)
        if row is None:
            new.append(ItemCost(product_id=product, as_of=record.as_of, **values))
        elif record.as_of >= row.as_of and differs(row, values):
            changed.append(assign(row, {**values, "as_of": record.as_of}))
        else:
            same += 1

    write(ItemCost, new=new, changed=changed, fields=(*fields, "as_of"))
    return Applied(len(new), len(changed), same, rejected=(*rejected, *repeated))


def _rejection(key: str, field: str, reason: Any, record: BaseModel) -> Rejected:
    return Rejected(key, field, str(reason), record.model_dump(mode="json"))
