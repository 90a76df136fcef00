"""Who may sign in, who is a member of what, who looks after whom. All of it is ours."""

from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from accounts.models import (
    Company,
    Membership,
    User,
)
from accounts.states import Role
from core import outbox, ownership
from core.actor import Actor, action
from core.errors import InvalidValue


@dataclass(frozen=True)
class Identity:
    """Who somebody is. staff_role: a group of `accounts.staff`, empty for people of customers."""

    email: str
    name: str
    staff_role: str = ""


@action
def register_person(identity: Identity, *, password: str, by: Actor) -> User:
    """Make somebody known who may sign in, or bring the person there is up to date.

    Raises InvalidValue for a staff role that does not exist.
    """
    ownership.check(by, "accounts.User", ["email", "name", "password"])
    group = Group.objects.filter(name=identity.staff_role).first()
    if identity.staff_role and group is None:
        raise InvalidValue(
            _("There is no staff role “%(role)s”.") % {"role": identity.staff_role}, field="staff_role"
        )

    user = User.objects.select_for_update(of=("self",), no_key=True).filter(
        email__iexact=identity.email
    ).first() or User(email=identity.email)
    user.name, user.is_staff = identity.name, group is not None
    user.set_password(password)
    user.save()
    user.groups.set([group] if group else [])
    return user


@dataclass(frozen=True)
class Invitation:
    """Who joins a company and as what. order_limit: net, None for no limit."""

    user: User
    roles: tuple[str, ...]
    order_limit: Decimal | None = None
    includes_branches: bool = False


@action
def enrol_member(company: Company, invitation: Invitation, *, by: Actor) -> Membership:
    """Make somebody a member of a company, or change the membership there is (ACC-05).

    Raises InvalidValue for a role that does not exist or none at all. Records `member.enrolled`.
    """
    ownership.check(by, "accounts.Membership", ["roles", "order_limit"])
    company = Company.objects.select_for_update(of=("self",), no_key=True).get(pk=company.pk)
    unknown = set(invitation.roles) - set(Role.values)
    if unknown or not invitation.roles:
        raise InvalidValue(
            _("Give at least one of the roles %(roles)s.") % {"roles": ", ".join(Role.values)},
            field="roles",
        )

    membership, _is_new = Membership.objects.update_or_create(
        user=invitation.user,
        company=company,
        defaults={
            "roles": list(invitation.roles),
            "order_limit": invitation.order_limit,
            "includes_branches": invitation.includes_branches,
            "is_active": True,
        },
    )

    outbox.record(
        "member.enrolled",
        subject=f"company:{company.number}",
        payload={"user": invitation.user.pk, "roles": list(invitation.roles)},
        by=by,
        company=company.number,
    )
    return membership


@action
def assign_sales_rep(company: Company, *, to: User, by: Actor) -> Company:
    """Name the person of the staff who looks after a company (ACC-16)."""
    ownership.check(by, "accounts.Company", ["sales_rep"])
    company = Company.objects.select_for_update(of=("self",), no_key=True).get(pk=company.pk)
    company.sales_rep = to
    company.save(update_fields=["sales_rep"])
    return company
