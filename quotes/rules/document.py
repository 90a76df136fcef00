"""How long a revision holds, and what the buyer is told about the quote."""

from datetime import date

from quotes.states import BuyerView, QuoteStatus


def is_expired(valid_until: date | None, today: date) -> bool:
    """Whether the validity has passed. valid_until is the last day that still counts (QTE-10)."""
    return valid_until is not None and today > valid_until


def buyer_view(status: QuoteStatus, sent_revision: int, *, expired: bool) -> BuyerView | None:
    """What the buyer is told about the quote; None while nothing was ever sent: it is invisible.

    expired: the sent revision's validity has passed. Source: QTE-06, QTE-16.
    """
    if sent_revision == 0:
        return None
    if status == QuoteStatus.SENT:
        return BuyerView.EXPIRED if expired else BuyerView.WAITING
    return _BUYER_VIEWS[status]


_BUYER_VIEWS = {
    QuoteStatus.DRAFT: BuyerView.IN_REVISION,
    QuoteStatus.IN_APPROVAL: BuyerView.IN_REVISION,
    QuoteStatus.APPROVED: BuyerView.IN_REVISION,
    QuoteStatus.CHANGE_REQUESTED: BuyerView.CHANGE_REQUESTED,
    QuoteStatus.ACCEPTED: BuyerView.ACCEPTED,
    QuoteStatus.DECLINED: BuyerView.DECLINED,
    QuoteStatus.EXPIRED: BuyerView.EXPIRED,
    QuoteStatus.WITHDRAWN: BuyerView.WITHDRAWN,
}
