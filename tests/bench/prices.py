"""Prices: a full list merged, changed and unchanged, beside the barest SQL that writes the same.

Both sides take the same stream of validated records, so the making of the records counts for both. The bare side
copies them to a temporary table, joins list and product and does INSERT ... ON CONFLICT DO UPDATE into a table as
lasting as ours with the key of ours and nothing else; its compare joins the same and counts what differs. Ours also
checks every row, keeps the version that it replaces, reports, tells of the change and looks for rising ladders.
Each round measures both, and the median of the rounds is told.
"""

import resource
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

from django.db import connection, transaction

from catalog.models import Product
from core.actor import Actor
from pricing.actions.prices import RunScope, apply_prices
from pricing.models import PriceList
from pricing.records import PriceRecord
from tests.bench.figures import Figure, seconds

STEPS = 5
ROUNDS = 3
MADE_AT_ONCE = 5000
AS_OF = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


def measure(options: Namespace) -> Iterator[Figure]:
    """A full price list, all changed, then unchanged, beside COPY and INSERT ... ON CONFLICT."""
    rows: int = options.rows
    products = rows // STEPS
    numbers = range(1, products + 1)
    for start in range(1, products + 1, MADE_AT_ONCE):  # all at once would be what the memory figure shows
        Product.objects.bulk_create(
            Product(sku=f"B-{n}", sku_key=f"B{n}", erp_name=f"Product {n}")
            for n in range(start, min(start + MADE_AT_ONCE, products + 1))
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
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    changed, same, bare, compare = [], [], [], []
    with bare_table():
        # In turns, so that a machine that is busy for a while is so for both.
        for number in range(1, ROUNDS + 1):
            shift = f"{10 + number}"
            changed.append(run(shift, 2 * number))
            same.append(run(shift, 2 * number + 1))
            merging, comparing = bare_merge(lambda shift=shift: records(shift))  # type: ignore[misc]
            bare.append(merging)
            compare.append(comparing)
            peak = max(peak, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    yield Figure("price merge, all changed", rows / median(changed), "rows/s", rows / median(bare), 0.65)
    yield Figure("price merge, nothing changed", rows / median(same), "rows/s", rows / median(compare), 0.7)
    yield Figure("price merge, memory left of 300 MB", max(300 - peak, 0.1), "MB", 300, 0.0)


@contextmanager
def bare_table() -> Iterator[None]:
    """The barest table that keeps the same prices: as lasting as ours, with the key of ours and no history."""
    with connection.cursor() as cursor:
        cursor.execute(
            """CREATE TABLE bench_bare (price_list_id bigint, product_id bigint, least numeric, price numeric,
                PRIMARY KEY (price_list_id, product_id, least))"""
        )
        cursor.execute(
            """INSERT INTO bench_bare SELECT price_list_id, product_id, min_quantity, unit_price
                FROM pricing_pricerow WHERE ended_run_id IS NULL"""
        )
        cursor.execute("ANALYZE bench_bare")
        yield
        cursor.execute("DROP TABLE bench_bare")


MERGE = """
    INSERT INTO bench_bare
    SELECT list.id, product.id, least, price FROM incoming
    JOIN pricing_pricelist AS list USING (code) JOIN catalog_product AS product USING (sku)
    ON CONFLICT (price_list_id, product_id, least) DO UPDATE SET price = excluded.price
"""

COMPARE = """
    SELECT count(*) FROM incoming
    JOIN pricing_pricelist AS list USING (code) JOIN catalog_product AS product USING (sku)
    JOIN bench_bare AS bare
        ON bare.price_list_id = list.id AND bare.product_id = product.id AND bare.least = incoming.least
    WHERE bare.price IS DISTINCT FROM incoming.price
"""


def bare_merge(records: Callable[[], Iterator[Any]]) -> tuple[float, float]:
    """Seconds of COPY plus INSERT ... ON CONFLICT of the same rows, and of COPY plus a compare."""
    return _bare(records, MERGE), _bare(records, COMPARE)


def _bare(records: Callable[[], Iterator[Any]], statement: str) -> float:
    """Seconds of a COPY to a temporary table and one statement over it, committed together."""

    def work() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMP TABLE incoming (code text, sku text, least numeric, price numeric) ON COMMIT DROP"
            )
            with cursor.copy("COPY incoming FROM STDIN") as stream:
                for record in records():
                    stream.write_row(
                        (record.price_list_code, record.sku, record.min_quantity, record.unit_price)
                    )
            cursor.execute(statement)

    return seconds(work)
