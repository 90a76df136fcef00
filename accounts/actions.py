"""Writes of accounts: what the ERP tells of customers, terms and credit, and who is a member of what."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel

from accounts.models import (
    Address,
    Company,
    CreditAccount,
    Membership,
    PaymentTerm,
    Role,
    User,
)
from accounts.records import AddressRecord, CreditRecord, CustomerRecord, PaymentTermRecord
from accounts.rules import orphaned_and_cyclic
from core import outbox, ownership
from core.actor import Actor
from core.applied import Applied, Rejected
from core.changes import assign, differs, write
from core.errors import InvalidValue

TREE_REASONS = {
    "self": "The customer is named as its own parent.",
    "missing": "The parent is not known here; send it first.",
    "cycle": "Its parents lead back to itself.",
}


@transaction.atomic
def apply_payment_terms(records: Sequence[PaymentTermRecord], *, by: Actor) -> Applied:
    """Take over the ERP's payment terms; unchanged ones are not written (CRT-08)."""
    fields = ("name", "net_days", "erp_id")
    ownership.check(by, "accounts.PaymentTerm", ("code", *fields))
    known = {term.code: term for term in PaymentTerm.objects.select_for_update(no_key=True)}

    new, changed, same = [], [], 0
    for record in {record.code: record for record in records}.values():
        values = record.model_dump(include=set(fields))
        term = known.get(record.code)
        if term is None:
            new.append(PaymentTerm(code=record.code, **values))
        elif differs(term, values):
            changed.append(assign(term, values))
        else:
            same += 1

    write(PaymentTerm, new=new, changed=changed, fields=fields)
    return Applied(new=len(new), changed=len(changed), same=same)


@transaction.atomic
def apply_customers(records: Sequence[CustomerRecord], *, by: Actor, is_full: bool = False) -> Applied:
    """Take over the ERP's customers with their place in the tree and their addresses.

    One that cannot be placed (own parent, unknown parent, circle) or is older than what we have is
    left as it is; the others go on (ACC-02, ACC-10). is_full: whoever is not among the records
    is closed, never deleted, since documents name it. Constant number of statements.
    """
    ownership.check(by, "accounts.Company", ["number", "name", "parent", "status", "payment_term"])
    ownership.check(by, "accounts.Address", ["street", "is_active"])
    known = {company.number: company for company in Company.objects.select_for_update(no_key=True)}
    terms = dict(PaymentTerm.objects.values_list("code", "pk"))

    records = list({record.number: record for record in records}.values())
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
    touched = _write_addresses(fresh, known)
    removed = _close_missing(records, known) if is_full else 0
    changed |= touched - new
    return Applied(
        new=len(new),
        changed=len(changed),
        same=len(good) - len(new) - len(changed),
        removed=removed,
        rejected=tuple(rejected),
    )


def _misplaced(
    records: Sequence[CustomerRecord], known: dict[str, Company], terms: dict[str, int]
) -> list[Rejected]:
    by_id = {company.pk: company for company in known.values()}
    parents: dict[str, str | None] = {
        company.number: by_id[company.parent_id].number if company.parent_id else None
        for company in known.values()
    }
    parents.update({record.number: record.parent_number for record in records})
    bad = orphaned_and_cyclic(parents)
    rejected = []
    for record in records:
        term = record.payment_term_code
        if record.number in bad:
            reason = TREE_REASONS[bad[record.number]]
            rejected.append(Rejected(record.number, "parent_number", reason, _plain(record)))
        elif term is not None and term not in terms:
            reason = f"Payment term “{term}” is not known here."
            rejected.append(Rejected(record.number, "payment_term_code", reason, _plain(record)))
    return rejected


def _write_companies(
    records: Sequence[CustomerRecord], known: dict[str, Company], terms: dict[str, int]
) -> tuple[set[str], set[str]]:
    """Insert and update; parents in a second step, since a branch may come before its parent."""
    plain = ("name", "status", "currency", "tax_id", "email", "erp_id")
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
            changed[record.number] = assign(company, {**values, "as_of": record.as_of})  # type: ignore[assignment]
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
            changed[record.number] = assign(company, {"as_of": record.as_of})  # type: ignore[assignment]
    fields = (*plain, "payment_term", "parent", "as_of")
    write(Company, new=[], changed=[*changed.values(), *hung], fields=fields)
    return {company.number for company in new}, set(changed)


def _write_addresses(records: Sequence[CustomerRecord], known: dict[str, Company]) -> set[str]:
    """Write the addresses of these customers; one that is gone stays, out of use."""
    fields = tuple(AddressRecord.model_fields)[1:]
    companies = {known[record.number].pk: record.number for record in records}
    have = {
        address.erp_id: address
        for address in Address.objects.select_for_update(no_key=True).filter(company_id__in=companies)
    }
    new, changed, touched = [], [], set()
    for record in records:
        company = known[record.number]
        for item in record.addresses:
            values = {
                **item.model_dump(exclude={"erp_id"}),
                "company_id": company.pk,
                "is_active": True,
            }
            address = have.pop(item.erp_id, None)
            if address is None:
                new.append(Address(erp_id=item.erp_id, as_of=record.as_of, **values))
                touched.add(record.number)
            elif differs(address, values):
                changed.append(assign(address, {**values, "as_of": record.as_of}))
                touched.add(record.number)
    for address in have.values():
        if address.is_active:
            changed.append(assign(address, {"is_active": False}))
            touched.add(companies[address.company_id])
    write(Address, new=new, changed=changed, fields=(*fields, "company", "is_active", "as_of"))
    return touched


def _close_missing(records: Iterable[CustomerRecord], known: dict[str, Company]) -> int:
    here = {record.number for record in records}
    gone = [
        assign(company, {"status": Company.Status.CLOSED})
        for company in known.values()
        if company.number not in here and company.status != Company.Status.CLOSED
    ]
    write(Company, new=[], changed=gone, fields=("status",))
    return len(gone)


@transaction.atomic
def apply_credit(records: Sequence[CreditRecord], *, by: Actor) -> Applied:
    """Take over the ERP's limits, balances and holds; older figures are dropped (CRT-09, CRT-10)."""
    fields = ("currency", "limit_amount", "used_amount", "is_on_hold")
    ownership.check(by, "accounts.CreditAccount", fields)
    companies = dict(Company.objects.values_list("number", "pk"))
    rows = CreditAccount.objects.select_for_update(no_key=True).order_by("pk")
    known = {account.company_id: account for account in rows}

    new, changed, same, rejected = [], [], 0, []
    for record in {record.company_number: record for record in records}.values():
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
    return Applied(len(new), len(changed), same, rejected=tuple(rejected))


def _plain(record: BaseModel) -> dict[str, object]:
    return record.model_dump(mode="json")


@dataclass(frozen=True)
class Identity:
    """Who somebody is. staff_role: a group of `accounts.staff`, empty for people of customers."""

    email: str
    name: str
    staff_role: str = ""


@transaction.atomic
def register_person(identity: Identity, *, password: str, by: Actor) -> User:
    """Make somebody known who may sign in, or bring the person there is up to date.

    Raises InvalidValue for a staff role that does not exist.
    """
    ownership.check(by, "accounts.User", ["email", "name", "password"])
    group = Group.objects.filter(name=identity.staff_role).first()
    if identity.staff_role and group is None:
        raise InvalidValue(
            _("There is no staff role “%(role)s”.") % {"role": identity.staff_role}, field="staff_role"
        )

    user = User.objects.select_for_update(of=("self",), no_key=True).filter(
        email__iexact=identity.email
    ).first() or User(email=identity.email)
    user.name, user.is_staff = identity.name, group is not None
    user.set_password(password)
    user.save()
    user.groups.set([group] if group else [])
    return user


@dataclass(frozen=True)
class Invitation:
    """Who joins a company and as what. order_limit: net, None for no limit."""

    user: User
    roles: tuple[str, ...]
    order_limit: Decimal | None = None
    includes_branches: bool = False


@transaction.atomic
def enrol_member(company: Company, invitation: Invitation, *, by: Actor) -> Membership:
    """Make somebody a member of a company, or change the membership there is (ACC-05).

    Raises InvalidValue for a role that does not exist or none at all. Records `member.enrolled`.
    """
    ownership.check(by, "accounts.Membership", ["roles", "order_limit"])
    company = Company.objects.select_for_update(of=("self",), no_key=True).get(pk=company.pk)
    unknown = set(invitation.roles) - set(Role.values)
    if unknown or not invitation.roles:
        raise InvalidValue(
            _("Give at least one of the roles %(roles)s.") % {"roles": ", ".join(Role.values)},
            field="roles",
        )

    membership, _is_new = Membership.objects.update_or_create(
        user=invitation.user,
        company=company,
        defaults={
            "roles": list(invitation.roles),
            "order_limit": invitation.order_limit,
            "includes_branches": invitation.includes_branches,
            "is_active": True,
        },
    )

    outbox.record(
        "member.enrolled",
        subject=f"company:{company.number}",
        payload={"user": invitation.user.pk, "roles": list(invitation.roles)},
        by=by,
        company=company.number,
    )
    return membership


@transaction.atomic
def assign_sales_rep(company: Company, *, to: User, by: Actor) -> Company:
    """Name the person of the staff who looks after a company (ACC-16)."""
    ownership.check(by, "accounts.Company", ["sales_rep"])
    company = Company.objects.select_for_update(of=("self",), no_key=True).get(pk=company.pk)
    company.sales_rep = to
    company.save(update_fields=["sales_rep"])
    return company
