"""Ordering the cart: what is checked, what is kept, and that it happens once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Company, Membership
from accounts.states import Right
from catalog.models import Allocation
from core.days import erp_today
from core.errors import InvalidValue, NotAllowed, NotFound, OutOfDate
from core.models import Event
from orders.actions.cart import CartItem, add_line, empty_cart
from orders.actions.checkout import checkout
from orders.models import Order, OrderLine
from orders.queries.cart import cart_for
from orders.rules.approval import NoApprover
from orders.rules.lines import LinesRefused
from orders.states import OrderStatus
from tests.factories.accounts import AddressFactory, CreditAccountFactory, MembershipFactory
from tests.factories.catalog import StockLevelFactory
from tests.factories.orders import choice_of, fill, open_warehouse, order_now, sell
from tests.orders.looks import nothing_was_ordered

pytestmark = pytest.mark.django_db


@pytest.mark.req("CRT-16", "CRT-06", "ORD-21")
def test_an_order_is_received_with_all_that_the_buyer_said(anna):
    sell("A1", "1.25")
    details = {
        "po_number": "4500118274",
        "note": "Gate 2",
        "requested_on": erp_today() + timedelta(days=9),
    }

    order = order_now(anna, choice=details, A1=100)

    assert (order.status, order.company, order.placed_by) == ("received", anna.company, anna.user)
    assert (order.net_amount, order.tax_amount, order.gross_amount) == (125, 25, 150)
    assert (order.po_number, order.note) == ("4500118274", "Gate 2")
    assert order.ship_to["erp_id"] == "acme-1"
    assert order.payment_term.code == "net30"
    received, allocated = Event.objects.filter(subject=f"order:{order.number}").order_by("sequence")
    assert (received.name, allocated.name) == ("order.received", "stock.allocated")
    assert received.payload["order"]["po_number"] == "4500118274"
    assert received.payload["order"]["lines"][0] == {
        "position": 1,
        "sku": "A1",
        "product_erp_id": order.lines.get().product.erp_id,
        "name": "Socket head cap screw A1",
        "unit_key": "piece",
        "unit_code": "C62",
        "unit_erp_id": order.lines.get().unit.erp_id,
        "quantity": "100.000000",
        "unit_price": "1.250000",
        "price_unit": "1.000000",
        "net_amount": "125.0000",
        "tax_code": "standard",
        "tax_percent": "20.000",
        "note": "",
    }
    assert [(m.old, m.new, m.source) for m in order.moves.all()] == [("", "received", "portal")]


def test_the_cart_is_empty_afterwards_under_a_new_token(anna):
    sell("A1")
    fill(anna, A1=5)
    before = cart_for(anna.scope).token

    order_now(anna)

    cart = cart_for(anna.scope)
    assert not cart.lines.exists()
    assert cart.token != before


@pytest.mark.req("CRT-15")
def test_submitting_again_answers_the_same_order(anna):
    sell("A1")
    fill(anna, A1=5)
    choice = choice_of(anna)
    cart = cart_for(anna.scope)

    first = checkout(cart, choice, by=anna.actor)
    second = checkout(cart, choice, by=anna.actor)

    assert first.number == second.number
    assert Order.objects.count() == 1
    assert Event.objects.filter(name="order.received").count() == 1


def test_a_stale_tab_of_a_refilled_cart_orders_nothing_new(anna):
    sell("A1")
    fill(anna, A1=5)
    stale = choice_of(anna)
    placed = order_now(anna)
    fill(anna, A1=7)

    answer = checkout(cart_for(anna.scope), stale, by=anna.actor)

    assert answer.number == placed.number
    assert Order.objects.count() == 1
    assert cart_for(anna.scope).lines.get().quantity == 7


def test_a_cart_sent_as_a_request_meanwhile_is_not_ordered(anna):
    sell("A1")
    fill(anna, A1=5)
    stale = choice_of(anna)
    empty_cart(cart_for(anna.scope), by=anna.actor)

    with pytest.raises(OutOfDate):
        checkout(cart_for(anna.scope), stale, by=anna.actor)

    assert nothing_was_ordered()


@pytest.mark.req("ACC-03")
def test_goods_go_to_addresses_of_the_own_company_in_use_only(anna, other):
    sell("A1")
    fill(anna, A1=5)
    AddressFactory(company=anna.company, erp_id="old", is_active=False)
    AddressFactory(company=anna.company, erp_id="letters", is_ship_to=False)

    for erp_id in ("other-1", "old", "letters", "unknown", ""):
        with pytest.raises(InvalidValue) as refusal:
            checkout(cart_for(anna.scope), choice_of(anna, ship_to_erp_id=erp_id), by=anna.actor)
        assert refusal.value.details["field"] == "ship_to"

    assert nothing_was_ordered()
    AddressFactory(company=anna.company, erp_id="hall-2", street="Hall 2")
    order = checkout(cart_for(anna.scope), choice_of(anna, ship_to_erp_id="hall-2"), by=anna.actor)
    assert order.ship_to["street"] == "Hall 2"


@pytest.mark.req("ACC-04")
def test_ship_to_bill_to_and_buyer_are_three_parties(anna):
    head = Company.objects.create(number="HEAD", name="Acme Group", currency="EUR", erp_id="9")
    anna.company.parent = head
    anna.company.save()
    anna.company.addresses.update(is_bill_to=False)
    AddressFactory(company=head, erp_id="head-1", is_ship_to=False)
    sell("A1")

    order = order_now(anna, A1=5)

    payload = Event.objects.get(name="order.received").payload["order"]
    assert (order.company.number, order.bill_to_company.number) == ("ACME", "HEAD")
    assert (payload["company"]["erp_id"], payload["bill_to_company"]["erp_id"]) == (anna.company.erp_id, "9")
    assert (payload["ship_to"]["erp_id"], payload["bill_to"]["erp_id"]) == ("acme-1", "head-1")


def test_without_an_invoice_address_nothing_is_ordered(anna):
    anna.company.addresses.update(is_bill_to=False)
    sell("A1")

    with pytest.raises(InvalidValue) as refusal:
        order_now(anna, A1=5)

    assert refusal.value.details["field"] == "bill_to"
    assert nothing_was_ordered()


@pytest.mark.req("CRT-06")
def test_a_company_that_orders_with_po_numbers_must_give_one(anna):
    Company.objects.filter(pk=anna.company.pk).update(needs_po_number=True)
    sell("A1")
    fill(anna, A1=5)

    with pytest.raises(InvalidValue) as refusal:
        checkout(cart_for(anna.scope), choice_of(anna, po_number="  "), by=anna.actor)

    assert refusal.value.details["field"] == "po_number"
    assert nothing_was_ordered()


def test_a_requested_date_in_the_past_is_refused(anna):
    sell("A1")
    fill(anna, A1=5)

    with pytest.raises(InvalidValue) as refusal:
        checkout(
            cart_for(anna.scope),
            choice_of(anna, requested_on=erp_today() - timedelta(days=1)),
            by=anna.actor,
        )

    assert refusal.value.details["field"] == "requested_on"
    assert nothing_was_ordered()


def test_lines_that_went_out_of_the_range_are_named_all_at_once(anna):
    sell("A1")
    gone = sell("A2")
    blocked = sell("A3")
    fill(anna, A1=5, A2=5, A3=5)
    gone.units.update(is_active=False)
    type(blocked).objects.filter(pk=blocked.pk).update(status="retired")

    with pytest.raises(LinesRefused) as refusal:
        checkout(cart_for(anna.scope), choice_of(anna), by=anna.actor)

    assert [(line["position"], line["sku"]) for line in refusal.value.details["lines"]] == [
        (2, "A2"),
        (3, "A3"),
    ]
    assert nothing_was_ordered()


def test_minimum_and_step_are_checked_again_at_submission(anna):
    product = sell("A1")
    fill(anna, A1=50)
    type(product).objects.filter(pk=product.pk).update(min_quantity=100, step_quantity=100)

    with pytest.raises(LinesRefused) as refusal:
        checkout(cart_for(anna.scope), choice_of(anna), by=anna.actor)

    assert refusal.value.details["lines"][0]["code"] == "min_quantity"
    assert nothing_was_ordered()


def test_a_price_on_request_cannot_be_ordered(anna):
    sell("A1", None)
    fill(anna, A1=1)

    with pytest.raises(LinesRefused) as refusal:
        checkout(cart_for(anna.scope), choice_of(anna), by=anna.actor)

    assert refusal.value.details["lines"][0]["code"] == "no_price"
    assert nothing_was_ordered()


def test_an_empty_cart_orders_nothing(anna):
    sell("A1")
    fill(anna, A1=1)
    cart = cart_for(anna.scope)
    cart.lines.all().delete()

    with pytest.raises(InvalidValue):
        checkout(cart, choice_of(anna), by=anna.actor)

    assert nothing_was_ordered()


def test_nobody_orders_another_persons_cart(anna, clara):
    sell("A1")
    fill(anna, A1=5)

    with pytest.raises(NotFound):
        checkout(cart_for(anna.scope), choice_of(anna), by=clara.actor)

    assert nothing_was_ordered()


@pytest.mark.parametrize("change", [{"is_active": False}, {"roles": ["finance"]}])
def test_whoever_lost_the_right_meanwhile_orders_nothing(anna, change):
    sell("A1")
    fill(anna, A1=5)
    choice = choice_of(anna)
    Membership.objects.filter(user=anna.user).update(**change)

    with pytest.raises(NotAllowed) as refusal:
        checkout(cart_for(anna.scope), choice, by=anna.actor)

    assert refusal.value.details["right"] == Right.BUY
    assert nothing_was_ordered()


def test_a_shortage_is_a_stated_backorder_and_never_a_refusal(anna):
    sell("A1", on_hand=250, units={"box": 100})
    add_line(anna.scope, CartItem("A1", Decimal(4), "box"), by=anna.actor)

    order_now(anna)

    line = OrderLine.objects.get()
    assert (line.ordered, line.allocated, line.backordered) == (4, 2, 2)
    assert Allocation.objects.get().quantity == 400


def test_the_warehouse_that_covers_most_lines_ships(anna):
    first, second = sell("A1", on_hand=10), sell("A2", on_hand=10)
    vienna = open_warehouse("VIE")
    StockLevelFactory(product=first, warehouse=vienna, on_hand=100)
    StockLevelFactory(product=second, warehouse=vienna, on_hand=100)

    order = order_now(anna, A1=50, A2=50)

    assert order.warehouse == vienna


def test_the_price_story_is_kept_with_the_line(anna):
    sell("A1", "1.25")

    order = order_now(anna, A1=3)

    story = order.lines.get().price_story
    assert (story["list_code"], story["unit_price"], story["currency"]) == ("LIST", "1.250000", "EUR")


def test_an_order_keeps_its_address_when_the_customer_moves(anna):
    sell("A1")
    order = order_now(anna, A1=3)

    anna.company.addresses.update(street="Elsewhere 9")

    order.refresh_from_db()
    assert order.ship_to["street"] == "Werkstrasse 1"


def test_the_credit_decision_is_kept_with_its_inputs(anna):
    CreditAccountFactory(company=anna.company, limit_amount=Decimal(1000), used_amount=Decimal(300))
    sell("A1", "1.00")

    order = order_now(anna, A1=100)

    decision = order.credit_decision
    assert (decision["rule"], decision["limit"], decision["used_by_erp"]) == (
        "within_limit",
        "1000.0000",
        "300.0000",
    )
    assert (decision["order"], decision["available"]) == ("120.00", "700.0000")
    assert decision["as_of"] == "2026-11-20T08:00:00+00:00"


def test_above_the_own_limit_an_order_waits_for_an_approver(anna, boris):
    Membership.objects.filter(user=anna.user).update(order_limit=Decimal("99.99"))
    sell("A1", "1.00")

    order = order_now(anna, A1=100)

    assert order.status == OrderStatus.PENDING_APPROVAL
    asked, allocated = Event.objects.filter(subject=order.subject).order_by("sequence")
    assert (asked.name, allocated.name) == ("order.approval_requested", "stock.allocated")
    assert [person["email"] for person in asked.payload["approvers"]] == [boris.user.email]


def test_exactly_at_the_own_limit_nobody_is_asked(anna):
    Membership.objects.filter(user=anna.user).update(order_limit=Decimal("100.00"))
    sell("A1", "1.00")

    assert order_now(anna, A1=100).status == OrderStatus.RECEIVED


def test_without_anybody_to_approve_the_order_is_refused_instead_of_waiting_for_ever(anna):
    MembershipFactory(company=anna.company, roles=["finance"])
    Membership.objects.filter(user=anna.user).update(order_limit=Decimal(0), roles=["buyer", "approver"])
    sell("A1", "1.00")

    with pytest.raises(NoApprover):
        order_now(anna, A1=1)

    assert nothing_was_ordered()


def test_an_order_takes_the_same_statements_for_any_number_of_lines(anna):
    counted = []
    for lines in (3, 40):
        skus = [f"L{lines}-{number}" for number in range(lines)]
        for sku in skus:
            sell(sku)
        fill(anna, **dict.fromkeys(skus, 1))
        cart, choice = cart_for(anna.scope), choice_of(anna)
        with CaptureQueriesContext(connection) as queries:
            checkout(cart, choice, by=anna.actor)
        counted.append(len(queries))

    assert counted[1] == counted[0]
