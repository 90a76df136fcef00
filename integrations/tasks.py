"""What the queue wakes up: looks at the tables and does what is due. Lost, doubled, late: harmless."""

import time

from django.utils import timezone

from accounts.actions.registrations import ask_silent_registers
from core import sealing
from core.days import erp_today
from integrations import alerts, comparison, delivery, intake, rest, retention
from integrations.actions.flows import ask_flow
from integrations.patience import within
from integrations.running import due_flows, run_flow
from integrations.states import Lane
from integrations.systems import job_actor
from integrations.wakeups import queue_of
from orders.actions.reminders import wake_approvals
from quotes.actions.offers import expire_quotes

# Well below the queue's limit for a task, whatever the last call takes.
URGENT_SECONDS = 3.0
DELIVERIES_SECONDS = 12.0
INTAKE_SECONDS = 5.0
TICK_SECONDS = 20.0
QUICK_FLOW_SECONDS = 30.0
FORGETTING_SECONDS = 600.0


def tick() -> None:
    """Once a second: take in urgent news, deliver, take in the rest, close offers, remind of approvals, run the quick flows due.

    Twice a minute it looks at all flows and raises alarms; at the end, so that no trouble of it holds up the rest.
    """
    started = time.monotonic()
    rest.note_rests(timezone.now())
    intake.work(until=started + URGENT_SECONDS, lanes=(Lane.URGENT,))
    delivery.fan_out()
    delivery.probe_systems()
    delivery.drain(until=started + DELIVERIES_SECONDS)
    intake.work(until=time.monotonic() + INTAKE_SECONDS)
    expire_quotes(erp_today(), by=job_actor("quotes"))
    wake_approvals(timezone.now(), by=job_actor("approvals"))
    ask_silent_registers(timezone.now(), by=job_actor("registrations"))
    run_due(until=started + TICK_SECONDS)
    # What those flows brought about leaves without waiting for the next wake-up.
    delivery.fan_out()
    delivery.drain(until=started + TICK_SECONDS)
    comparison.compare_held(until=started + TICK_SECONDS)
    alerts.watch(timezone.now())


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


def seal_audit_log() -> None:
    """Once a minute: seal the new entries of the audit log. What is missed is sealed the next time."""
    sealing.seal_all()
