"""Imports of prices beside one another: who waits for whom, what is written, what a large one costs and gives back."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from core.tolerance import ALL_OR_NOTHING, BeyondTolerance, Tolerance
from pricing.actions.prices import RunScope, apply_prices, undo_run
from pricing.models import PriceList, PriceRow, PriceRun
from pricing.records import PriceRecord
from tests.factories.catalog import ProductFactory
from tests.factories.pricing import MORNING, PriceListFactory

D = Decimal
PATIENCE = 60


def price(sku, unit_price, min_quantity="0", code="A"):
    return PriceRecord(price_list_code=code, sku=sku, min_quantity=min_quantity, unit_price=unit_price)


def take(erp, records, hours=0, **scope):
    return apply_prices(
        records, by=erp, flow="erp.prices", as_of=MORNING + timedelta(hours=hours),
        scope_of_run=RunScope(**scope),
    )  # fmt: skip


def steps(unit_price, count, skus=("S1", "S2")):
    """A ladder per product, `count` steps in all."""
    for n in range(count):
        yield price(skus[n % len(skus)], unit_price, str(n // len(skus)))


def in_force():
    """A digest of every current price by value."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT price_list_id, product_id, min_quantity, unit_price, price_unit, valid_from, valid_until,
                formula FROM pricing_pricerow WHERE ended_run_id IS NULL
                ORDER BY price_list_id, product_id, min_quantity, valid_from"""
        )
        return hashlib.sha256(repr(cursor.fetchall()).encode()).hexdigest()


def written_by():
    """Which transaction wrote each row as it stands."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, xmin::text FROM pricing_pricerow")
        return dict(cursor.fetchall())


@contextmanager
def aside(*works):
    """Work in threads with connections of their own; at the end they are waited for and their errors raised."""

    def run(work):
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        running = [pool.submit(run, work) for work in works]
        yield
        for work in running:
            work.result(PATIENCE)


@pytest.fixture
def lists(transactional_db):
    for sku in ("S1", "S2"):
        ProductFactory(sku=sku)
    return {code: PriceListFactory(code=code) for code in ("A", "B")}


@pytest.mark.req("PRC-10")
@pytest.mark.django_db(transaction=True)
def test_one_changed_price_of_a_large_list_writes_one_row_and_ends_one(erp, lists):
    take(erp, steps("2.00", 20_000), full_lists=frozenset({"A"}))
    before = written_by()

    changed = (price("S2", "1.99", "5000") if n == 10_001 else record
               for n, record in enumerate(steps("2.00", 20_000)))  # fmt: skip
    applied = take(erp, changed, 1, full_lists=frozenset({"A"}))

    after = written_by()
    touched = [pk for pk in after if before.get(pk) != after[pk]]
    first, second = PriceRun.objects.order_by("pk")
    assert (applied.new, applied.changed, applied.same, applied.removed) == (0, 1, 19_999, 0)
    rows = (
        PriceRow.objects.filter(pk__in=touched).order_by("pk").values_list("run", "ended_run", "unit_price")
    )
    assert list(rows) == [(first.pk, second.pk, D("2.00")), (second.pk, None, D("1.99"))]


@pytest.mark.req("PRC-25", "INT-48")
@pytest.mark.django_db(transaction=True)
def test_two_hundred_thousand_prices_with_one_bad_change_nothing_or_are_taken_back_exactly(erp, mona, lists):
    take(erp, steps("2.00", 200_000))
    before, rows = in_force(), written_by()

    with pytest.raises(BeyondTolerance) as refusal:
        take(erp, [*steps("1.50", 199_999), price("S9", "1")], 1, tolerance=ALL_OR_NOTHING)

    assert (refusal.value.applied.seen, refusal.value.applied.bad) == (200_000, 1)
    assert (refusal.value.code, refusal.value.details["rejected"][0]["key"]) == ("beyond_tolerance", "A/S9/0")
    assert (in_force(), written_by()) == (before, rows)
    assert PriceRun.objects.count() == 1

    some = take(erp, [*steps("1.50", 199_999), price("S9", "1")], 1, tolerance=Tolerance(most_rows=1))

    assert (some.changed, some.bad, some.seen) == (199_999, 1, 200_000)
    assert in_force() != before
    undo_run(PriceRun.objects.latest("pk"), by=mona.actor)
    assert in_force() == before


@pytest.mark.req("PRC-19")
@pytest.mark.django_db(transaction=True)
def test_an_urgent_price_passes_a_batch_that_is_being_read_and_outlives_it(erp, lists):
    take(erp, steps("2.00", 10_000))
    all_sent, go_on = threading.Event(), threading.Event()

    def slow():
        yield from steps("3.00", 10_000)
        all_sent.set()
        assert go_on.wait(PATIENCE)

    with aside(lambda: take(erp, slow(), 1)):
        assert all_sent.wait(PATIENCE)
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '2s'")
                urgent = take(erp, [price("S1", "9.99")], 2)
        finally:
            go_on.set()

    assert (urgent.changed, urgent.bad) == (1, 0)
    now = PriceRow.objects.filter(ended_run=None)
    assert now.get(product__sku="S1", min_quantity=0).unit_price == D("9.99")
    assert now.filter(unit_price=D("3.00")).count() == 9_999


@pytest.mark.req("PRC-19")
@pytest.mark.django_db(transaction=True)
def test_a_batch_that_was_judged_before_an_urgent_price_came_is_judged_again(erp, lists):
    take(erp, steps("2.00", 1_000))
    batch = [*steps("3.00", 1_000), price("S2", "7.77", "7000")]
    with ExitStack() as running:
        with transaction.atomic():
            take(erp, [price("S1", "9.99"), price("S2", "8.88", "7000")], 2)
            running.enter_context(aside(lambda: take(erp, batch, 1)))
            wait_for_lock("pricing_pricelist")

    now = PriceRow.objects.filter(ended_run=None)
    assert now.get(product__sku="S1", min_quantity=0).unit_price == D("9.99")
    assert now.get(product__sku="S2", min_quantity=7000).unit_price == D("8.88")
    assert now.filter(unit_price=D("3.00")).count() == 999


def wait_for_lock(table):
    """Until another connection waits for a row of the table."""
    for _attempt in range(600):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                """SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
                    AND datname = current_database() AND query LIKE %s""",
                [f"%{table}%FOR NO KEY UPDATE%"],
            )
            if cursor.fetchone()[0]:
                return
        threading.Event().wait(0.1)
    raise AssertionError("nobody waits")


@pytest.mark.django_db(transaction=True)
def test_imports_that_name_the_same_lists_in_another_order_never_block_each_other(erp, lists):
    ready = threading.Barrier(2)

    def runs(codes, hours):
        for n in range(5):
            ready.wait(PATIENCE)
            take(erp, [price("S1", f"{hours}.{n}1", code=code) for code in codes], hours)

    with aside(lambda: runs("AB", 1), lambda: runs("BA", 2)):
        pass

    now = PriceRow.objects.filter(ended_run=None).order_by("price_list__code")
    assert [row.unit_price for row in now] == [D("2.41"), D("2.41")]


@pytest.mark.django_db(transaction=True)
def test_a_price_hangs_on_its_list_and_product_and_is_never_rewritten(erp, lists):
    take(erp, [price("S1", "2.00")])
    row = PriceRow.objects.get()
    stray = {"price_list": row.price_list, "unit_price": 1, "run": row.run}

    with pytest.raises(IntegrityError, match="not there"), transaction.atomic():
        PriceRow.objects.create(**stray, product_id=row.product_id + 1000)
    with pytest.raises(IntegrityError, match="cannot be deleted"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM catalog_product WHERE id = %s", [row.product_id])
    with pytest.raises(IntegrityError, match="cannot be deleted"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM pricing_pricelist WHERE id = %s", [row.price_list_id])
    with pytest.raises(IntegrityError, match="a price is a version"), transaction.atomic():
        PriceRow.objects.filter(pk=row.pk).update(unit_price=1)

    assert PriceRow.objects.get().unit_price == D("2.00")
    assert PriceList.objects.count() == 2
