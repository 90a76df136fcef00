"""What the log of disagreements keeps."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from core import conflicts
from core.conflicts import Disagreement
from core.models import Conflict
from integrations.systems import flow_actor

pytestmark = pytest.mark.django_db


@pytest.mark.req("INT-03")
def test_a_disagreement_keeps_both_values_the_winner_the_rule_and_who_brought_it():
    flow = flow_actor("erp.products", correlation_id="c0ffee")
    found = Disagreement(
        model="catalog.Product",
        key="BEV-001",
        field="weight",
        kept=Decimal("12.50"),
        refused=Decimal("0"),
        winner="pim",
        loser="erp",
        rule="owner",
    )

    row = conflicts.note(found, by=flow)

    assert Conflict.objects.get() == row
    assert (row.model, row.key, row.field) == ("catalog.Product", "BEV-001", "weight")
    assert (row.kept, row.refused) == ("12.5", "0")
    assert (row.winner, row.loser, row.rule) == ("pim", "erp", "owner")
    assert (row.channel, row.source, row.correlation_id) == ("flow:erp.products", "erp", "c0ffee")


def test_no_disagreement_writes_nothing(django_assert_num_queries):
    with django_assert_num_queries(2):  # the savepoint
        assert conflicts.note_all([], by=flow_actor("erp.products")) == []

    assert not Conflict.objects.exists()


def test_values_are_kept_exactly_and_a_float_is_a_mistake():
    at = datetime(2026, 11, 28, 10, 42, tzinfo=UTC)

    assert conflicts.plain({"price": Decimal("1E+2"), "at": at, "days": [date(2026, 1, 2), None, True]}) == {
        "price": "100",
        "at": "2026-11-28T10:42:00+00:00",
        "days": ["2026-01-02", None, True],
    }
    with pytest.raises(TypeError, match="float"):
        conflicts.plain({"price": 1.5})
