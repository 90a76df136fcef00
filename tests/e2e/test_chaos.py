"""A small run of `make chaos`: everything is killed, the line is bad, and both sides agree in the end."""

import pytest

from demo.environment import say
from tests.chaos.play import Size, play
from tests.databases import cluster_of_tests

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack")]


@pytest.mark.req("ORD-03", "INT-34", "INT-35", "INT-37", "INT-38", "TST-06", "TST-10", "CRT-15")
def test_nothing_is_lost_doubled_or_different_whatever_is_killed(tmp_path):
    verdict = play(cluster_of_tests(), tmp_path, Size(orders=24, clients=3, seconds=420.0), tell=say)

    assert verdict.placed == 24
    assert (verdict.lost, verdict.duplicated, verdict.mismatched) == ([], [], [])
    assert verdict.in_erp == 24
