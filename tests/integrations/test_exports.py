"""Orders leave as a batch: complete up to a cut-off, whatever happens meanwhile, and fit for a spreadsheet."""

import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from core.errors import InvalidValue
from integrations.exports import Place, export_orders, safe_cell
from orders.models import Order
from tests.factories.orders import order_now, sell

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def orders(anna):
    """Three orders of two lines, placed 3, 2 and 2 hours ago."""
    for sku in ("A1", "B2"):
        sell(sku, "1.25")
    made = [order_now(anna, A1=1, B2=n + 1) for n in range(3)]
    moment = timezone.now()
    for order, hours in zip(made, (3, 2, 2), strict=True):
        Order.objects.filter(pk=order.pk).update(placed_at=moment - timedelta(hours=hours))
    Order.objects.filter(pk=made[0].pk).update(po_number="=HYPERLINK(1)")
    return list(Order.objects.order_by("placed_at", "number"))


class Interrupted(io.StringIO):
    """Where an export is written to: in the middle, something happens on another connection."""

    def __init__(self, happening):
        super().__init__()
        self.happening = happening

    def write(self, text):
        if self.happening:
            happening, self.happening = self.happening, None
            with ThreadPoolExecutor(1) as pool:
                pool.submit(happening).result(30)
        return super().write(text)


def exported(form, until=None, after=None, happening=None):
    to = Interrupted(happening)
    done = export_orders(to, until=until or timezone.now() - timedelta(hours=1), form=form, after=after)
    return done, to.getvalue()


@pytest.mark.req("INT-50")
def test_an_export_equals_the_database_at_its_cut_off_though_orders_come_and_change_meanwhile(orders, anna):
    def happening():
        try:
            late = order_now(anna, A1=9)
            Order.objects.filter(pk=late.pk).update(placed_at=orders[0].placed_at)
            Order.objects.update(po_number="changed")
        finally:
            connection.close()

    before = {order.number: order.po_number for order in orders}

    done, text = exported("jsonl", happening=happening)

    told = [json.loads(line) for line in text.splitlines()]
    assert {row["number"]: row["po_number"] for row in told} == before
    assert [row["number"] for row in told] == [order.number for order in orders]
    assert (done.orders, done.lines) == (3, 6)
    assert [(line["position"], line["sku"], line["unit_price"]) for line in told[0]["lines"]] == [
        ("1", "A1", "1.250000"),
        ("2", "B2", "1.250000"),
    ]
    assert all(
        row["order_gross_amount"] == str(order.gross_amount) for row, order in zip(told, orders, strict=True)
    )
    assert Order.objects.filter(po_number="changed").count() == 4


@pytest.mark.req("INT-50")
def test_an_export_goes_on_where_another_ended_and_nothing_is_twice_or_missing(orders):
    _done, whole = exported("csv")
    first, head = exported("csv", until=orders[1].placed_at)
    tied = Place(orders[1].placed_at, orders[1].number)

    rest, tail = exported("csv", after=first.last)
    _last, end = exported("csv", after=tied)

    assert head + tail == whole
    assert (first.orders, rest.orders) == (1, 2)
    assert [row[0] for row in csv.reader(io.StringIO(end))] == [orders[2].number] * 2
    assert exported("csv", after=rest.last)[0].last == rest.last


@pytest.mark.req("INT-50")
def test_the_command_writes_a_whole_file_or_none_and_tells_where_to_go_on(orders, tmp_path):
    target, told = tmp_path / "orders.csv", io.StringIO()
    until = (timezone.now() - timedelta(hours=1)).isoformat()

    call_command("export_orders", until=until, to=str(target), stderr=told)

    rows = list(csv.DictReader(target.open(newline="")))
    assert [row["number"] for row in rows] == [order.number for order in orders for _line in range(2)]
    assert {row["lines"] for row in rows} == {"2"}
    assert rows[0]["po_number"] == "'=HYPERLINK(1)"
    assert f"{orders[2].placed_at.isoformat()},{orders[2].number}" in told.getvalue()
    with pytest.raises(CommandError, match="minute ago"):
        call_command("export_orders", until=timezone.now().isoformat(), to=str(tmp_path / "none.csv"))
    assert list(tmp_path.iterdir()) == [target]


def test_a_cut_off_that_is_not_settled_is_refused():
    with pytest.raises(InvalidValue) as refusal:
        exported("csv", until=timezone.now())

    assert refusal.value.details == {"field": "until"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("  @SUM(A1)", "'  @SUM(A1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("\t=1", "'\t=1"),
        ("-1+2", "'-1+2"),
        ("-12.50", "-12.50"),
        ("+43", "+43"),
        ("M8x30 = good", "M8x30 = good"),
        ("", ""),
        (None, None),
        (3, 3),
    ],
)
def test_no_cell_is_run_by_a_spreadsheet_and_numbers_stay_numbers(value, expected):
    assert safe_cell(value) == expected
