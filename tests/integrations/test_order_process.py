"""An order's process with a real Tryton: undone in reverse when it fails, gone on with when its worker dies."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from decimal import Decimal

import pytest
from django.db import connection, transaction

from core.models import Case, Event
from integrations.lifeline import tied_to
from integrations.models import Delivery, DeliveryAttempt, Process, ProcessStep
from integrations.processes.engine import MOST_UNDOS
from integrations.repairs import repair_case, repairs_for
from orders.actions.cancel import cancel_order
from orders.models import Order
from tests.demo.erp_client import PASSWORD
from tests.integrations.conftest import PROJECT, buyer_of, place, relay
from tests.integrations.test_submit_order import make_due, relay_until_done, to_erp
from tests.platform.test_worker import assert_soon, database_url

BEARING = "6204-2RS"

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("tryton"), pytest.mark.django_db]


def writes(proxy):
    """How often each writing call on a sale came."""
    names = ("create", "quote", "confirm", "cancel", "draft", "delete")
    return {name: count for name in names if (count := len(proxy.seen(f"sale.sale.{name}")))}


def steps_of(order, run=1):
    steps = ProcessStep.objects.filter(process__subject=order.subject, process__run=run)
    return {step.name: step for step in steps.order_by("position")}


def told(order, column, run=1):
    return [getattr(step, column) for step in steps_of(order, run).values()]


def spoil_payload(order, **line):
    """Let the order say something that the ERP cannot agree with."""
    event = Event.objects.get(subject=order.subject, name="order.received")
    event.payload["order"]["lines"][0].update(line)
    Event.objects.filter(pk=event.pk).update(payload=event.payload)


@pytest.fixture
def poor(shop):
    """An order that is refused when it is posted: it is over the ERP's limit."""
    shop.act("credit-limit", customer="C3000", amount="100")
    yield place(buyer_of("C3000"), {BEARING: 50})
    shop.act("credit-limit", customer="C3000", amount="50000")


@pytest.mark.req("INT-42", "ORD-05")
def test_the_steps_of_an_order_tell_what_the_erp_answered(shop, proxy):
    order = place(buyer_of("C2000"), {BEARING: 10})

    relay()

    (sale,) = shop.sales(order.number)
    steps = steps_of(order)
    assert list(steps) == ["check", "reserve", "post", "record"]
    assert told(order, "state") == ["done"] * 4
    assert list(steps["check"].output["products"]) == [BEARING]
    assert steps["reserve"].output["erp_number"] == sale["number"]
    assert Decimal(steps["post"].output["net_amount"]) == order.net_amount
    assert steps["record"].output["erp_number"] == sale["number"]
    assert writes(proxy) == {"create": 1, "quote": 1, "confirm": 1}


@pytest.mark.req("INT-44", "ORD-06")
@pytest.mark.parametrize(("line", "states", "expected"), [
    ({"unit_key": "none"}, ["failed", "waiting", "waiting", "waiting"], {}),
    (
        {"net_amount": "39.99"},
        ["done", "undone", "waiting", "waiting"],
        {"create": 1, "quote": 1, "draft": 1, "delete": 1},
    ),
])  # fmt: skip
def test_what_was_done_before_the_refusal_is_undone(shop, proxy, line, states, expected):
    order = place(buyer_of("C2000"), {BEARING: 10})
    spoil_payload(order, **line)

    relay()

    order.refresh_from_db()
    assert (order.status, told(order, "state")) == ("on_hold", states)
    assert writes(proxy) == expected
    assert shop.sales(order.number) == []
    assert Process.objects.get().state == "undone"
    assert Case.objects.get().kind == "erp_refusal"


@pytest.mark.req("INT-44", "ORD-06")
def test_an_order_refused_at_its_confirmation_leaves_no_quotation_and_is_sent_again_as_a_new_run(
    shop, proxy, poor, otto
):
    relay()
    after_refusal = (told(poor, "state"), told(poor, "undo_attempts"), writes(proxy))
    case = Case.objects.get()

    shop.act("credit-limit", customer="C3000", amount="50000")
    repair_case(case, "resend", reason="The limit is raised.", by=otto.actor)
    relay_until_done()

    poor.refresh_from_db()
    (sale,) = shop.sales(poor.number)
    assert after_refusal == (
        ["done", "undone", "undone", "waiting"],
        [0, 1, 1, 0],
        {"create": 1, "quote": 1, "confirm": 1, "draft": 1, "delete": 1},
    )
    assert (poor.status, sale["state"]) == ("confirmed", "processing")
    assert list(Process.objects.order_by("run").values_list("run", "state")) == [(1, "undone"), (2, "done")]


@pytest.mark.req("INT-45", "ORD-03")
def test_a_compensation_that_fails_is_tried_again_and_becomes_a_case(shop, proxy, poor, otto):
    proxy.spoil("sale.sale.delete", "status", status=503, times=MOST_UNDOS)

    relay_until_done(rounds=MOST_UNDOS + 2)
    poor.refresh_from_db()
    case = Case.objects.get()
    seen = (case.kind, poor.status, Process.objects.get().state, told(poor, "undo_attempts"))
    choices = [repair.key for repair in repairs_for(case)]
    repair_case(case, "undo", reason="The ERP is well again.", by=otto.actor)
    relay_until_done()

    assert seen == ("undo_failed", "on_hold", "waiting", [0, MOST_UNDOS, 1, 0])
    assert choices == ["undo", "settle", "cancel"]
    assert shop.sales(poor.number) == []
    assert Process.objects.get().state == "undone"
    # What is left is the refusal that it began with.
    assert Case.objects.get(state="open").kind == "erp_refusal"
    assert len(proxy.seen("sale.sale.confirm")) == 1


@pytest.mark.req("INT-45")
def test_what_a_person_has_undone_by_hand_is_not_asked_of_the_erp_again(shop, proxy, poor, otto):
    proxy.spoil("sale.sale.delete", "status", status=503, times=-1)
    relay_until_done(rounds=MOST_UNDOS + 2)
    proxy.forget()

    repair_case(Case.objects.get(), "settle", reason="Cancelled it there by hand.", by=otto.actor)
    make_due()
    relay()

    process = Process.objects.get()
    case = Case.objects.get(state="open")
    assert (process.state, process.failure["settled"]["reason"]) == ("undone", "Cancelled it there by hand.")
    assert (case.kind, case.evidence["code"]) == ("erp_refusal", "credit_limit")
    assert [repair.key for repair in repairs_for(case)] == ["resend", "cancel"]
    assert writes(proxy) == {}


@pytest.mark.req("INT-38", "INT-43", "INT-44")
def test_an_order_without_an_answer_past_its_deadline_waits_and_goes_on_where_it_stopped(shop, proxy, otto):
    order = place(buyer_of("C2000"), {BEARING: 10})
    proxy.spoil("sale.sale.confirm", "drop_before", times=-1)
    relay()
    Delivery.objects.filter(destination="erp").update(attempts=19)
    make_due()
    relay()
    waiting = (Process.objects.get().state, told(order, "state"), to_erp(order).state)
    proxy.heal()
    proxy.forget()

    repair_case(Case.objects.get(), "retry", reason="Their line is mended.", by=otto.actor)
    make_due()
    relay_until_done()

    order.refresh_from_db()
    assert waiting == ("waiting", ["done", "done", "started", "waiting"], "buried")
    assert (order.status, Process.objects.get().state) == ("confirmed", "done")
    assert told(order, "attempts") == [1, 1, 3, 1]
    assert writes(proxy) == {"confirm": 1}
    assert not Case.objects.filter(state="open").exists()


@pytest.mark.req("INT-44", "ORD-07")
def test_an_order_that_is_cancelled_on_its_way_is_taken_back_in_reverse(shop, proxy, otto):
    order = place(buyer_of("C2000"), {BEARING: 10})
    proxy.spoil("sale.sale.confirm", "drop_before")
    relay()

    cancel_order(order, by=otto.actor, reason="Ordered twice.")
    make_due()
    relay_until_done()

    process = Process.objects.get()
    assert (process.state, process.failure["reason"]) == ("undone", "Ordered twice.")
    assert told(order, "state") == ["done", "undone", "undone", "waiting"]
    assert shop.sales(order.number) == []
    assert not Case.objects.filter(state="open").exists()


@pytest.mark.req("INT-45", "ORD-07")
def test_a_cancellation_after_the_erp_has_begun_is_for_a_person(shop, proxy, otto):
    order = place(buyer_of("C2000"), {BEARING: 10})
    proxy.spoil("sale.sale.confirm", "drop_after")
    relay()

    cancel_order(order, by=otto.actor, reason="Ordered twice.")
    make_due()
    relay_until_done()
    case = Case.objects.get(state="open")
    choices = [repair.key for repair in repairs_for(case)]
    repair_case(case, "settle", reason="The customer keeps the goods.", by=otto.actor)

    (sale,) = shop.sales(order.number)
    assert (case.kind, case.evidence["code"], choices) == (
        "undo_failed",
        "already_processing",
        ["undo", "settle"],
    )
    assert sale["number"] in case.cause
    assert sale["state"] == "processing"
    assert Process.objects.get().state == "undone"
    assert not Case.objects.filter(state="open").exists()
    assert not Delivery.objects.filter(destination="erp", state="buried").exists()


@dataclass(frozen=True)
class Boundary:
    """Where a worker is killed.

    faults: what slows the ERP down. row: the table, and the step or "" for the order, that is kept
    locked, from when that step's state is `since` on: so the worker stands just before it writes there.
    attempts: of each step in the end, to do it or, backward, to undo it. call: at which the worker is
    killed when no row is kept.
    """

    attempts: list[int]
    row: str = ""
    since: str = "waiting"
    faults: tuple[tuple[str, float], ...] = ()
    call: str = ""


PAUSE = 1.5
# The worker cannot get past the first call before the test is ready.
AT_FIRST = ("party.party.search_read", PAUSE)
FORWARD = {
    "before check's call": Boundary([2, 1, 1, 1], faults=(AT_FIRST,), call=AT_FIRST[0]),
    "between check and reserve": Boundary([1, 1, 1, 1], "reserve", faults=(AT_FIRST,)),
    "before reserve's call": Boundary(
        [1, 2, 1, 1], faults=(("sale.sale.search_read", PAUSE),), call="sale.sale.search_read"
    ),
    "reserve's call on its way": Boundary(
        [1, 2, 1, 1], faults=(("sale.sale.create", PAUSE),), call="sale.sale.create"
    ),
    "after reserve's call": Boundary([1, 2, 1, 1], "reserve", "started", (("sale.sale.create", PAUSE),)),
    "between reserve and post": Boundary([1, 1, 1, 1], "post", faults=(AT_FIRST,)),
    "post's call on its way": Boundary(
        [1, 1, 2, 1], faults=(("sale.sale.confirm", PAUSE),), call="sale.sale.confirm"
    ),
    "after post's call": Boundary([1, 1, 2, 1], "post", "started", (("sale.sale.confirm", PAUSE),)),
    "between post and record": Boundary([1, 1, 1, 1], "record", faults=(AT_FIRST,)),
    "within record": Boundary([1, 1, 1, 2], "order", faults=(("sale.sale.confirm", PAUSE),)),
}
BACKWARD = {
    # The first confirmation was never answered: its undoing looks once more when it can no longer come.
    "after the refusal": Boundary([0, 1, 2, 0], "post", "started", (("sale.sale.confirm", PAUSE),)),
    "between the undoings": Boundary([0, 1, 1, 0], "reserve", "done", (("sale.sale.confirm", PAUSE),)),
    "undoing on its way": Boundary(
        [0, 2, 1, 0], faults=(("sale.sale.delete", PAUSE),), call="sale.sale.delete"
    ),
    "after the undoing": Boundary([0, 2, 1, 0], "reserve", "undoing", (("sale.sale.delete", PAUSE),)),
}


@pytest.fixture
def worker(shop, proxy):
    """Starts a process that relays, for real; whatever is left of it ends with the test."""
    started = []

    def start():
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.integrations.relaying"],
            cwd=PROJECT,
            env={
                **os.environ,
                "DATABASE_URL": database_url(),
                "DJANGO_SETTINGS_MODULE": "portal.settings",
                "LOG_LEVEL": "CRITICAL",
                "ERP_URL": proxy.url,
                "ERP_DATABASE": shop.database,
                "ERP_USER": "portal",
                "ERP_PASSWORD": PASSWORD,
            },
            preexec_fn=tied_to(signal.SIGTERM),
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def kill_at(boundary, order, process, proxy):
    """Wait until the worker stands at the boundary, and kill it there."""
    if boundary.call:
        assert_soon(lambda: proxy.seen(boundary.call), 60)
        process.kill()
        process.wait()
        # What was sent is done there, whoever hears the answer.
        time.sleep(PAUSE + 1)
        return
    row = Order.objects.filter(pk=order.pk)
    if boundary.row == "order":
        assert_soon(lambda: steps_of(order), 60)
    else:
        row = ProcessStep.objects.filter(
            process__subject=order.subject, name=boundary.row, state=boundary.since
        )
        assert_soon(row.exists, 60)
        if boundary.since == "done":
            assert_soon(lambda: proxy.seen("sale.sale.confirm"), 60)
    with transaction.atomic():
        assert row.select_for_update(of=("self",), no_key=True).get()
        assert_soon(somebody_waits_for_us, 60)
        process.kill()
        process.wait()


def somebody_waits_for_us():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted"
            " AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
        )
        return cursor.fetchone()[0]


def delay(proxy, faults):
    proxy.client.put(
        "/-/faults", json=[{"method": name, "fault": "delay", "seconds": seconds} for name, seconds in faults]
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("INT-34", "INT-38", "INT-43", "TST-10", "ORD-03")
@pytest.mark.parametrize("name", FORWARD)
def test_an_order_goes_on_at_the_unfinished_step_when_its_worker_is_killed(shop, proxy, worker, name):
    boundary = FORWARD[name]
    delay(proxy, boundary.faults)
    order = place(buyer_of("C2000"), {BEARING: 10})

    kill_at(boundary, order, worker(), proxy)
    stopped = [step.state for step in steps_of(order).values()]
    proxy.heal()
    relay_until_done()

    order.refresh_from_db()
    assert order.status == "confirmed"
    assert [sale["state"] for sale in shop.sales(order.number)] == ["processing"]
    assert told(order, "attempts") == boundary.attempts
    assert told(order, "state") == ["done"] * 4
    assert set(stopped) != {"done"}
    # Each once: what was done was found, not done again.
    assert writes(proxy) == {"create": 1, "quote": 1, "confirm": 1}
    assert DeliveryAttempt.objects.filter(outcome="lost").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("INT-43", "INT-44", "TST-10", "ORD-06")
@pytest.mark.parametrize("name", BACKWARD)
def test_undoing_goes_on_when_its_worker_is_killed(shop, proxy, poor, worker, name):
    boundary = BACKWARD[name]
    delay(proxy, boundary.faults)

    kill_at(boundary, poor, worker(), proxy)
    proxy.heal()
    relay_until_done()

    poor.refresh_from_db()
    (case,) = Case.objects.all()
    assert (poor.status, case.kind, case.evidence["code"]) == ("on_hold", "erp_refusal", "credit_limit")
    assert shop.sales(poor.number) == []
    assert told(poor, "state") == ["done", "undone", "undone", "waiting"]
    assert told(poor, "undo_attempts") == boundary.attempts
    # Told once more only when the refusal itself was not written down.
    assert len(proxy.seen("sale.sale.confirm")) == (2 if name == "after the refusal" else 1)
    assert len(proxy.seen("sale.sale.delete")) == 1
    assert Process.objects.get().run == 1
