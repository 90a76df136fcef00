"""Who may give which place in a company: what stands behind inviting, changing and ending, and composing roles."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from accounts.models import Company, CompanyRole, Membership
from accounts.queries.members import all_members_with, grants_of_member, nearest_with, with_composed
from accounts.queries.scopes import Acting, acting_as
from accounts.states import Grants, Right, Role, beyond, grants_of
from core import outbox
from core.actor import Actor
from core.errors import InvalidValue, NotAllowed, NotFound, WrongState


@dataclass(frozen=True)
class Place:
    """What somebody is to be in a company. roles: ready-made ones. own_roles: keys of the company's.

    order_limit, approval_limit: net, in the company's currency; None for no limit.
    """

    roles: tuple[str, ...] = ()
    own_roles: tuple[int, ...] = ()
    order_limit: Decimal | None = None
    approval_limit: Decimal | None = None
    includes_branches: bool = False


def manager_of(company_id: int, by: Actor) -> Acting:
    """Who manages the people of a company, which is locked: a right that is taken away meanwhile is gone."""
    Company.objects.select_for_update(of=("self",), no_key=True).filter(pk=company_id).first()
    acting = acting_as(by.user_id, company_id)
    if acting is None:
        raise NotFound(_("There is no such company."))
    acting.scope.require(Right.MANAGE_PEOPLE)
    return acting


def managed(membership: Membership, by: Actor) -> tuple[Membership, Acting]:
    """A member as stored now, locked, and who manages it; somebody who may do more is not to be touched."""
    manager = manager_of(membership.company_id, by)
    Membership.objects.select_for_update(of=("self",)).filter(pk=membership.pk).first()
    member = (
        with_composed(Membership.objects.filter(pk=membership.pk)).select_related("user", "company").get()
    )
    if member.user_id == by.user_id:
        raise NotAllowed(
            _("Nobody changes the own rights: ask another administrator."), right=str(Right.MANAGE_PEOPLE)
        )
    check_beyond(grants_of_member(member), manager)
    return member, manager


def check_place(place: Place, manager: Acting) -> list[CompanyRole]:
    """The company's own roles of a place, if all of it may be given by this person."""
    unknown = set(place.roles) - set(Role.values)
    if unknown or not (place.roles or place.own_roles):
        raise InvalidValue(_("Choose at least one role."), field="roles")
    found = CompanyRole.objects.filter(pk__in=place.own_roles, company__in=manager.scope.lineage)
    # Locked: a role that gains a right in this moment is not given by the rights that it had before.
    roles = list(found.select_for_update(of=("self",), no_key=True).order_by("pk"))
    if len(roles) != len(set(place.own_roles)):
        raise InvalidValue(_("Choose roles of this company."), field="own_roles")
    grants = grants_of(
        place.roles, [role.grants for role in roles], includes_branches=place.includes_branches
    )
    check_beyond(grants, manager)
    check_limits(place.order_limit, place.approval_limit, manager)
    return roles


def check_limits(order_limit: Decimal | None, approval_limit: Decimal | None, manager: Acting) -> None:
    """Nobody gives higher limits than the own ones."""
    approving = nearest_with(Right.APPROVE, manager.company.pk, manager.members) or manager.membership
    for limit, own, label in (
        (order_limit, manager.ordering.order_limit, _("order")),
        (approval_limit, approving.approval_limit, _("approve")),
    ):
        if limit is not None and limit < 0:
            raise InvalidValue(_("A limit cannot be below zero."), field="order_limit")
        if own is not None and (limit is None or limit > own):
            raise NotAllowed(
                _("You may %(do)s up to %(limit)s yourself and cannot give more.")
                % {"do": label, "limit": own},
                right=str(Right.MANAGE_PEOPLE),
            )


def check_beyond(wanted: Grants, manager: Acting) -> None:
    """Nobody gives more than is his or her own; what was lent, or belongs to somebody absent, is nobody's to give."""
    more = beyond(wanted, manager.own)
    if more:
        raise NotAllowed(
            _("That goes beyond your own rights: %(rights)s.")
            % {"rights": ", ".join(str(Right(right).label) for right in sorted(more))},
            right=str(Right.MANAGE_PEOPLE),
        )


def keep_an_administrator(company_id: int) -> None:
    """Refuse a step that leaves a company with nobody who could manage its people."""
    if not all_members_with(Right.MANAGE_PEOPLE, [company_id]):
        raise WrongState(
            _("Nobody could manage the people of this company then: name another administrator first.")
        )


def columns_of(place: Place) -> dict[str, object]:
    """A place as columns of a membership or an invitation, without the company's own roles."""
    return {
        "roles": list(place.roles),
        "order_limit": place.order_limit,
        "approval_limit": place.approval_limit,
        "includes_branches": place.includes_branches,
    }


def tell_of_member(event: str, member: Membership, *, by: Actor, **more: str) -> None:
    """Record an event about a member, of a name that begins with `member.`. more: further words of its payload."""
    company = Company.objects.get(pk=member.company_id)
    outbox.record(
        event,
        subject=f"company:{company.number}",
        payload={"user": member.user_id, "roles": list(member.roles), **more},
        by=by,
        company=company.number,
    )
