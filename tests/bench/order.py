"""Orders: as clients place them at once, beside the same rows in plain SQL."""

import json
from argparse import Namespace
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from orders.actions.direct import DirectLine, DirectOrder, order_directly
from orders.models import Order, OrderLine
from tests.bench.figures import Figure, seconds
from tests.bench.furnishing import furnish
from tests.conftest import enrol

CLIENTS, ORDERS_EACH, LINES = 4, 25, 20


def measure(_options: Namespace) -> Iterator[Figure]:
    """Orders of 20 lines placed by 4 clients at once, beside the same rows in plain SQL."""
    first = furnish(LINES, name="Olga", number="ORDERS")
    buyers = [first, *(enrol(f"Olga{n}", first.company, "buyer") for n in range(1, CLIENTS))]
    lines = tuple(DirectLine(f"BENCH-{n:03}", "piece", Decimal(3)) for n in range(LINES))

    def place(number: int) -> None:
        buyer = buyers[number % CLIENTS]
        wanted = DirectOrder(f"bench-{number}", lines, f"{first.company.number.lower()}-1")
        order_directly(buyer.scope, wanted, by=buyer.actor)

    def client(number: int) -> None:
        try:
            for nth in range(ORDERS_EACH):
                place(number + CLIENTS * (nth + 1))
        finally:
            connection.close()

    place(0)
    with ThreadPoolExecutor(CLIENTS) as pool:
        ours = seconds(lambda: list(pool.map(client, range(CLIENTS))))
    with ThreadPoolExecutor(CLIENTS) as pool:
        bare = seconds(lambda: list(pool.map(lambda _: bare_orders(), range(CLIENTS))))
    placed = CLIENTS * ORDERS_EACH
    yield Figure("orders of 20 lines, 4 clients", placed / ours, "orders/s", placed / bare, round(1 / 30, 3))


def bare_orders() -> None:
    """Write the rows of as many orders again, as copies of the first, one transaction an order."""
    order = Order.objects.order_by("pk").values().first() or {}
    rows = list(OrderLine.objects.filter(order_id=order.pop("id")).values())
    for row in rows:
        row.pop("id")
        row.pop("order_id")
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMP TABLE plain_order (LIKE orders_order INCLUDING DEFAULTS INCLUDING IDENTITY)"
            )
            cursor.execute(
                "CREATE TEMP TABLE plain_line (LIKE orders_orderline INCLUDING DEFAULTS INCLUDING IDENTITY)"
            )
            one = insert("plain_order", order)
            many = insert("plain_line", {**rows[0], "order_id": 0})
            for _nth in range(ORDERS_EACH):
                with transaction.atomic():
                    cursor.execute(one, adapted(order))
                    cursor.executemany(many, [adapted({**row, "order_id": 1}) for row in rows])
    finally:
        connection.close()


def insert(table: str, row: dict[str, Any]) -> str:
    """The INSERT of a row of these columns."""
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})"  # noqa: S608


def adapted(row: dict[str, Any]) -> list[Any]:
    """The values of a row as the driver takes them."""
    return [json.dumps(value) if isinstance(value, dict | list) else value for value in row.values()]
