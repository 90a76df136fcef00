"""Orders: as clients place them at once, beside the same rows in plain SQL.

The clients of both sides are processes: those of a real shop are served by several web processes too, and
threads would share one interpreter.
"""

import json
import multiprocessing
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Model, QuerySet

from catalog.models import Allocation
from core.models import Event
from orders.actions.direct import DirectLine, DirectOrder, order_directly
from orders.models import Order, OrderLine, OrderMove
from tests.bench.figures import Figure
from tests.bench.furnishing import furnish
from tests.conftest import Member, enrol

CLIENTS, ORDERS_EACH, LINES = 4, 25, 20
# The plain side is so quick that as many orders would be over before it can be timed.
PLAIN_EACH = 500
WAIT_S = 120


def measure(_options: Namespace) -> Iterator[Figure]:
    """Orders of 20 lines placed by 4 clients at once, beside the same rows in plain SQL."""
    first = furnish(LINES, name="Olga", number="ORDERS")
    buyers = [first, *(enrol(f"Olga{n}", first.company, "buyer") for n in range(1, CLIENTS))]
    model = place(first, "model")

    def ours(client: int) -> Callable[[], None]:
        buyer = buyers[client]
        place(buyer, "first")
        return lambda: [place(buyer, str(nth)) for nth in range(ORDERS_EACH)].clear()

    took = clients_at_once(ours)
    bare = clients_at_once(lambda _client: plain_orders(model))
    yield Figure(
        "orders of 20 lines, 4 clients",
        CLIENTS * ORDERS_EACH / took,
        "orders/s",
        CLIENTS * PLAIN_EACH / bare,
        round(1 / 30, 3),
    )


def place(buyer: Member, reference: str) -> Order:
    """An order of three pieces of each product."""
    lines = tuple(DirectLine(f"BENCH-{n:03}", "piece", Decimal(3)) for n in range(LINES))
    wanted = DirectOrder(f"bench-{reference}", lines, f"{buyer.company.number.lower()}-1")
    return order_directly(buyer.scope, wanted, by=buyer.actor)


def clients_at_once(prepare: Callable[[int], Callable[[], None]]) -> float:
    """How long the clients take from the first one's start to the last one's end, in seconds.

    prepare: called in each client's process with its number; it makes ready, and answers the work.
    """
    context = multiprocessing.get_context("fork")
    start, spans = context.Barrier(CLIENTS), context.SimpleQueue()

    def run(client: int) -> None:
        work = prepare(client)
        start.wait(WAIT_S)
        began = time.monotonic()
        work()
        spans.put((began, time.monotonic()))
        connection.close()

    connection.close()  # a connection is not shared with a fork
    processes = [context.Process(target=run, args=(client,)) for client in range(CLIENTS)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        raise RuntimeError("a client has failed: see its error above")
    began, ended = zip(*(spans.get() for _process in processes), strict=True)
    return float(max(ended) - min(began))


def plain_orders(model: Order) -> Callable[[], None]:
    """Write every row that an order leaves behind again and again, one transaction an order.

    Into tables of the same columns without keys and indexes: the machine at its barest.
    """
    left: list[QuerySet[Model]] = [
        Order.objects.filter(pk=model.pk),
        Order.history.filter(id=model.pk),
        OrderLine.objects.filter(order=model),
        Allocation.objects.filter(subject__startswith=f"{model.subject}/"),
        OrderMove.objects.filter(order=model),
        Event.objects.filter(subject=model.subject),
    ]
    writes = []
    with connection.cursor() as cursor:
        for rows in left:
            table = rows.model._meta.db_table
            cursor.execute(f"CREATE TEMP TABLE plain_{table} (LIKE {table} INCLUDING DEFAULTS)")
            found = [adapted(row) for row in rows.values()]
            writes.append((insert(f"plain_{table}", list(rows.values()[0])), found))

    def write() -> None:
        with connection.cursor() as cursor:
            for _nth in range(PLAIN_EACH):
                with transaction.atomic():
                    for statement, rows in writes:
                        cursor.executemany(statement, rows)

    return write


def insert(table: str, columns: list[str]) -> str:
    """The INSERT of a row of these columns."""
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"  # noqa: S608


def adapted(row: dict[str, Any]) -> list[Any]:
    """The values of a row as the driver takes them."""
    return [json.dumps(value) if isinstance(value, dict | list) else value for value in row.values()]
