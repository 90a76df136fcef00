"""Reads of accounts: scopes, memberships, rights, and what a company inherits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _
from guardian.core import ObjectPermissionChecker

from accounts.models import Address, Company, CreditAccount, Membership, PaymentTerm, User
from accounts.scope import NOTHING, Scope
from accounts.states import Right, rights_of
from core.errors import NotFound

# The ids of a company and all above it, or all below it. A UNION drops what it has seen: it ends
# whatever the rows say. Unlike a tree's rank, which needs every company there is, it reads only these.
ABOVE = """
    WITH RECURSIVE line(id, parent_id) AS (
        SELECT id, parent_id FROM accounts_company WHERE id = %s
        UNION SELECT up.id, up.parent_id FROM accounts_company AS up JOIN line ON up.id = line.parent_id
    ) SELECT id FROM line
"""
BELOW = """
    WITH RECURSIVE tree(id) AS (
        SELECT id FROM accounts_company WHERE id = %s
        UNION SELECT down.id FROM accounts_company AS down JOIN tree ON down.parent_id = tree.id
    ) SELECT id FROM tree
"""


def memberships_of(user_id: int) -> QuerySet[Membership]:
    """The memberships a person can act through: active, in companies that are not closed."""
    return (
        Membership.objects.filter(user_id=user_id, is_active=True, user__is_active=True)
        .exclude(company__status=Company.Status.CLOSED)
        .select_related("company")
        .order_by("pk")
    )


@dataclass(frozen=True)
class Acting:
    """A person who acts for a company: the scope, and the rows that it was made from.

    membership: with its `user`. line: the company and those above it, nearest first, with their terms.
    """

    scope: Scope
    membership: Membership
    line: Sequence[Company]

    @property
    def company(self) -> Company:
        """The company acted for."""
        return self.line[0]


def acting_as(user_id: int | None, company_id: int | None) -> Acting | None:
    """A person acting for a company; None without an active membership there.

    Two statements, three with branches, whatever the size of the tree. Source: ACC-06, ACC-09,
    failure bank 1.
    """
    if not user_id or not company_id:
        return None
    found = memberships_of(user_id).filter(company_id=company_id)
    membership = found.select_related(None).select_related("user").first()
    if membership is None:
        return None
    line = line_of(company_id)
    company = line[0]
    scope = Scope(
        user_id=user_id,
        membership_id=membership.pk,
        company_id=company.pk,
        company_number=company.number,
        currency=company.currency,
        company_ids=frozenset(
            _tree_of(company.pk).values_list("pk", flat=True)
            if membership.includes_branches
            else [company.pk]
        ),
        lineage=tuple(item.pk for item in line),
        rights=rights_of(membership.roles),
    )
    return Acting(scope, membership, line)


def scope_for(user_id: int | None, company_id: int | None) -> Scope:
    """The scope of a person acting for a company; NOTHING without an active membership there."""
    acting = acting_as(user_id, company_id)
    return NOTHING if acting is None else acting.scope


def lineage_of(company_id: int) -> tuple[int, ...]:
    """The ids of a company and its ancestors, nearest first."""
    return tuple(company.pk for company in line_of(company_id))


def line_of(company_id: int) -> list[Company]:
    """A company and its ancestors, nearest first, with their terms. One statement."""
    above = Company.objects.filter(pk__in=RawSQL(ABOVE, [company_id])).select_related("payment_term")  # noqa: S611
    found = {company.pk: company for company in above.order_by()}
    line = []
    company = found.pop(company_id, None)
    while company is not None:
        line.append(company)
        company = found.pop(company.parent_id or 0, None)
    return line


def _tree_of(company_id: int) -> QuerySet[Company]:
    """A company and everything below it."""
    return Company.objects.filter(pk__in=RawSQL(BELOW, [company_id])).order_by()  # noqa: S611


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


def billing_of(company: Company, line: Sequence[Company] | None = None) -> Billing:
    """The bill-to of a company: the nearest in its line with an invoice address; terms likewise.

    line: as line_of, where it has just been read. Source: ACC-04, ACC-08.
    """
    line = line or line_of(company.pk)
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

    account: whose row decides and is locked, with its company; None means no limit anywhere.
    used_amount: the ERP's figures of every company that shares the limit, summed; with tax. as_of:
    the oldest of them. company_ids: who shares the limit.
    """

    account: CreditAccount | None
    limit_amount: Decimal | None
    used_amount: Decimal
    company_ids: frozenset[int]
    is_on_hold: bool
    as_of: datetime | None = None


def credit_of(company: Company) -> Credit:
    """The credit of a company, inherited from the nearest company with a limit (CRT-09, ACC-08).

    A hold anywhere between the company and the owner of the limit counts. Branches with a limit
    of their own do not share the owner's.
    """
    line = line_of(company.pk)
    accounts = {account.company_id: account for account in CreditAccount.objects.filter(company__in=line)}
    owner = next((c for c in line if c.pk in accounts and accounts[c.pk].limit_amount is not None), None)
    between = line if owner is None else line[: line.index(owner) + 1]
    is_on_hold = any(
        c.status == Company.Status.ON_HOLD or (c.pk in accounts and accounts[c.pk].is_on_hold)
        for c in between
    )
    if owner is None:
        return Credit(None, None, Decimal(0), frozenset({company.pk}), is_on_hold)
    account = accounts[owner.pk]
    account.company = owner
    sharing = _sharing(owner)
    known = [known for known in sharing.values() if known is not None]
    return Credit(
        account,
        account.limit_amount,
        used_amount=sum((known.used_amount for known in known), Decimal(0)),
        company_ids=frozenset(sharing),
        is_on_hold=is_on_hold,
        as_of=min((known.as_of for known in known), default=None),
    )


def _sharing(owner: Company) -> dict[int, CreditAccount | None]:
    """The companies that use a limit, its owner and below but for those with their own, by id.

    With the figures that the ERP has told of each. One statement.
    """
    tree = {company.pk: company for company in _tree_of(owner.pk).select_related("credit")}
    children: dict[int | None, list[Company]] = {}
    for company in tree.values():
        children.setdefault(company.parent_id, []).append(company)
    shared: dict[int, CreditAccount | None] = {}
    ahead = [tree[owner.pk]]
    while ahead:
        company = ahead.pop()
        account = getattr(company, "credit", None)
        if company.pk == owner.pk or account is None or account.limit_amount is None:
            shared[company.pk] = account
            ahead += children.get(company.pk, [])
    return shared


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
