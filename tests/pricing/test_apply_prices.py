"""Prices come in as immutable versions: what changed, what stayed, what was refused, what is undone."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

from core import refusals
from core.errors import InvalidValue, NotOwner, WrongState
from core.models import Case, Refusal
from core.tolerance import ALL_OR_NOTHING
from pricing.actions.prices import RunScope, apply_prices, undo_run
from pricing.models import PriceRow, PriceRun
from pricing.records import PriceRecord
from tests.factories.catalog import ProductFactory
from tests.factories.pricing import MORNING, PriceListFactory

D = Decimal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def lists(db):
    return {code: PriceListFactory(code=code) for code in ("A", "B")}


@pytest.fixture(autouse=True)
def products(db):
    return {sku: ProductFactory(sku=sku) for sku in ("S1", "S2", "S3")}


def price(sku="S1", unit_price="1.00", min_quantity="0", code="A", **fields):
    return PriceRecord(
        price_list_code=code, sku=sku, min_quantity=min_quantity, unit_price=unit_price, **fields
    )


def unchecked(**fields):
    """A record that skipped its own checks: the merge does not rely on them."""
    return PriceRecord.model_construct(**{**price().__dict__, **fields})


def take(erp, records, as_of=MORNING, **scope):
    return apply_prices(records, by=erp, flow="erp.prices", as_of=as_of, scope_of_run=RunScope(**scope))


def current():
    """What is in force, by value: list, product, from, price, per, days, formula."""
    rows = PriceRow.objects.filter(ended_run=None).order_by(
        "price_list__code", "product__sku", "min_quantity", "valid_from"
    )
    return list(
        rows.values_list(
            "price_list__code", "product__sku", "min_quantity", "unit_price", "price_unit",
            "valid_from", "valid_until", "formula",
        )
    )  # fmt: skip


def reported(applied):
    return applied.new, applied.changed, applied.same, applied.removed, len(applied.rejected)


@pytest.mark.req("PRC-10")
def test_a_changed_price_is_a_new_version_and_the_old_one_is_kept(erp):
    take(erp, [price("S1", "1.00"), price("S1", "0.90", "100"), price("S2", "2.00")])
    before = {row.pk: row.unit_price for row in PriceRow.objects.all()}

    applied = take(erp, [price("S1", "1.00"), price("S1", "0.80", "100")], MORNING + timedelta(hours=1))

    assert reported(applied) == (0, 1, 1, 0, 0)
    assert applied.seen == 2
    run = PriceRun.objects.first()
    old = PriceRow.objects.get(ended_run=run)
    new = PriceRow.objects.get(run=run)
    assert (old.unit_price, new.unit_price) == (D("0.90"), D("0.80"))
    assert before.items() <= {row.pk: row.unit_price for row in PriceRow.objects.all()}.items()
    assert (run.new, run.changed, run.same, run.ended) == (0, 1, 1, 0)
    assert run.correlation_id == erp.correlation_id


def test_the_same_prices_again_write_nothing(erp):
    records = [
        price("S1"),
        price("S1", "0.9", "100"),
        price("S2", "1.10", price_unit="100", formula="cost * 2"),
    ]
    take(erp, records, full_lists=frozenset({"A"}))
    rows, runs = list(PriceRow.objects.values()), list(PriceRun.objects.values())

    applied = take(erp, records, MORNING + timedelta(hours=1), full_lists=frozenset({"A"}))

    assert reported(applied) == (0, 0, 3, 0, 0)
    assert list(PriceRow.objects.values()) == rows
    assert list(PriceRun.objects.values()) == runs


def test_a_price_written_in_other_digits_is_the_same_price(erp):
    take(erp, [price("S1", "1.5")])

    assert reported(take(erp, [price("S1", "1.500000", "0.000")])) == (0, 0, 1, 0, 0)


@pytest.mark.req("PRC-12")
def test_only_the_erp_writes_prices_and_the_refusal_is_kept(erp, mona, anna, pim):
    take(erp, [price("S1", "1.00")])
    before = current()

    for actor in (mona.actor, anna.actor, pim):
        with pytest.raises(NotOwner) as refusal:
            take(actor, [price("S1", "0.01")])
        refusals.keep(refusal.value, by=actor)

    assert current() == before
    assert PriceRun.objects.count() == 1
    assert [(row.code, row.actor_label) for row in Refusal.objects.order_by("id")] == [
        ("not_owner", "Mona"),
        ("not_owner", "Anna"),
        ("not_owner", "PIM"),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"unit_price": 0.1},
        {"unit_price": "0.30000000000000004"},
        {"unit_price": "-1"},
        {"unit_price": "NaN"},
        {"unit_price": "Infinity"},
        {"unit_price": "1,50"},
        {"unit_price": ""},
        {"price_unit": "0"},
        {"min_quantity": "-1"},
        {"valid_from": "2026-05-01", "valid_until": "2026-05-01"},
    ],
)
def test_a_record_refuses_what_is_no_price(fields):
    with pytest.raises(ValidationError):
        PriceRecord(**{"price_list_code": "A", "sku": "S1", "unit_price": "1", **fields})


@pytest.mark.req("PRC-25")
def test_bad_rows_are_reported_and_leave_their_neighbours_and_the_old_prices(erp):
    take(erp, [price("S1", "1.00"), price("S2", "2.00")])

    applied = take(
        erp,
        [
            price("S1", "0.95"),
            price("S2", "1", code="NONE"),
            price("S9", "1"),
            unchecked(sku="S2", unit_price=D("-1")),
            unchecked(sku="S2", unit_price=D("NaN")),
            unchecked(sku="S2", unit_price=D("0.1234567")),
            unchecked(sku="S2", valid_from=date(2026, 2, 1), valid_until=date(2026, 1, 1)),
            price("S3", "3.00", "10"),
            price("S3", "3.10", "10"),
            price("S3", "4.00"),
            price("S3", "4.000"),
        ],
        MORNING + timedelta(hours=1),
    )

    assert reported(applied) == (1, 1, 1, 0, 8)
    assert applied.seen == 11
    assert sorted((item.record["sku"], item.field) for item in applied.rejected) == [
        ("S2", "price_list_code"),
        ("S2", "unit_price"),
        ("S2", "unit_price"),
        ("S2", "unit_price"),
        ("S2", "valid_until"),
        ("S3", "min_quantity"),
        ("S3", "min_quantity"),
        ("S9", "sku"),
    ]
    assert all(item.reason and item.key for item in applied.rejected)
    assert [(row[1], row[3]) for row in current()] == [("S1", D("0.95")), ("S2", D("2")), ("S3", D("4"))]


@pytest.mark.req("PRC-25")
def test_all_or_nothing_changes_nothing_for_one_bad_row(erp):
    take(erp, [price("S1", "1.00")])
    before, runs = current(), PriceRun.objects.count()
    records = [price("S1", "0.50"), *(price("S2", "1", str(n)) for n in range(500)), price("S9", "1")]

    with pytest.raises(InvalidValue) as refusal:
        take(erp, records, tolerance=ALL_OR_NOTHING)

    assert refusal.value.details["count"] == 1
    assert refusal.value.details["rejected"][0]["field"] == "sku"
    assert current() == before
    assert PriceRun.objects.count() == runs


def test_a_full_list_ends_what_it_lacks_and_touches_no_other_list(erp):
    take(erp, [price("S1"), price("S1", "0.9", "100"), price("S2"), price("S3", code="B")])

    applied = take(erp, [price("S1"), price("S3")], MORNING + timedelta(hours=1), full_lists=frozenset({"A"}))

    assert reported(applied) == (1, 0, 1, 2, 0)
    assert [(row[0], row[1], row[2]) for row in current()] == [("A", "S1", 0), ("A", "S3", 0), ("B", "S3", 0)]


def test_a_row_told_twice_does_not_stand_for_one_that_a_full_list_lacks(erp):
    take(erp, [price("S1"), price("S2")], full_lists=frozenset({"A"}))

    applied = take(erp, [price("S1"), price("S1")], MORNING + timedelta(hours=1), full_lists=frozenset({"A"}))

    assert applied.removed == 1
    assert [row[1] for row in current()] == ["S1"]


def test_a_bad_row_of_a_full_list_does_not_end_the_price_it_meant(erp):
    take(erp, [price("S1"), price("S1", "0.9", "100"), price("S2")])

    take(erp, [price("S1"), unchecked(sku="S1", min_quantity=D(100), unit_price=D(-1))],
         MORNING + timedelta(hours=1), full_lists=frozenset({"A"}))  # fmt: skip

    assert [(row[1], row[2]) for row in current()] == [("S1", 0), ("S1", 100)]


def test_a_full_list_without_a_single_price_is_a_broken_reading(erp):
    take(erp, [price("S1"), price("S3", code="B")])
    before = current()

    with pytest.raises(InvalidValue) as refusal:
        take(erp, [price("S3", "2", code="B")], full_lists=frozenset({"A", "B"}))

    assert refusal.value.details["lists"] == ["A"]
    assert current() == before


@pytest.mark.req("PRC-11")
def test_days_that_overlap_are_refused_and_days_that_meet_are_taken(erp):
    turn = date(2027, 1, 1)
    take(erp, [price("S1", "1.00"), price("S2", "1.00")])

    applied = take(
        erp,
        [
            price("S1", "1.00", valid_until=turn),
            price("S1", "1.10", valid_from=turn),
            price("S2", "1.20", valid_from=turn),
            price("S3", "3.00", valid_from=date(2026, 1, 1), valid_until=turn),
            price("S3", "3.10", valid_from=date(2026, 6, 1)),
        ],
        MORNING + timedelta(hours=1),
    )

    assert reported(applied) == (1, 1, 0, 0, 3)
    assert sorted((item.record["sku"], item.field) for item in applied.rejected) == [
        ("S2", "valid_from"),
        ("S3", "valid_from"),
        ("S3", "valid_from"),
    ]
    assert [(row[1], row[3], row[5], row[6]) for row in current()] == [
        ("S1", D("1.1"), turn, None),
        ("S1", D("1"), None, turn),
        ("S2", D("1"), None, None),
    ]


def test_a_late_reading_never_overwrites_a_newer_one(erp):
    take(erp, [price("S1", "1.00"), price("S2", "2.00"), price("S3", "3.00")], MORNING)
    take(erp, [price("S1", "0.90")], MORNING + timedelta(hours=2))
    take(erp, [price("S1", "0.90"), price("S2", "2.00")], MORNING + timedelta(hours=3),
         full_lists=frozenset({"A"}))  # fmt: skip
    before = current()

    late = take(
        erp, [price("S1", "1.00"), price("S3", "3.00")], MORNING + timedelta(hours=1),
        full_lists=frozenset({"A"}),
    )  # fmt: skip

    assert [(row[1], row[3]) for row in before] == [("S1", D("0.9")), ("S2", D("2"))]
    assert [(row[1], row[3]) for row in current()] == [("S1", D("0.9"))]
    assert reported(late) == (0, 0, 2, 1, 0)


@pytest.mark.req("PRC-25")
def test_an_import_taken_back_restores_the_state_before(erp, mona):
    take(erp, [price("S1", "1.00", formula="a"), price("S1", "0.9", "100"), price("S2", "2.00")])
    before = current()
    take(erp, [price("S1", "5.00"), price("S3", "3.00")], MORNING + timedelta(hours=1),
         full_lists=frozenset({"A"}))  # fmt: skip
    wrong = PriceRun.objects.first()
    kept = set(PriceRow.objects.values_list("pk", "unit_price"))

    undo = undo_run(wrong, by=mona.actor)

    assert current() == before
    assert kept <= set(PriceRow.objects.values_list("pk", "unit_price"))
    assert (undo.undoes, undo.system, undo.correlation_id) == (wrong, "erp", mona.actor.correlation_id)
    with pytest.raises(WrongState):
        undo_run(wrong, by=mona.actor)
    assert current() == before


def test_an_import_is_not_taken_back_over_a_later_one(erp, mona):
    take(erp, [price("S1", "1.00"), price("S2", "1.00")])
    take(erp, [price("S1", "2.00")], MORNING + timedelta(hours=1))
    middle = PriceRun.objects.first()
    take(erp, [price("S1", "3.00")], MORNING + timedelta(hours=2))
    before = current()

    with pytest.raises(WrongState) as refusal:
        undo_run(middle, by=mona.actor)

    assert refusal.value.details["later"] == PriceRun.objects.first().pk
    assert current() == before
    undo_run(PriceRun.objects.first(), by=mona.actor)
    assert current()[0][3] == D("2")


def test_a_ladder_that_rises_is_flagged_until_a_full_reading_has_none(erp):
    applied = take(erp, [price("S1", "1.00"), price("S1", "1.05", "100"), price("S2", "6", price_unit="100")])

    case = Case.objects.get(kind="rising_ladder", subject="price_list:A")
    assert reported(applied) == (3, 0, 0, 0, 0)
    assert PriceRun.objects.get().rising == 1
    assert case.evidence["steps"] == [{"sku": "S1", "min_quantity": "100.000000", "unit_price": "1.050000"}]
    take(erp, [price("S1", "1.00"), price("S1", "0.95", "100")], MORNING + timedelta(hours=1),
         full_lists=frozenset({"A"}))  # fmt: skip
    case.refresh_from_db()
    assert case.state == "closed"


def test_text_with_tabs_backslashes_and_line_ends_arrives_as_it_left(erp):
    ProductFactory(sku="A\\B\tC")

    take(erp, [price("A\\B\tC", "1", formula="a\\n\tb\r\nc \\N '")])

    assert [(row[1], row[7]) for row in current()] == [("A\\B\tC", "a\\n\tb\r\nc \\N '")]


@pytest.mark.slow
def test_two_hundred_thousand_prices_pass_through_in_flat_memory(erp):
    import tracemalloc

    ProductFactory.create_batch(200)
    skus = [f"S{n % 3 + 1}" for n in range(3)]

    def stream(count, unit_price):
        for n in range(count):
            yield price(skus[n % 3], unit_price, str(n // 3))

    def peak_of(count, unit_price, hour):
        tracemalloc.start()
        applied = take(erp, stream(count, unit_price), MORNING + timedelta(hours=hour))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return applied, peak

    first, small = peak_of(20_000, "1.00", 1)
    second, large = peak_of(200_000, "0.90", 2)

    assert reported(first) == (20_000, 0, 0, 0, 0)
    assert reported(second) == (180_000, 20_000, 0, 0, 0)
    assert large < 2 * small + 2**20


def test_a_run_names_when_its_prices_were_read(erp):
    moment = datetime.fromisoformat("2026-11-20T10:00:00+00:00")

    take(erp, [price("S1")], moment)

    run = PriceRow.objects.get().run
    assert (run.as_of, run.system, run.flow) == (moment, "erp", "erp.prices")
