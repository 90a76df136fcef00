"""Who answers for which kind of data, and may merge or double it: the one table (ACC-17)."""

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.staff import INTEGRATION_ADMIN, OPERATOR, SALES_MANAGER, is_in
from core.actor import Actor
from core.errors import NotAllowed

STEWARDS: dict[str, str] = {
    "company": SALES_MANAGER,
    "address": SALES_MANAGER,
    "segment": SALES_MANAGER,
    "price_list": SALES_MANAGER,
    "product": OPERATOR,
    "stock": OPERATOR,
    "identifier": INTEGRATION_ADMIN,
}


def steward_of(kind: str) -> str:
    """The role of the staff that answers for a kind of data. Raises KeyError for an unknown one."""
    return STEWARDS[kind]


def check_steward(kind: str, *, by: Actor) -> None:
    """Refuse whoever is not a steward of this kind of data. Raises NotAllowed naming whom to ask."""
    role = steward_of(kind)
    user = User.objects.filter(pk=by.user_id).first() if by.user_id else None
    if user is None or not is_in(user, role):
        raise NotAllowed(
            _("Only the steward of these data may do that: ask somebody with the role %(role)s.")
            % {"role": role},
            right=role,
        )
