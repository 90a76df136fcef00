"""Approving and rejecting orders, and taking them back."""

from dataclasses import replace
from decimal import Decimal

import pytest

from accounts.models import Company, Membership
from accounts.queries.scopes import scope_for
from core.errors import InvalidValue, NotAllowed, NotFound, WrongState
from core.models import Event
from orders.actions.approval import approve_order, reject_order
from orders.actions.cancel import cancel_order
from orders.actions.erp import confirm_order
from orders.models import Order
from orders.queries.orders import approvals_for, order_by_number, orders_for, orders_with_po, search_orders
from orders.queries.outlook import approval_outlook
from orders.rules.approval import needs_approval
from tests.conftest import Member, enrol
from tests.factories.accounts import AddressFactory, CompanyFactory, MembershipFactory
from tests.factories.erp_facts import answer
from tests.factories.orders import order_now, sell

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(anna, boris):
    """An order of Anna's that waits for an approver."""
    Membership.objects.filter(user=anna.user).update(order_limit=Decimal(50))
    sell("A1")
    return order_now(anna, A1=100)


def names():
    return list(Event.objects.filter(name__startswith="order.").values_list("name", flat=True))


def test_an_approved_order_goes_on_to_the_erp(waiting, boris):
    approve_order(waiting, by=boris.actor, comment="needed for line 4")

    waiting.refresh_from_db()
    assert (waiting.status, waiting.decided_by) == ("received", boris.user)
    assert names() == ["order.approval_requested", "order.approved", "order.received"]
    received = Event.objects.get(name="order.received")
    assert received.payload["order"]["lines"][0]["sku"] == "A1"


def test_a_rejected_order_is_over_and_says_why(waiting, boris):
    reject_order(waiting, by=boris.actor, comment="not this year")

    waiting.refresh_from_db()
    assert (waiting.status, waiting.decision_comment) == ("rejected", "not this year")
    assert names() == ["order.approval_requested", "order.rejected"]
    with pytest.raises(WrongState):
        approve_order(waiting, by=boris.actor)


def test_a_rejection_needs_a_reason(waiting, boris):
    with pytest.raises(InvalidValue):
        reject_order(waiting, by=boris.actor, comment="  ")

    waiting.refresh_from_db()
    assert waiting.status == "pending_approval"


@pytest.mark.parametrize(
    ("net", "limit", "waits"),
    [
        ("500", "500", False),
        ("500.01", "500", True),
        ("0", "0", True),
        ("0.01", "0", True),
        ("9999", None, False),
    ],
)
def test_above_the_limit_an_order_waits_and_at_zero_every_one(net, limit, waits):
    assert needs_approval(Decimal(net), limit and Decimal(limit)) is waits


def test_nobody_decides_on_the_own_order(waiting, anna):
    Membership.objects.filter(user=anna.user).update(roles=["buyer", "approver"])

    for decide in (approve_order, reject_order):
        with pytest.raises(NotAllowed):
            decide(waiting, by=anna.actor, comment="me")

    waiting.refresh_from_db()
    assert waiting.status == "pending_approval"


def test_whoever_may_not_approve_here_decides_nothing(waiting, clara):
    finance = enrol("Fina", waiting.company, "finance")

    for stranger in (clara, finance):
        with pytest.raises(NotAllowed):
            approve_order(waiting, by=stranger.actor)

    waiting.refresh_from_db()
    assert waiting.status == "pending_approval"
    assert names() == ["order.approval_requested"]


@pytest.mark.req("ACC-09")
@pytest.mark.parametrize("includes_branches", [True, False])
def test_an_approver_above_decides_only_with_the_branches(waiting, includes_branches):
    head = CompanyFactory(number="HEAD")
    Company.objects.filter(pk=waiting.company_id).update(parent=head)
    dora = enrol("Dora", head, "approver", includes_branches=includes_branches)

    if includes_branches:
        assert list(approvals_for(dora.scope)) == [waiting]
        approve_order(waiting, by=dora.actor)
    else:
        assert not approvals_for(dora.scope).exists()
        with pytest.raises(NotAllowed):
            approve_order(waiting, by=dora.actor)

    waiting.refresh_from_db()
    assert waiting.status == ("received" if includes_branches else "pending_approval")


def test_the_inbox_holds_what_waits_for_this_person_alone(waiting, anna, boris, clara):
    assert list(approvals_for(boris.scope)) == [waiting]
    for other in (anna, clara):
        assert not approvals_for(other.scope).exists()

    Membership.objects.filter(user=anna.user).update(roles=["buyer", "approver"])
    assert not approvals_for(scope_for(anna.user.pk, anna.company.pk)).exists()


@pytest.mark.req("ACC-16", "APR-06")
def test_nothing_waits_for_whoever_acts_in_an_approvers_place(waiting, boris):
    assert approvals_for(boris.scope).exists()
    assert not approvals_for(replace(boris.scope, principal_id=boris.user.pk)).exists()


def test_an_order_is_not_cancelled_here_once_the_erp_has_it(anna, erp):
    sell("A1")
    order = order_now(anna, A1=5)
    confirm_order(order.number, answer(order), by=erp)

    with pytest.raises(WrongState) as refusal:
        cancel_order(order, by=anna.actor, reason="changed my mind")

    assert "contact in sales" in str(refusal.value)
    order.refresh_from_db()
    assert order.status == "confirmed"


def test_a_received_order_can_be_taken_back(anna):
    sell("A1")
    order = order_now(anna, A1=5)

    cancel_order(order, by=anna.actor, reason="changed my mind")

    order.refresh_from_db()
    assert order.status == "cancelled"
    assert order.lines.get().cancelled == 5
    assert order.moves.last().reason == "changed my mind"
    assert names() == ["order.received", "order.cancelled"]


@pytest.mark.req("ACC-09")
def test_headquarters_see_the_orders_of_branches_and_branches_only_their_own(anna):
    head = CompanyFactory(number="HEAD")
    sister = CompanyFactory(number="SISTER", parent=head)
    Company.objects.filter(pk=anna.company.pk).update(parent=head)
    sell("A1")
    order = order_now(anna, A1=5)

    above = enrol("Hugo", head, "finance", includes_branches=True)
    beside = enrol("Sina", sister, "buyer")

    assert list(orders_for(above.scope)) == [order]
    assert order_by_number(above.scope, order.number) == order
    assert not orders_for(beside.scope).exists()
    with pytest.raises(NotFound):
        order_by_number(beside.scope, order.number)


def test_a_person_without_a_company_sees_no_orders(anna):
    from accounts.scope import NOTHING

    sell("A1")
    order_now(anna, A1=5)

    assert not orders_for(NOTHING).exists()


def test_orders_are_found_by_number_po_and_product(anna, clara):
    sell("A1")
    sell("A2")
    first = order_now(anna, choice={"po_number": "PO-77/4"}, A1=5)
    second = order_now(anna, A2=5)

    assert list(search_orders(anna.scope, text="77/4")) == [first]
    assert list(search_orders(anna.scope, text=second.number.lower())) == [second]
    assert list(search_orders(anna.scope, text="A1")) == [first]
    assert list(search_orders(anna.scope, tab="done")) == []
    assert not search_orders(clara.scope, text="A1").exists()


@pytest.mark.req("CRT-06")
def test_a_po_number_used_before_is_known_within_the_company(anna, clara):
    sell("A1")
    order = order_now(anna, choice={"po_number": "PO-77"}, A1=5)

    assert list(orders_with_po(anna.scope, " po-77 ")) == [order]
    assert not orders_with_po(clara.scope, "PO-77").exists()
    assert not orders_with_po(anna.scope, "").exists()

    cancel_order(order, by=anna.actor, reason="again")
    assert not orders_with_po(anna.scope, "PO-77").exists()


def test_membership_of_two_companies_keeps_their_orders_apart(anna, other):
    sell("A1")
    order_now(anna, A1=5)
    MembershipFactory(user=anna.user, company=other, roles=["buyer"])

    assert not orders_for(scope_for(anna.user.pk, other.pk)).exists()
    assert Order.objects.count() == 1


@pytest.mark.req("APR-01", "ACC-09")
def test_a_lesser_place_in_a_branch_does_not_lift_the_limit_by_which_one_orders_there(anna, boris):
    branch = CompanyFactory(number="BR", parent=anna.company)
    AddressFactory(company=branch, erp_id="br-1")
    enrol("Bea", branch, "approver")
    Membership.objects.filter(user=anna.user).update(order_limit=Decimal(50), includes_branches=True)
    MembershipFactory(user=anna.user, company=branch, roles=["viewer"])
    sell("A1")
    there = Member(anna.user, branch, scope_for(anna.user.pk, branch.pk), anna.actor)

    order = order_now(there, A1=100)

    assert order.status == "pending_approval"
    assert approval_outlook(there.scope, Decimal(100)).limit == 50
