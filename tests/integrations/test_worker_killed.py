"""Workers are killed in the middle of deliveries to a real Tryton: nothing is lost, nothing is there twice."""

import os
import signal
import time

import pytest
from django.utils import timezone

from integrations.flows import in_order
from integrations.models import Delivery, DeliveryAttempt, FlowState
from orders.models import Order
from tests.demo.erp_client import PASSWORD
from tests.integrations.conftest import buyer_of, place
from tests.platform.test_worker import Worker

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("tryton"),
    pytest.mark.django_db(transaction=True),
]
BEARING = "6204-2RS"


def kill_the_pools(worker: Worker) -> int:
    """kill -9 every process that works, as a kernel out of memory does; tell how many."""
    killed = 0
    for head in worker.heads:
        for pid in worker.pool(head):
            try:
                os.kill(pid, signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                continue
    return killed


@pytest.fixture
def worker(shop, proxy):
    """A worker that only relays: the flows rest."""
    FlowState.objects.bulk_create(FlowState(flow=flow.name, is_paused=True) for flow in in_order())
    # The tests' own settings know no ERP.
    worker = Worker(
        DJANGO_SETTINGS_MODULE="portal.settings",
        ERP_URL=proxy.url,
        ERP_DATABASE=shop.database,
        ERP_USER="portal",
        ERP_PASSWORD=PASSWORD,
    )
    yield worker
    worker.end()


@pytest.mark.req("INT-34", "INT-38", "ORD-03")
def test_orders_get_through_once_although_their_workers_are_killed_again_and_again(shop, proxy, worker):
    buyer = buyer_of("C4000")
    # The first fault waits before there is any order: the worker may be quicker than this test.
    proxy.spoil("sale.sale.create", "delay", seconds=3)
    orders = [place(buyer, {BEARING: 10 + number}) for number in range(6)]
    killed = 0
    for fault in ("sale.sale.create", "sale.sale.confirm", "sale.sale.quote"):
        # The ERP gets the call only after its sender is dead, and commits it all the same.
        if killed:
            proxy.forget()
            proxy.spoil(fault, "delay", seconds=3)
        deadline = time.monotonic() + 120
        while not proxy.seen(fault) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert proxy.seen(fault)
        killed += kill_the_pools(worker)
    proxy.heal()
    began = time.monotonic()

    while Order.objects.filter(status="received").exists() and time.monotonic() - began < 150:
        Delivery.objects.filter(state="waiting", next_try_at__gt=timezone.now()).update(
            next_try_at=timezone.now()
        )
        time.sleep(0.5)

    assert killed >= 3
    assert {Order.objects.get(pk=order.pk).status for order in orders} == {"confirmed"}
    assert [len(shop.sales(order.number)) for order in orders] == [1] * 6
    assert DeliveryAttempt.objects.filter(outcome="lost").count() >= 3
    to_erp = Delivery.objects.filter(destination="erp")
    assert set(to_erp.values_list("state", flat=True)) == {"delivered"}
