"""The roles that a company composes of rights for its own people (ACC-07)."""

from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.actions.granting import check_beyond, keep_an_administrator, manager_of
from accounts.models import Company, CompanyRole, Membership
from accounts.queries.scopes import Acting
from accounts.states import MAY_BE_OWN, Depth, Grants, Right, grants_of
from core import audit
from core.actor import Actor, action
from core.errors import InvalidValue, NotFound, WrongState


@action
def compose_role(
    company: Company, name: str, grants: Mapping[str, int], *, role: CompanyRole | None = None, by: Actor
) -> CompanyRole:
    """Make a role of a company's own, or change one; its members have it at once.

    grants: {right: depth}. Raises NotFound out of reach, NotAllowed beyond one's own rights, InvalidValue
    for an empty or taken name or no right at all.
    """
    manager = manager_of(company.pk, by)
    wanted = {right: Depth(depth) for right, depth in grants.items() if right in Right}
    shallow = [right for right, depth in wanted.items() if depth == Depth.OWN and right not in MAY_BE_OWN]
    if not wanted or shallow:
        raise InvalidValue(_("Choose at least one right, each for the unit or deeper."), field="grants")
    if not name.strip():
        raise InvalidValue(_("Give the role a name."), field="name")
    check_beyond(grants_of((), [wanted]), manager)
    if role is not None:
        role = CompanyRole.objects.select_for_update(of=("self",)).filter(pk=role.pk, company=company).first()
        if role is None:
            raise NotFound(_("There is no such role."))
        check_beyond(grants_of((), [role.grants]), manager)
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
        keep_an_administrator(company_id)
    audit.log(
        "role.composed", by=by, about=f"role:{made.pk}", company=company.number,
        data={"grants": made.grants, "role": made.name, "is_new": role is None},
    )  # fmt: skip
    return made


@action
def remove_role(role: CompanyRole, *, by: Actor) -> None:
    """Remove a role that nobody has. Raises NotFound out of reach, WrongState while somebody has it."""
    manager = manager_of(role.company_id, by)
    check_beyond(grants_of((), [role.grants]), manager)
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


def _check_holders(role: CompanyRole, wanted: Grants, manager: Acting) -> None:
    """What a role gains, its holders gain: also in other units, and in their branches, where that is nobody's to give
    who has it in the own unit alone. Else one would raise oneself, or a friend, where one may not.
    """
    gained = {right: depth for right, depth in wanted.items() if depth > role.grants.get(right, 0)}
    deeper = role.memberships.filter(is_active=True).exclude(
        company_id=role.company_id, includes_branches=False
    )
    if gained and deeper.exists():
        check_beyond(grants_of((), [gained], includes_branches=True), manager)
