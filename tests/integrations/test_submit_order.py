"""Orders reach the ERP, each once, and come back confirmed (ORD-03, INT-37, INT-38)."""

import pytest

from integrations.models import Delivery
from tests.integrations.conftest import buyer_of, place, relay

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("tryton"), pytest.mark.django_db]
SCREW, BEARING = "4762-M8X30-88Z", "6204-2RS"


@pytest.mark.req("ORD-03", "ORD-05", "CRT-16")
def test_an_order_is_received_until_the_erp_has_confirmed_it(shop):
    order = place(buyer_of("C2000"), {SCREW: 400, BEARING: 20})
    before = order.status

    relay()

    order.refresh_from_db()
    (sale,) = shop.sales(order.number)
    assert before == "received"
    assert (order.status, order.erp_number) == ("confirmed", sale["number"])
    assert sale["state"] in ("confirmed", "processing")
    assert (sale["untaxed_amount"], sale["tax_amount"]) == (order.net_amount, order.tax_amount)
    assert [line.confirmed for line in order.lines.all()] == [400, 20]
    assert set(Delivery.objects.filter(destination="erp").values_list("state", flat=True)) == {"delivered"}
