"""Events relayed per second, by one, two and four worker processes, beside bare rows claimed one by one.

What more workers bring depends on the cores, which the database shares: so it is held against what more bare
loops bring. Workers must not get in each other's way more than those do (PERF-05).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator

from tests.bench.figures import Figure

EVENTS = 6000
WORKERS = {1: "one worker", 2: "two workers", 4: "four workers"}
# What so many workers should reach of the throughput of one.
# A claim as it stands in every book about queues in PostgreSQL: one row, one commit.
BARE_CLAIM = """
    UPDATE bare_job SET state = 'done' WHERE id = (
        SELECT id FROM bare_job WHERE state = 'waiting' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING id
"""
BARE_INSERT = "INSERT INTO bare_job (subject, payload, state) VALUES (%s, %s, 'waiting')"


def measure(options: argparse.Namespace) -> Iterator[Figure]:
    """Writing events and handing them on, each beside its bare form."""
    from django.db import connection

    recorded = record_events(EVENTS)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bare_job (id bigserial PRIMARY KEY, subject text, payload jsonb, state text NOT NULL)"
        )
        cursor.execute("CREATE INDEX bare_job_waiting ON bare_job (id) WHERE state = 'waiting'")
        inserted = insert_bare(EVENTS)
        bare, relayed = {}, {}
        for workers in WORKERS:
            if workers > 1:
                record_events(EVENTS)
                insert_bare(EVENTS)
            bare[workers] = run_workers("claim", workers)
            relayed[workers] = run_workers("relay", workers)
        cursor.execute("DROP TABLE bare_job")
    yield Figure("events recorded", EVENTS / recorded, "events/s", EVENTS / inserted, 0.33)
    for workers, name in WORKERS.items():
        yield Figure(
            f"events relayed, {name}", EVENTS / relayed[workers], "events/s", EVENTS / bare[workers], 0.333
        )
    for workers, name in WORKERS.items():
        if workers > 1:
            # How much more several do than one, beside how much more bare loops do on the same cores.
            yield Figure(
                f"more by {name}",
                relayed[1] / relayed[workers],
                "times",
                bare[1] / bare[workers],
                0.8,
            )


def record_events(count: int) -> float:
    """Seconds for writing events, each in a transaction of its own, as actions do."""
    from django.db import transaction

    from core import outbox
    from core.actor import Actor

    by = Actor("portal", "Bench")
    run = time.monotonic_ns()
    started = time.perf_counter()
    for number in range(count):
        with transaction.atomic():
            outbox.record("bench.done", subject=f"bench:{run}-{number}", payload={"number": number}, by=by)
    return time.perf_counter() - started


def insert_bare(count: int) -> float:
    """Seconds for as many bare rows, each in a transaction of its own too."""
    from django.db import connection, transaction

    started = time.perf_counter()
    with connection.cursor() as cursor:
        for number in range(count):
            with transaction.atomic():
                cursor.execute(BARE_INSERT, [f"bench:{number}", f'{{"v": 1, "number": {number}}}'])
    return time.perf_counter() - started


def run_workers(work: str, count: int) -> float:
    """Seconds that `count` processes need for all that waits, from a common start."""
    from django.db import connection

    conf = connection.settings_dict
    command = [sys.executable, "-m", "tests.bench.relay", work, conf["NAME"]]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    for worker in workers:
        assert worker.stdout is not None
        worker.stdout.readline()  # it is there and connected
    started = time.perf_counter()
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.close()
    for worker in workers:
        if worker.wait():
            raise SystemExit(f"a worker ended with {worker.returncode}")
    return time.perf_counter() - started


def work_as(work: str, database: str) -> None:
    """Be one of the workers: ready, wait for the start, do all there is."""
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = database
    django.setup()
    from django.db import connection

    connection.ensure_connection()
    print("ready", flush=True)
    sys.stdin.read()
    if work == "claim":
        claim_bare()
    else:
        relay()


def claim_bare() -> None:
    """Claim rows one by one until none is left."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(BARE_CLAIM)
        while cursor.fetchone():
            cursor.execute(BARE_CLAIM)


def relay() -> None:
    """Relay events to a place that does nothing, until all are delivered."""
    from core.models import Event
    from integrations import delivery, dispatch
    from integrations.models import Delivery
    from integrations.systems import Destination

    nowhere = Destination("nowhere", "nowhere", 4, lambda message: None, lambda message, why: None, batch=200)
    dispatch.DESTINATIONS.clear()
    dispatch.DESTINATIONS["nowhere"] = nowhere
    dispatch.ROUTES.clear()
    dispatch.ROUTES["bench.done"] = ("nowhere",)
    open_rows = Delivery.objects.filter(state__in=("waiting", "sending"))
    while Event.objects.filter(dispatched_at=None).exists() or open_rows.exists():
        delivery.fan_out()
        if not delivery.drain(until=time.monotonic() + 5):
            time.sleep(0.01)  # the other worker has the rest


if __name__ == "__main__":
    work_as(*sys.argv[1:])
