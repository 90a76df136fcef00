"""`make bench`: the measured figures, each beside the limit it is held against, as ratios within this run.

Works on a cluster of its own (var/bench-postgres), beside anything else that runs. Prints a line per
figure and writes var/bench.json: a list of {name, value, unit, limit, ratio, goal, ok}. `value` is ours and `limit`
what the machine does at its barest, both per second; machines differ, their ratio hardly. It exits 0
whenever it could measure.

    python -m tests.bench [--rows 1000000] [--only prices,page,order]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
if str(PROJECT) not in sys.path:
    sys.path.insert(0, str(PROJECT))
os.environ.setdefault("PORTAL_EMBEDDED_DB", "1")
os.environ.setdefault("PORTAL_PGDATA", str(PROJECT / "var" / "bench-postgres"))
os.environ.setdefault("PORTAL_PG_FLEETING", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
os.environ.setdefault("LOG_LEVEL", "ERROR")

STEPS = 5
AS_OF = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Figure:
    """One measurement: ours and the barest way, both in `unit`, and the ratio it should reach."""

    name: str
    value: float
    unit: str
    limit: float
    goal: float

    @property
    def ratio(self) -> float:
        """Ours as a part of the barest way."""
        return round(self.value / self.limit, 3)

    @property
    def ok(self) -> bool:
        """Whether the goal is reached."""
        return self.ratio >= self.goal

    def as_json(self) -> dict[str, Any]:
        """The row of var/bench.json."""
        return {**asdict(self), "ratio": self.ratio, "ok": self.ok}


def main() -> int:
    """Measure what was asked for; tell and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="price rows of the merge")
    parser.add_argument("--only", default="prices,page,order", help="which groups")
    options = parser.parse_args()

    import django

    django.setup()
    from django.test.runner import DiscoverRunner

    runner = DiscoverRunner(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    figures: list[Figure] = []
    groups: dict[str, Callable[[], Iterator[Figure]]] = {
        "prices": lambda: measure_prices(options.rows),
        "page": measure_page,
        "order": measure_orders,
    }
    try:
        for name in options.only.split(","):
            for figure in groups[name]():
                figures.append(figure)
                print(
                    f"{'ok ' if figure.ok else 'LOW'} {figure.name}: {figure.value:,.0f} {figure.unit}, "
                    f"barest {figure.limit:,.0f}; ratio {figure.ratio} (goal {figure.goal})",
                    flush=True,
                )
    finally:
        runner.teardown_databases(databases)
        stop_cluster()
    target = PROJECT / "var" / "bench.json"
    target.write_text(json.dumps([figure.as_json() for figure in figures], indent=1))
    return 0


def stop_cluster() -> None:
    """End the cluster that this run started."""
    from django.db import connection

    connection.close()
    cluster = getattr(connection, "cluster", None)
    if cluster is not None:
        cluster.stop()


def seconds(work: Callable[[], object]) -> float:
    """How long a piece of work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


# -- prices ----------------------------------------------------------------------------------------


def measure_prices(rows: int) -> Iterator[Figure]:
    """A full price list, all changed, then unchanged, beside COPY and INSERT ... ON CONFLICT."""
    from django.db import connection

    from catalog.models import Product
    from core.actor import Actor
    from pricing.actions.prices import RunScope, apply_prices
    from pricing.models import PriceList
    from pricing.records import PriceRecord

    products = rows // STEPS
    numbers = range(1, products + 1)
    Product.objects.bulk_create(
        (Product(sku=f"B-{n}", sku_key=f"B{n}", erp_name=f"Product {n}") for n in numbers), batch_size=5000
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE catalog_product")
    PriceList.objects.create(code="BENCH", name="Bench", kind="list", currency="EUR", as_of=AS_OF, erp_id="b")
    by = Actor("flow:erp.prices", "Bench", system="erp")

    def records(shift: str) -> Iterator[PriceRecord]:
        for number in numbers:
            for step in range(STEPS):
                yield PriceRecord(
                    price_list_code="BENCH",
                    sku=f"B-{number}",
                    min_quantity=Decimal(step * 100),
                    unit_price=Decimal(f"{10 - step}.{shift}"),
                )

    def run(shift: str, hours: int) -> float:
        return seconds(
            lambda: apply_prices(
                records(shift),
                by=by,
                flow="bench",
                as_of=AS_OF + timedelta(hours=hours),
                scope_of_run=RunScope(full_lists=frozenset({"BENCH"})),
            )
        )

    run("10", 0)
    changed = run("20", 1)
    same = run("20", 2)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    bare, compare = bare_merge(lambda: records("30"))
    yield Figure("price merge, all changed", rows / changed, "rows/s", rows / bare, 0.65)
    yield Figure("price merge, nothing changed", rows / same, "rows/s", rows / compare, 0.7)
    yield Figure("price merge, memory left of 300 MB", max(300 - peak, 0.1), "MB", 300, 0.0)


def bare_merge(records: Callable[[], Iterator[Any]]) -> tuple[float, float]:
    """Seconds of COPY plus INSERT ... ON CONFLICT of the same rows, and of COPY plus a compare."""
    from django.db import connection

    def copy() -> None:
        cursor.execute("CREATE TEMP TABLE incoming (sku text, least numeric, price numeric)")
        with cursor.copy("COPY incoming FROM STDIN") as stream:
            for record in records():
                stream.write_row((record.sku, record.min_quantity, record.unit_price))

    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE bare (product_id bigint, least numeric, price numeric, PRIMARY KEY (product_id, least))"
        )
        cursor.execute(
            "INSERT INTO bare SELECT product_id, min_quantity, unit_price FROM pricing_pricerow WHERE ended_run_id IS NULL"
        )
        merging = seconds(copy) + seconds(
            lambda: cursor.execute(
                """INSERT INTO bare SELECT product.id, least, price FROM incoming
                   JOIN catalog_product AS product USING (sku)
                   ON CONFLICT (product_id, least) DO UPDATE SET price = excluded.price"""
            )
        )
        cursor.execute("DROP TABLE incoming")
        comparing = seconds(copy) + seconds(
            lambda: cursor.execute(
                """SELECT count(*) FROM incoming JOIN catalog_product AS product USING (sku)
                   JOIN bare ON bare.product_id = product.id AND bare.least = incoming.least
                   WHERE bare.price IS DISTINCT FROM incoming.price"""
            )
        )
        cursor.execute("DROP TABLE incoming, bare")
    return merging, comparing


# -- the list page -----------------------------------------------------------------------------------

PAGE_ROUNDS, PAGE_REQUESTS = 5, 30


def bare_page(request: Any) -> Any:
    """What the list page is held against: session, user, one statement, 24 rows with their price."""
    from django.db import connection
    from django.http import JsonResponse

    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT product.sku, product.name, row.unit_price FROM catalog_product AS product
               JOIN pricing_pricerow AS row ON row.product_id = product.id AND row.ended_run_id IS NULL
               WHERE product.pim_as_of IS NOT NULL ORDER BY product.sku LIMIT 24"""
        )
        rows = cursor.fetchall()
    return JsonResponse({"user": str(request.user), "rows": [[str(value) for value in row] for row in rows]})


BARE_MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]


def measure_page() -> Iterator[Figure]:
    """The list of 24 products with this company's price, signed in, beside a bare view, in turn."""
    from django.test import override_settings

    buyer = furnish(24)
    ours, bare = buyer.signed_in(), buyer.signed_in()
    taken = {"ours": 0.0, "bare": 0.0}
    for _round in range(PAGE_ROUNDS + 1):
        with override_settings(ROOT_URLCONF="tests.bench_urls", MIDDLEWARE=BARE_MIDDLEWARE):
            bare.handler.load_middleware()
            bare_seconds = seconds(lambda: [get(bare, "/bare/") for _ in range(PAGE_REQUESTS)])
        our_seconds = seconds(lambda: [get(ours, "/catalogue/") for _ in range(PAGE_REQUESTS)])
        if _round:  # the first round warms up
            taken["ours"] += our_seconds
            taken["bare"] += bare_seconds
    requests = PAGE_ROUNDS * PAGE_REQUESTS
    yield Figure(
        "list page, 24 priced products", requests / taken["ours"], "pages/s", requests / taken["bare"], 0.4
    )


def get(browser: Any, path: str) -> None:
    """Ask for a page that must be there."""
    answer = browser.get(path)
    if answer.status_code != 200:
        raise SystemExit(f"{path} answered {answer.status_code}")


# -- orders --------------------------------------------------------------------------------------------

CLIENTS, ORDERS_EACH, LINES = 4, 25, 20


def measure_orders() -> Iterator[Figure]:
    """Orders of 20 lines placed by 4 clients at once, beside the same rows in plain SQL."""
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    from orders.actions.direct import DirectLine, DirectOrder, order_directly
    from tests.conftest import enrol

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
    from django.db import connection, transaction

    from orders.models import Order, OrderLine

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


def furnish(products: int, *, name: str = "Bea", number: str = "BENCH") -> Any:
    """A company with a buyer, an address, and products in stock that have a price."""
    from tests.conftest import enrol
    from tests.factories.accounts import AddressFactory, CompanyFactory
    from tests.factories.orders import sell

    company = CompanyFactory(number=number)
    AddressFactory(company=company, erp_id=f"{number.lower()}-1")
    from catalog.models import Product

    for nth in range(products):
        if not Product.objects.filter(sku=f"BENCH-{nth:03}").exists():
            sell(f"BENCH-{nth:03}", f"{nth + 1}.25", on_hand=1_000_000)
    return enrol(name, company, "buyer")


if __name__ == "__main__":
    sys.exit(main())
