"""Reads of accounts: scopes, memberships, rights, and what a company inherits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import CharField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Now, NullIf
from django.utils.translation import gettext_lazy as _

from accounts.models import (
    Address,
    AddressProposal,
    Company,
    CompanyUserPermission,
    CreditAccount,
    Delegation,
    Licence,
    LicenceKind,
    Membership,
    PaymentTerm,
    User,
)
from accounts.scope import NOTHING, Scope
from accounts.standing import SHUT, left_in
from accounts.states import Depth, Right, Role, grants_of, with_brought
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
    """The memberships a person can act through: active, in companies that nobody has shut."""
    return (
        Membership.objects.filter(user_id=user_id, is_active=True, user__is_active=True)
        .exclude(company__status__in=SHUT)
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
    """A person acting for a company, by a membership there or by one above it whose rights go down to it.

    None without any right there. Four statements, five with branches, whatever the size of the tree.
    Source: ACC-06, ACC-09, ACC-16, failure bank 1.
    """
    if not user_id or not company_id:
        return None
    line = line_of(company_id)
    members = _members_in(line, user_id)
    if not members:
        return None
    grants = grants_at(line[0], members)
    lent, lent_until = lent_rights(user_id, company_id)
    for right in lent:
        grants[right] = max(grants.get(right, Depth.UNIT), Depth.UNIT)
    stands_in, turns_at = stood_in_for(user_id, line)
    if stands_in:
        grants[Right.APPROVE] = max(grants.get(Right.APPROVE, stands_in), stands_in)
    until = min((end for end in (lent_until, turns_at) if end is not None), default=None)
    company = line[0]
    grants = left_in(company.status, with_brought(grants))
    if not grants and members[0].company_id != company.pk:
        return None
    ids = [company.pk]
    if Depth.BELOW in grants.values():
        ids = list(_tree_of(company.pk).values_list("pk", flat=True))
    scope = Scope(
        user_id=user_id,
        membership_id=members[0].pk,
        company_id=company.pk,
        company_number=company.number,
        currency=company.currency,
        company_ids=frozenset(ids),
        lineage=tuple(item.pk for item in line),
        grants=tuple(sorted(grants.items())),
        until=until,
    )
    return Acting(scope, members[0], line)


def acting_by_number(user_id: int | None, number: str) -> Acting | None:
    """A person acting for the company of a customer number; None where acting_as is None."""
    company_id = Company.objects.filter(number=number).values_list("pk", flat=True).first()
    return acting_as(user_id, company_id)


def with_composed(members: QuerySet[Membership]) -> QuerySet[Membership]:
    """Memberships with the grants of their companies' own roles at hand, as `composed`; no statement more."""
    return members.annotate(
        composed=JSONBAgg("own_roles__grants", filter=Q(own_roles__isnull=False), default=Value("[]"))
    )


def grants_of_member(member: Membership) -> dict[str, Depth]:
    """What a membership read by `with_composed` grants, in its own company."""
    return grants_of(
        member.roles,
        member.composed,  # type: ignore[attr-defined]
        includes_branches=member.includes_branches,
    )


def role_names(member: Membership) -> list[str]:
    """The roles of a membership in words, the ready-made ones first. One statement where it has others."""
    ready = [str(Role(role).label) for role in member.roles if role in Role.values]
    return [*ready, *(role.name for role in member.own_roles.all())]


def _members_in(line: Sequence[Company], user_id: int) -> list[Membership]:
    """The memberships of a person in a line that is open, nearest first; nothing where its company is closed."""
    if not line or line[0].status in SHUT:
        return []
    place = {company.pk: number for number, company in enumerate(line)}
    found = with_composed(memberships_of(user_id).filter(company_id__in=place))
    members = found.select_related(None).select_related("user")
    return sorted(members, key=lambda member: place[member.company_id])


def grants_at(company: Company, members: Sequence[Membership]) -> dict[str, Depth]:
    """What memberships in a company and above it grant in it: from above only what goes below."""
    found: dict[str, Depth] = {}
    for member in members:
        for right, depth in grants_of_member(member).items():
            if member.company_id == company.pk or depth == Depth.BELOW:
                found[right] = max(found.get(right, depth), depth)
    return found


def lent_rights(user_id: int, company_id: int) -> tuple[frozenset[str], datetime | None]:
    """The rights lent to a person on a company now, and when the first of them ends. One statement."""
    rows = CompanyUserPermission.objects.filter(user_id=user_id, content_object_id=company_id)
    valid = rows.filter(Q(valid_until=None) | Q(valid_until__gt=Now()))
    found = list(valid.values_list("permission__codename", "valid_until"))
    ends = [end for _right, end in found if end is not None]
    return frozenset(right for right, _end in found if right in Right), min(ends, default=None)


def stood_in_for(user_id: int, line: Sequence[Company]) -> tuple[Depth | None, datetime | None]:
    """How deep somebody may approve in a company for those who are absent, and when that changes next.

    line: as line_of. Each counts as far as the absent person may approve there now (APR-09). One
    statement; two while there is such a delegation.
    """
    rows = Delegation.objects.filter(delegate_id=user_id, company_id__in=[item.pk for item in line])
    coming = rows.filter(ended_at=None, valid_until__gt=Now(), delegator__is_active=True)
    found = list(
        coming.annotate(now=Now()).values_list(
            "delegator_id", "company_id", "valid_from", "valid_until", "now"
        )
    )
    turns = [start if start > now else end for _who, _where, start, end, now in found]
    current = [(who, where) for who, where, start, _end, now in found if start <= now]
    if not current:
        return None, min(turns, default=None)
    absent = members_in(line, {who for who, _where in current})
    depths = [
        grants_at(line[0], at_or_above(where, absent.get(who, ()), line)).get(Right.APPROVE)
        for who, where in current
    ]
    return max((depth for depth in depths if depth is not None), default=None), min(turns, default=None)


def members_in(line: Sequence[Company], user_ids: Iterable[int]) -> dict[int, list[Membership]]:
    """The memberships in force of some people in a line, by person. One statement."""
    rows = Membership.objects.filter(
        user_id__in=set(user_ids), company_id__in=[item.pk for item in line], is_active=True
    )
    found: dict[int, list[Membership]] = {}
    for member in with_composed(rows.exclude(company__status__in=SHUT)).select_related("user"):
        found.setdefault(member.user_id, []).append(member)
    return found


def at_or_above(company_id: int, members: Iterable[Membership], line: Sequence[Company]) -> list[Membership]:
    """Those of a line's memberships that are in a company of it or above that."""
    place = {company.pk: number for number, company in enumerate(line)}
    return [member for member in members if place[member.company_id] >= place[company_id]]


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

    Membership and role decide; a right lent on the company counts beside them (delegation, staff).
    Inactive people and closed companies may nothing.
    """
    if not user.is_active or company.status in SHUT:
        return False
    if scope_for(user.pk, company.pk).may(right):
        return True
    return right in left_in(company.status, dict.fromkeys(lent_rights(user.pk, company.pk)[0], Depth.UNIT))


def sees_prices(email: str, number: str) -> bool:
    """Whether the person of an address may see the prices of a company, for a mail about it.

    Who has no sign-in of a customer's is no member either: the staff, and an address the company named.
    """
    user = User.objects.filter(email__iexact=email, is_staff=False).first()
    acting = acting_by_number(user.pk, number) if user is not None else None
    return acting is None or acting.scope.may(Right.VIEW_PRICES)


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


def needs_second_factor(scope: Scope) -> bool:
    """Whether the acting company, or one above it, asks for a second factor. One statement."""
    return Company.objects.filter(pk__in=scope.lineage, requires_second_factor=True).exists()


def ship_to_addresses(scope: Scope) -> QuerySet[Address]:
    """Where goods for the acting company may go: its own addresses in use (ACC-03)."""
    if scope.company_id is None:
        return Address.objects.none()
    return Address.objects.filter(company_id=scope.company_id, is_ship_to=True, is_active=True)


def proposals_for(scope: Scope) -> QuerySet[AddressProposal]:
    """What the acting company has proposed, newest first."""
    rows = AddressProposal.objects.filter(company_id=scope.company_id or 0)
    return rows.select_related("address", "proposed_by")


def all_proposal_state(pk: int) -> str:
    """The state of a proposal, "" for one that there is not."""
    return AddressProposal.objects.filter(pk=pk).values_list("state", flat=True).first() or ""


def addresses_for(scope: Scope) -> QuerySet[Address]:
    """All addresses in use of the acting company."""
    return Address.objects.filter(company_id=scope.company_id or 0, is_active=True)


def address_in(scope: Scope, erp_id: str) -> Address:
    """An address in use of the acting company. Raises NotFound, the same for unknown and foreign ones."""
    found = addresses_for(scope).filter(erp_id=erp_id).first()
    if found is None:
        raise NotFound(_("There is no such address."))
    return found


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


def licence_kind_by_code(code: str) -> LicenceKind | None:
    """A kind of licence by its code, None when there is none."""
    return LicenceKind.objects.filter(code=code).first()


def licences_of(lineage: Sequence[int]) -> list[Licence]:
    """The licences that a company holds itself or by those above it, whether or not they are valid. One statement."""
    return list(Licence.objects.filter(company_id__in=lineage).select_related("kind").order_by("pk"))


def all_companies() -> QuerySet[Company]:
    """Every company, for staff and jobs."""
    return Company.objects.select_related("parent", "sales_rep", "payment_term")


def all_members_of(company: Company) -> QuerySet[Membership]:
    """The active people of a company and those from above whose memberships reach down, for staff. One statement."""
    line = Membership.objects.filter(
        Q(company=company) | Q(company__in=RawSQL(ABOVE, [company.pk])),  # noqa: S611
        is_active=True,
        user__is_active=True,
    )
    return line.select_related("user", "company").order_by("user__name", "pk")


def all_people() -> QuerySet[User]:
    """Everybody who can sign in, for staff."""
    return User.objects.all()


def all_merged() -> frozenset[str]:
    """The numbers of the companies that were merged into others."""
    rows = Company.objects.exclude(merged_into=None)
    return frozenset(rows.values_list("number", flat=True))


def all_company_names(numbers: Iterable[str]) -> dict[str, str]:
    """The names of companies by their numbers, for staff; unknown numbers are left out."""
    return dict(Company.objects.filter(number__in=set(numbers)).values_list("number", "name"))


def all_members_with(right: Right, company_ids: Iterable[int]) -> list[User]:
    """The active people who hold a right in one of these companies: there, from above, or lent."""
    wanted = set(company_ids)
    above = {pk for company_id in wanted for pk in lineage_of(company_id)} - wanted
    found: dict[int, User] = {}
    members = Membership.objects.filter(company_id__in=wanted | above, is_active=True, user__is_active=True)
    for member in with_composed(members.exclude(company__status__in=SHUT)).select_related("user"):
        depth = grants_of_member(member).get(right)
        if depth is not None and (member.company_id in wanted or depth == Depth.BELOW):
            found[member.user_id] = member.user
    lent = CompanyUserPermission.objects.filter(
        Q(valid_until=None) | Q(valid_until__gt=Now()),
        content_object_id__in=wanted,
        permission__codename=str(right),
        user__is_active=True,
    )
    found |= {row.user_id: row.user for row in lent.select_related("user")}
    return sorted(found.values(), key=lambda user: user.pk)


def all_user_id_of(email: str) -> int | None:
    """The id of the user with an e-mail address, in any case; None when nobody has it."""
    return User.objects.filter(email__iexact=email).values_list("pk", flat=True).first() if email else None


def name_of(column: str) -> Subquery:
    """The name, or else the address, of the person whose id stands in a column of the outer query."""
    word = Coalesce(NullIf("name", Value("")), "email", output_field=CharField())
    named = User.objects.filter(pk=OuterRef(column)).annotate(word=word)
    return Subquery(named.values("word")[:1])
