"""What changed since the checkout showed it is told before anything is ordered, and ordered with new consent alone."""

import base64
import zlib
from decimal import Decimal

import pytest

from core.errors import InvalidValue, OutOfDate
from orders.actions.checkout import checkout
from orders.queries.cart import cart_for
from pricing.models import TaxRate
from tests.factories.orders import choice_of, fill, reprice, sell
from tests.orders.looks import nothing_was_ordered

pytestmark = pytest.mark.django_db


def dearer(product):
    reprice(product, "2.00")


def cheaper(product):
    reprice(product, "0.50")


def taxed(product):
    TaxRate.objects.update(percent=10)


def sold_out(product):
    product.stock.update(on_hand=3)


@pytest.mark.parametrize(
    ("change", "field", "shown", "now"),
    [
        (dearer, "unit_price", "1", "2"),
        (cheaper, "unit_price", "1", "0.5"),
        (taxed, "tax_percent", "20", "10"),
        (sold_out, "backordered", "0", "2"),
    ],
)
def test_what_changed_since_it_was_shown_is_told_before_anything_is_ordered(anna, change, field, shown, now):
    product = sell("A1")
    fill(anna, A1=5)
    choice = choice_of(anna)
    change(product)

    with pytest.raises(OutOfDate) as refusal:
        checkout(cart_for(anna.scope), choice, by=anna.actor)

    assert refusal.value.details["lines"] == [{"sku": "A1", "field": field, "shown": shown, "now": now}]
    assert nothing_was_ordered()
    assert cart_for(anna.scope).lines.get().quantity == 5


def test_a_line_added_in_another_tab_is_told_before_anything_is_ordered(anna):
    sell("A1")
    sell("A2")
    fill(anna, A1=5)
    choice = choice_of(anna)
    fill(anna, A2=3)

    with pytest.raises(OutOfDate) as refusal:
        checkout(cart_for(anna.scope), choice, by=anna.actor)

    assert "A2" in str(refusal.value)
    assert nothing_was_ordered()


@pytest.mark.req("INT-29")
def test_a_cart_that_becomes_fit_after_the_erp_was_left_unasked_is_not_ordered_unasked(anna):
    sell("A1")
    fill(anna, A1=5)

    with pytest.raises(OutOfDate, match="look at it and order again"):
        checkout(cart_for(anna.scope), choice_of(anna), by=anna.actor, is_asked=False)

    assert nothing_was_ordered()
    assert cart_for(anna.scope).lines.get().quantity == 5


def test_new_consent_to_what_changed_orders_it(anna):
    product = sell("A1")
    fill(anna, A1=5)
    reprice(product, "2.00")

    order = checkout(cart_for(anna.scope), choice_of(anna), by=anna.actor)

    assert order.net_amount == Decimal(10)


def packed(facts: str) -> str:
    return base64.urlsafe_b64encode(zlib.compress(facts.encode())).decode()


@pytest.mark.parametrize(
    "digest",
    [
        "",
        "junk",
        "eJyLjgUAARUAuQ==",
        packed('["EUR", [["A1", "piece", "5", 1, "5", "20", "0"]]]'),
        packed('["EUR", [[["A1"], "piece", "5", "1", "5", "20", "0"]]]'),
        packed("[" * 100_000),
    ],
)
def test_a_damaged_form_orders_nothing(anna, digest):
    sell("A1")
    fill(anna, A1=5)

    with pytest.raises((InvalidValue, OutOfDate)):
        checkout(cart_for(anna.scope), choice_of(anna, shown_digest=digest), by=anna.actor)

    assert nothing_was_ordered()
