"""Requests for quotes: submitted from a cart, declined by sales, taken back by the buyer."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Address, Company
from accounts.scope import Scope
from accounts.states import Right
from catalog.queries import hidden_products
from catalog.rules import check_quantity
from core.actor import Actor, action
from core.days import erp_today
from core.errors import InvalidValue, NotFound
from core.numbers import next_number
from orders.actions.cart import empty_cart, lock_cart
from orders.models import Cart, CartLine
from orders.rules.lines import check_sellable, not_in_range
from quotes.actions.steps import locked_rfq, move_quote, move_rfq, need_text, rfq_of_desk
from quotes.actions.telling import tell_rfq
from quotes.drafts import RfqDraft, Wish
from quotes.models import Quote, Rfq, RfqLine
from quotes.queries.rfqs import rfq_by_number
from quotes.states import QUOTE_NEXT, QuoteStatus, RfqStatus


@action
def submit_rfq(cart: Cart, draft: RfqDraft, *, scope: Scope, by: Actor) -> Rfq:
    """Ask for a quote on everything in the cart; the cart is empty afterwards (QTE-01).

    The same filling of the cart submitted again answers the request it has already become.
    Raises NotAllowed without the right, NotFound for another person's cart or an address that is
    not the company's, OutOfDate for a cart used meanwhile, InvalidValue for an empty one or a day
    that is over, NotInRange, and the refusals of check_sellable and check_quantity. Records `rfq.submitted`.
    """
    scope.require(Right.REQUEST_QUOTES)
    if (cart.user_id, cart.company_id) != (scope.user_id, scope.company_id):
        raise NotFound(_("There is no such cart."))
    if cart.pk is None:  # nothing was ever put into it
        _check_lines([], scope)
    cart = lock_cart(cart)
    earlier = Rfq.objects.filter(token=draft.token, company=cart.company, requested_by=scope.buyer_id).first()
    if earlier is not None:
        return earlier
    if draft.requested_on is not None and draft.requested_on < erp_today():
        raise InvalidValue(_("The requested date is in the past: choose a later day."), field="requested_on")
    cart = lock_cart(cart, token=draft.token)
    lines = list(cart.lines.select_related("product", "unit"))
    _check_lines(lines, scope)
    ship_to = _ship_to(cart.company, draft.ship_to_erp_id)

    rfq = Rfq.objects.create(
        number=next_number("rfq"),
        company=cart.company,
        requested_by_id=scope.buyer_id or cart.user_id,
        submitted_at=timezone.now(),
        status=RfqStatus.SUBMITTED,
        token=cart.token,
        currency=cart.company.currency,
        note=draft.note.strip(),
        po_number=draft.po_number.strip()[:60],
        requested_on=draft.requested_on,
        ship_to=ship_to,
    )
    RfqLine.objects.bulk_create(_rfq_lines(rfq, lines, draft.wishes))
    empty_cart(cart, by=by)

    tell_rfq("rfq.submitted", rfq, by=by)
    return rfq


def _check_lines(lines: list[CartLine], scope: Scope) -> None:
    if not lines:
        raise InvalidValue(_("Your cart is empty: put something into it first."), field="lines")
    hidden = hidden_products(scope, [line.product_id for line in lines])
    for line in lines:
        if line.product_id in hidden:
            raise not_in_range(line.product.sku)
        check_sellable(line.product.sku, line.product.status)
        check_quantity(line.product, line.unit, line.quantity)


def _rfq_lines(rfq: Rfq, lines: list[CartLine], wishes: tuple[Wish, ...]) -> list[RfqLine]:
    wished = {wish.line_id: wish for wish in wishes}
    made = []
    for position, line in enumerate(lines, start=1):
        wish = wished.get(line.pk, Wish(line.pk, line.target_price, line.note))
        price = wish.target_price
        if price is not None and not (price.is_finite() and price >= 0):
            raise InvalidValue(
                _("Line %(line)s: a target price is an amount per unit, such as 0.52.") % {"line": position},
                field="target_price",
                line=position,
            )
        made.append(
            RfqLine(
                rfq=rfq,
                position=position,
                product=line.product,
                unit=line.unit,
                quantity=line.quantity,
                target_price=price,
                note=wish.note.strip()[:300],
            )
        )
    return made


def _ship_to(company: Company, erp_id: str) -> Address | None:
    if not erp_id:
        return None
    address = Address.objects.filter(company=company, erp_id=erp_id, is_ship_to=True, is_active=True).first()
    if address is None:
        raise NotFound(_("This delivery address is not in use at your company. Choose another one."))
    return address


@action
def decline_rfq(rfq: Rfq, *, reason: str, by: Actor) -> Rfq:
    """Tell the buyer that there will be no offer, and why. Records `rfq.declined`.

    What sales had begun on it is withdrawn. Raises WrongState once it was quoted.
    """
    rfq = rfq_of_desk(rfq, by=by)
    reason = need_text(reason, _("Say why: the buyer reads the reason."), "reason")

    move_rfq(rfq, RfqStatus.DECLINED, answer=reason)
    _withdraw_draft(rfq)

    tell_rfq("rfq.declined", rfq, by=by, reason=reason)
    return rfq


@action
def cancel_rfq(scope: Scope, number: str, *, by: Actor) -> Rfq:
    """Take a request back before it was answered. Records `rfq.cancelled`.

    Raises NotFound for a foreign one, NotAllowed without the right, WrongState once it was
    quoted.
    """
    rfq = locked_rfq(rfq_by_number(scope, number))
    scope.require_in(Right.REQUEST_QUOTES, rfq.company_id)

    move_rfq(rfq, RfqStatus.CANCELLED)
    _withdraw_draft(rfq)

    tell_rfq("rfq.cancelled", rfq, by=by)
    return rfq


def _withdraw_draft(rfq: Rfq) -> None:
    quote = Quote.objects.select_for_update(of=("self",), no_key=True).filter(rfq=rfq).first()
    if quote is not None and QuoteStatus.WITHDRAWN in QUOTE_NEXT[QuoteStatus(quote.status)]:
        move_quote(quote, QuoteStatus.WITHDRAWN)
