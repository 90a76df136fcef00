"""Outbound shadow mode: what is held is held against its contract and the real ERP, and nothing is written there."""

import time
from decimal import Decimal

import pytest
from django.urls import reverse

from catalog.models import Product
from core.models import Event
from integrations.actions.comparisons import ask_comparison
from integrations.actions.settings import change_flow_settings
from integrations.comparison import compare_held
from integrations.models import Comparison, Delivery, System
from integrations.systems import job_actor
from orders.actions.cancel import cancel_order
from tests.factories.orders import reprice
from tests.integrations.conftest import buyer_of, place, relay
from tests.integrations.test_switches_with_erp import READS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("tryton"),
    pytest.mark.django_db,
    pytest.mark.req("OPS-16"),
]
SCREW, BEARING = "4762-M8X30-88Z", "6204-2RS"
BY = job_actor("test")


@pytest.fixture
def shadow(shop, proxy):
    """The shop, with orders to the ERP compared only."""
    shop.act("change-stock", product=BEARING, quantity=1000)
    change_flow_settings("erp.orders-out", {"mode": "shadow"}, by=BY, note="First week")
    proxy.forget()
    return shop


def compare() -> int:
    relay()
    return compare_held(until=time.monotonic() + 30)


def held(order) -> Delivery:
    return Delivery.objects.select_related("comparison").get(destination="erp", subject=order.subject)


def by_kind(comparison, kind):
    return [one for one in comparison.found if one["kind"] == kind]


def test_a_held_order_is_read_against_the_erp_and_shown_and_nothing_is_written(shadow, proxy, client, otto):
    buyer = buyer_of("C1000")
    order = place(buyer, {BEARING: 10, SCREW: 400})

    assert compare() == 1

    delivery = held(order)
    assert (delivery.state, delivery.attempts) == ("waiting", 0)
    found = delivery.comparison
    assert [one["is_same"] for one in by_kind(found, "contract") + by_kind(found, "known")] == [True, True]
    assert by_kind(found, "order")[0]["why"] == "The ERP has no order under this number yet."
    prices = {one["key"]: one for one in by_kind(found, "price")}
    assert set(prices) == {f"{SCREW} / u", f"{BEARING} / u"}
    assert prices[f"{BEARING} / u"]["ours"] == "4.1"
    assert all(Decimal(one["theirs"]) > 0 for one in prices.values())
    assert by_kind(found, "credit")[0]["key"] == "C1000"
    assert shadow.sales(order.number) == []
    methods = {call["method"] for call in proxy.seen()}
    assert {
        method for method in methods if not method.endswith((*READS, "on_change", "portal_prices"))
    } == set()

    client.force_login(otto.user, "allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(reverse("admin:integrations_delivery_page", args=[delivery.pk])).content.decode()
    assert "What the receiver says of it" in page
    assert f"{BEARING} / u" in page


def test_figures_that_agree_are_told_as_such_and_others_differ(shadow):
    buyer = buyer_of("C1000")
    place(buyer, {BEARING: 10})
    compare()
    [price] = by_kind(Comparison.objects.get(), "price")
    reprice(Product.objects.get(sku=BEARING), price["theirs"])
    agreeing = place(buyer, {BEARING: 10})
    reprice(Product.objects.get(sku=BEARING), str(Decimal(price["theirs"]) + 1))
    dearer = place(buyer, {BEARING: 10})

    assert compare() == 2

    [good], [bad] = (by_kind(held(order).comparison, "price") for order in (agreeing, dearer))
    assert (good["is_same"], bad["is_same"]) == (True, False)
    assert Decimal(bad["ours"]) - Decimal(bad["theirs"]) == 1
    assert held(agreeing).comparison.fits
    assert not held(dearer).comparison.fits


def test_what_the_erp_does_not_know_and_what_does_not_fit_the_contract_is_told(shadow):
    retired = place(buyer_of("C1000"), {BEARING: 10})
    payload = Event.objects.get(subject=retired.subject, name="order.received").payload
    payload["order"]["lines"][0]["sku"] = "NO-SUCH-THING"
    Event.objects.filter(subject=retired.subject, name="order.received").update(payload=payload)
    spoiled = place(buyer_of("C2000"), {BEARING: 10})
    Event.objects.filter(subject=spoiled.subject, name="order.received").update(payload={"order": "gone"})

    assert compare() == 2

    [unknown] = by_kind(held(retired).comparison, "known")
    assert (unknown["is_same"], unknown["why"]) == (False, "The ERP no longer sells NO-SUCH-THING.")
    [misfit] = held(spoiled).comparison.found
    assert (misfit["kind"], misfit["is_same"]) == ("contract", False)
    assert "Field required" in misfit["why"]


def test_each_is_compared_once_until_somebody_asks_again_and_goes_out_when_it_is_live(shadow, proxy):
    order = place(buyer_of("C1000"), {BEARING: 10})
    assert [compare(), compare()] == [1, 0]
    ask_comparison(held(order))
    assert compare() == 1

    change_flow_settings(
        "erp.orders-out", {"mode": "live", "steward": "ops@example.com"}, by=BY, note="It agrees"
    )
    relay()

    order.refresh_from_db()
    assert order.status == "confirmed"
    assert len(shadow.sales(order.number)) == 1
    assert compare_held(until=time.monotonic() + 5) == 0


def test_an_erp_that_does_not_answer_is_left_alone_and_the_message_compared_later(shadow, proxy):
    order = place(buyer_of("C1000"), {BEARING: 10})
    proxy.spoil("model.", "drop_before", times=-1)
    assert compare() == 0
    assert not Comparison.objects.exists()
    proxy.heal()
    System.objects.update(down_since=None, failures=0, next_probe_at=None, rest_until=None)

    assert compare() == 1

    assert held(order).comparison.found


def test_a_held_cancellation_tells_what_stands_in_the_erp(shadow):
    order = place(buyer_of("C1000"), {BEARING: 10})
    cancel_order(order, by=BY, reason="Ordered twice")

    compare()

    cancelled = Delivery.objects.get(destination="erp", event__name="order.cancelled")
    told = cancelled.comparison.found[-1]
    assert (told["kind"], told["theirs"], told["is_same"]) == ("order", "none there", True)
