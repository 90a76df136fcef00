"""The life of an order and how far it is: tables and rules, without a database."""

from decimal import Decimal

import pytest

from core.errors import WrongState
from core.states import check_move
from orders.rules.approval import approval_text, needs_approval
from orders.rules.credit import CreditFigures, judge_credit
from orders.rules.standing import (
    Claim,
    LineProgress,
    backordered,
    delivery_status,
    invoice_status,
    is_complete,
    is_older,
    payment_status,
)
from orders.rules.warehouse import Cover, best_warehouse
from orders.states import NEXT, OrderStatus, PaymentStatus

ALLOWED = {
    ("pending_approval", "received"),
    ("pending_approval", "rejected"),
    ("pending_approval", "returned"),
    ("returned", "pending_approval"),
    ("returned", "received"),
    ("returned", "cancelled"),
    ("pending_approval", "cancelled"),
    ("received", "confirmed"),
    ("received", "on_hold"),
    ("received", "cancelled"),
    ("on_hold", "received"),
    ("on_hold", "confirmed"),
    ("on_hold", "cancelled"),
    ("confirmed", "closed"),
    ("confirmed", "cancelled"),
}


@pytest.mark.req("ORD-01")
@pytest.mark.parametrize("old", OrderStatus)
@pytest.mark.parametrize("new", OrderStatus)
def test_only_the_moves_of_the_table_are_made(old, new):
    if (old.value, new.value) in ALLOWED:
        check_move(NEXT, old, new)
    else:
        with pytest.raises(WrongState):
            check_move(NEXT, old, new)


@pytest.mark.parametrize(
    ("net", "limit", "expected"),
    [
        ("500.00", "500.00", False),
        ("500.01", "500.00", True),
        ("999999.00", None, False),
        ("0.01", "0", True),
    ],
)
def test_only_totals_above_the_limit_need_approval(net, limit, expected):
    assert needs_approval(Decimal(net), None if limit is None else Decimal(limit)) is expected


def test_the_reason_for_an_approval_is_said_with_its_figures():
    rule = {"reasons": [{"kind": "order_limit", "over": "500.00", "found": "620.50"}]}

    text = approval_text([rule], lambda amount: f"EUR {amount}")

    assert text == "EUR 620.50 net is above the buyer's limit of EUR 500.00."


def figures(limit, used="0", opened="0", order="100", hold=False):
    return CreditFigures(
        limit_amount=None if limit is None else Decimal(limit),
        used_amount=Decimal(used),
        open_amount=Decimal(opened),
        order_amount=Decimal(order),
        is_on_hold=hold,
    )


@pytest.mark.req("CRT-09")
@pytest.mark.parametrize(
    ("case", "rule", "shortage"),
    [
        (figures("100"), "within_limit", "0"),
        (figures("99.99"), "over_limit", "0.01"),
        (figures("1000", used="600", opened="300"), "within_limit", "0"),
        (figures("1000", used="600", opened="300.01"), "over_limit", "0.01"),
        (figures(None, used="999999"), "no_limit", "0"),
        (figures("0", order="0.01"), "over_limit", "0.01"),
        (figures("1000", used="-50", order="1050"), "within_limit", "0"),
        (figures("1000", hold=True), "on_hold", "0"),
        (figures(None, hold=True), "on_hold", "0"),
    ],
)
def test_credit_is_exact_at_its_boundary(case, rule, shortage):
    verdict = judge_credit(case)

    assert (verdict.rule, verdict.shortage) == (rule, Decimal(shortage))


def line(ordered, shipped=0, cancelled=0, invoiced=0):
    return LineProgress(Decimal(ordered), Decimal(cancelled), Decimal(shipped), Decimal(invoiced))


@pytest.mark.parametrize(
    ("lines", "word", "has_shipment", "expected"),
    [
        ([line(10)], "none", False, "none"),
        ([line(10)], "none", True, "waiting"),
        ([line(10)], "waiting", False, "waiting"),
        ([line(10, shipped=3)], "waiting", True, "partial"),
        ([line(10, shipped=10), line(5)], "none", False, "partial"),
        ([line(10, shipped=8, cancelled=2)], "none", False, "shipped"),
        ([line(10, shipped=12)], "none", False, "shipped"),
        ([line(10, shipped=10)], "exception", False, "exception"),
    ],
)
def test_delivery_follows_the_movements_and_the_word_of_trouble(lines, word, has_shipment, expected):
    assert delivery_status(lines, word, has_shipment) == expected


@pytest.mark.parametrize(
    ("lines", "word", "expected"),
    [
        ([line(10)], "none", "none"),
        ([line(10)], "pending", "pending"),
        ([line(10, invoiced=4)], "pending", "partial"),
        ([line(10, invoiced=8, cancelled=2)], "none", "invoiced"),
        ([line(10, invoiced=10)], "exception", "exception"),
    ],
)
def test_invoicing_follows_the_invoices_and_the_word_of_trouble(lines, word, expected):
    assert invoice_status(lines, word) == expected


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ([], "none"),
        ([("100", "100")], "open"),
        ([("100", "40")], "partial"),
        ([("100", "0"), ("50", "50")], "partial"),
        ([("100", "0"), ("50", "0")], "paid"),
        ([("100", "-5")], "paid"),
    ],
)
def test_payment_follows_what_the_erp_says_is_open(claims, expected):
    assert payment_status([Claim(Decimal(gross), Decimal(left)) for gross, left in claims]) == expected


@pytest.mark.parametrize(
    ("allocated", "in_hand", "has_left", "shipped", "expected"),
    [
        (10, 0, False, 0, 0),
        (6, 0, False, 0, 4),
        (6, 10, False, 0, 0),
        (10, 0, True, 6, 4),
        (10, 4, True, 6, 0),
        (0, 0, True, 12, 0),
    ],
)
def test_what_stays_behind_is_backordered(allocated, in_hand, has_left, shipped, expected):
    missing = backordered(line(10, shipped=shipped), Decimal(allocated), Decimal(in_hand), has_left)

    assert missing == expected


@pytest.mark.parametrize(
    ("lines", "payment", "expected"),
    [
        ([line(10, shipped=10, invoiced=10)], PaymentStatus.PAID, True),
        ([line(10, shipped=10, invoiced=10)], PaymentStatus.PARTIAL, False),
        ([line(10, shipped=9, invoiced=10)], PaymentStatus.PAID, False),
        ([line(10, shipped=10, invoiced=9)], PaymentStatus.PAID, False),
        ([line(10, shipped=7, cancelled=3, invoiced=7)], PaymentStatus.PAID, True),
    ],
)
def test_an_order_is_complete_when_all_is_shipped_invoiced_and_paid(lines, payment, expected):
    assert is_complete(lines, payment) is expected


@pytest.mark.parametrize(
    ("version", "stored", "expected"),
    [
        ("9", "10", True),
        ("10", "9", False),
        ("10", "10", False),
        ("2026-11-20T08:00:00.000001", "2026-11-20T08:00:00.000002", True),
        ("2026-11-21T08:00:00", "2026-11-20T08:00:00", False),
    ],
)
def test_versions_are_compared_as_numbers_or_as_times(version, stored, expected):
    assert is_older(version, stored) is expected


def cover(key, position, *pairs):
    return Cover(key, position, tuple((Decimal(want), Decimal(have)) for want, have in pairs))


def test_the_warehouse_with_most_whole_lines_wins_then_the_fuller_one_then_the_first():
    assert best_warehouse([cover(1, 0, (10, 9), (10, 9)), cover(2, 1, (10, 10), (10, 0))]) == 2
    assert best_warehouse([cover(1, 0, (10, 3), (10, 0)), cover(2, 1, (10, 4), (10, 0))]) == 2
    assert best_warehouse([cover(2, 1, (10, 4)), cover(1, 0, (10, 4))]) == 1
    assert best_warehouse([]) is None
