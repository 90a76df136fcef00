"""The portal while the ERP hangs or is gone: pages do not notice, orders are taken and arrive once."""

import pytest
from django.utils import timezone

from catalog.models import Product
from core import freshness
from integrations import live
from orders.models import Order
from tests.integrations.conftest import buyer_of
from tests.integrations.test_submit_order import BEARING, SCREW, relay_until_done
from tests.portal.pages import form_of, text_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("tryton"), pytest.mark.django_db]


@pytest.mark.req("CRT-14", "PERF-01", "PERF-02", "ORD-05", "TST-06")
@pytest.mark.parametrize("fault", ["delay", "refuse"])
def test_a_buyer_orders_through_the_pages_as_ever_and_the_order_arrives_once(shop, proxy, fault):
    seconds = {"seconds": 10} if fault == "delay" else {}
    proxy.spoil("", fault, times=-1, **seconds)
    freshness.note("prices", timezone.now())
    live._rest.end()
    member = buyer_of("C2000")
    browser = member.signed_in()
    unit = Product.objects.get(sku=BEARING).units.get(key="u")

    for path in ("/home/", "/catalogue/", f"/search/?q={SCREW}", f"/products/{BEARING}/"):
        assert browser.get(path, follow=True).status_code == 200
    added = browser.post("/cart/lines/", {"sku": BEARING, "unit": unit.key, "quantity": "10"}, follow=True)
    assert added.status_code == 200
    form = form_of(browser.get("/checkout/"), having="token")
    # No page has waited for the ERP, since none has asked it; ordering asks once, and not for long.
    assert proxy.seen() == []
    placed = browser.post("/checkout/", form, follow=True)

    order = Order.objects.get()
    assert "Received, not yet confirmed." in text_of(placed)
    assert order.status == "received"
    assert {one["situation"] for one in order.live_checks if one["kind"] == "price"} == {"unheard"}

    proxy.heal()
    relay_until_done()

    order.refresh_from_db()
    assert order.status == "confirmed"
    assert len(shop.sales(order.number)) == 1
