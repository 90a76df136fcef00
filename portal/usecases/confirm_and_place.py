"""Ordering after the ERP has been asked once: price, stock and credit, bounded in time (X-03).

The ERP is asked before anything is locked; what it said goes into the action, which computes everything again
under its locks and applies the policy. A repeat of what has been ordered asks nothing.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from accounts.models import Company
from accounts.queries.companies import acting_company
from accounts.scope import Scope
from accounts.states import Right
from catalog.availability import availability
from core.actor import Actor
from core.errors import DomainError, DuplicateKey
from core.freshness import is_stale
from core.logging import get_logger
from integrations import live
from orders.actions.checkout import CheckoutChoice, checkout
from orders.actions.direct import (
    DirectOrder,
    PricedWish,
    decided_prices,
    direct_ref,
    order_directly,
    priced_lines,
)
from orders.actions.live import Confirmation, keep_disagreements, take_in
from orders.live import LiveAnswers, LivePrice, LiveQuestion
from orders.models import Cart, Order
from orders.queries.cart import cart_sheet, warehouse_for
from orders.queries.live import cart_question, price_decisions, question_for
from orders.queries.orders import is_placed
from orders.rules.live import Decision
from orders.rules.totals import totals_of
from quotes.actions.answers import accept_quote
from quotes.drafts import AcceptChoice
from quotes.queries.offers import quote_for_buyer, quote_question

logger = get_logger(__name__)
T = TypeVar("T")


def is_connected() -> bool:
    """Whether there is an ERP that is asked when something is ordered."""
    return live.is_connected()


def order_cart(
    cart: Cart,
    choice: CheckoutChoice,
    *,
    scope: Scope,
    by: Actor,
    heard: tuple[LivePrice, ...] = (),
    remember: Callable[[tuple[LivePrice, ...]], None] = lambda prices: None,
) -> Order:
    """Ask the ERP about a cart, then order it at exactly what the buyer was shown.

    heard: prices that the ERP named when this page was refused before; they count as last known where it
    says nothing now. remember: is given what it names now, when it differs from what was shown, so that
    the page can ask for consent to it. Raises as `checkout`.
    """
    company = acting_company(scope)
    if cart.pk is None or is_placed(company, "cart", choice.token):
        return checkout(cart, choice, by=by)
    scope.require(Right.BUY)
    sheet = cart_sheet(cart, scope)
    if not sheet.is_orderable or str(cart.token) != choice.token:
        # Refused whatever the ERP says, also when another tab makes it fit in this moment.
        return checkout(cart, choice, by=by, is_asked=not is_connected())
    confirmed = _confirmed(company, cart_question(sheet, company), by, heard)
    try:
        return checkout(cart, choice, by=by, live=confirmed)
    except DomainError as refusal:
        if confirmed is not None:
            prices = price_decisions(sheet, confirmed.answers, confirmed.table, choice.shown_digest)
            _log_refusal(refusal, company, (*prices, *confirmed.decisions), by)
            remember(_said(confirmed.answers))
        raise


def order_from_api(
    scope: Scope, wanted: DirectOrder, *, by: Actor, under_key: Callable[[Callable[[], Order]], T]
) -> T:
    """Ask the ERP about an order of the API, then place it; the answer is that of `under_key`.

    under_key: runs the action that places it under the lock of the caller's key, which the question must not
    hold. Raises as `order_directly`; a refusal leaves the decisions that led to it.
    """
    company = acting_company(scope)
    if is_placed(company, "api", direct_ref(by, company.pk, wanted.reference)):
        return under_key(lambda: order_directly(scope, wanted, by=by))
    scope.require(Right.BUY)
    lines = priced_lines(scope, wanted.lines)
    question = direct_question(company, lines)
    confirmed = _confirmed(company, question, by) if question.lines else None
    try:
        return under_key(lambda: order_directly(scope, wanted, by=by, live=confirmed))
    except DuplicateKey:
        raise
    except DomainError as refusal:
        if confirmed is not None:
            decisions = (*decided_prices(lines, confirmed), *confirmed.decisions)
            _log_refusal(refusal, company, decisions, by)
        raise


def accept_offer(number: str, revision: int, choice: AcceptChoice, *, scope: Scope, by: Actor) -> Order:
    """Ask the ERP for stock and credit, then accept the offer; its price is the revision's (X-12)."""
    company = acting_company(scope)
    offer = quote_for_buyer(scope, number)
    is_mine = offer.quote.company_id == scope.company_id and scope.may(Right.BUY)
    if not (is_mine and offer.is_answerable) or is_placed(company, "quote", number):
        return accept_quote(number, revision, choice, scope=scope, by=by)
    confirmed = _confirmed(company, quote_question(offer.revision, company), by)
    try:
        return accept_quote(number, revision, choice, scope=scope, by=by, live=confirmed)
    except DomainError as refusal:
        if confirmed is not None:
            _log_refusal(refusal, company, confirmed.decisions, by)
        raise


def direct_question(company: Company, lines: list[PricedWish]) -> LiveQuestion:
    """What the ERP is asked about products that are named without a cart."""
    asked = [item.asked() for item in lines]
    ids = [item.product.pk for item in lines]
    bases = [one.quantity_base for one in asked]
    warehouse = warehouse_for(list(zip(ids, bases, strict=True)), availability(ids))
    totals = totals_of([(item.net_amount, item.tax_percent) for item in lines], company.currency)
    return question_for(company, asked, warehouse, totals.gross_amount)


def _confirmed(
    company: Company, question: LiveQuestion, by: Actor, heard: tuple[LivePrice, ...] = ()
) -> Confirmation | None:
    answers = live.ask(question, by=by)
    if answers is None:
        return None
    fresh = tuple(price for price in heard if not is_stale("prices", price.as_of))
    try:
        return take_in(company, question, answers.remembering(fresh), by=by)
    except DomainError as refusal:
        _log_refusal(refusal, company, (), by)
        raise


def _said(answers: LiveAnswers) -> tuple[LivePrice, ...]:
    return tuple(price for one in answers.heard.values() for price in one.prices)


def _log_refusal(refusal: DomainError, company: Company, decisions: Iterable[Decision], by: Actor) -> None:
    """A refused order leaves its decisions too (OBS-23): the action's own were rolled back with it."""
    keep_disagreements(decisions, document=company.number, by=by)
    logger.info("checkout.refused", subject=company.number, code=refusal.code)
