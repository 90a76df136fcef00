"""Buyers and imports at the same time, on real connections: nobody waits in a circle, every order adds up."""

import random
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.actions.stock import apply_stock
from catalog.models import Allocation
from catalog.records import StockRecord
from core.models import Event
from core.money import round_amount
from orders.actions.cart import CartItem, add_line
from orders.actions.direct import DirectLine, DirectOrder, order_directly
from orders.models import Order
from orders.queries.cart import cart_for, cart_sheet
from pricing.actions.prices import apply_prices
from pricing.models import PriceRow
from pricing.records import PriceRecord
from tests.conftest import Member, enrol
from tests.factories.catalog import MORNING
from tests.factories.orders import by_erp, sell
from tests.orders.test_concurrency import at_once

SKUS = [f"S-{number:02}" for number in range(12)]
BUYERS = 20


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("PERF-04", "CRT-18")
def test_twenty_buyers_order_while_imports_change_all_that_they_buy_by(acme):
    """Failure bank 38. A price list is read as a whole: the prices of an order come from one import."""
    for sku in SKUS:
        sell(sku, on_hand=1000)
    import_prices(1)
    buyers = [enrol(f"Buyer {number}", acme, "buyer") for number in range(BUYERS)]
    done: list[Member] = []

    *numbers, price_runs, stock_runs = at_once(
        [
            *(lambda buyer=buyer: buy(buyer, done) for buyer in buyers),
            lambda: import_until(done, import_prices),
            lambda: import_until(done, import_stock),
        ]
    )

    assert min(price_runs, stock_runs) > 1
    orders = list(Order.objects.prefetch_related("lines"))
    assert sorted(numbers) == sorted(order.number for order in orders)
    assert len(orders) == BUYERS
    assert Event.objects.filter(name="order.received").count() == BUYERS
    assert Allocation.objects.count() == BUYERS * len(SKUS)
    for order in orders:
        lines = list(order.lines.all())
        assert len({line.price_story["run_id"] for line in lines}) == 1
        assert [(line.net_amount, line.allocated) for line in lines] == [
            (line.unit_price * 2, 2) for line in lines
        ]
        assert order.net_amount == sum(line.net_amount for line in lines)
        assert order.gross_amount == round_amount(order.net_amount * Decimal("1.2"), "EUR")
    assert PriceRow.objects.filter(ended_run=None).count() == len(SKUS)
    for buyer in buyers:
        sheet = cart_sheet(cart_for(buyer.scope), buyer.scope)
        assert [line.unit_price for line in sheet.lines] == [price_of(price_runs)] * 3


def buy(buyer: Member, done: list[Member]) -> str:
    """Fill a cart, order all products in an order of one's own, and say so again."""
    mixed = random.Random(buyer.user.pk).sample(SKUS, len(SKUS))
    wanted = DirectOrder("r-1", tuple(DirectLine(sku, "piece", Decimal(2)) for sku in mixed), "acme-1")
    try:
        for sku in mixed[:3]:
            add_line(buyer.scope, CartItem(sku, Decimal(1), "piece"), by=buyer.actor)
        number = order_directly(buyer.scope, wanted, by=buyer.actor).number
        assert order_directly(buyer.scope, wanted, by=buyer.actor).number == number
        return number
    finally:
        done.append(buyer)


def import_until(done: list[Member], bring: Callable[[int], None]) -> int:
    """Bring one reading after the other while somebody still buys; tell the number of the last one."""
    nth = 1
    while len(done) < BUYERS or nth == 1:
        nth += 1
        bring(nth)
    return nth


def price_of(nth: int) -> Decimal:
    """What every product costs by the nth reading."""
    return Decimal(1) + Decimal(nth) / 100


def import_prices(nth: int) -> None:
    """A reading of the price list in which every price is another one."""
    records = [
        PriceRecord(price_list_code="LIST", sku=sku, min_quantity=Decimal(0), unit_price=price_of(nth))
        for sku in SKUS
    ]
    apply_prices(records, by=by_erp(), flow="erp.prices", as_of=MORNING + timedelta(seconds=nth))


def import_stock(nth: int) -> None:
    """A reading of the stock in which every figure is another one."""
    as_of = MORNING + timedelta(seconds=nth)
    apply_stock(
        [StockRecord(sku=sku, warehouse_code="LNZ", on_hand=1000 + nth, as_of=as_of) for sku in SKUS],
        by=by_erp(),
    )
