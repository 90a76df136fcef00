"""Who may decide on approvals in a company, and in whose place: the seats."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Company, CompanyUserPermission, Delegation, Membership, User
from accounts.queries.lines import line_of
from accounts.queries.members import at_or_above, grants_at, members_in, with_composed
from accounts.scope import Scope
from accounts.standing import SHUT
from accounts.states import Right


@dataclass(frozen=True)
class Seat:
    """A person who may approve in a company, by own right or for somebody absent.

    roles: ready-made ones by which it is had. limit: net, up to what; None for no limit. instead_of: the
    absent person whose seat it is, None for one's own.
    """

    user: User
    roles: frozenset[str]
    limit: Decimal | None
    instead_of: User | None = None

    @property
    def holder_id(self) -> int:
        """Whose seat it is: the absent person's, where one stands in."""
        return self.user.pk if self.instead_of is None else self.instead_of.pk

    def covers(self, net_amount: Decimal) -> bool:
        """Whether an amount is within the limit; exactly at it still is."""
        return self.limit is None or net_amount <= self.limit


def seats_of(company_id: int, user_id: int | None = None) -> list[Seat]:
    """The seats of a company: there, from above, lent, and of those who are absent, each by who would decide.

    user_id: only those of this person. Five statements at most, whatever the number of people.
    Source: ACC-06, ACC-09, APR-09, APR-10.
    """
    line = line_of(company_id)
    if not line or line[0].status in SHUT:
        return []
    delegations = _delegations(line, user_id)
    wanted = None if user_id is None else {user_id, *(row.delegator_id for row in delegations)}
    members = _members(line, wanted)
    seats: dict[int, Seat] = {}
    for own in members.values():
        seat = _seat(line, own)
        if seat is not None:
            seats[seat.user.pk] = seat
    for person in _lent(company_id, wanted):
        seats.setdefault(person.pk, Seat(person, frozenset(), None))
    found = [seat for seat in seats.values() if user_id in (None, seat.user.pk)]
    for row in delegations:
        seat = _seat(line, at_or_above(row.company_id, members.get(row.delegator_id, ()), line))
        if seat is not None and row.delegate_id in members:
            found.append(Seat(row.delegate, seat.roles, seat.limit, instead_of=row.delegator))
    return sorted(found, key=lambda seat: (seat.instead_of is not None, seat.user.pk, seat.holder_id))


def _members(line: Sequence[Company], wanted: set[int] | None) -> dict[int, list[Membership]]:
    if wanted is not None:
        return {pk: rows for pk, rows in members_in(line, wanted).items() if rows[0].user.is_active}
    rows = Membership.objects.filter(company__in=line, is_active=True, user__is_active=True)
    found: dict[int, list[Membership]] = {}
    for member in with_composed(rows.exclude(company__status__in=SHUT)).select_related("user"):
        found.setdefault(member.user_id, []).append(member)
    return found


def _seat(line: Sequence[Company], members: Iterable[Membership]) -> Seat | None:
    """The seat that a person's memberships give at the line's start: the widest limit of those that give it."""
    giving = [member for member in members if Right.APPROVE in grants_at(line[0], [member])]
    if not giving:
        return None
    limits = [member.approval_limit for member in giving]
    return Seat(
        user=giving[0].user,
        roles=frozenset(role for member in giving for role in member.roles),
        limit=None if None in limits else max(limit for limit in limits if limit is not None),
    )


def _lent(company_id: int, wanted: set[int] | None) -> list[User]:
    rows = CompanyUserPermission.objects.filter(
        Q(valid_until=None) | Q(valid_until__gt=Now()),
        content_object_id=company_id,
        permission__codename=str(Right.APPROVE),
        user__is_active=True,
    )
    if wanted is not None:
        rows = rows.filter(user_id__in=wanted)
    return [row.user for row in rows.select_related("user")]


def _delegations(line: Sequence[Company], user_id: int | None) -> list[Delegation]:
    rows = Delegation.objects.filter(
        company__in=line,
        ended_at=None,
        valid_from__lte=Now(),
        valid_until__gt=Now(),
        delegate__is_active=True,
        delegator__is_active=True,
    )
    if user_id is not None:
        rows = rows.filter(delegate_id=user_id)
    return list(rows.select_related("delegate", "delegator").order_by("pk"))


def delegations_of(scope: Scope) -> list[Delegation]:
    """The own delegations in the acting company that are not over, by others and to others."""
    if scope.company_id is None:
        return []
    rows = Delegation.objects.filter(company_id=scope.company_id, ended_at=None, valid_until__gt=Now())
    mine = rows.filter(Q(delegator_id=scope.user_id) | Q(delegate_id=scope.user_id))
    return list(mine.select_related("delegator", "delegate").order_by("valid_from", "pk"))


def colleagues_of(scope: Scope) -> list[User]:
    """Who may stand in for somebody: the other members of the acting company and of those above it."""
    rows = Membership.objects.filter(company_id__in=scope.lineage, is_active=True, user__is_active=True)
    found = {row.user_id: row.user for row in rows.select_related("user") if row.user_id != scope.user_id}
    return sorted(found.values(), key=lambda user: user.name.casefold())


def all_names(user_ids: Iterable[int]) -> dict[int, str]:
    """The names of people by their ids."""
    return {user.pk: str(user) for user in User.objects.filter(pk__in=set(user_ids))}
