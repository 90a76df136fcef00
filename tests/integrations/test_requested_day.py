"""The day that a buyer asks for is a day where the ERP stands, whatever day it is elsewhere."""

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from integrations.connectors.tryton.company import Ground
from integrations.connectors.tryton.writing import reserving
from integrations.connectors.tryton.writing.checking import Checked
from orders.queries.snapshot import snapshot_of
from tests.factories.orders import order_now, sell


@pytest.mark.django_db
@pytest.mark.req("ORD-03")
@pytest.mark.parametrize(("hour", "is_to_come"), [(21, True), (22, False)])
def test_the_requested_day_is_to_come_by_the_clock_of_the_erp(anna, monkeypatch, hour, is_to_come):
    sell("BOLT", "2.00")
    order = snapshot_of(order_now(anna, BOLT=100))
    (line,) = order.lines
    place = order.ship_to.model_copy(update={"erp_id": "5"})
    order = order.model_copy(update={"requested_on": date(2026, 6, 2), "ship_to": place, "bill_to": place})
    checked = Checked(
        party=1,
        price_list=None,
        bill_to=None,
        currency=1,
        warehouse=1,
        payment_term=None,
        products={line.sku: 1},
        units={line.unit_key: 1},
        taxes={1: []},
    )
    # In Vienna it is two hours later.
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 6, 1, hour, 30, tzinfo=UTC))

    values = reserving._sale_values(Ground(None, 1, 1, "EUR", 1, True, False), order, checked)

    assert ("shipping_date" in values) is is_to_come
