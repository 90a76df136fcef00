"""Which duties a person of the staff has."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Company, User
from accounts.staff import INTEGRATION_ADMIN, PARTNER, ROLES, check_roles, is_in
from core import audit, outbox, ownership
from core.actor import Actor, action
from core.errors import InvalidValue, NotAllowed


@transaction.atomic
def assign_staff_roles(user: User, roles: Iterable[str], *, by: Actor) -> User:
    """Give a person exactly these roles of the staff; none ends the access to the back office (SEC-12).

    Raises NotAllowed for one's own roles, InvalidValue for unknown ones, for a pair that nobody may hold,
    and for a superuser, who may do everything already and so has no duty. Records `staff.roles_assigned`.
    """
    ownership.check(by, "accounts.User", ["is_staff"])
    user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    wanted = sorted(set(roles))
    if by.user_id == user.pk:
        raise NotAllowed(_("Nobody gives roles to himself or herself. Ask somebody else."), right="roles")
    if user.is_superuser:
        raise InvalidValue(
            _("%(name)s is a superuser, who may do everything: such an account has no role besides.")
            % {"name": user},
            field="staff_roles",
        )
    check_roles(wanted)
    if PARTNER in wanted:
        raise InvalidValue(
            _("A partner is let in for a time and for named customers: use the page of the access."),
            field="staff_roles",
        )

    was = sorted(user.groups.filter(name__in=ROLES).values_list("name", flat=True))
    if was == wanted and user.is_staff == bool(wanted):
        return user
    user.is_staff, user.access_until = bool(wanted), None
    user.save(update_fields=["is_staff", "access_until"])
    user.groups.set(Group.objects.filter(name__in=wanted))
    outbox.record(
        "staff.roles_assigned",
        subject=f"user:{user.pk}",
        payload={"user": user.pk, "roles": wanted, "was": was},
        by=by,
    )
    return user


LONGEST_DAYS = 90


@dataclass(frozen=True)
class Access:
    """What a partner is let in for: days from now, customer numbers, and why."""

    days: int
    customers: tuple[str, ...]
    reason: str


@transaction.atomic
def grant_partner_access(user: User, access: Access, *, by: Actor) -> User:
    """Let a partner into the back office for a time, or renew it: always by somebody else (SEC-11).

    Raises NotAllowed for oneself and for whoever is neither integration admin nor superuser, InvalidValue
    without reason, for too long a time, unknown customers, or a person with other duties. Records `partner.let_in`.
    """
    ownership.check(by, "accounts.User", ["access_until"])
    user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    granter = User.objects.filter(pk=by.user_id or 0).first()
    if granter is None or granter.pk == user.pk or not is_in(granter, INTEGRATION_ADMIN):
        raise NotAllowed(_("A partner is let in by an integration admin, never by himself."), right=PARTNER)
    if user.is_superuser or user.memberships.filter(is_active=True).exists():
        raise InvalidValue(
            _(
                "%(name)s works for a customer here already, or may do everything; a partner has no other access. "
                "Let the partner in under another e-mail address, or end the other access first."
            )
            % {"name": user},
            field="user",
        )
    check_roles({PARTNER, *user.groups.filter(name__in=ROLES).values_list("name", flat=True)})
    numbers = sorted(set(access.customers))
    if not access.reason.strip():
        raise InvalidValue(_("Say what the access is for."), field="reason")
    if not 1 <= access.days <= LONGEST_DAYS:
        raise InvalidValue(_("From one to %(days)s days.") % {"days": LONGEST_DAYS}, field="days")
    if Company.objects.filter(number__in=numbers).count() != len(numbers):
        raise InvalidValue(_("There is no customer with one of these numbers."), field="customers")

    user.is_staff, user.access_until = True, timezone.now() + timedelta(days=access.days)
    user.access_customers, user.access_reason = numbers, access.reason.strip()[:300]
    user.access_granted_by = granter
    user.save(
        update_fields=["is_staff", "access_until", "access_customers", "access_reason", "access_granted_by"]
    )
    user.groups.set(Group.objects.filter(name=PARTNER))
    outbox.record(
        "partner.let_in",
        subject=f"user:{user.pk}",
        payload={"user": user.pk, "customers": numbers, "until": user.access_until.isoformat()},
        by=by,
    )
    return user


@action
def end_partner_access(user: User, *, reason: str, by: Actor) -> User:
    """End a partner's access before its time; what is over already stays as it is (SEC-11).

    The session ends with the next request. Raises NotAllowed for whoever is neither integration admin nor superuser,
    InvalidValue without a reason and for who is no partner.
    """
    ownership.check(by, "accounts.User", ["access_until"])
    user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    ender = User.objects.filter(pk=by.user_id or 0).first()
    if ender is None or not is_in(ender, INTEGRATION_ADMIN):
        raise NotAllowed(_("An integration admin ends the access of a partner."), right=PARTNER)
    if user.access_until is None:
        raise InvalidValue(_("%(name)s was not let in as a partner.") % {"name": user}, field="user")
    if not reason.strip():
        raise InvalidValue(_("Say why it ends now."), field="reason")
    if user.access_until <= timezone.now():
        return user

    user.access_until = timezone.now()
    user.save(update_fields=["access_until"])
    audit.log("partner.ended", by=by, about=f"user:{user.pk}", data={"reason": reason.strip()[:300]})
    return user


@action
def let_partner_in(email: str, name: str, access: Access, *, by: Actor) -> User:
    """Let somebody from outside into the back office for a time, whether known here or not (SEC-11).

    A new person has no password: whoever reads the address sets one by “Forgot your password”.
    Raises as grant_partner_access does; then nobody was made known. Records `partner.let_in`.
    """
    ownership.check(by, "accounts.User", ["email", "name"])
    person = User.objects.filter(email__iexact=email).first()
    if person is None:
        person = User(email=User.objects.normalize_email(email), name=name.strip())
        person.set_unusable_password()
        person.save()
    return grant_partner_access(person, access, by=by)
