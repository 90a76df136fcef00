"""A small shop to order from: priced products with stock, and orders made through the actions."""

from decimal import Decimal
from typing import Any

import factory

from catalog.models import Product, Warehouse
from core.actor import Actor
from orders.actions.cart import CartItem, add_line
from orders.actions.checkout import CheckoutChoice, checkout
from orders.models import Order
from orders.queries.cart import cart_for, cart_sheet
from pricing.models import PriceList, PriceListAssignment, PriceRow, PriceRun, TaxRate
from tests.factories.accounts import AddressFactory, CompanyFactory, UserFactory
from tests.factories.catalog import MORNING, ProductFactory, StockLevelFactory, WarehouseFactory


class OrderFactory(factory.django.DjangoModelFactory):
    """A bare order without lines, for tests of who sees what."""

    class Meta:
        model = Order

    number = factory.Sequence(lambda n: f"SO-F{n}")
    company = factory.SubFactory(CompanyFactory)
    placed_by = factory.SubFactory(UserFactory)
    placed_at = MORNING
    origin = "cart"
    origin_ref = factory.Sequence(lambda n: f"made-{n}")
    status = "confirmed"
    currency = "EUR"
    net_amount, tax_amount, gross_amount = Decimal(100), Decimal(20), Decimal(120)
    ship_to_address = factory.SubFactory(AddressFactory, company=factory.SelfAttribute("..company"))
    bill_to_address = factory.SelfAttribute("ship_to_address")
    bill_to_company = factory.SelfAttribute("company")
    ship_to: dict[str, str] = {}
    bill_to: dict[str, str] = {}
    warehouse = factory.LazyFunction(lambda: open_warehouse())


def open_warehouse(code: str = "LNZ") -> Warehouse:
    """A warehouse that ships; the same one for the same code."""
    return Warehouse.objects.filter(code=code).first() or WarehouseFactory(code=code, name=f"House {code}")


def sell(sku: str, price: str | None = "1.00", *, on_hand: int | None = 1000, **product: Any) -> Product:
    """A product that everybody can buy: `price` per piece with 20 % tax, stock in Linz.

    price None: on request. on_hand None: nobody has told. product: columns, units={"box": 200}.
    """
    TaxRate.objects.get_or_create(code="standard", defaults={"name": "20 %", "percent": 20, "as_of": MORNING})
    item = ProductFactory(sku=sku, **product)
    warehouse = open_warehouse()
    if on_hand is not None:
        StockLevelFactory(product=item, warehouse=warehouse, on_hand=Decimal(on_hand))
    if price is not None:
        reprice(item, price)
    return item


def reprice(product: Product, price: str) -> None:
    """Give a product another list price, as an import does: the old version ends."""
    everybody, _created = PriceList.objects.get_or_create(
        code="LIST", defaults={"name": "List", "kind": "list", "currency": "EUR", "as_of": MORNING}
    )
    PriceListAssignment.objects.get_or_create(price_list=everybody, company=None)
    run = PriceRun.objects.create(system="erp", flow="test", as_of=MORNING)
    PriceRow.objects.filter(product=product, ended_run=None).update(ended_run=run)
    PriceRow.objects.create(price_list=everybody, product=product, unit_price=Decimal(price), run=run)


def fill(member: Any, **quantities: int) -> None:
    """Put pieces into a member's cart, by SKU."""
    for sku, quantity in quantities.items():
        add_line(member.scope, CartItem(sku, Decimal(quantity), "piece"), by=member.actor)


def choice_of(member: Any, **changes: Any) -> CheckoutChoice:
    """What the checkout page of a member would send now."""
    cart = cart_for(member.scope)
    values = {
        "token": str(cart.token),
        "shown_digest": cart_sheet(cart, member.scope).digest,
        "ship_to_erp_id": f"{member.company.number.lower()}-1",
    }
    return CheckoutChoice(**{**values, **changes})


def order_now(member: Any, *, choice: dict[str, Any] | None = None, **quantities: int) -> Order:
    """An order of a member, from an empty cart, by the way that buyers take."""
    fill(member, **quantities)
    return checkout(cart_for(member.scope), choice_of(member, **(choice or {})), by=member.actor)


def by_erp() -> Actor:
    """The ERP's flow."""
    return Actor("flow:erp.test", "ERP", system="erp")
