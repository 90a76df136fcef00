"""An old stock figure: marked everywhere, and used as its warehouse's policy says."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from catalog.models import Allocation
from core import freshness
from orders.actions.checkout import CheckoutChoice, checkout
from orders.models import Order
from orders.queries.cart import cart_for, cart_sheet
from orders.rules.lines import LinesRefused
from tests.factories.catalog import ProductFactory, StockLevelFactory, WarehouseFactory
from tests.factories.pricing import PriceListFactory, PriceRowFactory, TaxRateFactory

HOURS = timedelta(hours=8)


@pytest.fixture
def old(acme, monkeypatch):
    """A screw whose only stock figure is eight hours old, with a limit of half an hour."""
    monkeypatch.setitem(freshness._limits, "stock", timedelta(minutes=30))
    screw = ProductFactory(sku="SCREW-1")
    TaxRateFactory()
    PriceRowFactory(price_list=PriceListFactory(company=acme), product=screw, unit_price=Decimal(2))
    warehouse = WarehouseFactory(code="ULM", name="Ulm", position=0)
    return StockLevelFactory(
        product=screw, warehouse=warehouse, on_hand=Decimal(100), as_of=timezone.now() - HOURS
    )


def by_policy(stock, policy):
    type(stock.warehouse).objects.filter(pk=stock.warehouse_id).update(when_stale=policy)


def fill(member):
    member.signed_in().post(reverse("portal:cart-line-add"), {"sku": "SCREW-1", "quantity": "10"})
    cart = cart_for(member.scope)
    return cart, cart_sheet(cart, member.scope)


def order(member, cart, sheet):
    choice = CheckoutChoice(
        token=str(cart.token),
        ship_to_erp_id=member.company.addresses.get(is_ship_to=True).erp_id,
        po_number="4500118274",
        shown_digest=sheet.digest,
    )
    return checkout(cart, choice, by=member.actor)


def text(answer):
    return " ".join(answer.content.decode().split())


@pytest.mark.req("INV-11")
def test_by_the_policy_to_warn_an_old_figure_is_promised_with_its_age(anna, old):
    by_policy(old, "warn")

    cart, sheet = fill(anna)
    placed = order(anna, cart, sheet)

    assert "ac-stale" in text(anna.signed_in().get(reverse("portal:product-detail", args=["SCREW-1"])))
    assert placed.lines.get().allocated == 10
    assert placed.lines.get().backordered == 0


@pytest.mark.req("INV-11")
def test_by_the_policy_to_confirm_the_order_is_taken_and_nothing_is_promised(anna, old):
    by_policy(old, "confirm")

    cart, sheet = fill(anna)
    shown = text(anna.signed_in().get(reverse("portal:cart")))
    placed = order(anna, cart, sheet)

    assert "to be confirmed" in shown
    assert (sheet.lines[0].covered, sheet.lines[0].backordered) == (0, 10)
    assert (placed.lines.get().allocated, placed.lines.get().backordered) == (0, 10)
    assert Allocation.objects.get().quantity == 10


@pytest.mark.req("INV-11")
def test_by_the_policy_to_block_the_line_is_refused_and_nothing_is_ordered(anna, old):
    by_policy(old, "block")

    cart, sheet = fill(anna)
    shown = text(anna.signed_in().get(reverse("portal:cart")))
    with pytest.raises(LinesRefused) as refusal:
        order(anna, cart, sheet)

    assert "The stock figure of Ulm is too old to order by." in shown
    assert [line["code"] for line in refusal.value.details["lines"]] == ["stale_stock"]
    assert not Order.objects.exists()
    assert not Allocation.objects.exists()
    assert cart.lines.count() == 1


@pytest.mark.req("INV-11")
@pytest.mark.parametrize("policy", ["warn", "confirm", "block"])
def test_no_policy_touches_a_fresh_figure(anna, old, policy):
    by_policy(old, policy)
    freshness.note("stock", timezone.now())

    placed = order(anna, *fill(anna))

    assert placed.lines.get().allocated == 10


@pytest.mark.parametrize("policy", ["confirm", "block"])
def test_a_warehouse_with_a_fresh_figure_is_chosen_before_one_that_promises_nothing(anna, old, policy):
    by_policy(old, policy)
    other = WarehouseFactory(code="BRNO", name="Brno", position=9)
    StockLevelFactory(product=old.product, warehouse=other, on_hand=Decimal(10), as_of=timezone.now())

    placed = order(anna, *fill(anna))

    assert placed.warehouse == other
    assert placed.lines.get().allocated == 10
