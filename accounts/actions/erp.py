"""What the ERP tells of customers, terms and credit. All of it is the ERP's."""

from collections.abc import Sequence

from django.db.models import Q
from django.utils.translation import gettext as _
from pydantic import BaseModel

from accounts.actions.contacts import settle_contacts
from accounts.actions.proposals import settle_proposals
from accounts.duplicates import plain_name, plain_tax_id
from accounts.models import (
    Address,
    Company,
    CreditAccount,
    PaymentTerm,
)
from accounts.proposals import CONTACT_FIELDS
from accounts.records import (
    AddressRecord,
    ApprovalWordRecord,
    CreditRecord,
    CustomerRecord,
    PaymentTermRecord,
)
from accounts.standing import OURS
from core import ownership
from core.actor import Actor, action
from core.applied import Applied, Rejected, latest_of
from core.changes import assign, differs, write
from core.errors import InvalidValue, NotFound
from core.trees import misplaced

TREE_REASONS = {
    "self": "The customer is named as its own parent.",
    "missing": "The parent is not known here; send it first.",
    "cycle": "Its parents lead back to itself.",
}


@action
def apply_payment_terms(records: Sequence[PaymentTermRecord], *, by: Actor) -> Applied:
    """Take over the ERP's payment terms; unchanged ones are not written (CRT-08)."""
    fields = ("name", "net_days", "erp_id")
    ownership.check(by, "accounts.PaymentTerm", ("code", *fields))
    known = {term.code: term for term in PaymentTerm.objects.select_for_update(no_key=True)}

    new, changed, same = [], [], 0
    single, repeated = latest_of(records, lambda record: record.code)
    for record in single:
        values = record.model_dump(include=set(fields))
        term = known.get(record.code)
        if term is None:
            new.append(PaymentTerm(code=record.code, **values))
        elif differs(term, values):
            changed.append(assign(term, values))
        else:
            same += 1

    write(PaymentTerm, new=new, changed=changed, fields=fields)
    return Applied(new=len(new), changed=len(changed), same=same, rejected=repeated)


@action
def rename_company(number: str, to: str, *, by: Actor) -> Company:
    """Give a customer the number that the ERP has given it; documents, people and terms stay with it.

    Raises NotFound for a number that nobody has, InvalidValue for one that is taken.
    """
    ownership.check(by, "accounts.Company", ["number"])
    company = Company.objects.select_for_update(of=("self",), no_key=True).filter(number=number).first()
    if company is None:
        raise NotFound(_("There is no customer %(number)s.") % {"number": number})
    if Company.objects.filter(number=to).exists():
        raise InvalidValue(_("%(number)s is another customer.") % {"number": to}, field="number")

    company.number = to
    company.save(update_fields=["number"])
    return company


@action
def apply_customers(records: Sequence[CustomerRecord], *, by: Actor, is_full: bool = False) -> Applied:
    """Take over the ERP's customers with their place in the tree and their addresses.

    One that cannot be placed (own parent, unknown parent, circle), is older than what we have, or has the number of
    another one that was admitted here is left as it is; the others go on (ACC-02, ACC-10). is_full: whoever is not among the records
    is closed, never deleted, since documents name it; an empty list closes nobody. Constant number
    of statements.
    """
    ownership.check(by, "accounts.Company", ["number", "name", "parent", "status", "payment_term"])
    ownership.check(by, "accounts.Address", ["street", "is_active"])
    rows = Company.objects.select_for_update(no_key=True).order_by("pk")
    known = {company.number: company for company in rows}
    terms = dict(PaymentTerm.objects.values_list("code", "pk"))

    records, repeated = latest_of(records, lambda record: record.number)
    rejected = _misplaced(records, known, terms)
    refused = {item.key for item in rejected}
    good = [record for record in records if record.number not in refused]
    outdated = {
        record.number
        for record in good
        if (company := known.get(record.number)) and company.as_of and record.as_of < company.as_of
    }
    fresh = [record for record in good if record.number not in outdated]

    new, changed = _write_companies(fresh, known, terms)
    touched = _write_addresses(fresh, known, by)
    settle_contacts(fresh, by=by)
    removed = _close_missing(records, known) if is_full and records else 0
    changed |= touched - new
    return Applied(
        new=len(new),
        changed=len(changed),
        same=len(good) - len(new) - len(changed),
        removed=removed,
        rejected=(*rejected, *repeated),
    )


def _misplaced(
    records: Sequence[CustomerRecord], known: dict[str, Company], terms: dict[str, int]
) -> list[Rejected]:
    by_id = {company.pk: company.number for company in known.values()}
    without_term = {record.number for record in records if record.payment_term_code not in {None, *terms}}
    others = {record.number for record in records if _is_another(record, known.get(record.number))}
    bad = misplaced(
        {record.number: record.parent_number for record in records},
        known={company.number: by_id.get(company.parent_id) for company in known.values()},
        refused=without_term | others,
    )
    rejected = []
    for record in records:
        if record.number in bad:
            reason = TREE_REASONS[bad[record.number]]
            rejected.append(Rejected(record.number, "parent_number", reason, _plain(record)))
        elif record.number in others:
            reason = (
                "The number is that of another customer, who was admitted here: give this one another code."
            )
            rejected.append(Rejected(record.number, "number", reason, _plain(record)))
        elif record.number in without_term:
            reason = f"Payment term “{record.payment_term_code}” is not known here."
            rejected.append(Rejected(record.number, "payment_term_code", reason, _plain(record)))
    return rejected


def _is_another(record: CustomerRecord, admitted: Company | None) -> bool:
    """Whether a number of ours, of a customer that the ERP does not know yet, is somebody else's there.

    Its people are invited already: they would see what is the other one's.
    """
    if admitted is None or admitted.status not in OURS or admitted.erp_id:
        return False
    same_id = plain_tax_id(record.tax_id) == plain_tax_id(admitted.tax_id) != ""
    return not same_id and plain_name(record.name) != plain_name(admitted.name)


def _write_companies(
    records: Sequence[CustomerRecord], known: dict[str, Company], terms: dict[str, int]
) -> tuple[set[str], set[str]]:
    """Insert and update; parents in a second step, since a branch may come before its parent."""
    plain = ("name", "status", "currency", "tax_id", *CONTACT_FIELDS, "needs_approval", "erp_id")
    new: list[Company] = []
    changed: dict[str, Company] = {}
    for record in records:
        values = record.model_dump(include=set(plain))
        values["payment_term_id"] = terms.get(record.payment_term_code or "")
        company = known.get(record.number)
        if company is None:
            company = Company(number=record.number, as_of=record.as_of, **values)
            new.append(company)
        elif differs(company, values):
            changed[record.number] = assign(company, {**values, "as_of": record.as_of})
    write(Company, new=new, changed=[], fields=())
    known.update({company.number: company for company in new})

    hung = []
    for record in records:
        company = known[record.number]
        parent = known[record.parent_number] if record.parent_number else None
        if company.parent_id == (parent.pk if parent else None):
            continue
        company.parent = parent
        if company in new:
            hung.append(company)
        else:
            changed[record.number] = assign(company, {"as_of": record.as_of})
    fields = (*plain, "payment_term", "parent", "as_of")
    write(Company, new=[], changed=[*changed.values(), *hung], fields=fields)
    return {company.number for company in new}, set(changed)


def _write_addresses(records: Sequence[CustomerRecord], known: dict[str, Company], by: Actor) -> set[str]:
    """Write the addresses of these customers; one that is gone stays, out of use.

    An address may come from another customer, also from one that is not among the records.
    """
    fields = tuple(AddressRecord.model_fields)[1:]
    companies = {known[record.number].pk: record.number for record in records}
    told = {item.erp_id: (record, item) for record in records for item in record.addresses}
    here = Address.objects.filter(Q(company_id__in=companies) | Q(erp_id__in=told))
    have = {address.erp_id: address for address in here.select_for_update(no_key=True).order_by("pk")}
    new, changed, touched = [], [], set()
    for erp_id, (record, item) in told.items():
        values = {
            **item.model_dump(exclude={"erp_id"}),
            "company_id": known[record.number].pk,
            "is_active": True,
        }
        address = have.pop(erp_id, None)
        if address is None:
            new.append(Address(erp_id=erp_id, as_of=record.as_of, **values))
            touched.add(record.number)
        elif differs(address, values):
            changed.append(assign(address, {**values, "as_of": record.as_of}))
            touched.add(record.number)
    for address in have.values():
        if address.is_active:
            changed.append(assign(address, {"is_active": False}))
            touched.add(companies[address.company_id])
    write(Address, new=new, changed=changed, fields=(*fields, "company", "is_active", "as_of"))
    settle_proposals({erp_id: (record.as_of, item) for erp_id, (record, item) in told.items()}, by=by)
    return touched


def _close_missing(records: Sequence[CustomerRecord], known: dict[str, Company]) -> int:
    here = {record.number: record.as_of for record in records}
    read_at = max(here.values())
    gone = [
        assign(company, {"status": Company.Status.CLOSED})
        for company in known.values()
        if company.number not in here
        and company.status not in {Company.Status.CLOSED, *OURS}
        # One that the ERP has made since that reading began is not gone.
        and not (company.as_of and company.as_of > read_at)
    ]
    write(Company, new=[], changed=gone, fields=("status",))
    return len(gone)


@action
def apply_credit(records: Sequence[CreditRecord], *, by: Actor) -> Applied:
    """Take over the ERP's limits, balances and holds; older figures are dropped (CRT-09, CRT-10)."""
    fields = ("currency", "limit_amount", "used_amount", "is_on_hold")
    ownership.check(by, "accounts.CreditAccount", fields)
    numbers = {record.company_number for record in records}
    companies = dict(Company.objects.filter(number__in=numbers).values_list("number", "pk"))
    rows = CreditAccount.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
    rows = rows.filter(company__number__in=numbers)
    known = {account.company_id: account for account in rows}

    new, changed, same, rejected = [], [], 0, []
    single, repeated = latest_of(records, lambda record: record.company_number)
    for record in single:
        company = companies.get(record.company_number)
        if company is None:
            reason = "The customer is not known here; send it first."
            rejected.append(Rejected(record.company_number, "company_number", reason, _plain(record)))
            continue
        values = record.model_dump(include=set(fields))
        account = known.get(company)
        if account is None:
            new.append(CreditAccount(company_id=company, as_of=record.as_of, **values))
        elif record.as_of >= account.as_of and differs(account, values):
            changed.append(assign(account, {**values, "as_of": record.as_of}))
        else:
            same += 1

    write(CreditAccount, new=new, changed=changed, fields=(*fields, "as_of"))
    return Applied(len(new), len(changed), same, rejected=(*rejected, *repeated))


@action
def apply_approval_words(records: Sequence[ApprovalWordRecord], *, by: Actor) -> int:
    """Take over whether the ERP wants the orders of these customers approved; tell how many changed (APR-12).

    A word from before what its feed has told is dropped.
    """
    ownership.check(by, "accounts.Company", ["needs_approval"])
    said = {record.company_number: record for record in records}
    rows = Company.objects.select_for_update(of=("self",), no_key=True).filter(number__in=said)
    changed = []
    for company in rows.order_by("pk"):
        record = said[company.number]
        if company.needs_approval != record.needs_approval and not (
            company.as_of and record.as_of < company.as_of
        ):
            company.needs_approval = record.needs_approval
            changed.append(company)
    write(Company, new=[], changed=changed, fields=("needs_approval",))
    return len(changed)


def _plain(record: BaseModel) -> dict[str, object]:
    return record.model_dump(mode="json")
