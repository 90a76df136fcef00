"""The states of a proposed change, from the buyer's wish to the ERP's word."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ProposalState(TextChoices):
    """How far a proposed change has come."""

    PROPOSED = "proposed", _("Proposed")
    SENT = "sent", _("Sent, not confirmed yet")
    CONFIRMED = "confirmed", _("Confirmed")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


NEXT: dict[ProposalState, frozenset[ProposalState]] = {
    ProposalState.PROPOSED: frozenset({ProposalState.SENT, ProposalState.REFUSED, ProposalState.WITHDRAWN}),
    ProposalState.SENT: frozenset({ProposalState.CONFIRMED, ProposalState.REFUSED}),
    ProposalState.CONFIRMED: frozenset(),
    # What could not be brought to the ERP is tried again.
    ProposalState.REFUSED: frozenset({ProposalState.SENT}),
    ProposalState.WITHDRAWN: frozenset(),
}
OPEN = frozenset({ProposalState.PROPOSED, ProposalState.SENT})
# What of an address may be proposed.
FIELDS = ("name", "street", "postal_code", "city", "country", "is_ship_to", "is_bill_to")
# What of a company's contact data may be proposed.
CONTACT_FIELDS = ("phone", "email", "invoice_contact", "invoice_email")
