"""Reads of accounts: scopes, memberships, rights, and what a company inherits."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from guardian.core import ObjectPermissionChecker

from accounts.models import Address, Company, CreditAccount, Membership, PaymentTerm, User
from accounts.scope import NOTHING, Scope
from accounts.states import Right, rights_of
from core.errors import NotFound


def memberships_of(user_id: int) -> QuerySet[Membership]:
    """The memberships a person can act through: active, in companies that are not closed."""
    return (
        Membership.objects.filter(user_id=user_id, is_active=True, user__is_active=True)
        .exclude(company__status=Company.Status.CLOSED)
        .select_related("company")
        .order_by("pk")
    )


def scope_for(user_id: int | None, company_id: int | None) -> Scope:
    """The scope of a person acting for a company; NOTHING without an active membership there.

    A fixed number of statements, whatever the size of the tree. Source: ACC-06, ACC-09, failure bank 1.
    """
    membership = (
        memberships_of(user_id).filter(company_id=company_id).first() if user_id and company_id else None
    )
    if membership is None:
        return NOTHING
    company = membership.company
    lineage = lineage_of(company.pk)
    below = (
        Company.objects.descendants(company, include_self=True).values_list("pk", flat=True)
        if membership.includes_branches
        else [company.pk]
    )
    return Scope(
        user_id=user_id,
        membership_id=membership.pk,
        company_id=company.pk,
        company_number=company.number,
        currency=company.currency,
        company_ids=frozenset(below),
        lineage=lineage,
        rights=rights_of(membership.roles),
    )


def lineage_of(company_id: int) -> tuple[int, ...]:
    """The ids of a company and its ancestors, nearest first."""
    company = Company.objects.get(pk=company_id)
    up = Company.objects.ancestors(company, include_self=True).values_list("pk", flat=True)
    return tuple(reversed(list(up)))


def may(user: User, right: Right, company: Company) -> bool:
    """Tell whether a person may do something for a company.

    Membership and role decide; a guardian row on the company grants a single exception
    (delegation). Inactive people and closed companies may nothing.
    """
    if not user.is_active or company.status == Company.Status.CLOSED:
        return False
    scope = scope_for(user.pk, company.pk)
    if scope.may(right):
        return True
    return bool(ObjectPermissionChecker(user).has_perm(str(right), company))


def company_in(scope: Scope, number: str) -> Company:
    """A company that may be seen. Raises NotFound, the same for unknown and foreign ones."""
    company = Company.objects.filter(pk__in=scope.company_ids, number=number).first()
    if company is None:
        raise NotFound(_("There is no such company."))
    return company


def acting_company(scope: Scope) -> Company:
    """The company acted for. Raises NotFound for an empty scope."""
    company = Company.objects.filter(pk=scope.company_id).select_related("sales_rep").first()
    if company is None:
        raise NotFound(_("You are not a member of any company here."))
    return company


def ship_to_addresses(scope: Scope) -> QuerySet[Address]:
    """Where goods for the acting company may go: its own addresses in use (ACC-03)."""
    if scope.company_id is None:
        return Address.objects.none()
    return Address.objects.filter(company_id=scope.company_id, is_ship_to=True, is_active=True)


@dataclass(frozen=True)
class Billing:
    """Who is billed for a company, where, on which terms, and where each value comes from (ACC-08).

    address: None when nobody in the line has one for invoices.
    """

    company: Company
    address: Address | None
    payment_term: PaymentTerm | None
    payment_term_from: Company | None


def billing_of(company: Company) -> Billing:
    """The bill-to of a company: the nearest in its line with an invoice address; terms likewise.

    Three statements. Source: ACC-04, ACC-08.
    """
    line = _line(company)
    addresses = {
        address.company_id: address
        for address in Address.objects.filter(company__in=line, is_bill_to=True, is_active=True).order_by(
            "-pk"
        )
    }
    billed = next((item for item in line if item.pk in addresses), company)
    termed = next((item for item in line if item.payment_term_id), None)
    return Billing(
        company=billed,
        address=addresses.get(billed.pk),
        payment_term=termed.payment_term if termed else None,
        payment_term_from=termed,
    )


@dataclass(frozen=True)
class Credit:
    """The credit that counts for a company: the nearest limit in its line.

    account: whose row decides and is locked; None means no limit anywhere. used_amount: the
    ERP's figures of every company that shares the limit, summed; with tax. as_of: the oldest
    of them. company_ids: who shares the limit.
    """

    account: CreditAccount | None
    limit_amount: Decimal | None
    used_amount: Decimal
    company_ids: frozenset[int]
    is_on_hold: bool


def credit_of(company: Company) -> Credit:
    """The credit of a company, inherited from the nearest company with a limit (CRT-09, ACC-08).

    A hold anywhere between the company and the owner of the limit counts. Branches with a limit
    of their own do not share the owner's.
    """
    line = _line(company)
    accounts = {account.company_id: account for account in CreditAccount.objects.filter(company__in=line)}
    owner = next((c for c in line if c.pk in accounts and accounts[c.pk].limit_amount is not None), None)
    between = line if owner is None else line[: line.index(owner) + 1]
    is_on_hold = any(
        c.status == Company.Status.ON_HOLD or (c.pk in accounts and accounts[c.pk].is_on_hold)
        for c in between
    )
    if owner is None:
        return Credit(None, None, Decimal(0), frozenset({company.pk}), is_on_hold)
    sharing = _sharing(owner)
    used = sum(
        (account.used_amount for account in CreditAccount.objects.filter(company_id__in=sharing)),
        Decimal(0),
    )
    account = accounts[owner.pk]
    return Credit(account, account.limit_amount, used, sharing, is_on_hold)


def _sharing(owner: Company) -> frozenset[int]:
    """The companies that use a limit: its owner and below, but for those with their own."""
    below = list(Company.objects.descendants(owner, include_self=True))
    own = set(
        CreditAccount.objects.filter(company__in=below, limit_amount__isnull=False)
        .exclude(company=owner)
        .values_list("company_id", flat=True)
    )
    shared: set[int] = {owner.pk}
    for company in below:  # parents come before their children
        if company.pk not in own and company.parent_id in shared:
            shared.add(company.pk)
    return frozenset(shared)


def _line(company: Company) -> list[Company]:
    """The company and its ancestors, nearest first."""
    line = Company.objects.ancestors(company, include_self=True).select_related("payment_term")
    return list(reversed(line))


def all_companies() -> QuerySet[Company]:
    """Every company, for staff and jobs."""
    return Company.objects.select_related("parent", "sales_rep", "payment_term")


def all_company_names(numbers: Iterable[str]) -> dict[str, str]:
    """The names of companies by their numbers, for staff; unknown numbers are left out."""
    return dict(Company.objects.filter(number__in=set(numbers)).values_list("number", "name"))


def all_members_with(right: Right, company_ids: Iterable[int]) -> list[User]:
    """The active people who hold a right in one of these companies, directly or from above."""
    wanted = Q()
    for company_id in company_ids:
        lineage = lineage_of(company_id)
        wanted |= Q(company_id=company_id) | Q(company_id__in=lineage[1:], includes_branches=True)
    if not wanted:
        return []
    members = Membership.objects.filter(wanted, is_active=True, user__is_active=True).select_related("user")
    return sorted({m.user for m in members if right in rights_of(m.roles)}, key=lambda user: user.pk)
