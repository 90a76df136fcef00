"""The one price sheet: who gets which price, and why."""

import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from accounts.scope import NOTHING
from core import freshness
from pricing.actions.policy import PolicyDraft, add_policy
from pricing.answers import Ask, PriceContext
from pricing.models import PriceKind, PriceListAssignment, PriceRow
from pricing.queries import (
    context_for,
    context_for_company,
    price_ladder,
    price_ladders,
    price_sheet,
)
from tests.factories.accounts import CompanyFactory
from tests.factories.catalog import ProductFactory
from tests.factories.pricing import PriceListFactory, PriceRowFactory, PriceRunFactory

D = Decimal

pytestmark = pytest.mark.django_db


@pytest.fixture
def screw():
    return ProductFactory(sku="4762-M8X30-A2", units={"box": 200})


@pytest.fixture
def everybody():
    return PriceListFactory(code="LP", name="List price 2026")


@pytest.fixture
def agreement(acme):
    return PriceListFactory(code="AC", name="Agreement Acme", kind="contract", company=acme)


def price_of(company, product, quantity="1", **context):
    asked = replace(context_for_company(company), **context)
    return price_sheet(asked, [Ask(product.pk, D(quantity), "it")])["it"]


@pytest.mark.req("PRC-01", "PRC-02", "PRC-10")
def test_an_agreement_wins_over_the_list_and_the_answer_says_why(acme, screw, everybody, agreement):
    PriceRowFactory(price_list=everybody, product=screw, unit_price="1.00")
    row = PriceRowFactory(price_list=agreement, product=screw, unit_price="0.80", formula="list - 20 %")

    answer = price_of(acme, screw, "50")

    assert (answer.unit_price, answer.kind, answer.row_id) == (D("0.80"), "contract", row.pk)
    assert [(c.list_code, c.verdict, c.unit_price) for c in answer.candidates] == [
        ("AC", "wins", D("0.800000")),
        ("LP", "outranked", D("1.000000")),
    ]
    story = answer.story()
    assert story["unit_price"] == "0.800000"
    assert story["run_id"] == row.run_id
    assert story["system"] == "erp"
    assert story["as_of"] == "2026-11-20T08:00:00+00:00"
    assert story["policy_version"] == 1
    assert [c["verdict"] for c in story["candidates"]] == ["wins", "outranked"]


@pytest.mark.req("PRC-02", "PRC-11")
def test_when_the_agreement_ends_the_list_price_returns_on_that_day(acme, screw, everybody, agreement):
    PriceRowFactory(price_list=everybody, product=screw, unit_price="1.00")
    PriceRowFactory(price_list=agreement, product=screw, unit_price="0.80")
    PriceListAssignment.objects.filter(price_list=agreement).update(
        valid_from=date(2026, 1, 1), valid_until=date(2027, 1, 1)
    )

    prices = [
        price_of(acme, screw, on=day).unit_price
        for day in (date(2025, 12, 31), date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1))
    ]

    assert prices == [D("1.00"), D("0.80"), D("0.80"), D("1.00")]


@pytest.mark.req("PRC-01", "PRC-17")
def test_a_company_never_gets_another_ones_agreement(acme, other, screw, everybody, agreement):
    PriceRowFactory(price_list=everybody, product=screw, unit_price="1.00")
    PriceRowFactory(price_list=agreement, product=screw, unit_price="0.80")
    theirs = PriceListFactory(code="OT", kind="contract", company=other)
    PriceRowFactory(price_list=theirs, product=screw, unit_price="0.70")

    for _round in range(3):
        ours, foreign = price_of(acme, screw), price_of(other, screw)

        assert (ours.unit_price, foreign.unit_price) == (D("0.80"), D("0.70"))
        assert {c.list_code for c in ours.candidates} == {"AC", "LP"}
        assert {c.list_code for c in foreign.candidates} == {"OT", "LP"}


@pytest.mark.req("PRC-01")
def test_a_branch_buys_by_the_nearest_agreement_of_its_line(acme, screw, everybody, agreement):
    branch = CompanyFactory(number="ACME-1", parent=acme)
    depot = CompanyFactory(number="ACME-11", parent=branch)
    PriceRowFactory(price_list=everybody, product=screw, unit_price="1.00")
    PriceRowFactory(price_list=agreement, product=screw, unit_price="0.80")

    inherited = price_of(depot, screw)
    own = PriceListFactory(code="BR", kind="contract", company=branch)
    PriceRowFactory(price_list=own, product=screw, unit_price="0.85")
    nearer = price_of(depot, screw)

    assert (inherited.unit_price, inherited.winner.origin, inherited.winner.distance) == (
        D("0.80"),
        "ACME",
        2,
    )
    assert (nearer.unit_price, nearer.winner.origin, nearer.winner.distance) == (D("0.85"), "ACME-1", 1)
    assert price_of(acme, screw).unit_price == D("0.80")


@pytest.mark.req("PRC-01")
def test_of_two_lists_at_the_same_distance_the_smaller_priority_wins(acme, screw):
    second = PriceListFactory(kind="group", company=acme, company__priority=20)
    first = PriceListFactory(kind="group", company=acme, company__priority=10)
    PriceRowFactory(price_list=second, product=screw, unit_price="0.70")
    PriceRowFactory(price_list=first, product=screw, unit_price="0.90")

    assert price_of(acme, screw).list_code == first.code


@pytest.mark.req("PRC-09")
@pytest.mark.parametrize(
    ("precedence", "winner"),
    [
        (("contract", "group", "list"), "contract"),
        (("group", "contract", "list"), "group"),
        (("list", "group", "contract"), "list"),
        (("group",), "group"),
    ],
)
def test_the_policy_in_force_says_which_kind_wins(acme, screw, mona, precedence, winner):
    for kind in PriceKind.values:
        PriceRowFactory(price_list=PriceListFactory(kind=kind, company=acme), product=screw)
    draft = PolicyDraft(precedence, D(12), active_from=timezone.now())
    add_policy(replace(draft, active_from=timezone.now() + timedelta(days=1)), by=mona.actor)
    assert price_of(acme, screw).kind == "contract"

    policy = add_policy(draft, by=mona.actor)
    answer = price_of(acme, screw)

    assert answer.kind == winner
    assert answer.policy_version == policy.version == 3
    assert [c.kind for c in answer.candidates] == list(precedence)


@pytest.mark.req("PRC-03", "UOM-08")
@pytest.mark.parametrize(
    ("quantity", "expected"),
    [("199", "1.00"), ("200", "0.90"), ("201", "0.90"), ("999", "0.90"), ("1000", "0.75"), ("1001", "0.75")],
)
def test_each_break_counts_from_its_own_quantity_in_pieces_and_in_boxes(
    acme, screw, everybody, quantity, expected
):
    for least, price in (("0", "1.00"), ("200", "0.90"), ("1000", "0.75")):
        PriceRowFactory(price_list=everybody, product=screw, min_quantity=least, unit_price=price)
    box = screw.units.get(key="box")

    answer = price_of(acme, screw, quantity)

    assert answer.unit_price == D(expected)
    assert answer.unit_price_for(box.numerator, box.denominator) == D(expected) * 200
    one_box = price_of(acme, screw, str(box.numerator))
    assert one_box.unit_price == D("0.90")
    assert one_box.unit_price_for(1) * 200 == one_box.unit_price_for(box.numerator)


@pytest.mark.req("PRC-03")
def test_a_price_per_hundred_is_the_same_price_in_any_unit(acme, screw, everybody):
    PriceRowFactory(price_list=everybody, product=screw, unit_price="6.20", price_unit="100")

    answer = price_of(acme, screw)

    assert (answer.unit_price_for(1), answer.unit_price_for(200)) == (D("0.062000"), D("12.400000"))


def test_split_lines_of_a_basket_cost_what_the_joined_line_costs(acme, screw, everybody):
    PriceRowFactory(price_list=everybody, product=screw, unit_price="1.00")
    PriceRowFactory(price_list=everybody, product=screw, min_quantity=200, unit_price="0.90")
    asks = [Ask(screw.pk, D(150), "a", basket="cart"), Ask(screw.pk, D(50), "b", basket="cart")]
    alone = [Ask(screw.pk, D(150), "a"), Ask(screw.pk, D(50), "b")]

    joined = price_sheet(context_for_company(acme), asks)
    apart = price_sheet(context_for_company(acme), alone)

    assert {joined["a"].unit_price, joined["b"].unit_price} == {D("0.90")}
    assert joined["a"].break_quantity == 200
    assert {apart["a"].unit_price, apart["b"].unit_price} == {D("1.00")}


@pytest.mark.req("PRC-26")
def test_without_a_price_it_is_on_request_and_never_zero(acme, screw, everybody, agreement):
    PriceRowFactory(price_list=agreement, product=screw, min_quantity=500)

    below, unknown = price_of(acme, screw, "499"), price_of(acme, ProductFactory())

    for answer in (below, unknown):
        assert answer.is_on_request
        assert answer.unit_price is None
        assert answer.story()["is_on_request"] is True
        with pytest.raises(ValueError, match="on request"):
            answer.unit_price_for(1)
    assert [c.verdict for c in below.candidates] == ["no_price", "no_price"]
    assert not price_of(acme, screw, "500").is_on_request


@pytest.mark.req("PRC-11")
def test_a_future_price_starts_and_an_old_one_ends_at_midnight_of_the_erps_zone(acme, screw, everybody):
    turn = date(2026, 12, 1)
    PriceRowFactory(price_list=everybody, product=screw, unit_price="1.00", valid_until=turn)
    PriceRowFactory(price_list=everybody, product=screw, unit_price="1.10", valid_from=turn)
    vienna = ZoneInfo("Europe/Vienna")

    with time_machine.travel(datetime(2026, 11, 30, 23, 59, 59, tzinfo=vienna), tick=False):
        before = price_of(acme, screw)
    with time_machine.travel(datetime(2026, 12, 1, 0, 0, 0, tzinfo=vienna), tick=False):
        after = price_of(acme, screw)

    assert (before.on, before.unit_price) == (date(2026, 11, 30), D("1.00"))
    assert (after.on, after.unit_price) == (turn, D("1.10"))


def test_ended_versions_other_currencies_and_lists_out_of_use_price_nothing(acme, screw):
    ended = PriceRowFactory(price_list=PriceListFactory(), product=screw)
    PriceRow.objects.filter(pk=ended.pk).update(ended_run=PriceRunFactory())
    PriceRowFactory(price_list=PriceListFactory(currency="CHF"), product=screw)
    PriceRowFactory(price_list=PriceListFactory(is_active=False), product=screw)

    assert price_of(acme, screw).is_on_request


def test_an_empty_scope_gets_no_price_of_any_kind(screw, everybody):
    PriceRowFactory(price_list=everybody, product=screw)

    context = context_for(NOTHING)

    assert price_sheet(context, [Ask(screw.pk, D(1), 1)])[1].is_on_request
    assert price_ladder(context, screw) == []


def test_a_buyers_context_prices_as_the_companys(anna, acme, screw, everybody, agreement):
    PriceRowFactory(price_list=agreement, product=screw, unit_price="0.80")

    assert context_for(anna.scope) == context_for_company(acme)


@pytest.mark.req("PRC-10")
def test_a_price_is_as_old_as_the_last_complete_reading_and_stale_past_its_limit(
    acme, screw, everybody, monkeypatch
):
    row = PriceRowFactory(price_list=everybody, product=screw)
    monkeypatch.setitem(freshness._limits, "prices", timedelta(hours=1))
    with time_machine.travel(row.run.as_of + timedelta(minutes=59)):
        assert not price_of(acme, screw).is_stale
    with time_machine.travel(row.run.as_of + timedelta(minutes=61)):
        assert price_of(acme, screw).is_stale
        freshness.note("prices", row.run.as_of + timedelta(minutes=60))
        read_again = price_of(acme, screw)

    assert not read_again.is_stale
    assert read_again.as_of == row.run.as_of + timedelta(minutes=60)
    assert read_again.run_id == row.run_id


@pytest.mark.req("PRC-24", "PERF-03")
def test_a_hundred_asks_take_the_statements_of_one(acme, everybody, agreement, django_assert_num_queries):
    products = [ProductFactory() for _n in range(100)]
    for product in products:
        PriceRowFactory(price_list=everybody, product=product)
    context = context_for_company(acme)

    with django_assert_num_queries(2):
        price_sheet(context, [Ask(products[0].pk, D(1), 0)])
    with django_assert_num_queries(2):
        answers = price_sheet(context, [Ask(product.pk, D(1), product.pk) for product in products])
    with django_assert_num_queries(2):
        price_ladders(context, [product.pk for product in products])

    assert not any(answer.is_on_request for answer in answers.values())


@pytest.mark.req("PRC-03")
def test_the_ladder_that_is_shown_is_the_ladder_that_prices(acme, screw, everybody, agreement):
    for least, price in (("0", "1.00"), ("200", "0.70"), ("1000", "0.60")):
        PriceRowFactory(price_list=everybody, product=screw, min_quantity=least, unit_price=price)
    PriceRowFactory(price_list=agreement, product=screw, min_quantity=100, unit_price="0.80")

    ladder = price_ladder(context_for_company(acme), screw)

    assert [(s.min_quantity, s.unit_price, s.kind) for s in ladder] == [
        (D(0), D("1.00"), "list"),
        (D(100), D("0.80"), "contract"),
    ]
    for quantity in ("1", "99", "100", "200", "1000"):
        reached = [s for s in ladder if s.min_quantity <= D(quantity)][-1]
        assert price_of(acme, screw, quantity).unit_price == reached.unit_price


def oracle(rows, assignments, company, lineage, context, product_id, quantity, precedence):
    """The price by the book, slowly: every assignment, every row, no index and no SQL."""
    best = None
    for assignment in assignments:
        item = assignment.price_list
        if assignment.company_id is not None and assignment.company_id not in lineage:
            continue
        if not item.is_active or item.currency != company.currency or item.kind not in precedence:
            continue
        if assignment.valid_from and context.on < assignment.valid_from:
            continue
        if assignment.valid_until and context.on >= assignment.valid_until:
            continue
        for row in rows:
            if row.price_list_id != item.pk or row.product_id != product_id or row.ended_run_id:
                continue
            if row.min_quantity > quantity:
                continue
            if (row.valid_from and context.on < row.valid_from) or (
                row.valid_until and context.on >= row.valid_until
            ):
                continue
            distance = 99 if assignment.company_id is None else lineage.index(assignment.company_id)
            rank = (precedence.index(item.kind), distance, assignment.priority, item.pk, -row.min_quantity)
            if best is None or rank < best[0]:
                best = (rank, row)
    return best and best[1].pk


@pytest.mark.req("PRC-01", "PRC-02", "PRC-03", "PRC-11")
@pytest.mark.parametrize("seed", range(6))
def test_a_slow_oracle_finds_the_same_price_for_random_companies_lists_days_and_quantities(seed):
    rng = random.Random(seed)
    head = CompanyFactory()
    companies = [head, *(CompanyFactory(parent=head) for _n in range(2))]
    companies += [CompanyFactory(parent=companies[1]), CompanyFactory(), CompanyFactory(currency="CHF")]
    products = [ProductFactory() for _n in range(5)]
    runs = [PriceRunFactory(), PriceRunFactory()]
    days = [date(2026, 1, 1) + timedelta(days=30 * n) for n in range(12)]
    for _n in range(14):
        item = PriceListFactory(
            kind=rng.choice(PriceKind.values),
            currency=rng.choice(["EUR", "EUR", "EUR", "CHF"]),
            is_active=rng.random() > 0.1,
            company=False,
        )
        for company in rng.sample([*companies, None], rng.randint(0, 3)):
            start, end = sorted(rng.sample(days, 2))
            PriceListAssignment.objects.create(
                price_list=item,
                company=company,
                priority=rng.randint(0, 2),
                valid_from=rng.choice([None, start]),
                valid_until=rng.choice([None, end]),
            )
        for product in rng.sample(products, rng.randint(1, 5)):
            for least in rng.sample([0, 1, 10, 100, 200, 1000], rng.randint(1, 4)):
                start, turn, end = sorted(rng.sample(days, 3))
                spans = rng.choice(
                    [[(None, None)], [(None, turn), (turn, None)], [(start, turn), (turn, end)]]
                )
                for valid_from, valid_until in spans:
                    PriceRowFactory(
                        price_list=item,
                        product=product,
                        min_quantity=least,
                        unit_price=D(rng.randint(1, 10**6)) / 10**4,
                        valid_from=valid_from,
                        valid_until=valid_until,
                        run=runs[0],
                        ended_run=rng.choice([None, None, None, runs[1]]),
                    )
    rows = list(PriceRow.objects.all())
    assignments = list(PriceListAssignment.objects.select_related("price_list"))

    differences, priced = [], 0
    for company in companies:
        for on in rng.sample(days, 4):
            context = context_for_company(company, on)
            asks = [
                Ask(product.pk, D(quantity), (product.pk, quantity))
                for product in products
                for quantity in (0, 1, 9, 10, 99, 100, 101, 999, 1000)
            ]
            answers = price_sheet(context, asks)
            for ask in asks:
                expected = oracle(
                    rows, assignments, company, list(context.lineage), context,
                    ask.product_id, ask.quantity_base, ["contract", "group", "list"],
                )  # fmt: skip
                priced += expected is not None
                if answers[ask.key].row_id != expected:
                    differences.append((company.number, on, ask.key, expected, answers[ask.key].row_id))

    assert differences == []
    assert priced > 200


def test_a_context_without_a_company_sees_no_lists(screw, everybody):
    PriceRowFactory(price_list=everybody, product=screw)
    context = PriceContext(company_id=None, lineage=(), currency="EUR", on=date(2026, 11, 20))

    assert price_sheet(context, [Ask(screw.pk, D(1), 1)])[1].candidates == ()
