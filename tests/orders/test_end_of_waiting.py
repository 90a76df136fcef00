"""What an order leaves behind when it waits no more: no stock that is held for it, no approval that is open."""

from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Membership
from orders.actions.approval import approve_order, reject_order, return_order
from orders.actions.cancel import cancel_order
from orders.models import ApprovalStep
from orders.queries.approval import open_request
from orders.queries.orders import approvals_for
from tests.conftest import enrol
from tests.factories.approvals import asks, rule_of
from tests.factories.orders import order_now, sell

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(anna, boris):
    """60 pieces of Anna's, which wait for an approver and are held in stock."""
    Membership.objects.filter(user=anna.user).update(order_limit=Decimal(50))
    sell("A1")
    return order_now(anna, A1=60)


@pytest.mark.req("APR-02")
@pytest.mark.parametrize("decide", [reject_order, return_order])
def test_an_order_that_is_turned_down_holds_no_stock(waiting, boris, decide):
    assert waiting.lines.get().allocated == 60

    decide(waiting, by=boris.actor, comment="not now")

    line = waiting.lines.get()
    assert (line.allocated, line.backordered) == (0, 0)


@pytest.mark.req("APR-02")
def test_an_order_that_is_cancelled_asks_nobody_any_more(waiting, anna, boris):
    assert list(approvals_for(boris.scope)) == [waiting]

    cancel_order(waiting, by=anna.actor, reason="changed my mind")

    assert open_request(waiting) is None
    assert waiting.approval_requests.get().state == "cancelled"
    assert [step.state for step in ApprovalStep.objects.all()] == ["ended"]


@pytest.mark.req("APR-09")
def test_once_escalated_one_decision_is_enough_where_all_were_asked(anna, boris, acme):
    gina = enrol("Gina", acme, "approver")
    rule_of(acme, asks(people=[boris.user.pk, gina.user.pk], needs="all"))
    sell("A1")
    order = order_now(anna, A1=60)
    ApprovalStep.objects.update(escalated_at=timezone.now())

    approve_order(order, by=boris.actor)

    order.refresh_from_db()
    assert order.status == "received"
