"""Requests, drafts and offers, made by the actions that people use."""

import threading
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.models import Company
from catalog.models import Product
from core.errors import DomainError
from orders.actions.cart import CartItem, add_line
from orders.queries.cart import cart_for
from pricing.models import ItemCost, PriceList, PriceListAssignment, PriceRow, PriceRun
from quotes.actions.approval import approve_quote, request_approval
from quotes.actions.drafts import save_draft, start_quote
from quotes.actions.offers import send_quote
from quotes.actions.rfqs import submit_rfq
from quotes.drafts import AcceptChoice, LineDraft, QuoteDraft, RfqDraft
from quotes.models import Quote, QuotePolicy, QuoteRevision, Rfq
from tests.factories.catalog import MORNING
from tests.factories.orders import fill


def costs(product: Product, price: str) -> ItemCost:
    """What a piece of a product costs us."""
    return ItemCost.objects.create(product=product, cost_price=Decimal(price), currency="EUR", as_of=MORNING)


def agree(company: Company, product: Product, price: str) -> PriceRow:
    """A price per piece that a company has by agreement."""
    agreement, _created = PriceList.objects.get_or_create(
        code=f"AGREED-{company.number}",
        defaults={"name": "Agreement", "kind": "contract", "currency": "EUR", "as_of": MORNING},
    )
    PriceListAssignment.objects.get_or_create(price_list=agreement, company=company)
    run = PriceRun.objects.create(system="erp", flow="test", as_of=MORNING)
    return PriceRow.objects.create(price_list=agreement, product=product, unit_price=Decimal(price), run=run)


def policy(**limits: Any) -> QuotePolicy:
    """A newer policy in force: without limits unless told."""
    last = QuotePolicy.objects.latest("version")
    return QuotePolicy.objects.create(version=last.version + 1, active_from=MORNING, **limits)


def ask(member: Any, draft: dict[str, Any] | None = None, **quantities: int) -> Rfq:
    """A request of a member, from the cart filled with these pieces."""
    fill(member, **quantities)
    cart = cart_for(member.scope)
    return submit_rfq(cart, RfqDraft(token=cart.token, **(draft or {})), scope=member.scope, by=member.actor)


def begin(member: Any, seller: Any, **quantities: int) -> Quote:
    """A quote that a seller has begun on a member's request."""
    return start_quote(ask(member, **quantities), by=seller.actor)


def working(quote: Quote) -> QuoteRevision:
    """The working revision as it is stored now."""
    quote.refresh_from_db()
    return quote.revisions.get(number=quote.revision)


def draft_of(quote: Quote, **prices: str) -> QuoteDraft:
    """The draft as the builder shows it, with some prices per SKU changed."""
    revision = working(quote)
    return QuoteDraft(
        version=quote.version,
        lines=tuple(
            LineDraft(
                line.sku,
                line.unit_key,
                line.quantity,
                Decimal(prices[line.sku]) if line.sku in prices else line.unit_price,
                line.target_price,
                line.note,
            )
            for line in revision.lines.order_by("position")
        ),
        valid_until=revision.valid_until,
        requested_on=revision.requested_on,
        message=revision.message,
        internal_note=revision.internal_note,
    )


def price(quote: Quote, seller: Any, **prices: str) -> Quote:
    """The draft saved with these prices per SKU."""
    return save_draft(quote, draft_of(quote, **prices), by=seller.actor)


def send(quote: Quote, seller: Any) -> Quote:
    """The quote sent as it is now."""
    quote.refresh_from_db()
    return send_quote(quote, version=quote.version, by=seller.actor)


def submit(quote: Quote, seller: Any, comment: str = "") -> Quote:
    """The quote submitted for approval as it is now."""
    quote.refresh_from_db()
    request_approval(quote, version=quote.version, comment=comment, by=seller.actor)
    quote.refresh_from_db()
    return quote


def approve(quote: Quote, manager: Any) -> Quote:
    """The quote approved as it is now."""
    quote.refresh_from_db()
    return approve_quote(quote, version=quote.version, by=manager.actor)


def offer(member: Any, seller: Any, **quantities: int) -> Quote:
    """An offer in the buyer's hands, at the usual prices, with no rule that asks."""
    policy()
    return send(begin(member, seller, **quantities), seller)


def choice(member: Any, **changes: Any) -> AcceptChoice:
    """What a member adds when accepting: the company's first address."""
    return AcceptChoice(**{"ship_to_erp_id": f"{member.company.number.lower()}-1", **changes})


def put(member: Any, sku: str, quantity: str, unit_key: str = "piece", **more: Any) -> None:
    """Put a product into a member's cart in any unit."""
    add_line(member.scope, CartItem(sku, Decimal(quantity), unit_key, **more), by=member.actor)


def at_once(*calls: Any) -> list[Any]:
    """Run the calls in threads that begin together; tell what each gave or raised."""
    barrier, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(nth, call):
        try:
            barrier.wait(timeout=20)
            results[nth] = call()
        except DomainError as error:
            results[nth] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results
