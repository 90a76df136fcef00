"""Several workers on one database, in process groups of their own: all is done once, and a rolling restart loses nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from django.core.management import call_command

from integrations.flows import in_order
from integrations.models import Delivery, DeliveryAttempt, FlowState, SentMail
from tests.factories.integrations import happen
from tests.platform.test_worker import Worker, assert_soon

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


class Flow:
    """Quotes that expire one after the other, each to be told to its buyer."""

    def __init__(self) -> None:
        self.count = 0

    def run(self, seconds: float, *sharers: set[int]) -> None:
        """Let them come for a while, and on a slow machine longer: until each of these has made one, or a minute."""
        began = time.monotonic()
        while time.monotonic() - began < seconds or (
            time.monotonic() - began < 60 and not all(tried_by(group) for group in sharers)
        ):
            self.count += 1
            happen(f"quote:{self.count}", "quote.expired")
            time.sleep(0.03)


def started(folder: Path) -> tuple[Worker, set[int]]:
    """A worker that works, and its processes."""
    worker = Worker(PORTAL_VAR=str(folder), Q_WORKERS="2")
    # The others may do what it is asked for, so that only its own processes tell.
    assert_soon(lambda: len(worker.all_processes()) >= 10, 60)
    assert_soon(lambda: any(len(worker.pool(head)) == 4 for head in worker.heads), 30)
    return worker, worker.all_processes()


def tried_by(processes: set[int]) -> int:
    """How many deliveries were made by one of these processes."""
    names = DeliveryAttempt.objects.filter(outcome="delivered").values_list("worker", flat=True)
    return sum(int(name.split(":")[1]) in processes for name in names)


@pytest.mark.req("OPS-11", "INT-34", "PERF-05")
def test_two_workers_share_the_work_and_one_after_the_other_is_restarted_under_load(tmp_path):
    call_command("createcachetable", verbosity=0)
    FlowState.objects.bulk_create(FlowState(flow=flow.name, is_paused=True) for flow in in_order())
    flow = Flow()
    workers = []
    try:
        one, processes_of_one = started(tmp_path)
        workers.append(one)
        other, processes_of_other = started(tmp_path)
        workers.append(other)
        flow.run(10, processes_of_one, processes_of_other)
        one.process.terminate()
        flow.run(5)
        ended = one.process.wait(timeout=60)
        newer, processes_of_newer = started(tmp_path)
        workers.append(newer)
        other.process.terminate()
        flow.run(6, processes_of_newer)

        assert_soon(lambda: Delivery.objects.filter(state="delivered").count() == flow.count, 60)
    finally:
        for worker in workers:
            worker.end()

    assert ended == 0
    shares = [tried_by(group) for group in (processes_of_one, processes_of_other, processes_of_newer)]
    assert all(share > 0 for share in shares)
    assert DeliveryAttempt.objects.count() == flow.count
    assert SentMail.objects.filter(sent_at__isnull=False).count() == flow.count
    assert SentMail.objects.values("key").distinct().count() == flow.count
