"""Trees that come as nodes with the names of their parents."""

import pytest

from core.trees import misplaced


def test_what_cannot_be_placed_is_named_with_all_below_it():
    parents = {"a": None, "b": "a", "me": "me", "x": "y", "y": "x", "lost": "gone", "child": "lost"}

    assert misplaced(parents) == {
        "me": "self",
        "x": "cycle",
        "y": "cycle",
        "lost": "missing",
        "child": "missing",
    }


@pytest.mark.req("ACC-02")
def test_below_a_node_that_is_here_there_is_still_a_place_when_its_news_is_bad():
    told = {"old": "gone", "child": "old", "grandchild": "child"}

    assert misplaced(told, known={"old": None}) == {"old": "missing"}


def test_a_node_whose_news_is_refused_stays_and_closes_no_circle():
    told = {"branch": "gone", "head": "branch"}

    assert misplaced(told, known={"head": None, "branch": "head"}) == {"branch": "missing", "head": "cycle"}


def test_what_hangs_below_a_newcomer_refused_for_another_reason_is_missing_its_parent():
    told = {"new": None, "child": "new", "grandchild": "child"}

    assert misplaced(told, refused={"new"}) == {"child": "missing", "grandchild": "missing"}
    assert misplaced(told, refused={"new"}, known={"new": None}) == {}
