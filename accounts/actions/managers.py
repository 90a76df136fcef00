"""Who is whose manager in a company: the person whom approval rules mean by it (APR-01, APR-10)."""

from django.utils.translation import gettext_lazy as _

from accounts.actions.granting import managed
from accounts.customers import check_meets
from accounts.models import Company, Membership, User
from accounts.queries.lines import line_of, tree_of
from accounts.queries.members import members_in
from core import audit, ownership
from core.actor import Actor, action
from core.errors import InvalidValue, NotAllowed, NotFound, OutOfDate

STAFF_RIGHT = "accounts.change_membership"


@action
def name_manager(membership: Membership, manager_id: int | None, *, version: int, by: Actor) -> Membership:
    """Say who is a member's manager, or that nobody is; orders that wait go on as they were asked.

    manager_id: of a member of the company or of one above it. version: of the membership as it was shown.
    Raises NotFound out of reach, NotAllowed for oneself or beyond one's own rights, OutOfDate, InvalidValue for
    a stranger and for a circle.
    """
    _lock_tree(membership)
    member, _manager = managed(membership, by)
    return _keep(member, manager_id, version, "", by)


@action
def name_manager_for(
    membership: Membership, manager_id: int | None, *, version: int, reason: str, by: Actor
) -> Membership:
    """The same by the staff, for one of the own customers who asked for it.

    Raises NotFound for somebody else's customer, InvalidValue without a reason.
    """
    person = User.objects.filter(pk=by.user_id or 0, is_staff=True, is_active=True).first()
    if person is None or not person.has_perm(STAFF_RIGHT):
        raise NotAllowed(_("Your role does not let you change members of customers."), right=STAFF_RIGHT)
    check_meets(person, membership.company_id)
    if not reason.strip():
        raise InvalidValue(_("Say who asked for it, and why."), field="reason")
    _lock_tree(membership)
    rows = Membership.objects.select_for_update(of=("self",)).filter(pk=membership.pk)
    member = rows.select_related("user", "company").first()
    if member is None:
        raise NotFound(_("There is no such member."))
    return _keep(member, manager_id, version, reason.strip(), by)


def _lock_tree(membership: Membership) -> None:
    """Lock the top of the company's tree: two changes that would make a circle together wait for each other."""
    line = line_of(membership.company_id)
    ids = sorted({line[-1].pk, membership.company_id})
    list(Company.objects.filter(pk__in=ids).order_by("pk").select_for_update(of=("self",), no_key=True))


def _keep(member: Membership, manager_id: int | None, version: int, reason: str, by: Actor) -> Membership:
    ownership.check(by, "accounts.Membership", ["manager"])
    if member.version != version:
        raise OutOfDate(_("Somebody has changed this member meanwhile. Look at it again."))
    if manager_id is not None:
        _check(member, manager_id)
    if member.manager_id == manager_id:
        return member
    member.manager_id = manager_id
    member.version += 1
    member.save(update_fields=["manager", "version"])
    audit.log(
        "manager.named",
        by=by,
        about=f"company:{member.company.number}",
        company=member.company.number,
        data={"user": member.user_id, "manager": manager_id, "reason": reason},
    )
    return member


def _check(member: Membership, manager_id: int) -> None:
    line = line_of(member.company_id)
    if manager_id == member.user_id:
        raise InvalidValue(_("Nobody is the own manager."), field="manager")
    if not members_in(line, {manager_id}):
        raise InvalidValue(
            _("Choose a member of this company or of one above it."), field="manager", manager=manager_id
        )
    rows = Membership.objects.filter(company__in=tree_of(line[-1].pk), is_active=True, manager__isnull=False)
    above: dict[int, set[int]] = {}
    for user_id, over in rows.exclude(pk=member.pk).values_list("user_id", "manager_id"):
        above.setdefault(user_id, set()).add(over)
    seen: set[int] = set()
    waiting = [manager_id]
    while waiting:
        one = waiting.pop()
        if one == member.user_id:
            raise InvalidValue(
                _("That would be a circle: %(person)s is above this manager.") % {"person": member.user},
                field="manager",
            )
        if one not in seen:
            seen.add(one)
            waiting += above.get(one, ())
