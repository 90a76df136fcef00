"""The table of what is done when the ERP disagrees or does not answer, and how a price is decided by it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

from core.errors import InvalidValue
from orders.live import Heard, LiveAnswers, LivePrice
from orders.rules.confirm import PricedLine, decide_prices, disagreement_of, sentence_of
from orders.rules.live import (
    CHOICES,
    DEFAULTS,
    Decision,
    NotConfirmed,
    Table,
    cell,
    check_confirmed,
    check_rules,
    situation_of,
)
from orders.states import LiveKind, LiveRule, Situation

NOW = datetime(2026, 11, 28, 10, 42, tzinfo=UTC)
EARLIER = NOW - timedelta(minutes=4)


def decide(ours, theirs, *, shown=None, why="", is_stale=False, **rules):
    """The decision on one price. theirs: None for no answer."""
    prices = ()
    if theirs is not None:
        prices = (LivePrice(sku="A", unit_key="u", break_quantity=5, unit_price=theirs, as_of=NOW),)
    answers = LiveAnswers(asked_at=NOW, heard={LiveKind.PRICE: Heard(prices=prices, why=why)})
    line = PricedLine(
        "A", "u", Decimal(5), Decimal(ours), None if shown is None else Decimal(shown), EARLIER, is_stale
    )
    (decision,) = decide_prices([line], answers, Table(7, {**DEFAULTS, **rules}))
    return decision


@pytest.mark.req("CRT-11", "INT-29")
@pytest.mark.parametrize(
    ("theirs", "rules", "situation", "rule", "kept"),
    [
        ("4.10", {}, "agrees", "take_erp", "4.1"),
        ("4.25", {}, "worse", "refuse", "4.25"),
        ("4.25", {"price_worse": "last_known"}, "worse", "last_known", "4.1"),
        ("4.25", {"price_worse": "hold"}, "worse", "hold", "4.1"),
        ("4.00", {}, "better", "take_erp", "4"),
        ("4.00", {"price_better": "refuse"}, "better", "refuse", "4"),
        ("4.00", {"price_better": "last_known"}, "better", "last_known", "4.1"),
        (None, {}, "unheard", "last_known", "4.1"),
        (None, {"price_unheard": "to_confirm"}, "unheard", "to_confirm", "4.1"),
    ],
)
def test_the_table_says_which_price_holds(theirs, rules, situation, rule, kept):
    decision = decide("4.10", theirs, why="" if theirs else "timeout", **rules)

    assert (decision.situation, decision.rule, decision.kept) == (situation, rule, kept)
    assert decision.policy == 7


@pytest.mark.req("INT-29")
def test_without_an_answer_a_fresh_price_counts_and_an_old_one_is_to_be_confirmed():
    fresh, old = decide("4.10", None, why="timeout"), decide("4.10", None, why="timeout", is_stale=True)

    assert (fresh.rule, fresh.is_unconfirmed_price) == (LiveRule.LAST_KNOWN, False)
    assert (old.rule, old.is_unconfirmed_price) == (LiveRule.TO_CONFIRM, True)
    assert fresh.age == timedelta(minutes=4)


def test_who_was_shown_the_erps_price_and_ordered_has_consented():
    assert decide("4.10", "4.25", shown="4.25").has_consent
    assert not decide("4.10", "4.25", shown="4.10").has_consent


@pytest.mark.req("INT-29")
@pytest.mark.parametrize("price", ["0", "-1", "NaN", "Infinity"])
def test_nothing_costs_nothing_so_zero_is_no_answer(price):
    with pytest.raises(ValidationError):
        LivePrice(sku="A", unit_key="u", break_quantity=5, unit_price=price, as_of=NOW)


def test_a_price_of_another_quantity_is_no_answer():
    answers = LiveAnswers(
        asked_at=NOW,
        heard={
            LiveKind.PRICE: Heard(
                prices=(LivePrice(sku="A", unit_key="u", break_quantity=50, unit_price=3, as_of=NOW),)
            )
        },
    )

    assert answers.price_of("A", "u", Decimal(5)) is None
    assert answers.price_of("A", "u", Decimal(50)).unit_price == 3


@pytest.mark.parametrize(
    ("ours", "theirs", "less_is_better", "expected"),
    [
        ("5", "5.0", True, "agrees"),
        ("5", "6", True, "worse"),
        ("5", "4", True, "better"),
        ("5", "4", False, "worse"),
        ("5", "6", False, "better"),
        (None, "4", False, "worse"),
        ("4", None, False, "better"),
        (None, None, False, "agrees"),
    ],
)
def test_better_and_worse_are_meant_for_the_buyer(ours, theirs, less_is_better, expected):
    figures = [None if value is None else Decimal(value) for value in (ours, theirs)]

    assert situation_of(*figures, less_is_better=less_is_better) == expected


@pytest.mark.req("INT-29")
@pytest.mark.parametrize(("kind", "situation"), CHOICES)
@pytest.mark.parametrize("rule", LiveRule)
def test_each_case_takes_only_the_rules_that_make_sense_there(kind, situation, rule):
    rules = {**DEFAULTS, cell(kind, situation): str(rule)}

    if rule in CHOICES[kind, situation]:
        check_rules(rules)
    else:
        with pytest.raises(InvalidValue):
            check_rules(rules)


def test_a_higher_price_can_never_be_taken_unseen():
    assert LiveRule.TAKE_ERP not in CHOICES[LiveKind.PRICE, Situation.WORSE]


def test_a_table_with_a_missing_case_is_refused():
    with pytest.raises(InvalidValue):
        check_rules({name: rule for name, rule in DEFAULTS.items() if name != "credit_worse"})


@pytest.mark.req("CRT-14", "INT-29")
@pytest.mark.parametrize(
    ("bound", "exposed", "rule"),
    [(None, "10", "hold"), ("100", "100", "last_known"), ("100", "100.01", "hold"), ("0", "1", "hold")],
)
def test_cached_credit_counts_up_to_its_bound(bound, exposed, rule):
    table = Table(1, DEFAULTS, None if bound is None else Decimal(bound))

    assert table.credit_rule(Situation.UNHEARD_STALE, Decimal(exposed)) == rule
    assert table.credit_rule(Situation.WORSE, Decimal(exposed)) == "take_erp"


def test_where_the_policy_wants_a_word_its_silence_refuses_the_order():
    silent = decide("4.10", None, why="timeout", price_unheard="refuse")

    with pytest.raises(NotConfirmed) as refusal:
        check_confirmed([silent])

    assert refusal.value.details == {"kind": "price", "key": "A/u", "why": "timeout"}
    check_confirmed([decide("4.10", "4.25")])


@pytest.mark.req("OBS-23")
def test_a_decision_is_kept_whole_and_reads_as_a_sentence():
    decision = decide("4.10", "4.25")
    silent = decide("4.10", None, why="timeout")

    assert Decision.from_json(decision.to_json()) == decision
    assert Decision.from_json(silent.to_json()) == silent
    assert silent.to_json()["age_s"] == 240
    assert sentence_of(decision) == (
        "The ERP's price of A/u is worse for the buyer than ours; "
        "by rule refuse of policy 7 the ERP's figure holds."
    )
    assert sentence_of(silent) == (
        "The ERP said nothing about the price of A/u (timeout); our figure is 240 s old; "
        "by rule last_known of policy 7."
    )


@pytest.mark.req("CRT-11")
@pytest.mark.parametrize(
    ("rule", "winner", "kept", "refused"),
    [("refuse", "erp", "4.25", "4.1"), ("last_known", "us", "4.1", "4.25")],
)
def test_a_disagreement_names_winner_and_rule(rule, winner, kept, refused):
    row = disagreement_of(decide("4.10", "4.25", price_worse=rule), "SO-1")

    assert (row.winner, row.kept, row.refused) == (winner, kept, refused)
    assert row.key == "SO-1 A/u"
    assert row.rule == f"price_worse:{rule} v7"
