"""Rights: what a person may do for a company, and how deep in its tree. The one table that pages, API and tests read."""

from collections.abc import Iterable, Mapping

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _

from core.errors import NotAllowed


class Right(TextChoices):
    """One thing that a person may be allowed to do for a company."""

    VIEW_PRICES = "view_prices", _("see prices")
    SEE_ORDERS = "see_orders", _("see orders and quotes")
    BUY = "buy", _("place orders")
    REQUEST_QUOTES = "request_quotes", _("ask for quotes")
    APPROVE = "approve", _("approve orders")
    SEE_INVOICES = "see_invoices", _("see invoices")
    MANAGE_PEOPLE = "manage_people", _("manage people")
    MANAGE_COMPANY = "manage_company", _("manage addresses, budgets and approval rules")
    SEE_REPORTS = "see_reports", _("see reports")
    USE_API = "use_api", _("use the API")


class Depth(IntegerChoices):
    """How deep a right goes, shallow to deep: documents of one's own, of the unit, of the unit and all below it."""

    OWN = 1, _("own")
    UNIT = 2, _("unit")
    BELOW = 3, _("unit and below")


class Role(TextChoices):
    """The ready-made roles; a membership has one or more of them, or of those its company composed (ACC-05)."""

    VIEWER = "viewer", _("Viewer")
    REQUESTER = "requester", _("Requester")
    BUYER = "buyer", _("Buyer")
    APPROVER = "approver", _("Approver")
    FINANCE = "finance", _("Finance")
    ADMINISTRATOR = "administrator", _("Administrator")


Grants = Mapping[str, Depth]

UNIT, BELOW = Depth.UNIT, Depth.BELOW
RIGHTS: dict[str, dict[str, Depth]] = {
    # Looks at the catalogue without prices, for a workshop or a trainee.
    Role.VIEWER: {},
    # Fills carts for others to release: sees no prices, so that each of its orders waits for an approver
    # (`order_limit_of`), and of the documents only its own.
    Role.REQUESTER: {Right.SEE_ORDERS: Depth.OWN, Right.BUY: UNIT, Right.REQUEST_QUOTES: UNIT},
    Role.BUYER: {
        Right.VIEW_PRICES: UNIT,
        Right.SEE_ORDERS: UNIT,
        Right.BUY: UNIT,
        Right.REQUEST_QUOTES: UNIT,
        Right.SEE_INVOICES: UNIT,
        Right.USE_API: UNIT,
    },
    Role.APPROVER: {
        Right.VIEW_PRICES: UNIT,
        Right.SEE_ORDERS: UNIT,
        Right.APPROVE: UNIT,
        Right.SEE_INVOICES: UNIT,
    },
    Role.FINANCE: {
        Right.VIEW_PRICES: UNIT,
        Right.SEE_ORDERS: UNIT,
        Right.SEE_INVOICES: UNIT,
        Right.SEE_REPORTS: UNIT,
        Right.USE_API: UNIT,
    },
    Role.ADMINISTRATOR: dict.fromkeys(Right, BELOW),
}

# What comes with a right, at the same depth: who decides on something sees it (failure bank 19).
BRINGS: dict[str, tuple[str, ...]] = {
    Right.APPROVE: (Right.SEE_ORDERS, Right.VIEW_PRICES),
    Right.SEE_INVOICES: (Right.VIEW_PRICES,),
    Right.SEE_REPORTS: (Right.VIEW_PRICES,),
    # Budgets are amounts, and the preview of a rule tells which orders are above one.
    Right.MANAGE_COMPANY: (Right.SEE_ORDERS, Right.VIEW_PRICES),
    # What a program reads it passes on: no API without prices.
    Right.USE_API: (Right.VIEW_PRICES,),
}
# Who orders or asks sees at least what he or she ordered or asked for.
BRINGS_OWN = (Right.BUY, Right.REQUEST_QUOTES)
# Only documents belong to a person; everything else is of a unit at least.
MAY_BE_OWN = frozenset({Right.SEE_ORDERS})


def grants_of(
    roles: Iterable[str], composed: Iterable[Mapping[str, int]] = (), *, includes_branches: bool = False
) -> dict[str, Depth]:
    """What a membership grants, with the depth of each right: the deepest of its roles counts.

    roles: ready-made ones; an unknown one gives nothing. composed: the grants of its company's own roles, as
    stored; an unknown right gives nothing. includes_branches: what is of the unit goes to all below it too.
    """
    found: dict[str, Depth] = {}
    for grants in [*(RIGHTS.get(role, {}) for role in roles), *composed]:
        for name, depth in grants.items():
            if name in Right:
                _deepen(found, name, Depth(depth))
    if includes_branches:
        found = {name: BELOW if depth == UNIT else depth for name, depth in found.items()}
    return with_brought(found)


def with_brought(grants: Grants) -> dict[str, Depth]:
    """Grants with all that comes with them."""
    found = dict(grants)
    for name, depth in grants.items():
        for brought in BRINGS.get(name, ()):
            _deepen(found, brought, depth)
        if name in BRINGS_OWN:
            _deepen(found, Right.SEE_ORDERS, Depth.OWN)
    return found


def _deepen(grants: dict[str, Depth], name: str, depth: Depth) -> None:
    grants[name] = max(grants.get(name, depth), depth)


def rights_of(roles: Iterable[str]) -> frozenset[str]:
    """All rights of a set of ready-made roles, whatever their depth."""
    return frozenset(grants_of(roles))


def beyond(wanted: Grants, own: Grants) -> dict[str, Depth]:
    """What of the wanted grants goes beyond one's own: by the right, or by its depth."""
    return {name: depth for name, depth in wanted.items() if depth > own.get(name, 0)}


def check_right(rights: Iterable[str], right: Right) -> None:
    """Refuse what the rights do not hold. Raises NotAllowed naming the right and whom to ask."""
    if right in rights:
        return
    raise NotAllowed(
        _("Your role does not let you %(right)s. Ask the administrator of your company for it.")
        % {"right": right.label},
        right=str(right),
    )
