"""What a person may do in a company, and why: each right with all it comes from, and for a no what would give it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Company, CompanyRole, CompanyUserPermission, Delegation, Membership, User
from accounts.queries.lines import line_of
from accounts.queries.members import at_or_above, grants_at, members_in
from accounts.queries.scopes import held_rights, needs_second_factor, scope_for
from accounts.second_factors import has_second_factor
from accounts.standing import SHUT, left_in
from accounts.states import RIGHTS, Depth, Right, Role, grants_of, with_brought


@dataclass(frozen=True)
class Origin:
    """One thing that gives a right, or would if something were otherwise.

    depth: how deep it gives it here. brought_by: the right it comes with, "" for itself. missing: why it gives
    nothing at the moment, "" where it does. until: when it ends by itself.
    """

    words: Any
    depth: Depth
    brought_by: str = ""
    missing: Any = ""
    until: datetime | None = None


@dataclass(frozen=True)
class Verdict:
    """What there is to say of one right. depth: None for a no; origins: what gives it, or would.

    taken: why the company's state takes it away, "" where it does not. ways: what would give it.
    """

    right: Right
    depth: Depth | None
    origins: tuple[Origin, ...]
    taken: Any = ""
    ways: tuple[Any, ...] = ()

    @property
    def is_held(self) -> bool:
        """What `may` answers."""
        return self.depth is not None

    @property
    def giving(self) -> list[Origin]:
        """What gives it now."""
        return [one for one in self.origins if not one.missing]

    @property
    def lacking(self) -> list[Origin]:
        """What would give it, were something otherwise."""
        return [one for one in self.origins if one.missing]


@dataclass(frozen=True)
class Explained:
    """A person in a company. notes: what holds beside the rights; membership: the nearest one in force, if any."""

    user: User
    company: Company
    verdicts: tuple[Verdict, ...]
    notes: tuple[Any, ...]
    membership: Membership | None
    order_limit: Decimal | None

    @property
    def is_touched(self) -> bool:
        """Whether anything at all gives the person a right here, or would."""
        return any(one.origins for one in self.verdicts)


def all_permission_names(labels: Iterable[str]) -> dict[str, str]:
    """What permissions such as "orders.change_order" are called. One statement."""
    wanted = set(labels)
    rows = Permission.objects.filter(codename__in={label.partition(".")[2] for label in wanted})
    named = rows.values_list("content_type__app_label", "codename", "name")
    return {f"{app}.{code}": name for app, code, name in named if f"{app}.{code}" in wanted}


def all_explained_rights(user: User, company: Company) -> Explained:
    """Every right of a person in a company, for staff. The verdict is that of `may`, by the very same functions.

    Source: ACC-05, ACC-06.
    """
    line = line_of(company.pk)
    held = held_rights(user, company)
    found = list(_origins(user, line))
    acting = next((one for one in _memberships(user, line) if not _gone(one)), None)
    verdicts = tuple(_verdict(right, held, found, user, line) for right in Right)
    limit = acting.order_limit if acting else None
    return Explained(user, company, verdicts, tuple(_notes(user, company, line, acting)), acting, limit)


def _verdict(
    right: Right,
    held: dict[str, Depth],
    found: Sequence[tuple[str, Origin]],
    user: User,
    line: Sequence[Company],
) -> Verdict:
    origins = tuple(one for name, one in found if name == right)
    depth, company = held.get(right), line[0]
    taken: Any = ""
    if depth is None and company.status in SHUT:
        taken = _("%(company)s is %(state)s: nobody acts for it.")
    elif (
        depth is None
        and any(not one.missing for one in origins)
        and not left_in(company.status, {str(right): Depth.UNIT})
    ):
        taken = _("%(company)s is %(state)s, which takes this right from everybody.")
    if taken:
        taken = taken % {"company": company.name, "state": company.get_status_display()}
    ways = () if depth is not None else tuple(_ways(right, user, line, taken))
    return Verdict(right, depth, origins, taken, ways)


def _origins(user: User, line: Sequence[Company]) -> Iterator[tuple[str, Origin]]:
    for member in _memberships(user, line):
        yield from _of_member(member, line[0])
    yield from _of_lent(user, line[0])
    yield from _of_absent(user, line)


def _memberships(user: User, line: Sequence[Company]) -> list[Membership]:
    """All of a person's in a line, those that are over too, nearest first."""
    place = {company.pk: number for number, company in enumerate(line)}
    rows = Membership.objects.filter(user=user, company_id__in=place).select_related("company", "user")
    return sorted(rows.prefetch_related("own_roles__company"), key=lambda row: place[row.company_id])


def _gone(member: Membership) -> Any:
    """Why a membership gives nothing, "" where it does."""
    if not member.user.is_active:
        return _("the person is deactivated")
    if not member.is_active:
        return _("the membership is ended")
    if member.company.status in SHUT:
        return _("%(company)s is shut") % {"company": member.company.name}
    return ""


def _of_member(member: Membership, company: Company) -> Iterator[tuple[str, Origin]]:
    """Each role of a membership by itself: what it gives, and from above only what goes below."""
    ready = [(Role(role).label, RIGHTS[role]) for role in member.roles if role in RIGHTS]
    composed = [(role.name, role.grants) for role in member.own_roles.all()]
    is_above = member.company_id != company.pk
    for name, own in [*ready, *composed]:
        given = grants_of((), [own], includes_branches=member.includes_branches)
        for right, depth in given.items():
            missing = _gone(member)
            if not missing and is_above and depth != Depth.BELOW:
                missing = _("it does not go below %(company)s") % {"company": member.company.name}
            words = (
                _("role “%(role)s” in %(company)s")
                if not is_above
                else _("role “%(role)s” in %(company)s, above")
            )
            told = words % {"role": name, "company": member.company.name}
            yield right, Origin(told, depth, "" if right in own else _bringer(right, own), missing)


def _bringer(right: str, own: Any) -> str:
    """The right of a role with which another one comes."""
    named = [one for one in own if one in Right]
    return next((one for one in named if right in with_brought({one: Depth.UNIT})), "")


def _of_lent(user: User, company: Company) -> Iterator[tuple[str, Origin]]:
    rows = CompanyUserPermission.objects.filter(user=user, content_object=company)
    now = timezone.now()
    may_bring = bool(scope_for(user.pk, company.pk).rights)
    for row in rows.select_related("granted_by", "permission"):
        right = row.permission.codename
        if right not in Right:
            continue
        missing: Any = "" if row.valid_until is None or row.valid_until > now else _("it has ended")
        if not user.is_active:
            missing = _("the person is deactivated")
        words: Any = _("staff exception") if user.is_staff else _("lent")
        if row.granted_by:
            words = _("%(what)s by %(person)s") % {"what": words, "person": row.granted_by}
        if row.reason:
            words = f"{words}: {row.reason}"
        yield right, Origin(words, Depth.UNIT, "", missing, row.valid_until)
        if may_bring:
            for brought, depth in with_brought({right: Depth.UNIT}).items():
                if brought != right:
                    yield brought, Origin(words, depth, right, missing, row.valid_until)


def _of_absent(user: User, line: Sequence[Company]) -> Iterator[tuple[str, Origin]]:
    """Approving for somebody absent: as far as that person may here now (APR-09)."""
    places = {company.pk: company for company in line}
    rows = Delegation.objects.filter(
        Q(ended_at=None), delegate=user, company_id__in=places, valid_until__gt=timezone.now()
    )
    rows = rows.select_related("delegator")
    absent = members_in(line, {row.delegator_id for row in rows})
    is_member = bool(scope_for(user.pk, line[0].pk).rights)
    for row in rows:
        depth = grants_at(line[0], at_or_above(row.company_id, absent.get(row.delegator_id, ()), line)).get(
            Right.APPROVE
        )
        missing: Any = ""
        if row.valid_from > timezone.now():
            missing = _("it begins later")
        elif depth is None or not row.delegator.is_active:
            missing = _("the absent person may not approve here")
        elif not is_member:
            missing = _("the person has no membership that reaches here")
        words = _("stands in for %(person)s") % {"person": row.delegator}
        for right, deep in with_brought({Right.APPROVE: depth or Depth.UNIT}).items():
            brought = "" if right == Right.APPROVE else str(Right.APPROVE)
            yield right, Origin(words, deep, brought, missing, row.valid_until)


def _ways(right: Right, user: User, line: Sequence[Company], taken: Any) -> Iterator[Any]:
    """What would give a right that is not had."""
    if not user.is_active:
        yield _("Nothing, while the person is deactivated.")
        return
    if taken:
        yield _("Another state of the company alone.")
        return
    ready = [str(Role(role).label) for role in RIGHTS if right in grants_of([role])]
    composed = CompanyRole.objects.filter(company__in=line, grants__has_key=str(right))
    roles = ", ".join(f"“{name}”" for name in [*ready, *composed.values_list("name", flat=True)])
    yield _("A membership in %(company)s with a role such as %(roles)s.") % {
        "company": line[0].name,
        "roles": roles,
    }
    if len(line) > 1:
        yield _("The same in %(company)s, if the right goes below it there.") % {"company": line[1].name}
    yield _("The right lent on this company for a time.")
    if right == Right.APPROVE:
        yield _("To stand in for an absent approver.")


def _notes(user: User, company: Company, line: Sequence[Company], acting: Membership | None) -> Iterator[Any]:
    """What holds beside the rights: the second factor, a hold, the limit of orders."""
    scope = scope_for(user.pk, company.pk)
    if not scope.is_empty and needs_second_factor(scope) and not has_second_factor(user):
        yield _(
            "A second factor is asked for here and the person has none: no page opens until one is set up."
        )
    if company.status == Company.Status.ON_HOLD:
        yield _("The company is on hold: the rights stay, and every order is refused by the credit decision.")
    if acting is not None and scope.may(Right.BUY) and not scope.may(Right.VIEW_PRICES):
        yield _("Every order needs an approval, as it is placed without seeing prices.")
    elif acting is not None and acting.order_limit is not None and scope.may(Right.BUY):
        yield _("Orders above %(limit)s net need an approval.") % {
            "limit": f"{company.currency} {acting.order_limit:f}"
        }
    if scope.until:
        yield _(
            "Some of these rights are given for a time and end by themselves, on the day said beside them."
        )
