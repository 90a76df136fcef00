"""Which duties a person of the staff has."""

from collections.abc import Iterable

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.staff import ROLES, check_roles
from core import outbox, ownership
from core.actor import Actor
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

    was = sorted(user.groups.filter(name__in=ROLES).values_list("name", flat=True))
    if was == wanted and user.is_staff == bool(wanted):
        return user
    user.is_staff = bool(wanted)
    user.save(update_fields=["is_staff"])
    user.groups.set(Group.objects.filter(name__in=wanted))
    outbox.record(
        "staff.roles_assigned",
        subject=f"user:{user.pk}",
        payload={"user": user.pk, "roles": wanted, "was": was},
        by=by,
    )
    return user
