"""When a revision needs a second pair of eyes."""

from decimal import Decimal as D

import pytest

from quotes.rules.approval import (
    Limits,
    LineFigures,
    QuoteFigures,
    Reason,
    ReasonCode,
    approval_reasons,
)

NO_LIMITS = Limits()


def line(price="10", quantity="1", position=1, **known):
    prices = {name: None if value is None else D(value) for name, value in known.items()}
    return LineFigures(
        position=position,
        sku=f"P{position}",
        quantity=D(quantity),
        unit_price=D(price),
        net_amount=D(price) * D(quantity),
        **prices,
    )


def codes(*lines, **limits):
    asked = Limits(**{name: D(value) for name, value in limits.items()})
    return [reason.code for reason in approval_reasons(QuoteFigures(lines), asked)]


@pytest.mark.req("QTE-04")
@pytest.mark.parametrize(
    ("price", "floor", "below"),
    [
        ("0.1889", "0.1890", True),
        ("0.1890", "0.1890", False),
        ("0.1891", "0.1890", False),
        ("1", None, False),
    ],
)
def test_only_a_price_under_its_floor_is_below_it(price, floor, below):
    assert line(price, floor_price=floor).is_below_floor is below


@pytest.mark.req("QTE-04", "QTE-06")
def test_a_line_below_its_floor_asks_even_where_the_policy_has_no_limits():
    lines = (line("9.99", position=1, floor_price="10"), line("10", position=2, floor_price="10"))

    reasons = approval_reasons(QuoteFigures(lines), NO_LIMITS)

    assert reasons == (Reason(ReasonCode.BELOW_FLOOR, D(10), D("9.99"), 1, "P1"),)


@pytest.mark.req("QTE-06")
@pytest.mark.parametrize(
    ("price", "expected"), [("90", []), ("89.99", ["discount"]), ("100", []), ("120", [])]
)
def test_a_discount_asks_only_beyond_the_limit(price, expected):
    assert codes(line(price, list_price="100"), max_discount_percent=10) == expected


@pytest.mark.req("QTE-06")
def test_a_discount_counts_from_the_agreement_where_there_is_one():
    agreed = line("76", list_price="100", contract_price="80")

    assert codes(agreed, max_discount_percent=10) == []
    assert codes(agreed, max_discount_percent=4) == ["discount"]


@pytest.mark.req("QTE-06")
@pytest.mark.parametrize(("cost", "expected"), [("80", []), ("80.01", ["margin"]), ("10", [])])
def test_a_margin_asks_only_under_the_limit(cost, expected):
    assert codes(line("100", cost_price=cost), min_margin_percent=20) == expected


def test_the_margin_is_judged_over_the_whole_quote():
    thin, rich = line("100", position=1, cost_price="95"), line("100", position=2, cost_price="50")

    assert codes(thin, rich, min_margin_percent=20) == []


def test_a_quote_that_asks_for_nothing_has_no_margin_and_needs_approval():
    gift = line("0", cost_price="5")

    assert codes(gift, min_margin_percent=0) == ["margin"]
    assert QuoteFigures((gift,)).margin_percent is None


def test_an_unknown_cost_asks_where_a_margin_is_demanded():
    lines = (line("100", position=1, cost_price="10"), line("100", position=2))

    assert codes(*lines, min_margin_percent=20) == ["cost_unknown"]
    assert codes(*lines) == []
    assert QuoteFigures(lines).cost_amount is None


@pytest.mark.req("QTE-06")
@pytest.mark.parametrize(("quantity", "expected"), [("1000", []), ("1000.01", ["value"])])
def test_a_value_asks_only_above_the_limit(quantity, expected):
    assert codes(line("10", quantity=quantity), max_net_amount=10000) == expected


@pytest.mark.req("QTE-06")
def test_every_rule_that_asks_is_named_lines_first():
    bad = line("1", quantity="20000", list_price="2", floor_price="1.5", cost_price="1.2")

    asked = codes(bad, max_discount_percent=10, min_margin_percent=20, max_net_amount=10000)

    assert asked == ["below_floor", "discount", "margin", "value"]


def test_a_reason_is_kept_with_its_figures_as_text():
    reason = Reason(ReasonCode.BELOW_FLOOR, D("0.1890"), D("0.1820"), 3, "4032-M16-10")

    assert reason.as_json() == {
        "code": "below_floor",
        "limit": "0.1890",
        "value": "0.1820",
        "position": 3,
        "sku": "4032-M16-10",
    }
