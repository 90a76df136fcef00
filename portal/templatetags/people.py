"""How pages write what a member may do."""

from django import template
from django.utils.translation import gettext as _

from accounts.models import Invitation, Membership
from accounts.queries.members import grants_of_member, role_names
from accounts.states import Depth, Right

register = template.Library()


@register.filter
def roles_in_words(member: Membership | Invitation) -> str:
    """The roles of a member, or of somebody invited, by name."""
    return ", ".join(role_names(member))


@register.filter
def rights_in(member: Membership) -> frozenset[str]:
    """The rights of a member in the own company, for `in`."""
    return frozenset(grants_of_member(member))


@register.filter
def below_in_words(member: Membership) -> str:
    """How far the rights of a member reach below the own company: all, these alone, or "" for none."""
    grants = grants_of_member(member)
    deep = [right for right, depth in grants.items() if depth == Depth.BELOW]
    if not deep:
        return ""
    if all(depth != Depth.UNIT for depth in grants.values()):
        return _("and all below")
    labels = [str(right.label) for right in Right if right in deep]
    return _("below too: %(rights)s") % {"rights": ", ".join(labels)}
