"""Rights: what a membership may do, by role. The one table that pages, API and tests read."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from core.errors import NotAllowed


class Right(TextChoices):
    """One thing that a person may be allowed to do for a company."""

    VIEW_PRICES = "view_prices", _("see prices")
    BUY = "buy", _("place orders")
    REQUEST_QUOTES = "request_quotes", _("ask for quotes")
    APPROVE = "approve", _("approve orders")
    SEE_INVOICES = "see_invoices", _("see invoices")
    MANAGE_PEOPLE = "manage_people", _("manage people")


RIGHTS: dict[str, frozenset[str]] = {
    "buyer": frozenset({Right.VIEW_PRICES, Right.BUY, Right.REQUEST_QUOTES, Right.SEE_INVOICES}),
    "approver": frozenset({Right.VIEW_PRICES, Right.APPROVE, Right.SEE_INVOICES}),
    "finance": frozenset({Right.VIEW_PRICES, Right.SEE_INVOICES}),
    "administrator": frozenset({Right.VIEW_PRICES, Right.MANAGE_PEOPLE, Right.SEE_INVOICES}),
}


def rights_of(roles: list[str]) -> frozenset[str]:
    """All rights of a set of roles; an unknown role gives none."""
    return frozenset().union(*(RIGHTS.get(role, frozenset()) for role in roles))


def check_right(rights: frozenset[str], right: Right) -> None:
    """Refuse what the rights do not hold. Raises NotAllowed naming the right and whom to ask."""
    if right in rights:
        return
    raise NotAllowed(
        _("Your role does not let you %(right)s. Ask the administrator of your company for it.")
        % {"right": right.label},
        right=str(right),
    )
