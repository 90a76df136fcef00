"""A quote to work on."""

import pytest

from tests.factories.orders import sell
from tests.factories.quotes import agree, begin, costs, policy


@pytest.fixture
def deal(anna, sam):
    """A draft of two lines with costs, under a policy with limits."""
    bolt = sell("BOLT", "1.00")
    costs(bolt, "0.60")
    costs(sell("NUT", "0.50"), "0.30")
    agree(anna.company, bolt, "0.95")
    policy(max_discount_percent=10, min_margin_percent=20)
    return begin(anna, sam, BOLT=1000, NUT=100)
