"""An order on its way, before and after the ERP has taken it."""

import pytest

from orders.actions.erp import confirm_order
from tests.factories.erp_facts import answer
from tests.factories.orders import order_now, sell


@pytest.fixture
def order(anna):
    """100 of A1 and 40 of A2, each at 1.00, received."""
    sell("A1")
    sell("A2")
    return order_now(anna, A1=100, A2=40)


@pytest.fixture
def confirmed(order, erp):
    confirm_order(order.number, answer(order), by=erp)
    order.refresh_from_db()
    return order
