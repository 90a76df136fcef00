"""Prices: a full list merged, changed and unchanged, beside the barest SQL that writes the same."""

import resource
from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from catalog.models import Product
from core.actor import Actor
from pricing.actions.prices import RunScope, apply_prices
from pricing.models import PriceList
from pricing.records import PriceRecord
from tests.bench.figures import Figure, seconds

STEPS = 5
AS_OF = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


def measure(options: Namespace) -> Iterator[Figure]:
    """A full price list, all changed, then unchanged, beside COPY and INSERT ... ON CONFLICT."""
    rows: int = options.rows
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
