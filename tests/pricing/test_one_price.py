"""One price everywhere: page, cart, order, quote and API give what the price sheet gives, and nobody else computes."""

import ast
import random
from decimal import Decimal
from pathlib import Path

import pytest

from orders.actions.cart import CartItem, add_line
from orders.actions.checkout import checkout
from orders.queries.cart import cart_for, cart_sheet
from pricing.answers import Ask
from pricing.queries import context_for, price_sheet
from quotes.models import QuoteLine
from tests.factories.catalog import ProductFactory, StockLevelFactory, WarehouseFactory
from tests.factories.orders import choice_of
from tests.factories.pricing import PriceListFactory, PriceRowFactory, TaxRateFactory
from tests.factories.quotes import begin

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def shop(acme, other):
    """Products with ladders of several lists, and both companies."""
    rng = random.Random(7)
    TaxRateFactory()
    warehouse = WarehouseFactory()
    lists = [
        PriceListFactory(code="LP"),
        PriceListFactory(code="AC", kind="contract", company=acme),
        PriceListFactory(code="OT", kind="group", company=other),
    ]
    products = []
    for _n in range(8):
        product = ProductFactory(units={"box": rng.choice([100, 200, 500]), "carton": 2000})
        StockLevelFactory(product=product, warehouse=warehouse, on_hand=100_000)
        for item in lists:
            for least in (0, *rng.sample([100, 200, 500, 1000, 2000], 2)):
                PriceRowFactory(
                    price_list=item,
                    product=product,
                    min_quantity=least,
                    unit_price=Decimal(rng.randint(100, 9999)) / rng.choice([100, 1000, 10000]),
                    price_unit=rng.choice([1, 100]),
                )
        products.append(product)
    return products


@pytest.mark.req("PRC-14", "PRC-24", "UOM-08")
@pytest.mark.parametrize("who", ["anna", "clara"])
def test_page_api_cart_and_order_give_the_same_price(shop, who, request):
    member = request.getfixturevalue(who)
    client, rng = member.signed_in(), random.Random(who)
    wanted = [(product, rng.choice(["piece", "box", "carton"]), rng.randint(1, 30)) for product in shop]
    expected = {}
    for product, key, quantity in wanted:
        unit = product.units.get(key=key)
        ask = Ask(product.pk, Decimal(quantity) * unit.numerator, "it")
        answer = price_sheet(context_for(member.scope), [ask])["it"]
        expected[product.sku] = answer.unit_price_for(unit.numerator, unit.denominator)

    for product, key, quantity in wanted:
        asked = {"quantity": str(quantity), "unit": key}
        page = client.get(f"/products/{product.sku}/", asked).context["offer"].price
        api = client.get(f"/api/v1/products/{product.sku}/price/", asked).json()["unit_price"]
        add_line(member.scope, CartItem(product.sku, Decimal(quantity), key), by=member.actor)
        assert page == Decimal(api) == expected[product.sku], product.sku
    sheet = cart_sheet(cart_for(member.scope), member.scope)
    order = checkout(cart_for(member.scope), choice_of(member), by=member.actor)

    assert {line.product.sku: line.unit_price for line in sheet.lines} == expected
    assert {line.sku: line.unit_price for line in order.lines.all()} == expected
    assert order.net_amount == sheet.totals.net_amount
    for line in order.lines.all():
        assert Decimal(line.price_story["unit_price"]) * line.numerator / Decimal(
            line.price_story["price_unit"]
        ) == pytest.approx(line.unit_price, abs=Decimal("0.000001"))


@pytest.mark.req("PRC-24")
def test_a_quote_begins_at_the_price_that_the_cart_had(shop, anna, sam):
    quantities = {product.sku: 500 for product in shop[:3]}
    asks = [Ask(product.pk, Decimal(500), product.sku) for product in shop[:3]]
    expected = {
        sku: answer.unit_price_for(1) for sku, answer in price_sheet(context_for(anna.scope), asks).items()
    }

    quote = begin(anna, sam, **quantities)

    lines = QuoteLine.objects.filter(revision__quote=quote)
    assert {line.sku: line.unit_price for line in lines} == expected


@pytest.mark.req("PRC-24")
def test_nobody_but_pricing_reads_price_rows():
    """The rows can be read by the app that owns them and shown by its admin; there is no other way to a price."""
    allowed = {ROOT / "portal/admin/pricing.py"}
    readers = []
    for app in ("core", "accounts", "catalog", "orders", "quotes", "integrations", "portal"):
        for path in (ROOT / app).rglob("*.py"):
            named = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
            if "PriceRow" in named and path not in allowed:
                readers.append(str(path.relative_to(ROOT)))

    assert readers == []
