"""The buyer's side: seen, sent back, declined, accepted."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.scope import Scope
from accounts.states import Right
from core.actor import Actor, action
from core.days import erp_today
from core.errors import NotAllowed, OutOfDate
from core.models import trace
from core.states import check_move
from orders.actions.live import Confirmation
from orders.actions.place import place_order
from orders.drafts import DraftLine, OrderDraft
from orders.models import Order
from quotes.actions.steps import locked_quote, move_quote, need_text
from quotes.actions.telling import tell_quote
from quotes.drafts import AcceptChoice
from quotes.models import Quote, QuoteLine, QuoteMessage, QuoteRevision
from quotes.queries.offers import quote_in
from quotes.rules.document import check_not_expired
from quotes.states import QUOTE_NEXT, QuoteStatus


@action
def see_quote(scope: Scope, number: str, *, by: Actor) -> Quote:
    """Keep when the buyer first saw the sent revision; again is nothing new.

    Raises NotFound for a foreign or unsent quote, NotAllowed for whoever may not open its page. Records
    `quote.seen` the first time.
    """
    quote = quote_in(scope, number)
    scope.require(Right.VIEW_PRICES)
    quote = locked_quote(quote)
    revision = quote.revisions.get(number=quote.sent_revision)
    if revision.first_seen_at is None and by.principal_id is None:
        revision.first_seen_at = timezone.now()
        revision.save(update_fields=["first_seen_at"])
        tell_quote("quote.seen", quote, revision, by=by)
    return quote


@action
def request_change(scope: Scope, number: str, *, revision: int, comment: str, by: Actor) -> Quote:
    """Send an offer back with what should be different, or ask to renew an expired one.

    revision: the one that the buyer saw. Raises NotFound, NotAllowed, OutOfDate when there is a
    newer one, WrongState, InvalidValue without a comment. Records `quote.change_requested`.
    Source: QTE-09, QTE-10.
    """
    quote = _answered(scope, number, Right.REQUEST_QUOTES)
    comment = need_text(comment, _("Say what should be different: sales reads it."), "comment")
    sent = _seen_revision(quote, revision)

    move_quote(quote, QuoteStatus.CHANGE_REQUESTED)
    _keep_words(quote, sent, comment, by)

    tell_quote("quote.change_requested", quote, sent, by=by, text=comment)
    return quote


@action
def decline_quote(scope: Scope, number: str, *, revision: int, reason: str, by: Actor) -> Quote:
    """Decline an offer for good; nothing is ordered.

    revision: the one that the buyer saw. Raises NotFound, NotAllowed, OutOfDate, WrongState,
    InvalidValue without a reason. Records `quote.declined`.
    """
    quote = _answered(scope, number, Right.REQUEST_QUOTES)
    reason = need_text(reason, _("Say why: it helps us to offer better next time."), "comment")
    sent = _seen_revision(quote, revision)

    move_quote(quote, QuoteStatus.DECLINED)
    _keep_words(quote, sent, reason, by)

    tell_quote("quote.declined", quote, sent, by=by, text=reason)
    return quote


@action
def accept_quote(
    number: str,
    revision: int,
    choice: AcceptChoice,
    *,
    scope: Scope,
    by: Actor,
    live: Confirmation | None = None,
) -> Order:
    """Accept the sent revision: one order with its lines, prices, tax and terms (QTE-11).

    The revision is the price, whatever price lists or the ERP say now (QTE-12, X-12). live: what the ERP
    said of stock and credit just before. Accepting again answers the
    order that there is (QTE-13). Raises NotFound for a foreign or unsent quote, NotAllowed
    without the right to buy, OutOfDate for another than the sent revision, QuoteExpired after
    its last valid day, WrongState, and the refusals of place_order. Records `quote.accepted`.
    """
    quote = _answered(scope, number, Right.BUY)
    if quote.status == QuoteStatus.ACCEPTED and quote.sent_revision == revision:
        return Order.objects.get(origin="quote", origin_ref=quote.number)
    sent = _seen_revision(quote, revision)
    check_move(QUOTE_NEXT, quote.status, QuoteStatus.ACCEPTED)
    check_not_expired(sent.valid_until, erp_today())

    order = place_order(_order_draft(quote, sent, choice, live), by=by)
    move_quote(quote, QuoteStatus.ACCEPTED, order_number=order.number)

    tell_quote("quote.accepted", quote, sent, by=by)
    return order


def _keep_words(quote: Quote, sent: QuoteRevision, text: str, by: Actor) -> None:
    """What the buyer says, beside the revision and in the conversation."""
    sent.buyer_comment = text
    sent.save(update_fields=["buyer_comment"])
    QuoteMessage.objects.create(quote=quote, revision=sent.number, text=text, **trace(by))


def _answered(scope: Scope, number: str, right: Right) -> Quote:
    """The quote, locked, for a buyer who may answer it; the company that it is for must act."""
    quote = quote_in(scope, number)
    scope.require(right)
    scope.require(Right.VIEW_PRICES)
    if scope.principal_id is not None:
        raise NotAllowed(
            _("An offer of ours is answered by the customer. Ask %(contact)s to answer it.")
            % {"contact": quote.contact},
            right=str(right),
        )
    if quote.company_id != scope.company_id:
        raise NotAllowed(
            _("This offer is for %(company)s. Act for that company to answer it.")
            % {"company": quote.company},
            right=str(right),
            company=quote.company.number,
        )
    return locked_quote(quote)


def _seen_revision(quote: Quote, number: int) -> QuoteRevision:
    """The sent revision, if it is the one that was seen and nothing newer is under way."""
    if quote.sent_revision != number or quote.revision != quote.sent_revision:
        raise OutOfDate(
            _(
                "Revision %(number)s is no longer the current one. Nothing was done: "
                "look at the quote again, then answer."
            )
            % {"number": number},
            seen=number,
            now=quote.sent_revision,
        )
    return quote.revisions.select_related("payment_term").get(number=number)


def _order_draft(
    quote: Quote, revision: QuoteRevision, choice: AcceptChoice, live: Confirmation | None
) -> OrderDraft:
    lines = revision.lines.order_by("position")
    return OrderDraft(
        company_id=quote.company_id,
        origin="quote",
        origin_ref=quote.number,
        lines=tuple(_draft_line(quote, revision, line) for line in lines),
        ship_to_erp_id=choice.ship_to_erp_id,
        po_number=choice.po_number,
        note=choice.note,
        requested_on=revision.requested_on,
        payment_term_id=revision.payment_term_id,
        decisions=live.decisions if live else (),
    )


def _draft_line(quote: Quote, revision: QuoteRevision, line: QuoteLine) -> DraftLine:
    assert line.unit_price is not None  # noqa: S101 - nothing is sent without a price
    story = {
        "v": 1,
        "kind": "quote",
        "quote": quote.number,
        "revision": revision.number,
        "unit_price": str(line.unit_price),
        "valid_until": revision.valid_until.isoformat() if revision.valid_until else None,
        "beside": line.price_story,
    }
    return DraftLine(
        product_id=line.product_id,
        unit_key=line.unit_key,
        quantity=line.quantity,
        unit_price=line.unit_price,
        tax_code=line.tax_code,
        tax_percent=line.tax_percent,
        price_story=story,
        name=line.name,
        note=line.note,
        ratio=(line.numerator, line.denominator),
    )
