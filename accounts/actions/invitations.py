"""Inviting people to a company, and what the link of an invitation opens (ACC-07)."""

from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actions.granting import Place, check_place, columns_of, manager_of, tell_of_member
from accounts.actions.holding import hold_access
from accounts.invitations import key_of
from accounts.models import Company, Invitation, Membership, User
from accounts.plain_names import check_name
from accounts.queries.connections import all_connection_of, all_only_way_for, reaches
from accounts.queries.scopes import Acting, acting_as
from accounts.standing import SHUT
from accounts.states import Right, beyond, grants_of
from accounts.vouching import only_way_words
from core import audit, outbox, ownership
from core.actor import Actor, action
from core.errors import InvalidValue, NotFound, WrongState

VALID_FOR = timedelta(days=14)


@action
def invite_member(company: Company, email: str, name: str, place: Place, *, by: Actor) -> Invitation:
    """Ask somebody to join a company. An open invitation of the same address is replaced.

    Records `member.invited`, whose mail carries the link. Raises NotFound for a company out of reach,
    NotAllowed beyond one's own rights, InvalidValue, WrongState for somebody who is a member already.
    """
    ownership.check(by, "accounts.Membership", ["roles", "order_limit"])
    manager = manager_of(company.pk, by)
    company = manager.company
    email, name = email.strip(), name.strip()
    check_name(name, field="name")
    own_roles = check_place(place, manager)
    if Membership.objects.filter(company=company, user__email__iexact=email, is_active=True).exists():
        raise WrongState(_("%(email)s is a member of this company already.") % {"email": email})
    open_invitations_of(company, email).update(withdrawn_at=timezone.now())

    invitation = Invitation.objects.create(
        company=company,
        email=email,
        name=name,
        invited_by=manager.membership.user,
        expires_at=timezone.now() + VALID_FOR,
        **columns_of(place),
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
    manager_of(found.company_id, by)
    invitation = Invitation.objects.select_for_update(of=("self",)).get(pk=found.pk)
    if invitation.accepted_at or invitation.withdrawn_at:
        raise WrongState(_("This invitation has been used or withdrawn already."))
    withdraw(invitation, by)
    return invitation


def withdraw(invitation: Invitation, by: Actor) -> None:
    """Note that an invitation opens nothing any more. The caller holds its company or itself locked."""
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
    tell_of_member("member.enrolled", membership, by=by)
    return membership


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


def open_invitations_of(company: Company, email: str) -> QuerySet[Invitation]:
    """The invitations of an address into a company that are neither used nor withdrawn."""
    return Invitation.objects.filter(
        company=company, email__iexact=email, accepted_at=None, withdrawn_at=None
    )


def _locale(manager: Acting) -> str:
    return manager.membership.user.locale
