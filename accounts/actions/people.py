"""Who may sign in, who is a member of what, who looks after whom. All of it is ours."""

from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from accounts.actions.granting import tell_of_member
from accounts.models import Company, Membership, User
from accounts.staff import check_roles
from accounts.states import Role
from core import audit, ownership
from core.actor import Actor, action
from core.errors import InvalidValue


@dataclass(frozen=True)
class Identity:
    """Who somebody is. staff_roles: of `accounts.staff`, none for people of customers."""

    email: str
    name: str
    staff_roles: tuple[str, ...] = ()


@action
def register_person(identity: Identity, *, password: str, by: Actor) -> User:
    """Make somebody known who may sign in, or bring the person there is up to date.

    Raises InvalidValue for a staff role that does not exist, or two that nobody may hold together.
    """
    ownership.check(by, "accounts.User", ["email", "name", "password"])
    check_roles(identity.staff_roles)

    user = User.objects.select_for_update(of=("self",), no_key=True).filter(
        email__iexact=identity.email
    ).first() or User(email=identity.email)
    user.name, user.is_staff = identity.name, bool(identity.staff_roles)
    user.set_password(password)
    user.save()
    user.groups.set(Group.objects.filter(name__in=identity.staff_roles))
    audit.log(
        "person.registered",
        by=by,
        about=f"user:{user.pk}",
        data={"staff_roles": sorted(identity.staff_roles)},
    )
    return user


@dataclass(frozen=True)
class Invitation:
    """Who joins a company and as what. order_limit, approval_limit: net, None for no limit. manager: if any."""

    user: User
    roles: tuple[str, ...]
    order_limit: Decimal | None = None
    approval_limit: Decimal | None = None
    manager: User | None = None
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
            "approval_limit": invitation.approval_limit,
            "manager": invitation.manager,
            "includes_branches": invitation.includes_branches,
            "is_active": True,
        },
    )

    tell_of_member("member.enrolled", membership, by=by)
    return membership


@action
def assign_sales_rep(company: Company, *, to: User, by: Actor) -> Company:
    """Name the person of the staff who looks after a company (ACC-16)."""
    ownership.check(by, "accounts.Company", ["sales_rep"])
    company = Company.objects.select_for_update(of=("self",), no_key=True).get(pk=company.pk)
    company.sales_rep = to
    company.save(update_fields=["sales_rep"])
    audit.log(
        "sales_rep.assigned",
        by=by,
        about=f"company:{company.number}",
        company=company.number,
        data={"user": to.pk},
    )
    return company
