"""Companies' own sign-ins: set up by the staff, used by whom their providers vouch for."""

import re
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actions.holding import hold_access
from accounts.actions.invitations import fulfil_invitation, may_still_give
from accounts.actions.members import enrol_newcomer
from accounts.models import Company, Invitation, SignInConnection, SignInDomain, SignInIdentity, User
from accounts.models.connection import DOMAIN, SECRET_NAME
from accounts.queries.connections import stays_within
from accounts.queries.lines import tree_of
from accounts.queries.members import memberships_of
from accounts.standing import SHUT
from accounts.states import Role
from accounts.vouching import FREE_MAIL, Claims, Newcomers, check_claims
from core import audit, ownership
from core.actor import Actor, action
from core.errors import InvalidValue, NotAllowed
from core.links import holds_link


@dataclass(frozen=True)
class Draft:
    """A connection as it is to be; see `SignInConnection`. domains: in lower case."""

    key: str
    name: str
    issuer: str
    client_id: str
    domains: tuple[str, ...]
    secret_name: str = ""
    is_only_way: bool = False
    newcomers: str = Newcomers.INVITED
    newcomer_roles: tuple[str, ...] = ()
    second_factor: str = "told"
    is_active: bool = True


@action
def save_connection(
    company: Company, draft: Draft, *, connection: SignInConnection | None = None, by: Actor
) -> SignInConnection:
    """Set up how the people of a company sign in at their provider, or change it.

    Whoever the change concerns is signed out. Raises InvalidValue for a domain that is another connection's, that
    anybody can have an address at, or is none; for a changed issuer or key; for newcomers without a role.
    """
    ownership.check(by, "accounts.SignInConnection", ["issuer", "client_id", "is_only_way"])
    check_draft(draft)
    made = SignInConnection(company=company, key=draft.key, issuer=draft.issuer)
    if connection is not None:
        made = SignInConnection.objects.select_for_update(of=("self",), no_key=True).get(pk=connection.pk)
        if (made.key, made.issuer) != (draft.key, draft.issuer):
            raise InvalidValue(
                _("People are known by the issuer and led back by the key: make a new connection instead."),
                field="issuer",
            )
    before = _decides(made) if made.pk else None
    for name in (
        "name",
        "client_id",
        "secret_name",
        "is_only_way",
        "newcomers",
        "second_factor",
        "is_active",
    ):
        setattr(made, name, getattr(draft, name))
    made.newcomer_roles = list(draft.newcomer_roles) if draft.newcomers == Newcomers.ENROL else []
    try:
        with transaction.atomic():
            made.save()
            made.domains.exclude(domain__in=draft.domains).delete()
            for domain in set(draft.domains) - set(made.domains.values_list("domain", flat=True)):
                SignInDomain.objects.create(connection=made, domain=domain)
    except IntegrityError:
        raise InvalidValue(
            _("The key, or one of the domains, is another connection's already."), field="domains"
        ) from None
    if before != _decides(made):
        _end_sessions(made)
    audit.log(
        "sign_in.connected",
        by=by,
        about=f"connection:{made.key}",
        company=company.number,
        data={"issuer": made.issuer, "domains": sorted(draft.domains), "is_only_way": made.is_only_way,
              "is_active": made.is_active},
    )  # fmt: skip
    return made


@action
def enter_by_connection(connection: SignInConnection, claims: Claims, *, by: Actor) -> User:
    """The person whom a provider vouches for: known by the subject, linked by the address, or new (ACC-12).

    claims: of a token that has been checked. A person is linked only who is a member in the tree of the
    connection's company and acts for nobody outside of it; never the staff. Open invitations of the address into
    that tree are accepted. Whose access has ended stays out. Where it is the only way, a password that there was is
    taken away. Raises NotAllowed, saying why.
    """
    connection = SignInConnection.objects.select_for_update(of=("self",), no_key=True).get(pk=connection.pk)
    company = Company.objects.get(pk=connection.company_id)
    if not connection.is_active or company.status in SHUT:
        raise NotAllowed(_("This company sign-in is switched off."), reason="off")
    check_claims(claims, set(connection.domains.values_list("domain", flat=True)))
    identity = connection.identities.select_related("user").filter(subject=claims.subject).first()
    user = identity.user if identity else User.objects.filter(email__iexact=claims.email).first()
    if user is not None:
        _check_person(user, connection, is_known=identity is not None)
    user = _joined(user, connection, claims, by=by)
    if not memberships_of(user.pk).exists():
        raise NotAllowed(
            _("Your access to %(company)s has ended. Its administrator can give it back.")
            % {"company": company.name},
            reason="ended",
        )
    if identity is None:
        identity = SignInIdentity.objects.create(connection=connection, user=user, subject=claims.subject)
        audit.log(
            "identity.linked", by=by, about=f"user:{user.pk}", company=company.number,
            data={"connection": connection.key},
        )  # fmt: skip
    if connection.is_only_way and user.has_usable_password():
        user.set_unusable_password()
        user.save(update_fields=["password"])
    identity.used_at = timezone.now()
    identity.save(update_fields=["used_at"])
    return user


@action
def unlink_identity(identity: SignInIdentity, *, by: Actor) -> None:
    """Forget who somebody is at a provider, and sign him or her out; the next sign-in there links anew."""
    User.objects.filter(pk=identity.user_id).update(sign_in_round=F("sign_in_round") + 1)
    audit.log(
        "identity.unlinked", by=by, about=f"user:{identity.user_id}", company=identity.connection.company.number,
        data={"connection": identity.connection.key},
    )  # fmt: skip
    identity.delete()


def check_draft(draft: Draft) -> None:
    """Refuse what could not be meant, whoever else has what. Raises InvalidValue naming the field."""
    for domain in draft.domains:
        if not re.match(DOMAIN, domain):
            raise InvalidValue(_("%(domain)s is no domain.") % {"domain": domain}, field="domains")
        if domain in FREE_MAIL:
            raise InvalidValue(
                _("Anybody can have an address at %(domain)s.") % {"domain": domain}, field="domains"
            )
    if not draft.domains:
        raise InvalidValue(_("Name at least one domain."), field="domains")
    if draft.secret_name and not re.match(SECRET_NAME, draft.secret_name):
        raise InvalidValue(
            _("Name a variable that begins with SIGN_IN_SECRET_, never the secret itself."),
            field="secret_name",
        )
    if set(draft.newcomer_roles) - set(Role.values):
        raise InvalidValue(_("There is no such role."), field="newcomer_roles")
    if draft.newcomers == Newcomers.ENROL and not draft.newcomer_roles:
        raise InvalidValue(_("Choose what newcomers may do."), field="newcomer_roles")


def _decides(connection: SignInConnection) -> tuple[object, ...]:
    """What of a connection decides on who may be signed in how."""
    domains = sorted(connection.domains.values_list("domain", flat=True))
    return connection.is_active, connection.is_only_way, connection.second_factor, domains


def _end_sessions(connection: SignInConnection) -> None:
    """End the sessions of whom the connection has let in, and of whom it is the only way for now."""
    concerned = Q(sign_in_identities__connection=connection)
    if connection.is_only_way and connection.is_active:
        for domain in connection.domains.values_list("domain", flat=True):
            concerned |= Q(email__iendswith=f"@{domain}", is_staff=False)
    ids = User.objects.filter(concerned).values("pk")
    User.objects.filter(pk__in=ids).update(sign_in_round=F("sign_in_round") + 1)


def _check_person(user: User, connection: SignInConnection, *, is_known: bool) -> None:
    if user.is_staff or user.is_superuser:
        raise NotAllowed(_("The staff signs in with its own password."), reason="staff")
    if not user.is_active:
        raise NotAllowed(
            _("Your sign-in is switched off. The administrator of your company can switch it on again."),
            reason="inactive",
        )
    if not stays_within(user, connection):
        raise NotAllowed(
            _("You act for other companies, too: sign in with your password."), reason="elsewhere"
        )
    if not is_known and connection.identities.filter(user=user).exists():
        raise NotAllowed(
            _(
                "Somebody else of your company's sign-in had this e-mail address before. "
                "Ask us to take the old link away."
            ),
            reason="taken",
        )


def _joined(user: User | None, connection: SignInConnection, claims: Claims, *, by: Actor) -> User:
    """The person with all invitations accepted; a new one if the connection takes newcomers in."""
    tree = tree_of(connection.company_id).exclude(status__in=SHUT)
    found = Invitation.objects.select_for_update(of=("self",)).filter(
        company__in=tree,
        email__iexact=claims.email,
        accepted_at=None,
        withdrawn_at=None,
        expires_at__gt=timezone.now(),
    )
    asked = list(found.order_by("pk"))
    for inviter in sorted({one.invited_by_id for one in asked}):
        hold_access(inviter)
    invitations = [one for one in asked if may_still_give(one)]
    if user is None and not invitations and connection.newcomers != Newcomers.ENROL:
        raise NotAllowed(
            _("You are not a member of %(company)s yet. Ask its administrator to invite you.")
            % {"company": connection.company.name},
            reason="newcomer",
        )
    if user is None:
        user = _made(claims, next((one.name for one in invitations if one.name), ""))
        if not invitations:
            enrol_newcomer(user, connection.company, tuple(connection.newcomer_roles), by=by)
    elif not invitations and not user.memberships.filter(company__in=tree).exists():
        raise NotAllowed(
            _("You are not a member of %(company)s yet. Ask its administrator to invite you.")
            % {"company": connection.company.name},
            reason="newcomer",
        )
    for invitation in invitations:
        fulfil_invitation(invitation, user, by=by)
    return user


def _made(claims: Claims, invited_as: str) -> User:
    told = "" if holds_link(claims.name) else claims.name
    user = User(email=claims.email, name=told or invited_as or claims.email.partition("@")[0])
    user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:  # by an invitation elsewhere in this moment
        raise NotAllowed(
            _("Somebody was just signed up with this address. Sign in again."), reason="taken"
        ) from None
    return user
