"""Memberships, and what each of them grants where."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from accounts.models import (
    Company,
    CompanyUserPermission,
    Delegation,
    Invitation,
    Membership,
    User,
)
from accounts.queries.lines import ABOVE, lines_of
from accounts.scope import Scope
from accounts.standing import SHUT
from accounts.states import Depth, Right, Role, grants_of


def memberships_of(user_id: int) -> QuerySet[Membership]:
    """The memberships a person can act through: active, in companies that nobody has shut."""
    return (
        Membership.objects.filter(user_id=user_id, is_active=True, user__is_active=True)
        .exclude(company__status__in=SHUT)
        .select_related("company")
        .order_by("pk")
    )


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


def role_names(member: Membership | Invitation) -> list[str]:
    """The roles of a membership or an invitation in words, the ready-made ones first. One statement where it has others."""
    ready = [str(Role(role).label) for role in member.roles if role in Role.values]
    return [*ready, *(role.name for role in member.own_roles.all())]


def members_up_to(line: Sequence[Company], user_id: int) -> list[Membership]:
    """The memberships of a person in a line that is open, nearest first; nothing for what is closed or became another."""
    if not line or line[0].status in SHUT or line[0].merged_into_id is not None:
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


def nearest_with(right: Right, company_id: int, members: Iterable[Membership]) -> Membership | None:
    """The first of somebody's memberships, nearest first, that grants a right in a company; None where none does.

    By it the person uses that right: its limits and its manager count, and not those of a place that grants less.
    """
    for member in members:
        depth = grants_of_member(member).get(right)
        if depth is not None and (member.company_id == company_id or depth == Depth.BELOW):
            return member
    return None


def ordering_membership(scope: Scope) -> Membership | None:
    """The membership by which the acting person orders, with its user; as Acting.ordering. One statement."""
    rows = memberships_of(scope.buyer_id or 0).filter(company_id__in=scope.lineage)
    members = with_composed(rows).select_related(None).select_related("user")
    line = sorted(members, key=lambda member: scope.lineage.index(member.company_id))
    return nearest_with(Right.BUY, scope.company_id or 0, line) or next(iter(line), None)


def order_limit_of(member: Membership, scope: Scope) -> Decimal | None:
    """Up to which net the acting person orders alone, by the membership that he or she orders by.

    None for no limit. Whoever sees no prices cannot answer for one: such a person's orders all wait (ACC-05).
    """
    if not scope.may(Right.VIEW_PRICES):
        return Decimal(0)
    limit: Decimal | None = member.order_limit
    return limit


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


def all_members_of(company: Company) -> QuerySet[Membership]:
    """The active people of a company and those from above whose memberships reach down, for staff. One statement."""
    line = Membership.objects.filter(
        Q(company=company) | Q(company__in=RawSQL(ABOVE, [company.pk])),  # noqa: S611
        is_active=True,
        user__is_active=True,
    )
    return line.select_related("user", "company").order_by("user__name", "pk")


def buyers_below(scope: Scope) -> list[User]:
    """Who may order for the companies that somebody manages, each once, by name. Two statements."""
    rows = Membership.objects.filter(
        company_id__in=scope.reach(Right.MANAGE_COMPANY), is_active=True, user__is_active=True
    )
    found = {
        member.user_id: member.user
        for member in with_composed(rows).select_related("user")
        if Right.BUY in grants_of_member(member)
    }
    return sorted(found.values(), key=lambda user: (str(user).casefold(), user.pk))


def all_members_with(right: Right, company_ids: Iterable[int]) -> list[User]:
    """The active people who hold a right in one of these companies: there, from above, lent, or for somebody absent.

    Three statements, five for approvals while somebody is absent, however many companies there are.
    """
    lines = lines_of(company_ids)
    everywhere = {company.pk for line in lines.values() for company in line}
    found: dict[int, User] = {}
    members = Membership.objects.filter(company_id__in=everywhere, is_active=True, user__is_active=True)
    for member in with_composed(members.exclude(company__status__in=SHUT)).select_related("user"):
        depth = grants_of_member(member).get(right)
        if depth is not None and (member.company_id in lines or depth == Depth.BELOW):
            found[member.user_id] = member.user
    lent = CompanyUserPermission.objects.filter(
        Q(valid_until=None) | Q(valid_until__gt=Now()),
        content_object_id__in=set(lines),
        permission__codename=str(right),
        user__is_active=True,
    )
    found |= {row.user_id: row.user for row in lent.select_related("user")}
    if right == Right.APPROVE:
        found |= _deputies(lines)
    return sorted(found.values(), key=lambda user: user.pk)


def _deputies(lines: Mapping[int, Sequence[Company]]) -> dict[int, User]:
    """Who decides on approvals of companies for somebody absent, as far as that person may (APR-09)."""
    everywhere = {company.pk: company for line in lines.values() for company in line}
    rows = Delegation.objects.filter(
        company_id__in=set(everywhere),
        ended_at=None,
        valid_from__lte=Now(),
        valid_until__gt=Now(),
        delegate__is_active=True,
        delegator__is_active=True,
    ).select_related("delegate")
    current = list(rows)
    if not current:
        return {}
    people = {pk for row in current for pk in (row.delegator_id, row.delegate_id)}
    members = members_in(list(everywhere.values()), people)
    found: dict[int, User] = {}
    for line in lines.values():
        here = {company.pk for company in line}
        there = {pk: [member for member in rows if member.company_id in here] for pk, rows in members.items()}
        for row in current:
            if row.company_id not in here or not there.get(row.delegate_id):
                continue
            own = at_or_above(row.company_id, there.get(row.delegator_id, ()), line)
            if Right.APPROVE in grants_at(line[0], own):
                found[row.delegate_id] = row.delegate
    return found
