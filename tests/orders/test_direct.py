"""Ordering without a cart: as many statements for any number of lines, and one order for a reference."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import Event
from orders.actions.direct import DirectLine, DirectOrder, order_directly
from orders.models import Order
from orders.queries.snapshot import snapshot_of
from orders.rules.credit import OverLimit
from tests.factories.accounts import CreditAccountFactory
from tests.factories.orders import sell
from tests.orders.test_concurrency import at_once


def wanted(reference, skus, quantity=1):
    lines = tuple(DirectLine(sku, "piece", Decimal(quantity)) for sku in skus)
    return DirectOrder(reference, lines, "acme-1")


@pytest.mark.django_db
@pytest.mark.req("PERF-04")
def test_two_hundred_lines_take_the_same_statements_as_twenty(anna):
    CreditAccountFactory(company=anna.company, limit_amount=Decimal(10_000))
    skus = [f"L-{number:03}" for number in range(200)]
    for sku in skus:
        sell(sku)
    order_directly(anna.scope, wanted("first", skus[:1]), by=anna.actor)

    counted = []
    for lines in (1, 20, 200):
        with CaptureQueriesContext(connection) as queries:
            order_directly(anna.scope, wanted(f"of-{lines}", skus[:lines]), by=anna.actor)
        counted.append(len(queries))

    assert counted[0] == counted[1] == counted[2]
    assert [order.lines.count() for order in Order.objects.order_by("pk")] == [1, 1, 20, 200]


@pytest.mark.django_db
def test_what_leaves_with_the_event_is_what_the_stored_order_says(anna):
    sell("A1", "1.10", erp_id="7", units={"box": 200})
    sell("B2", "0.333333")

    order = order_directly(anna.scope, wanted("r-1", ["B2", "A1"], quantity=3), by=anna.actor)

    sent = Event.objects.get(name="order.received").payload["order"]
    assert sent == snapshot_of(Order.objects.get(pk=order.pk)).model_dump(mode="json")
    assert [(line["sku"], line["quantity"], line["net_amount"]) for line in sent["lines"]] == [
        ("B2", "3.000000", "1.0000"),
        ("A1", "3.000000", "3.3000"),
    ]


@pytest.mark.django_db
@pytest.mark.req("ORD-21")
def test_the_first_row_of_an_orders_history_holds_all_of_it_and_who_placed_it(anna):
    sell("A1", "1.10")

    order = order_directly(anna.scope, wanted("r-1", ["A1"]), by=anna.actor)

    kept = order.history.get()
    order.refresh_from_db()
    assert all(getattr(kept, field.attname) == getattr(order, field.attname) for field in Order._meta.fields)
    assert (kept.history_type, kept.history_user, kept.actor_label) == ("+", anna.user, "Anna")
    assert (kept.channel, kept.on_behalf_of) == ("portal", "ACME")


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("CRT-13", "CRT-15", "INT-37")
def test_a_twin_that_waits_for_the_credit_gets_the_order_and_no_refusal(anna):
    CreditAccountFactory(company=anna.company, limit_amount=Decimal(150))
    sell("A1", "1.00")

    results = at_once(
        [lambda: order_directly(anna.scope, wanted("r-1", ["A1"], 100), by=anna.actor) for _ in range(6)]
    )

    order = Order.objects.get()
    assert [getattr(result, "number", result) for result in results] == [order.number] * 6
    with pytest.raises(OverLimit):
        order_directly(anna.scope, wanted("r-2", ["A1"], 100), by=anna.actor)
