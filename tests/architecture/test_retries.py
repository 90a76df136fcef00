"""docs/retries.md names for each scenario a test that there is, and leaves no kind of failure out."""

import re
from pathlib import Path

import pytest

from integrations.states import ErrorClass
from tests.integrations.test_fault_matrix import FAULTS

PROJECT = Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "docs" / "retries.md").read_text()
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)
# What each class of failure is called on the page.
CLASSES = {
    ErrorClass.TRANSIENT: "busy",
    ErrorClass.UNKNOWN: "unknown",
    ErrorClass.REFUSED: "refuses",
    ErrorClass.BROKEN: "breaks our program",
    ErrorClass.LOST: "A worker dies",
}


@pytest.mark.req("TST-12", "INT-26")
@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _file, name in NAMED])
def test_the_test_of_each_scenario_is_there(file, name):
    assert f"\ndef {name}(" in (PROJECT / file).read_text()


@pytest.mark.req("TST-12")
def test_every_scenario_has_its_test_and_every_class_of_failure_its_scenario():
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| scenario")]

    assert len(NAMED) == len(rows) >= 20
    assert set(CLASSES) == set(ErrorClass)
    assert [word for word in CLASSES.values() if word not in PAGE] == []


@pytest.mark.req("TST-06")
def test_the_matrix_holds_the_faults_that_a_line_can_have():
    named = {fault.name for fault in FAULTS}
    asked = {"timeout", "503", "429", "429 with Retry-After", "dropped before", "dropped after", "garbage"}

    assert asked | {"duplicate", "slow"} <= named
