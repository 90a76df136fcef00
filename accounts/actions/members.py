"""What the administrators of a company do with its people: invite, give roles, end and restore, compose roles.

Everything here is decided by what the acting person may do in that company (ACC-07): the right to manage
people, and never more than one's own rights. Another company, or one above, is not there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actions.holding import hold_access
from accounts.invitations import key_of
from accounts.models import Company, CompanyRole, Invitation, Membership, User
from accounts.plain_names import check_name
from accounts.queries.connections import all_connection_of, all_only_way_for, reaches
from accounts.queries.members import all_members_with, grants_of_member, nearest_with, with_composed
from accounts.queries.scopes import Acting, acting_as
from accounts.standing import SHUT
from accounts.states import MAY_BE_OWN, Depth, Grants, Right, Role, beyond, grants_of
from accounts.vouching import only_way_words
from core import audit, outbox, ownership
from core.actor import Actor, action
from core.errors import InvalidValue, NotAllowed, NotFound, OutOfDate, WrongState

VALID_FOR = timedelta(days=14)
ZERO = Decimal(0)


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


@action
def invite_member(company: Company, email: str, name: str, place: Place, *, by: Actor) -> Invitation:
    """Ask somebody to join a company. An open invitation of the same address is replaced.

    Records `member.invited`, whose mail carries the link. Raises NotFound for a company out of reach,
    NotAllowed beyond one's own rights, InvalidValue, WrongState for somebody who is a member already.
    """
    ownership.check(by, "accounts.Membership", ["roles", "order_limit"])
    manager = _manager(company.pk, by)
    company = manager.company
    email, name = email.strip(), name.strip()
    check_name(name, field="name")
    own_roles = _checked(place, manager)
    if Membership.objects.filter(company=company, user__email__iexact=email, is_active=True).exists():
        raise WrongState(_("%(email)s is a member of this company already.") % {"email": email})
    _open_invitations(company, email).update(withdrawn_at=timezone.now())

    invitation = Invitation.objects.create(
        company=company,
        email=email,
        name=name,
        invited_by=manager.membership.user,
        expires_at=timezone.now() + VALID_FOR,
        **_columns(place),
    )
    invitation.own_roles.set(own_roles)
    outbox.record(
        "member.invited",
        subject=f"company:{company.number}",
        payload={
            "invitation": str(invitation.key),
            "person": {"name": invitation.name or email, "email": email, "locale": _locale(manager)},
            "company_name": company.name,
            "invited_by": by.label,
        },
        by=by,
        company=company.number,
    )
    return invitation


@action
def withdraw_invitation(key: str, *, by: Actor) -> Invitation:
    """Take an invitation back; its link opens nothing any more. Raises NotFound, WrongState."""
    found = Invitation.objects.filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such invitation."))
    _manager(found.company_id, by)
    invitation = Invitation.objects.select_for_update(of=("self",)).get(pk=found.pk)
    if invitation.accepted_at or invitation.withdrawn_at:
        raise WrongState(_("This invitation has been used or withdrawn already."))
    _withdraw(invitation, by)
    return invitation


def _withdraw(invitation: Invitation, by: Actor) -> None:
    invitation.withdrawn_at = timezone.now()
    invitation.save(update_fields=["withdrawn_at"])
    audit.log(
        "invitation.withdrawn",
        by=by,
        about=f"invitation:{invitation.key}",
        company=Company.objects.get(pk=invitation.company_id).number,
        data={"invitation": str(invitation.key)},
    )


def open_invitation(word: str, *, now: datetime | None = None) -> Invitation:
    """The invitation that a link opens. Raises NotFound for a wrong link, WrongState for one that is over.

    It is over, too, once whoever invited may not give any more what it promises: nobody comes back by a link
    that he or she has sent out before.
    """
    found = Invitation.objects.select_related("company", "invited_by").filter(key=key_of(word)).first()
    if found is None:
        raise NotFound(_("This invitation does not exist. Ask for a new one."))
    if found.accepted_at or found.withdrawn_at:
        raise WrongState(_("This invitation has been used or withdrawn already. Ask for a new one."))
    is_late = found.expires_at <= (now or timezone.now()) or found.company.status in SHUT
    if is_late or not may_still_give(found):
        raise WrongState(_("This invitation is over. Ask for a new one."))
    return found


def may_still_give(invitation: Invitation) -> bool:
    """Whether whoever invited still manages the company's people, and holds all that is promised. The staff does."""
    if invitation.invited_by.is_staff:
        return invitation.invited_by.is_active
    acting = acting_as(invitation.invited_by_id, invitation.company_id)
    if acting is None or not acting.scope.may(Right.MANAGE_PEOPLE):
        return False
    composed = [role.grants for role in invitation.own_roles.all()]
    promised = grants_of(invitation.roles, composed, includes_branches=invitation.includes_branches)
    return not beyond(promised, acting.own)


@action
def accept_invitation(
    word: str, *, name: str = "", password: str = "", user: User | None = None, by: Actor
) -> User:
    """Join a company by the link of an invitation: as a new person, or as the one who is signed in.

    name, password: of a new person. user: who is signed in. The link works once, whoever is faster.
    Records `member.enrolled`. Raises as open_invitation, InvalidValue for a password that is too weak,
    WrongState for an address that has a sign-in already, or another one than that of the person signed in.
    """
    invitation = Invitation.objects.filter(key=key_of(word)).first()
    if invitation is not None:  # nobody slips in beside the end of what whoever invited may do
        Company.objects.select_for_update(of=("self",), no_key=True).get(pk=invitation.company_id)
        hold_access(invitation.invited_by_id)
    invitation = open_invitation(word)
    locked = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
    if locked.accepted_at or locked.withdrawn_at:
        raise WrongState(_("This invitation has been used or withdrawn already. Ask for a new one."))
    person = _person(locked, name, password, user)
    fulfil_invitation(locked, person, by=by)
    return person


@action
def fulfil_invitation(invitation: Invitation, person: User, *, by: Actor) -> Membership:
    """Give somebody the place of an invitation that the caller has locked and found open. Records `member.enrolled`."""
    membership, _is_new = Membership.objects.update_or_create(
        user=person,
        company_id=invitation.company_id,
        defaults={
            "is_active": True,
            "roles": invitation.roles,
            "order_limit": invitation.order_limit,
            "approval_limit": invitation.approval_limit,
            "includes_branches": invitation.includes_branches,
        },
    )
    membership.own_roles.set(invitation.own_roles.all())
    invitation.accepted_at, invitation.accepted_by = timezone.now(), person
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    _tell("member.enrolled", membership, by=by)
    return membership


@action
def enrol_newcomer(person: User, company: Company, roles: tuple[str, ...], *, by: Actor) -> Membership:
    """Make a person whom nobody knew a member, by a rule of the company. Records `member.enrolled`."""
    ownership.check(by, "accounts.Membership", ["roles"])
    membership = Membership.objects.create(user=person, company=company, roles=list(roles))
    _tell("member.enrolled", membership, by=by)
    return membership


@action
def change_member(membership: Membership, place: Place, *, version: int, by: Actor) -> Membership:
    """Give a member another place. version: of the membership as it was shown.

    Records `member.changed`. Raises NotFound out of reach, NotAllowed for oneself or beyond one's own
    rights, OutOfDate, InvalidValue.
    """
    ownership.check(by, "accounts.Membership", ["roles", "order_limit"])
    member, manager = managed(membership, by)
    if member.version != version:
        raise OutOfDate(_("Somebody has changed this member meanwhile. Look at it again."))
    own_roles = _checked(place, manager)
    for column, value in _columns(place).items():
        setattr(member, column, value)
    member.version += 1
    member.save()
    member.own_roles.set(own_roles)
    _keep_an_administrator(member.company_id)
    _tell("member.changed", member, by=by)
    return member


@action
def end_membership(membership: Membership, *, reason: str = "", by: Actor) -> Membership:
    """Take a member's access away, from the next request on; documents stay. A repeat changes nothing.

    An invitation into the company that is still open leads back in no more. reason: for the company's own people to read in its activity.

    Records `member.ended`. Raises as change_member, and WrongState for the last administrator.
    """
    ownership.check(by, "accounts.Membership", ["is_active"])
    member, _manager_of_it = managed(membership, by)
    if not member.is_active:
        return member
    member.is_active = False
    member.version += 1
    member.save(update_fields=["is_active", "version"])
    still = _open_invitations(member.company, member.user.email)
    for invitation in still.select_for_update(of=("self",)).order_by("pk"):
        _withdraw(invitation, by)
    _keep_an_administrator(member.company_id)
    _tell("member.ended", member, by=by, reason=reason.strip()[:300])
    return member


@action
def restore_membership(membership: Membership, *, by: Actor) -> Membership:
    """Give a former member the old place again. Raises as change_member."""
    ownership.check(by, "accounts.Membership", ["is_active"])
    member, manager = managed(membership, by)
    if member.is_active:
        return member
    grants = grants_of_member(member)
    _check_beyond(grants, manager)
    # A limit of what the place does not let one do gives nothing.
    _check_limits(
        member.order_limit if Right.BUY in grants else ZERO,
        member.approval_limit if Right.APPROVE in grants else ZERO,
        manager,
    )
    member.is_active = True
    member.version += 1
    member.save(update_fields=["is_active", "version"])
    _tell("member.enrolled", member, by=by)
    return member


@action
def compose_role(
    company: Company, name: str, grants: Mapping[str, int], *, role: CompanyRole | None = None, by: Actor
) -> CompanyRole:
    """Make a role of a company's own, or change one; its members have it at once.

    grants: {right: depth}. Raises NotFound out of reach, NotAllowed beyond one's own rights, InvalidValue
    for an empty or taken name or no right at all.
    """
    manager = _manager(company.pk, by)
    wanted = {right: Depth(depth) for right, depth in grants.items() if right in Right}
    shallow = [right for right, depth in wanted.items() if depth == Depth.OWN and right not in MAY_BE_OWN]
    if not wanted or shallow:
        raise InvalidValue(_("Choose at least one right, each for the unit or deeper."), field="grants")
    if not name.strip():
        raise InvalidValue(_("Give the role a name."), field="name")
    _check_beyond(grants_of((), [wanted]), manager)
    if role is not None:
        role = CompanyRole.objects.select_for_update(of=("self",)).filter(pk=role.pk, company=company).first()
        if role is None:
            raise NotFound(_("There is no such role."))
        _check_beyond(grants_of((), [role.grants]), manager)
        _check_holders(role, wanted, manager)
    made = role or CompanyRole(company=company)
    made.name, made.grants = name.strip(), {right: int(depth) for right, depth in sorted(wanted.items())}
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError:
        raise InvalidValue(_("Your company has a role of this name already."), field="name") from None
    holders = Membership.objects.filter(own_roles=made, is_active=True).order_by()
    for company_id in holders.values_list("company_id", flat=True).distinct():
        _keep_an_administrator(company_id)
    audit.log(
        "role.composed", by=by, about=f"role:{made.pk}", company=company.number,
        data={"grants": made.grants, "role": made.name, "is_new": role is None},
    )  # fmt: skip
    return made


@action
def remove_role(role: CompanyRole, *, by: Actor) -> None:
    """Remove a role that nobody has. Raises NotFound out of reach, WrongState while somebody has it."""
    manager = _manager(role.company_id, by)
    _check_beyond(grants_of((), [role.grants]), manager)
    role = CompanyRole.objects.select_for_update(of=("self",)).get(pk=role.pk)
    holders = role.memberships.count()
    if holders:
        raise WrongState(
            _("%(count)s members have this role: give them another one first.") % {"count": holders}
        )
    audit.log(
        "role.removed", by=by, about=f"role:{role.pk}", company=role.company.number, data={"role": role.name}
    )
    role.delete()


def _manager(company_id: int, by: Actor) -> Acting:
    """Who manages the people of a company, which is locked: a right that is taken away meanwhile is gone."""
    Company.objects.select_for_update(of=("self",), no_key=True).filter(pk=company_id).first()
    acting = acting_as(by.user_id, company_id)
    if acting is None:
        raise NotFound(_("There is no such company."))
    acting.scope.require(Right.MANAGE_PEOPLE)
    return acting


def managed(membership: Membership, by: Actor) -> tuple[Membership, Acting]:
    """A member as stored now, locked, and who manages it; somebody who may do more is not to be touched."""
    manager = _manager(membership.company_id, by)
    Membership.objects.select_for_update(of=("self",)).filter(pk=membership.pk).first()
    member = (
        with_composed(Membership.objects.filter(pk=membership.pk)).select_related("user", "company").get()
    )
    if member.user_id == by.user_id:
        raise NotAllowed(
            _("Nobody changes the own rights: ask another administrator."), right=str(Right.MANAGE_PEOPLE)
        )
    _check_beyond(grants_of_member(member), manager)
    return member, manager


def _checked(place: Place, manager: Acting) -> list[CompanyRole]:
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
    _check_beyond(grants, manager)
    _check_limits(place.order_limit, place.approval_limit, manager)
    return roles


def _check_limits(order_limit: Decimal | None, approval_limit: Decimal | None, manager: Acting) -> None:
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


def _check_beyond(wanted: Grants, manager: Acting) -> None:
    """Nobody gives more than is his or her own; what was lent, or belongs to somebody absent, is nobody's to give."""
    more = beyond(wanted, manager.own)
    if more:
        raise NotAllowed(
            _("That goes beyond your own rights: %(rights)s.")
            % {"rights": ", ".join(str(Right(right).label) for right in sorted(more))},
            right=str(Right.MANAGE_PEOPLE),
        )


def _check_holders(role: CompanyRole, wanted: Grants, manager: Acting) -> None:
    """What a role gains, its holders gain: also in other units, and in their branches, where that is nobody's to give
    who has it in the own unit alone. Else one would raise oneself, or a friend, where one may not.
    """
    gained = {right: depth for right, depth in wanted.items() if depth > role.grants.get(right, 0)}
    deeper = role.memberships.filter(is_active=True).exclude(
        company_id=role.company_id, includes_branches=False
    )
    if gained and deeper.exists():
        _check_beyond(grants_of((), [gained], includes_branches=True), manager)


def _keep_an_administrator(company_id: int) -> None:
    """Refuse a step that leaves a company with nobody who could manage its people."""
    if not all_members_with(Right.MANAGE_PEOPLE, [company_id]):
        raise WrongState(
            _("Nobody could manage the people of this company then: name another administrator first.")
        )


def _person(invitation: Invitation, name: str, password: str, user: User | None) -> User:
    if user is not None:
        if user.email.lower() != invitation.email.lower() or user.is_staff:
            raise WrongState(
                _("This invitation is for %(email)s: sign out, and open it again.")
                % {"email": invitation.email}
            )
        connection = all_only_way_for(user)
        if connection is not None and not reaches(connection, invitation.company_id):
            raise WrongState(
                _(
                    "Your company has you sign in with %(name)s alone, which opens no other company. "
                    "Ask to be invited at another address."
                )
                % {"name": connection.name}
            )
        return user
    taken = WrongState(
        _("%(email)s has a sign-in already: sign in, and open the link again.") % {"email": invitation.email}
    )
    if User.objects.filter(email__iexact=invitation.email).exists():
        raise taken
    connection = all_connection_of(invitation.email)
    if connection is not None and connection.is_only_way:
        raise WrongState(only_way_words(connection.name))
    person = User(email=User.objects.normalize_email(invitation.email), name=name.strip() or invitation.name)
    if not person.name:
        raise InvalidValue(_("Enter your name."), field="name")
    check_name(person.name, field="name")
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise InvalidValue(" ".join(error.messages), field="password") from None
    person.set_password(password)
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError:  # by another invitation in this moment
        raise taken from None
    return person


def _open_invitations(company: Company, email: str) -> QuerySet[Invitation]:
    return Invitation.objects.filter(
        company=company, email__iexact=email, accepted_at=None, withdrawn_at=None
    )


def _columns(place: Place) -> dict[str, object]:
    return {
        "roles": list(place.roles),
        "order_limit": place.order_limit,
        "approval_limit": place.approval_limit,
        "includes_branches": place.includes_branches,
    }


def _locale(manager: Acting) -> str:
    return manager.membership.user.locale


def _tell(event: str, member: Membership, *, by: Actor, **more: str) -> None:
    company = Company.objects.get(pk=member.company_id)
    outbox.record(
        event,
        subject=f"company:{company.number}",
        payload={"user": member.user_id, "roles": list(member.roles), **more},
        by=by,
        company=company.number,
    )
