"""Offers on their way: sent to the buyer, withdrawn, run out."""

from datetime import date

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.actor import Actor, action
from core.days import erp_today
from core.models import trace
from core.states import check_move
from quotes.actions.lines import check_offerable
from quotes.actions.steps import (
    locked_quote,
    locked_rfq,
    move_quote,
    move_rfq,
    need_text,
    quote_of_desk,
    revision_of,
)
from quotes.actions.telling import tell_quote
from quotes.models import Quote, QuoteMessage, QuoteRevision
from quotes.queries.desk import active_policy, desk_of, figures_of, limits_of, quote_at
from quotes.rules.approval import NeedsApproval, approval_reasons
from quotes.rules.document import check_validity
from quotes.states import QUOTE_NEXT, QuoteStatus, RfqStatus


@action
def send_quote(quote: Quote, *, version: int, by: Actor) -> Quote:
    """Let the buyer see the working revision, which is frozen from then on.

    It is either approved, or a draft that no rule of the policy asks to approve. Raises
    NeedsApproval naming the rules otherwise, WrongState, OutOfDate, and the refusals of
    check_offerable and check_validity. Records `quote.sent`. Source: QTE-06.
    """
    rfq = quote_at(desk_of(by.user_id), quote.number).rfq
    rfq = locked_rfq(rfq) if rfq else None
    quote = quote_of_desk(quote, version=version, by=by)
    revision = revision_of(quote)
    if quote.status == QuoteStatus.DRAFT:
        _check_unasked(revision)
    else:
        check_move(QUOTE_NEXT, quote.status, QuoteStatus.SENT)
    check_offerable(revision)
    check_validity(revision.valid_until, erp_today())

    if quote.status == QuoteStatus.DRAFT:
        move_quote(quote, QuoteStatus.APPROVED)
    move_quote(quote, QuoteStatus.SENT, sent_revision=revision.number)
    revision.sent_at = timezone.now()
    revision.frozen_at = revision.frozen_at or revision.sent_at
    revision.save(update_fields=["sent_at", "frozen_at"])
    if revision.message:
        QuoteMessage.objects.create(quote=quote, revision=revision.number, text=revision.message, **trace(by))
    if rfq and rfq.status == RfqStatus.IN_WORK:
        move_rfq(rfq, RfqStatus.QUOTED)

    tell_quote("quote.sent", quote, revision, by=by, text=revision.message)
    return quote


@action
def withdraw_quote(quote: Quote, *, version: int, reason: str, by: Actor) -> Quote:
    """Take an offer off the table for good. Records `quote.withdrawn`.

    reason: read by the buyer where something was sent. Raises InvalidValue without one,
    WrongState once it is settled.
    """
    quote = quote_of_desk(quote, version=version, by=by)
    reason = need_text(reason, _("Say why: the reason is kept with the quote."), "reason")
    revision = revision_of(quote)

    move_quote(quote, QuoteStatus.WITHDRAWN)
    QuoteMessage.objects.create(
        quote=quote,
        revision=revision.number,
        text=reason,
        is_internal=quote.sent_revision == 0,
        **trace(by),
    )

    tell_quote("quote.withdrawn", quote, revision, by=by, text=reason, was_sent=quote.sent_revision > 0)
    return quote


def expire_quotes(on: date, *, by: Actor) -> int:
    """Close the offers whose last valid day is before `on`, a day of the ERP's zone; tell how many.

    One transaction each, so that one does not hold up the others. Records `quote.expired`.
    Source: QTE-10.
    """
    due = Quote.objects.filter(
        status=QuoteStatus.SENT, revisions__number=F("sent_revision"), revisions__valid_until__lt=on
    )
    return sum(_expire(quote, on, by=by) for quote in due.order_by("pk"))


@action
def _expire(quote: Quote, on: date, *, by: Actor) -> bool:
    quote = locked_quote(quote)
    revision = revision_of(quote)
    if quote.status != QuoteStatus.SENT or revision.valid_until is None or revision.valid_until >= on:
        return False
    move_quote(quote, QuoteStatus.EXPIRED)
    tell_quote("quote.expired", quote, revision, by=by)
    return True


def _check_unasked(revision: QuoteRevision) -> None:
    reasons = approval_reasons(figures_of(list(revision.lines.all())), limits_of(active_policy()))
    if reasons:
        raise NeedsApproval(
            _("This revision needs approval first: submit it, then send it."),
            reasons=[reason.as_json() for reason in reasons],
        )
