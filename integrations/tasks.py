"""What the queue wakes up: looks at the tables and does what is due. Lost, doubled, late: harmless."""

import time

from django.utils import timezone

from core.days import erp_today
from integrations import delivery, inbox, rest, retention
from integrations.actions.flows import ask_flow
from integrations.patience import within
from integrations.running import due_flows, run_flow
from integrations.systems import job_actor
from integrations.wakeups import queue_of
from quotes.actions.offers import expire_quotes

# Well below the queue's limit for a task, whatever the last call takes.
DELIVERIES_SECONDS = 12.0
TICK_SECONDS = 20.0
QUICK_FLOW_SECONDS = 30.0
FORGETTING_SECONDS = 600.0


def tick() -> None:
    """Once a second: hand out events, deliver, take in what waits, close offers, run the quick flows due."""
    started = time.monotonic()
    rest.note_rests(timezone.now())
    delivery.fan_out()
    delivery.probe_systems()
    delivery.drain(until=started + DELIVERIES_SECONDS)
    inbox.work_parked()
    expire_quotes(erp_today(), by=job_actor("quotes"))
    run_due(until=started + TICK_SECONDS)
    # What those flows brought about leaves without waiting for the next wake-up.
    delivery.fan_out()
    delivery.drain(until=started + TICK_SECONDS)


def run_due(*, until: float) -> None:
    """Run the quick flows that are due; hand the slow ones to the slow cluster. until: monotonic."""
    for flow, is_slow in due_flows():
        if time.monotonic() > until:
            return
        if not is_slow:
            with within(QUICK_FLOW_SECONDS):
                run_flow(flow.name)
        elif ask_flow(flow.name):
            hand_over(flow.name)


def hand_over(flow: str) -> None:
    """Ask the slow cluster to run a flow."""
    from django_q.tasks import async_task

    async_task("integrations.tasks.run_one", flow, broker=queue_of("slow"), save=False)


def run_one(flow: str) -> None:
    """Run one flow in the slow cluster; more of the same wake-up finds it claimed or done."""
    run_flow(flow)


def forget_settled() -> None:
    """Once a day: delete what is settled and older than it is kept. What is left over waits for the next day."""
    retention.forget_settled(until=time.monotonic() + FORGETTING_SECONDS)
