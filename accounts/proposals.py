"""The states of a proposed change, from the buyer's wish to the ERP's word, and whose right it is to propose."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.states import Right


class ProposalState(TextChoices):
    """How far a proposed change has come."""

    WAITING = "waiting", _("Waits for release")
    PROPOSED = "proposed", _("Proposed")
    SENT = "sent", _("Sent, not confirmed yet")
    CONFIRMED = "confirmed", _("Confirmed")
    DECLINED = "declined", _("Declined")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


NEXT: dict[ProposalState, frozenset[ProposalState]] = {
    # Until the company's own administrator has let it go, nothing of it leaves the company.
    ProposalState.WAITING: frozenset(
        {ProposalState.PROPOSED, ProposalState.DECLINED, ProposalState.WITHDRAWN}
    ),
    ProposalState.PROPOSED: frozenset({ProposalState.SENT, ProposalState.REFUSED, ProposalState.WITHDRAWN}),
    ProposalState.SENT: frozenset({ProposalState.CONFIRMED, ProposalState.REFUSED}),
    ProposalState.CONFIRMED: frozenset(),
    ProposalState.DECLINED: frozenset(),
    # What could not be brought to the ERP is tried again.
    ProposalState.REFUSED: frozenset({ProposalState.SENT}),
    ProposalState.WITHDRAWN: frozenset(),
}
# Of one thing one change is open at a time; those that are leaving are on their way to the ERP.
LEAVING = frozenset({ProposalState.PROPOSED, ProposalState.SENT})
OPEN = LEAVING | {ProposalState.WAITING}
# The rights of which one lets somebody propose; only who manages the company does so without a release.
PROPOSES = (Right.BUY, Right.REQUEST_QUOTES, Right.MANAGE_COMPANY)
# The kind of case that asks our own people, where nobody of the company may release a proposal.
UNRELEASED = "proposal_unreleased"
# What of an address may be proposed.
FIELDS = ("name", "street", "postal_code", "city", "country", "is_ship_to", "is_bill_to")
# What of a company's contact data may be proposed.
CONTACT_FIELDS = ("phone", "email", "invoice_contact", "invoice_email")
