"""Quote acceptance and the API's orders stand the same live check as the checkout: price, stock, credit."""

from decimal import Decimal

import pytest

from accounts.models import Address, CreditAccount
from catalog.models import Product, StockLevel
from core.errors import DomainError
from core.models import Conflict
from orders.actions.direct import DirectLine, DirectOrder
from orders.models import Order
from orders.queries.cart import cart_for
from orders.rules.credit import OverLimit
from portal.usecases.confirm_and_place import accept_offer, order_from_api
from quotes.actions.drafts import start_quote
from quotes.actions.rfqs import submit_rfq
from quotes.drafts import AcceptChoice, RfqDraft
from quotes.models import Quote
from tests.factories.orders import reprice
from tests.factories.quotes import policy, send
from tests.integrations.test_live_checks import ask, awake, buyer, by_policy, decided, know_credit
from tests.integrations.test_submit_order import BEARING, SCREW

__all__ = ["awake", "buyer"]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("tryton"),
    pytest.mark.django_db,
    pytest.mark.req("CRT-11", "INT-28", "OBS-23"),
]


def ship_to(member) -> str:
    return Address.objects.filter(company=member.company, is_ship_to=True).first().erp_id


def order_by_api(member, reference="PO-1"):
    lines = (DirectLine(BEARING, "u", Decimal(10)), DirectLine(SCREW, "u", Decimal(400)))
    wanted = DirectOrder(reference, lines, ship_to(member))
    return order_from_api(member.scope, wanted, by=member.actor, under_key=lambda place: place())


@pytest.fixture
def quote(buyer, sam):  # noqa: F811
    """An offer in the buyer's hands over what is in the cart."""
    cart = cart_for(buyer.scope)
    rfq = submit_rfq(cart, RfqDraft(token=cart.token), scope=buyer.scope, by=buyer.actor)
    policy()
    buyer.company.sales_rep = sam.user
    buyer.company.save(update_fields=["sales_rep"])
    return send(start_quote(rfq, by=sam.actor), sam)


def accept(member, quote: Quote) -> Order:
    choice = AcceptChoice(ship_to_erp_id=ship_to(member))
    return accept_offer(quote.number, quote.revision, choice, scope=member.scope, by=member.actor)


def figures(placed: Order) -> set[tuple[str, str]]:
    return {(one["kind"], one["situation"]) for one in placed.live_checks}


def test_an_order_of_the_api_is_confirmed_by_the_erp_and_keeps_what_was_said(buyer, proxy):  # noqa: F811
    proxy.forget()

    placed = order_by_api(buyer)
    calls = len(proxy.seen())
    again = order_by_api(buyer)

    assert figures(placed) == {("price", "agrees"), ("stock", "agrees"), ("credit", "agrees")}
    assert all(one["as_of"] for one in placed.live_checks)
    assert again == placed
    assert len(proxy.seen()) == calls


@pytest.mark.parametrize("rule", ["refuse", "last_known"])
def test_a_price_that_the_erp_has_raised_is_decided_for_the_api_as_at_the_checkout(buyer, rule):  # noqa: F811
    by_policy(price_worse=rule)
    true = Decimal(ask(buyer).price_of(BEARING, "u", Decimal(10)).unit_price)
    reprice(Product.objects.get(sku=BEARING), str(true - 1))

    if rule == "refuse":
        with pytest.raises(DomainError):
            order_by_api(buyer)
        assert not Order.objects.exists()
    else:
        assert order_by_api(buyer).lines.get(sku=BEARING).unit_price == true - 1

    assert Conflict.objects.filter(field="unit_price", winner="erp" if rule == "refuse" else "us").exists()


def test_an_accepted_quote_asks_for_stock_and_credit_and_never_for_its_price(buyer, quote, proxy):  # noqa: F811
    proxy.forget()

    placed = accept(buyer, quote)

    assert figures(placed) == {("stock", "agrees"), ("credit", "agrees")}
    assert proxy.seen("portal_prices") == []
    assert placed.origin == "quote"


def test_stock_that_the_erp_no_longer_has_is_decided_for_a_quote_as_at_the_checkout(buyer, quote):  # noqa: F811
    by_policy(stock_worse="hold")
    level = StockLevel.objects.get(product__sku=BEARING)
    there = level.on_hand
    StockLevel.objects.filter(pk=level.pk).update(on_hand=there + 100)

    placed = accept(buyer, quote)

    [stock] = [one for one in decided(placed, "stock") if one.key == BEARING]
    assert stock.theirs == f"{there.normalize():f}"


@pytest.mark.parametrize("way", ["api", "quote"])
def test_credit_that_the_erp_no_longer_gives_is_refused_on_every_way(buyer, quote, shop, way):  # noqa: F811
    by_policy(credit_worse="take_erp")
    before = CreditAccount.objects.get(company=buyer.company).limit_amount
    know_credit(buyer, limit_amount=Decimal(10_000_000))
    shop.act("credit-limit", customer="C2000", amount="1.00")

    try:
        with pytest.raises(OverLimit):
            order_by_api(buyer) if way == "api" else accept(buyer, quote)
    finally:
        shop.act("credit-limit", customer="C2000", amount=f"{before:.2f}")

    assert not Order.objects.exists()


@pytest.mark.parametrize("way", ["api", "quote"])
def test_an_erp_that_does_not_answer_in_time_stops_nobody_and_the_order_says_so(  # noqa: F811
    buyer, quote, proxy, settings, way
):
    settings.LIVE_CHECK_SECONDS = 0.5
    proxy.spoil("search_read", "delay", seconds=3, times=-1)

    placed = order_by_api(buyer) if way == "api" else accept(buyer, quote)

    assert "unheard" in {situation for _kind, situation in figures(placed)}
