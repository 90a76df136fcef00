"""Filling a cart."""

from decimal import Decimal

import pytest

from accounts.queries.scopes import scope_for
from catalog.rules import BelowMinimum, OffStep, UnknownUnit
from core.errors import NotAllowed, NotFound, OutOfDate
from core.models import Event
from orders.actions.cart import (
    CartDetails,
    CartItem,
    LineChange,
    add_line,
    change_line,
    empty_cart,
    lock_cart,
    remove_line,
    set_details,
)
from orders.models import Cart, CartLine
from orders.queries.cart import cart_count, cart_for, cart_sheet
from orders.rules.lines import NotSellable
from tests.factories.accounts import MembershipFactory
from tests.factories.orders import fill, sell

pytestmark = pytest.mark.django_db


@pytest.mark.req("CRT-01")
def test_a_cart_belongs_to_person_and_company_and_stays(anna, other):
    sell("A1")
    MembershipFactory(user=anna.user, company=other, roles=["buyer"])

    fill(anna, A1=5)

    elsewhere = scope_for(anna.user.pk, other.pk)
    again = scope_for(anna.user.pk, anna.company.pk)
    assert [line.quantity for line in cart_for(again).lines.all()] == [Decimal(5)]
    assert cart_count(elsewhere) == 0
    assert cart_for(elsewhere).pk is None


def test_the_same_product_in_the_same_unit_becomes_more(anna):
    sell("A1", units={"box": 100})

    fill(anna, A1=5)
    fill(anna, A1=7)
    add_line(anna.scope, CartItem("A1", Decimal(1), "box"), by=anna.actor)

    lines = CartLine.objects.order_by("id")
    assert [(line.unit.key, line.quantity) for line in lines] == [("piece", 12), ("box", 1)]


def test_without_a_unit_the_one_offered_first_is_taken(anna):
    sell("A1", units={"box": 100})

    line = add_line(anna.scope, CartItem("A1", Decimal(3)), by=anna.actor)

    assert line.unit.key == "piece"


@pytest.mark.parametrize(
    ("quantity", "refusal"), [(50, BelowMinimum), (150, OffStep), (0, BelowMinimum), (-5, BelowMinimum)]
)
def test_a_quantity_that_cannot_be_bought_stays_out(anna, quantity, refusal):
    sell("A1", min_quantity=100, step_quantity=100)

    with pytest.raises(refusal):
        fill(anna, A1=quantity)

    assert not CartLine.objects.exists()


def test_adding_to_a_line_checks_the_sum(anna):
    sell("A1", min_quantity=100, step_quantity=100)
    fill(anna, A1=100)

    with pytest.raises(OffStep):
        fill(anna, A1=50)

    assert CartLine.objects.get().quantity == 100


@pytest.mark.parametrize("status", ["blocked", "retired"])
def test_what_is_not_for_sale_stays_out(anna, status):
    sell("A1", status=status)

    with pytest.raises(NotSellable) as refusal:
        fill(anna, A1=1)

    assert refusal.value.details["sku"] == "A1"
    assert not CartLine.objects.exists()


def test_unknown_numbers_and_units_stay_out(anna):
    sell("A1")

    with pytest.raises(NotFound):
        fill(anna, NOPE=1)
    with pytest.raises(UnknownUnit):
        add_line(anna.scope, CartItem("A1", Decimal(1), "barrel"), by=anna.actor)

    assert not CartLine.objects.exists()


def test_a_line_that_becomes_like_another_joins_it(anna):
    sell("A1", units={"box": 100})
    fill(anna, A1=5)
    box = add_line(anna.scope, CartItem("A1", Decimal(2), "box"), by=anna.actor)

    change_line(
        anna.scope, box.pk, LineChange(Decimal(7), "piece", Decimal("0.9"), "drawing 4"), by=anna.actor
    )

    line = CartLine.objects.get()
    assert (line.unit.key, line.quantity, line.target_price, line.note) == (
        "piece",
        12,
        Decimal("0.9"),
        "drawing 4",
    )


def test_a_line_is_taken_out_and_once_more_is_fine(anna):
    sell("A1")
    fill(anna, A1=5)
    line_id = CartLine.objects.get().pk

    for _ in range(2):
        remove_line(anna.scope, line_id, by=anna.actor)

    assert not CartLine.objects.exists()
    assert Event.objects.filter(name="cart.updated", payload__change="line_removed").count() == 1


def test_another_companys_lines_cannot_be_touched(anna, clara):
    sell("A1")
    fill(anna, A1=5)
    line = CartLine.objects.get()

    with pytest.raises(NotFound):
        change_line(clara.scope, line.pk, LineChange(Decimal(9), "piece"), by=clara.actor)
    remove_line(clara.scope, line.pk, by=clara.actor)

    line.refresh_from_db()
    assert line.quantity == 5


def test_an_approver_fills_no_cart(boris):
    sell("A1")

    with pytest.raises(NotAllowed):
        fill(boris, A1=1)

    assert not Cart.objects.exists()


@pytest.mark.req("CRT-06")
def test_po_number_and_note_stay_with_the_cart(anna):
    set_details(anna.scope, CartDetails(po_number=" 4711 ", note="Gate 2"), by=anna.actor)

    cart = cart_for(anna.scope)
    assert (cart.po_number, cart.note) == ("4711", "Gate 2")


def test_an_emptied_cart_refuses_the_token_of_its_last_filling(anna):
    sell("A1")
    fill(anna, A1=5)
    cart = cart_for(anna.scope)
    seen = cart.token

    empty_cart(cart, by=anna.actor)

    with pytest.raises(OutOfDate):
        lock_cart(cart, token=seen)


def test_the_sheet_prices_checks_and_dates_each_line(anna):
    sell("A1", "2.00", on_hand=450, units={"box": 200})
    sell("A2", None)
    add_line(anna.scope, CartItem("A1", Decimal(3), "box"), by=anna.actor)
    fill(anna, A2=1)

    sheet = cart_sheet(cart_for(anna.scope), anna.scope)

    boxes, asked = sheet.lines
    assert (boxes.unit_price, boxes.net_amount) == (Decimal("400.000000"), Decimal("1200.00"))
    assert (boxes.covered, boxes.backordered) == (2, 1)
    assert asked.unit_price is None
    assert [refusal.code for refusal in asked.refusals] == ["no_price"]
    assert (sheet.totals.net_amount, sheet.totals.tax_amount) == (Decimal("1200.00"), Decimal("240.00"))
    assert not sheet.is_orderable


def test_lines_of_one_product_share_its_stock(anna):
    sell("A1", on_hand=150, units={"box": 100})
    add_line(anna.scope, CartItem("A1", Decimal(1), "box"), by=anna.actor)
    fill(anna, A1=80)

    sheet = cart_sheet(cart_for(anna.scope), anna.scope)

    assert [line.covered for line in sheet.lines] == [1, 50]


@pytest.mark.parametrize("lines", [2, 30])
def test_a_sheet_takes_the_same_statements_for_any_number_of_lines(
    anna, lines, django_assert_max_num_queries
):
    for number in range(lines):
        sell(f"A{number}")
    fill(anna, **{f"A{number}": 1 for number in range(lines)})
    cart = cart_for(anna.scope)

    with django_assert_max_num_queries(11):
        sheet = cart_sheet(cart, anna.scope)

    assert len(sheet.lines) == lines
