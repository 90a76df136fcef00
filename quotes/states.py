"""The lives of an RFQ, a quote and a revision."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class RfqStatus(TextChoices):
    """Where a request is, as both sides see it."""

    SUBMITTED = "submitted", _("Submitted")
    IN_WORK = "in_work", _("In work")
    QUOTED = "quoted", _("Quoted")
    DECLINED = "declined", _("Declined")
    CANCELLED = "cancelled", _("Cancelled")


RFQ_NEXT: dict[RfqStatus, frozenset[RfqStatus]] = {
    RfqStatus.SUBMITTED: frozenset({RfqStatus.IN_WORK, RfqStatus.DECLINED, RfqStatus.CANCELLED}),
    RfqStatus.IN_WORK: frozenset({RfqStatus.QUOTED, RfqStatus.DECLINED, RfqStatus.CANCELLED}),
    RfqStatus.QUOTED: frozenset(),
    RfqStatus.DECLINED: frozenset(),
    RfqStatus.CANCELLED: frozenset(),
}


class QuoteStatus(TextChoices):
    """Who has the quote: sales (draft, in approval, approved) or the buyer (sent), or it has ended."""

    DRAFT = "draft", _("Draft")
    IN_APPROVAL = "in_approval", _("In approval")
    APPROVED = "approved", _("Approved")
    SENT = "sent", _("Sent")
    CHANGE_REQUESTED = "change_requested", _("Change requested")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Expired")
    WITHDRAWN = "withdrawn", _("Withdrawn")


QUOTE_NEXT: dict[QuoteStatus, frozenset[QuoteStatus]] = {
    QuoteStatus.DRAFT: frozenset({QuoteStatus.IN_APPROVAL, QuoteStatus.APPROVED, QuoteStatus.WITHDRAWN}),
    QuoteStatus.IN_APPROVAL: frozenset({QuoteStatus.APPROVED, QuoteStatus.DRAFT, QuoteStatus.WITHDRAWN}),
    QuoteStatus.APPROVED: frozenset({QuoteStatus.SENT, QuoteStatus.DRAFT, QuoteStatus.WITHDRAWN}),
    QuoteStatus.SENT: frozenset(
        {
            QuoteStatus.ACCEPTED,
            QuoteStatus.DECLINED,
            QuoteStatus.CHANGE_REQUESTED,
            QuoteStatus.EXPIRED,
            QuoteStatus.DRAFT,
            QuoteStatus.WITHDRAWN,
        }
    ),
    QuoteStatus.CHANGE_REQUESTED: frozenset({QuoteStatus.DRAFT, QuoteStatus.WITHDRAWN}),
    QuoteStatus.EXPIRED: frozenset({QuoteStatus.DRAFT, QuoteStatus.CHANGE_REQUESTED, QuoteStatus.WITHDRAWN}),
    QuoteStatus.ACCEPTED: frozenset(),
    QuoteStatus.DECLINED: frozenset(),
    QuoteStatus.WITHDRAWN: frozenset(),
}


class BuyerView(TextChoices):
    """What the buyer is told about a quote; derived, never stored (see rules.buyer_view)."""

    WAITING = "waiting", _("Waiting for your answer")
    IN_REVISION = "in_revision", _("New revision in preparation")
    CHANGE_REQUESTED = "change_requested", _("Change requested")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Expired")
    WITHDRAWN = "withdrawn", _("Withdrawn")
