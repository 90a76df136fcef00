"""How pages write what a member may do."""

from django import template

from accounts.models import Membership
from accounts.queries.members import grants_of_member, role_names

register = template.Library()


@register.filter
def roles_in_words(member: Membership) -> str:
    """The roles of a member, by name."""
    return ", ".join(role_names(member))


@register.filter
def rights_in(member: Membership) -> frozenset[str]:
    """The rights of a member in the own company, for `in`."""
    return frozenset(grants_of_member(member))
