"""What the administrators of a company do with its members: change their place, end and restore it.

Everything here is decided by what the acting person may do in that company (ACC-07): the right to manage
people, and never more than one's own rights. Another company, or one above, is not there.
"""

from django.utils.translation import gettext_lazy as _

from accounts.actions.granting import (
    Place,
    check_beyond,
    check_limits,
    check_place,
    columns_of,
    keep_an_administrator,
    managed,
    tell_of_member,
)
from accounts.actions.invitations import open_invitations_of, withdraw
from accounts.models import Company, Membership, User
from accounts.queries.members import grants_of_member
from accounts.states import Right
from core import ownership
from core.actor import Actor, action
from core.errors import OutOfDate
from core.money import ZERO


@action
def enrol_newcomer(person: User, company: Company, roles: tuple[str, ...], *, by: Actor) -> Membership:
    """Make a person whom nobody knew a member, by a rule of the company. Records `member.enrolled`."""
    ownership.check(by, "accounts.Membership", ["roles"])
    membership = Membership.objects.create(user=person, company=company, roles=list(roles))
    tell_of_member("member.enrolled", membership, by=by)
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
    own_roles = check_place(place, manager)
    for column, value in columns_of(place).items():
        setattr(member, column, value)
    member.version += 1
    member.save()
    member.own_roles.set(own_roles)
    keep_an_administrator(member.company_id)
    tell_of_member("member.changed", member, by=by)
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
    still = open_invitations_of(member.company, member.user.email)
    for invitation in still.select_for_update(of=("self",)).order_by("pk"):
        withdraw(invitation, by)
    keep_an_administrator(member.company_id)
    tell_of_member("member.ended", member, by=by, reason=reason.strip()[:300])
    return member


@action
def restore_membership(membership: Membership, *, by: Actor) -> Membership:
    """Give a former member the old place again. Raises as change_member."""
    ownership.check(by, "accounts.Membership", ["is_active"])
    member, manager = managed(membership, by)
    if member.is_active:
        return member
    grants = grants_of_member(member)
    check_beyond(grants, manager)
    # A limit of what the place does not let one do gives nothing.
    check_limits(
        member.order_limit if Right.BUY in grants else ZERO,
        member.approval_limit if Right.APPROVE in grants else ZERO,
        manager,
    )
    member.is_active = True
    member.version += 1
    member.save(update_fields=["is_active", "version"])
    tell_of_member("member.enrolled", member, by=by)
    return member
