"""What the ERP ships of orders: in parts, again, corrected, in any order, and too much."""

import random
from datetime import date

import pytest

from catalog.models import Allocation
from core.models import Case
from orders.actions.shipments import apply_shipment
from orders.models import Shipment
from orders.rules.facts import ParentMissing
from orders.states import Outcome
from tests.factories.erp_facts import NOON, shipment
from tests.orders.looks import agrees, counters, events

pytestmark = pytest.mark.django_db


@pytest.mark.req("ORD-02", "SHP-01", "SHP-03")
def test_a_part_shipment_counts_per_line_and_the_rest_is_backordered(confirmed, erp):
    apply_shipment(shipment(confirmed, {1: 60, 2: 40}), by=erp)
    rest = {1: 40}
    apply_shipment(shipment(confirmed, rest, key="S2", state="planned", planned_on=date(2026, 12, 2)), by=erp)

    confirmed.refresh_from_db()
    first, second = confirmed.lines.order_by("position")
    assert (first.shipped, first.backordered, first.backorder_on) == (60, 40, date(2026, 12, 2))
    assert (second.shipped, second.backordered) == (40, 0)
    assert confirmed.delivery_status == "partial"
    assert agrees()


@pytest.mark.req("SHP-07")
def test_repeated_shipments_are_not_added(confirmed, erp):
    news = shipment(confirmed, {1: 60})

    outcomes = [apply_shipment(news, by=erp) for _ in range(3)]

    assert outcomes == [Outcome.NEW, Outcome.SAME, Outcome.SAME]
    assert counters(confirmed)[0][:2] == (60, 40)
    assert events(confirmed).count("shipment.shipped") == 1
    assert Allocation.objects.filter(counted_at__isnull=False).count() == 1


def test_a_corrected_shipment_replaces_its_quantities(confirmed, erp):
    apply_shipment(shipment(confirmed, {1: 60, 2: 10}), by=erp)

    outcome = apply_shipment(shipment(confirmed, {1: 50}, version="2"), by=erp)

    assert outcome == Outcome.CHANGED
    assert [row[0] for row in counters(confirmed)] == [50, 0]
    assert events(confirmed).count("shipment.shipped") == 1
    assert agrees()


def test_older_news_of_a_shipment_is_dropped(confirmed, erp):
    apply_shipment(shipment(confirmed, {1: 60}, version="5"), by=erp)

    outcome = apply_shipment(shipment(confirmed, {1: 60}, state="planned", version="4"), by=erp)

    assert outcome == Outcome.OLDER
    assert Shipment.objects.get().status == "shipped"
    assert counters(confirmed)[0][0] == 60


@pytest.mark.req("SHP-07", "SHP-01")
@pytest.mark.parametrize("seed", range(6))
def test_in_any_order_and_any_number_of_times_the_end_is_the_same(confirmed, erp, seed):
    news = [
        shipment(confirmed, {1: 60, 2: 40}, key="S1", state="planned", version="1", shipped_at=None),
        shipment(confirmed, {1: 60, 2: 25}, key="S1", state="picked", version="2", shipped_at=None),
        shipment(confirmed, {1: 60, 2: 25}, key="S1", version="3"),
        shipment(confirmed, {1: 40, 2: 15}, key="S2", state="planned", version="4", shipped_at=None),
        shipment(confirmed, {1: 30}, key="S2", version="6"),
        shipment(confirmed, {1: 10, 2: 15}, key="S3", state="planned", version="7", shipped_at=None),
    ]
    told = news * 3
    random.Random(seed).shuffle(told)

    for item in told:
        apply_shipment(item, by=erp)

    assert counters(confirmed) == [(90, 10, 0, 0, 0), (25, 15, 0, 0, 0)]
    confirmed.refresh_from_db()
    assert confirmed.delivery_status == "partial"
    assert agrees()


def test_more_shipped_than_ordered_is_kept_and_becomes_a_case(confirmed, erp):
    apply_shipment(shipment(confirmed, {1: 110}), by=erp)

    case = Case.objects.get()
    assert counters(confirmed)[0][0] == 110
    assert (case.kind, case.state) == ("over_shipped", "open")
    assert case.evidence["lines"][0]["shipped"] == "110.000000"

    apply_shipment(shipment(confirmed, {1: 100}, version="2"), by=erp)
    case.refresh_from_db()
    assert case.state == "closed"


def test_what_was_shipped_is_held_back_until_the_erp_has_deducted_it(confirmed, erp):
    apply_shipment(shipment(confirmed, {1: 60}), by=erp)

    held = Allocation.objects.filter(subject=f"order:{confirmed.number}/1")
    assert sorted((row.quantity, row.counted_at) for row in held.exclude(counted_at=None)) == [(60, NOON)]
    assert [row.quantity for row in held.filter(counted_at=None)] == [40]


@pytest.mark.parametrize(
    "news",
    [
        lambda order: shipment(order, {1: 1}, order_number="SO-0"),
        lambda order: shipment(order, {9: 1}),
        lambda order: shipment(order, {1: 1}, warehouse_code="MOON"),
    ],
)
def test_a_shipment_of_something_unknown_is_parked(confirmed, erp, news):
    with pytest.raises(ParentMissing):
        apply_shipment(news(confirmed), by=erp)

    assert not Shipment.objects.exists()
