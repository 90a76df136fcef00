"""Who acts for which company with which rights: the scope, and what it was made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import (
    Company,
    CompanyUserPermission,
    Delegation,
    Membership,
    User,
)
from accounts.queries.lines import line_of, lineage_of, tree_of
from accounts.queries.members import (
    all_members_with,
    at_or_above,
    grants_at,
    members_in,
    members_up_to,
    nearest_with,
)
from accounts.scope import NOTHING, Scope
from accounts.standing import SHUT, left_in
from accounts.states import Depth, Grants, Right, with_brought


@dataclass(frozen=True)
class Acting:
    """A person who acts for a company: the scope, and the rows that it was made from.

    members: the memberships that count, nearest first, each with its `user`. line: the company and those above
    it, nearest first, with their terms. own: the grants that are not lent, for a time or by somebody absent.
    """

    scope: Scope
    members: Sequence[Membership]
    line: Sequence[Company]
    own: Grants

    @property
    def membership(self) -> Membership:
        """The nearest one."""
        return self.members[0]

    @property
    def ordering(self) -> Membership:
        """The one by which the person orders: its limit and its manager count, not those of a nearer viewer's."""
        return nearest_with(Right.BUY, self.company.pk, self.members) or self.membership

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
    members = members_up_to(line, user_id)
    if not members:
        return None
    company = line[0]
    grants = grants_at(company, members)
    own = left_in(company.status, with_brought(grants))
    lent, lent_until = lent_rights(user_id, company_id)
    for right in lent:
        grants[right] = max(grants.get(right, Depth.UNIT), Depth.UNIT)
    stands_in, turns_at = stood_in_for(user_id, line)
    if stands_in:
        grants[Right.APPROVE] = max(grants.get(Right.APPROVE, stands_in), stands_in)
    until = min((end for end in (lent_until, turns_at) if end is not None), default=None)
    grants = left_in(company.status, with_brought(grants))
    if not grants and members[0].company_id != company.pk:
        return None
    ids = [company.pk]
    if Depth.BELOW in grants.values():
        ids = list(tree_of(company.pk).values_list("pk", flat=True))
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
    return Acting(scope, members, line, own)


def acting_by_number(user_id: int | None, number: str) -> Acting | None:
    """A person acting for the company of a customer number; None where acting_as is None."""
    company_id = Company.objects.filter(number=number).values_list("pk", flat=True).first()
    return acting_as(user_id, company_id)


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


def scope_for(user_id: int | None, company_id: int | None) -> Scope:
    """The scope of a person acting for a company; NOTHING without an active membership there."""
    acting = acting_as(user_id, company_id)
    return NOTHING if acting is None else acting.scope


def may(user: User, right: Right, company: Company) -> bool:
    """Tell whether a person may do something for a company.

    Membership and role decide; a right lent on the company counts beside them (delegation, staff).
    Inactive people and closed companies may nothing.
    """
    return right in held_rights(user, company)


def held_rights(user: User, company: Company) -> dict[str, Depth]:
    """All that a person may do for a company, with the depth of each right: what `may` and its explanation read."""
    if not user.is_active or company.status in SHUT:
        return {}
    lent = dict.fromkeys(lent_rights(user.pk, company.pk)[0], Depth.UNIT)
    return {**left_in(company.status, lent), **scope_for(user.pk, company.pk).depths}


def sees_prices(email: str, number: str) -> bool:
    """Whether the person of an address may see the prices of a company, for a mail about it.

    The staff may, and an address without a sign-in, which the company named; a former member no longer.
    """
    user = User.objects.filter(email__iexact=email).first()
    if user is None or user.is_staff:
        return True
    acting = acting_by_number(user.pk, number)
    return acting is not None and acting.scope.may(Right.VIEW_PRICES)


def heirs_of(email: str, number: str) -> list[User] | None:
    """Who hears of a company's documents in place of somebody who may not act for it any more.

    The manager while there, else who manages its people; empty where there is nobody. None for whom the place
    is not lost: a member, the staff, who was never one, an address without a sign-in.
    """
    user = User.objects.filter(email__iexact=email).first()
    company_id = Company.objects.filter(number=number).values_list("pk", flat=True).first()
    if user is None or user.is_staff or company_id is None:
        return None
    held = Membership.objects.filter(user=user, company_id__in=lineage_of(company_id))
    places = list(held.select_related("manager"))
    stays = any(place.is_active and place.company_id == company_id for place in places)
    if not places or (user.is_active and stays) or acting_as(user.pk, company_id) is not None:
        return None
    managers = [place.manager for place in places if place.manager is not None]
    there = [manager for manager in managers if acting_as(manager.pk, company_id) is not None]
    return there or all_members_with(Right.MANAGE_PEOPLE, [company_id])


def needs_second_factor(scope: Scope) -> bool:
    """Whether the acting company, or one above it, asks for a second factor. One statement."""
    return Company.objects.filter(pk__in=scope.lineage, requires_second_factor=True).exists()
