"""How long a revision holds, and what the buyer is told about the quote."""

from datetime import date

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError, InvalidValue
from quotes.states import BuyerView, QuoteStatus


class QuoteExpired(DomainError):
    """The offer's last valid day has passed; a renewal can be asked for (QTE-10)."""

    code = "quote_expired"


def is_expired(valid_until: date | None, today: date) -> bool:
    """Whether the validity has passed. valid_until is the last day that still counts (QTE-10)."""
    return valid_until is not None and today > valid_until


def check_validity(valid_until: date | None, today: date) -> None:
    """Refuse to offer without a last valid day that lies ahead. Raises InvalidValue."""
    if valid_until is None:
        raise InvalidValue(_("Say until when the offer holds."), field="valid_until")
    if is_expired(valid_until, today):
        raise InvalidValue(
            _("The offer would be over before it is sent: set its last valid day anew."), field="valid_until"
        )


def check_not_expired(valid_until: date | None, today: date) -> None:
    """Refuse to accept an offer after its last valid day. Raises QuoteExpired."""
    if is_expired(valid_until, today):
        raise QuoteExpired(
            _("This offer has expired. Ask for a renewal: sales answers with a new revision."),
            valid_until=str(valid_until),
        )


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
