"""Orders at the same time, on real connections: one order per cart, one room per limit."""

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from accounts.actions.delegation import end_delegation
from accounts.models import Membership
from catalog.models import Allocation
from core.errors import DomainError, WrongState
from core.models import Event
from orders.actions.approval import approve_order, reject_order
from orders.actions.checkout import checkout
from orders.actions.erp import confirm_order, hold_order
from orders.models import ApprovalDecision, BudgetEntry, Order, OrderLine
from orders.queries.cart import cart_for
from orders.rules.budget import OverBudget
from orders.rules.credit import OverLimit
from tests.conftest import enrol
from tests.factories.accounts import AddressFactory, CompanyFactory, CreditAccountFactory
from tests.factories.approvals import BudgetFactory, delegation_of
from tests.factories.erp_facts import answer
from tests.factories.orders import choice_of, fill, order_now, sell

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Run all calls in threads of their own, started together; answers or errors in their order."""
    start = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def run(place: int, call: Callable[[], Any]) -> None:
        try:
            start.wait()
            results[place] = call()
        except Exception as error:  # noqa: BLE001 - told to the test
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@pytest.mark.req("CRT-15")
def test_thirty_submits_of_one_cart_make_one_order_and_all_get_its_number(anna):
    sell("A1")
    fill(anna, A1=5)
    cart, choice = cart_for(anna.scope), choice_of(anna)

    results = at_once([lambda: checkout(cart, choice, by=anna.actor) for _ in range(30)])

    order = Order.objects.get()
    assert [getattr(result, "number", result) for result in results] == [order.number] * 30
    assert OrderLine.objects.count() == 1
    assert Allocation.objects.count() == 1
    assert Event.objects.filter(name="order.received").count() == 1


@pytest.mark.req("CRT-15")
def test_two_tabs_with_different_answers_make_one_order(anna):
    sell("A1")
    fill(anna, A1=5)
    AddressFactory(company=anna.company, erp_id="hall-2")
    cart = cart_for(anna.scope)
    tabs = [choice_of(anna), choice_of(anna, ship_to_erp_id="hall-2", po_number="4711")]

    results = at_once([lambda tab=tab: checkout(cart, tab, by=anna.actor) for tab in tabs])

    assert {result.number for result in results} == {Order.objects.get().number}


@pytest.mark.req("CRT-13", "CRT-09")
def test_two_orders_of_sixty_percent_do_not_both_fit(acme):
    CreditAccountFactory(company=acme, limit_amount=Decimal("200"))
    sell("A1", "1.00")
    buyers = [enrol(name, acme, "buyer") for name in ("Ada", "Ben")]
    for buyer in buyers:
        fill(buyer, A1=100)
    carts = [(cart_for(buyer.scope), choice_of(buyer), buyer.actor) for buyer in buyers]

    results = at_once(
        [lambda cart=cart, choice=choice, by=by: checkout(cart, choice, by=by) for cart, choice, by in carts]
    )

    assert Order.objects.count() == 1
    refused = [result for result in results if isinstance(result, DomainError)]
    assert [type(result) for result in refused] == [OverLimit]
    assert refused[0].details["shortage"] == "40.0000"


@pytest.mark.req("CRT-13")
def test_two_branches_that_share_a_limit_do_not_both_fit(acme):
    CreditAccountFactory(company=acme, limit_amount=Decimal("200"))
    sell("A1", "1.00")
    buyers = []
    for number in ("NORTH", "SOUTH"):
        branch = CompanyFactory(number=number, parent=acme)
        AddressFactory(company=branch, erp_id=f"{number.lower()}-1")
        buyers.append(enrol(number.title(), branch, "buyer"))
    for buyer in buyers:
        fill(buyer, A1=100)
    carts = [(cart_for(buyer.scope), choice_of(buyer), buyer.actor) for buyer in buyers]

    results = at_once(
        [lambda cart=cart, choice=choice, by=by: checkout(cart, choice, by=by) for cart, choice, by in carts]
    )

    assert Order.objects.count() == 1
    assert sum(isinstance(result, OverLimit) for result in results) == 1


def test_parallel_orders_promise_no_piece_twice(acme):
    sell("A1", on_hand=100)
    buyers = [enrol(f"Buyer {n}", acme, "buyer") for n in range(6)]
    for buyer in buyers:
        fill(buyer, A1=30)
    carts = [(cart_for(buyer.scope), choice_of(buyer), buyer.actor) for buyer in buyers]

    def submit(cart, choice, by):
        try:
            return checkout(cart, choice, by=by)
        except DomainError as refusal:
            return refusal

    at_once([lambda item=item: submit(*item) for item in carts])

    promised = sum(OrderLine.objects.values_list("allocated", flat=True))
    assert promised <= 100


def test_of_an_approval_and_a_rejection_at_once_one_wins(anna, boris, acme):
    Membership.objects.filter(user=anna.user).update(order_limit=Decimal(0))
    sell("A1")
    order = order_now(anna, A1=5)
    carl = enrol("Carl", acme, "approver")

    results = at_once(
        [
            lambda: approve_order(order, by=boris.actor),
            lambda: reject_order(order, by=carl.actor, comment="too much"),
        ]
    )

    order.refresh_from_db()
    assert order.status in ("received", "rejected")
    assert sorted(type(result).__name__ for result in results) == ["Order", "WrongState"]
    assert order.moves.count() == 2


def test_of_a_confirmation_and_a_refusal_at_once_the_confirmation_stands(anna, erp):
    sell("A1")
    order = order_now(anna, A1=5)

    at_once(
        [
            lambda: confirm_order(order.number, answer(order), by=erp),
            lambda: hold_order(order.number, "refused", by=erp),
            lambda: confirm_order(order.number, answer(order), by=erp),
        ]
    )

    order.refresh_from_db()
    assert (order.status, order.erp_number) == ("confirmed", "SALE-7")
    assert order.moves.filter(new="confirmed").count() == 1


@pytest.mark.req("APR-08")
def test_orders_that_fit_a_budget_alone_but_not_together(acme):
    members = [enrol(name, acme, "buyer") for name in ("Anna", "Berta", "Cesar")]
    # Both are locked by all of them, in the same order: none waits for another for ever.
    wide = BudgetFactory(company=acme, amount=None)
    narrow = BudgetFactory(company=acme, amount=Decimal(100))
    sell("A1")
    for member in members:
        fill(member, A1=60)
    choices = [(member, choice_of(member)) for member in members]

    results = at_once(
        [
            lambda who=who, choice=choice: checkout(cart_for(who.scope), choice, by=who.actor)
            for who, choice in choices
        ]
    )

    assert sorted(type(result).__name__ for result in results) == ["Order", "OverBudget", "OverBudget"]
    assert [result.details["left"] for result in results if isinstance(result, OverBudget)] == ["40.0000"] * 2
    booked = BudgetEntry.objects.order_by("budget_id").values_list("budget_id", "kind", "amount")
    assert list(booked) == [(wide.pk, "reserved", 60), (narrow.pk, "reserved", 60)]


@pytest.mark.req("APR-01")
def test_of_two_approvers_at_once_one_decides_and_the_other_is_told(anna, boris, acme):
    dora = enrol("Dora", acme, "approver")
    Membership.objects.filter(user=anna.user).update(order_limit=Decimal(50))
    sell("A1")
    order = order_now(anna, A1=100)

    results = at_once([lambda who=who: approve_order(order, by=who.actor) for who in (boris, dora)])

    told = [result for result in results if isinstance(result, WrongState)]
    assert len(told) == 1
    decision = ApprovalDecision.objects.get()
    assert decision.actor_label in str(told[0])
    assert Event.objects.filter(name="order.received").count() == 1


@pytest.mark.req("APR-09")
def test_a_delegation_is_taken_back_once(boris):
    dora = enrol("Dora", boris.company, "buyer")
    made = delegation_of(boris.company, boris.user, dora.user)

    results = at_once([lambda: end_delegation(boris.scope, made.pk, by=boris.actor) for _ in range(4)])

    assert sorted(type(result).__name__ for result in results) == ["NoneType", *["NotFound"] * 3]
    assert Event.objects.filter(name="delegation.ended").count() == 1
