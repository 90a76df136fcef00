"""The states of a company and what each forbids: the one table that scopes, pages and tests read (ACC-10).

The ERP owns the state of a company that it knows. Pending and rejected are ours: of a company that
has registered here and that the ERP does not know yet.
"""

from collections.abc import Mapping

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.states import Depth, Right


class Standing(TextChoices):
    """The state of a company."""

    PENDING = "pending", _("Pending")
    ACTIVE = "active", _("Active")
    ON_HOLD = "on_hold", _("On hold")
    REJECTED = "rejected", _("Rejected")
    CLOSED = "closed", _("Closed")


class Deed(TextChoices):
    """What a state may forbid."""

    SIGN_IN = "sign_in", _("sign in")
    CATALOGUE = "catalogue", _("see the catalogue")
    PRICES = "prices", _("see prices")
    QUOTES = "quotes", _("ask for quotes")
    ORDER = "order", _("order")
    INVOICED = "invoiced", _("be invoiced")


NEXT: dict[Standing, frozenset[Standing]] = {
    Standing.PENDING: frozenset({Standing.ACTIVE, Standing.REJECTED}),
    Standing.REJECTED: frozenset({Standing.PENDING}),
    Standing.ACTIVE: frozenset({Standing.ON_HOLD, Standing.CLOSED}),
    Standing.ON_HOLD: frozenset({Standing.ACTIVE, Standing.CLOSED}),
    Standing.CLOSED: frozenset({Standing.ACTIVE, Standing.ON_HOLD}),
}

FORBIDS: dict[str, frozenset[Deed]] = {
    Standing.PENDING: frozenset({Deed.PRICES, Deed.QUOTES, Deed.ORDER, Deed.INVOICED}),
    Standing.ACTIVE: frozenset(),
    # The cart stays; the credit decision refuses the order and says who holds it.
    Standing.ON_HOLD: frozenset({Deed.ORDER}),
    Standing.REJECTED: frozenset(Deed),
    Standing.CLOSED: frozenset(Deed),
}

# The states of companies that the ERP does not know yet; and those in which nobody acts for one.
OURS = frozenset({Standing.PENDING, Standing.REJECTED})
SHUT = frozenset(state for state, deeds in FORBIDS.items() if Deed.SIGN_IN in deeds)

# The rights that a forbidden deed takes away.
TAKES: dict[Deed, frozenset[str]] = {
    # No API without prices: see what it brings, in accounts.states.
    Deed.PRICES: frozenset({Right.VIEW_PRICES, Right.SEE_REPORTS, Right.USE_API}),
    Deed.QUOTES: frozenset({Right.REQUEST_QUOTES}),
    Deed.ORDER: frozenset({Right.BUY, Right.APPROVE}),
    Deed.INVOICED: frozenset({Right.SEE_INVOICES}),
}

WORDS: dict[str, tuple[object, object]] = {
    Standing.PENDING: (
        _("Your account is being set up."),
        _(
            "You see the catalogue; prices, quotes and orders come as soon as it is ready, and a mail says so."
        ),
    ),
    Standing.ON_HOLD: (
        _("Your account is on hold."),
        _("You see prices and may ask for quotes; orders can be placed when it is released. Please call us."),
    ),
    Standing.REJECTED: (_("Your registration was not accepted."), _("The mail we sent says why.")),
    Standing.CLOSED: (_("This account is closed."), _("Please call us to open it again.")),
}


def forbids(state: str, deed: Deed) -> bool:
    """Whether a state forbids something; an unknown state forbids everything."""
    return deed in FORBIDS.get(state, frozenset(Deed))


def forbidden_in(state: str) -> str:
    """What a state forbids, for the staff and in a sentence, and who changes it."""
    deeds = [str(deed.label) for deed in Deed if forbids(state, deed)]
    what = (
        _("Its people may not: %(deeds)s.") % {"deeds": ", ".join(deeds)}
        if deeds
        else _("It forbids nothing.")
    )
    ours = _("It is pending or rejected here until the ERP knows the customer.")
    theirs = _("The state is the ERP's and is changed there.")
    return f"{what} {ours if state in OURS else theirs}"


def left_in(state: str, grants: Mapping[str, Depth]) -> dict[str, Depth]:
    """What is left of grants in a company of this state. On hold takes no right: see FORBIDS."""
    if state == Standing.ON_HOLD:
        return dict(grants)
    taken = {right for deed in FORBIDS.get(state, frozenset(Deed)) for right in TAKES.get(deed, ())}
    return {right: depth for right, depth in grants.items() if right not in taken}


def words_for(state: str) -> tuple[str, str] | None:
    """What a buyer is told of the state: the fact, and what it means; None while all is as usual."""
    told = WORDS.get(state)
    return (str(told[0]), str(told[1])) if told else None
