"""A repair and the relay at the same order at once wait for each other, and neither is thrown out."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from core.cases import CaseFacts, open_case
from core.errors import WrongState
from core.models import Case
from integrations import delivery
from integrations.actions.cancelled import leave_cancelled
from integrations.destinations import erp
from integrations.failures import Refused
from integrations.models import Delivery
from integrations.repairs import repair_case
from integrations.systems import Message
from orders.actions.moves import lock_order
from tests.factories.orders import by_erp, order_now, sell

pytestmark = pytest.mark.django_db(transaction=True)

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"


@pytest.fixture
def case(anna):
    """An order with a dead letter, and its case."""
    sell("BOLT", "2.00")
    order = order_now(anna, BOLT=100)
    delivery.fan_out()
    Delivery.objects.filter(destination="erp").update(state="buried")
    return open_case("dead_letter", order.subject, CaseFacts("It did not get through."), by=by_erp())


def wait_until_somebody_waits():
    for _look in range(500):
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("Nobody came to wait.")


def bury(case):
    row = Delivery.objects.select_related("event").get(subject=case.subject, destination="erp")
    erp.bury(Message.of(row.event, 1), Refused("No.", cause="The limit is exceeded."))


def drop_all(case):
    leave_cancelled(case.subject.partition(":")[2], by=by_erp())


@pytest.mark.req("ORD-06", "ORD-07")
@pytest.mark.parametrize("act", [bury, drop_all])
def test_a_repair_waits_for_the_order_before_it_takes_the_case(case, otto, act):
    def repair():
        try:
            return repair_case(case, "cancel", reason="Bought elsewhere.", by=otto.actor)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            lock_order(case.subject.partition(":")[2])
            repairing = threads.submit(repair)
            wait_until_somebody_waits()
            act(case)
        ended = repairing.exception(timeout=20)

    assert ended is None or isinstance(ended, WrongState)
    assert Case.objects.filter(subject=case.subject, kind="dead_letter").count() == 1
