"""How long a revision holds, what the buyer is told, what changed."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import WrongState
from core.money import line_net
from core.states import check_move
from quotes.rules.document import buyer_view, is_expired
from quotes.rules.revisions import ChangeKind, line_changes, total_change
from quotes.states import QUOTE_NEXT, RFQ_NEXT, BuyerView, QuoteStatus, RfqStatus


@dataclass(frozen=True)
class Line:
    sku: str
    quantity: D
    unit_price: D | None
    unit_key: str = "u"

    @property
    def net_amount(self):
        return line_net(self.quantity, self.unit_price or D(0), currency="EUR")


@pytest.mark.parametrize("old", QuoteStatus)
@pytest.mark.parametrize("new", QuoteStatus)
def test_the_table_of_quotes_is_the_whole_truth(old, new):
    if new in QUOTE_NEXT[old]:
        check_move(QUOTE_NEXT, old, new)
    else:
        with pytest.raises(WrongState):
            check_move(QUOTE_NEXT, old, new)


@pytest.mark.parametrize("old", RfqStatus)
@pytest.mark.parametrize("new", RfqStatus)
def test_the_table_of_requests_is_the_whole_truth(old, new):
    if new in RFQ_NEXT[old]:
        check_move(RFQ_NEXT, old, new)
    else:
        with pytest.raises(WrongState):
            check_move(RFQ_NEXT, old, new)


@pytest.mark.req("QTE-10")
@pytest.mark.parametrize(
    ("today", "expired"),
    [(date(2026, 12, 3), False), (date(2026, 12, 4), False), (date(2026, 12, 5), True)],
)
def test_the_last_valid_day_still_counts(today, expired):
    assert is_expired(date(2026, 12, 4), today) is expired
    assert is_expired(None, today) is False


@pytest.mark.req("QTE-06")
@pytest.mark.parametrize("status", QuoteStatus)
def test_what_was_never_sent_is_invisible_in_every_state(status):
    assert buyer_view(status, 0, expired=False) is None


@pytest.mark.parametrize("status", QuoteStatus)
def test_what_was_sent_once_has_a_word_for_the_buyer_in_every_state(status):
    assert buyer_view(status, 1, expired=False) in BuyerView


def test_a_sent_quote_past_its_validity_is_told_as_expired_before_the_sweep_comes():
    assert buyer_view(QuoteStatus.SENT, 1, expired=True) is BuyerView.EXPIRED
    assert buyer_view(QuoteStatus.SENT, 1, expired=False) is BuyerView.WAITING


@pytest.mark.req("QTE-09")
def test_lines_are_compared_by_product_and_unit_and_removed_ones_stay_visible():
    old = [Line("A", D(10), D("1.00")), Line("B", D(5), D("2.00")), Line("C", D(1), D("3.00"))]
    new = [Line("C", D(1), D("3.00")), Line("A", D(10), D("0.90")), Line("D", D(2), D("4.00"))]

    changes = line_changes(old, new)

    assert [(change.kind, (change.new or change.old).sku) for change in changes] == [
        (ChangeKind.SAME, "C"),
        (ChangeKind.CHANGED, "A"),
        (ChangeKind.ADDED, "D"),
        (ChangeKind.REMOVED, "B"),
    ]
    assert changes[1].price_percent == D(-10)
    assert changes[1].has_new_quantity is False


def test_the_same_product_twice_is_compared_in_order():
    old = [Line("A", D(1), D(5)), Line("A", D(2), D(5))]
    new = [Line("A", D(1), D(5)), Line("A", D(3), D(5))]

    assert [change.kind for change in line_changes(old, new)] == [ChangeKind.SAME, ChangeKind.CHANGED]


lines = st.lists(
    st.builds(
        Line,
        sku=st.sampled_from("ABCD"),
        quantity=st.integers(1, 5000).map(D),
        unit_price=st.integers(0, 10**6).map(lambda n: D(n) / 10**4),
    ),
    max_size=6,
)


@pytest.mark.req("QTE-09")
@given(old=lines, new=lines)
def test_the_reasons_add_up_to_the_difference_of_the_totals(old, new):
    change = total_change(line_changes(old, new), "EUR")

    assert change.total == sum(x.net_amount for x in new) - sum(x.net_amount for x in old)
