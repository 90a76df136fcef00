"""The checkout page: what it shows before, what it refuses, and that it orders once."""

from decimal import Decimal

import pytest

from accounts.models import Company, Membership
from orders.actions.cart import CartDetails, empty_cart, set_details
from orders.models import Order
from orders.queries.cart import cart_for
from tests.conftest import enrol
from tests.factories.accounts import AddressFactory, CreditAccountFactory
from tests.factories.orders import fill, order_now, reprice, sell
from tests.portal.pages import form_of, text_of

pytestmark = pytest.mark.django_db

URL = "/checkout/"


def filled(browser, **changes):
    """The form of the checkout page, as a person fills it."""
    return {**form_of(browser.get(URL), having="token"), **changes}


@pytest.mark.req("CRT-15", "CRT-16")
def test_a_buyer_orders_the_cart_and_sees_it_received(anna):
    sell("A1", "1.25")
    fill(anna, A1=100)
    browser = anna.signed_in()

    response = browser.post(URL, filled(browser, po_number="4711"), follow=True)

    order = Order.objects.get()
    page = text_of(response)
    assert response.redirect_chain == [(f"/orders/{order.number}/", 302)]
    assert f"Order {order.number} is received" in page
    assert "Received, not yet confirmed." in page
    assert "Your PO 4711" in page


@pytest.mark.req("CRT-15")
def test_the_same_form_sent_again_leads_to_the_same_order(anna):
    sell("A1")
    fill(anna, A1=5)
    browser = anna.signed_in()
    form = filled(browser, po_number="4711")

    first, second = browser.post(URL, form), browser.post(URL, form)

    assert first.url == second.url == f"/orders/{Order.objects.get().number}/"


@pytest.mark.req("CRT-09")
def test_the_shortage_of_credit_stands_on_the_page_before_anything_is_sent(anna):
    CreditAccountFactory(company=anna.company, limit_amount=Decimal(100))
    sell("A1", "1.00")
    fill(anna, A1=100)
    browser = anna.signed_in()

    page = text_of(browser.get(URL))
    response = browser.post(URL, filled(browser), HTTP_REFERER=f"http://testserver{URL}", follow=True)

    assert "Your credit is short by EUR 20.00." in page
    assert "exceeds your credit by EUR 20.00" in text_of(response)
    assert not Order.objects.exists()


def test_a_covered_order_names_what_is_free_and_how_old_that_figure_is(anna):
    CreditAccountFactory(company=anna.company, limit_amount=Decimal(1000), used_amount=Decimal(300))
    sell("A1", "1.00")
    fill(anna, A1=100)

    page = text_of(anna.signed_in().get(URL))

    assert "Your credit covers this order. EUR 700.00 is free, this order takes EUR 120.00." in page
    assert "Limit 1,000.00" in page


def test_a_price_that_changed_meanwhile_is_shown_and_asks_for_new_consent(anna):
    product = sell("A1", "1.00")
    fill(anna, A1=5)
    browser = anna.signed_in()
    form = filled(browser, po_number="4711", note="Gate 2")
    reprice(product, "2.00")

    response = browser.post(URL, form, HTTP_REFERER=f"http://testserver{URL}", follow=True)

    page = text_of(response)
    assert "A1: price was 1, is 2" in page
    assert "Place order, EUR 12.00" in page
    assert not Order.objects.exists()
    again = form_of(response, having="token")
    assert (again["po_number"], again["note"].strip()) == ("4711", "Gate 2")
    browser.post(URL, again)
    assert Order.objects.get().net_amount == 10


@pytest.mark.req("ACC-03")
def test_a_foreign_ship_to_is_refused_at_its_field(anna, other):
    sell("A1")
    fill(anna, A1=5)
    browser = anna.signed_in()

    response = browser.post(URL, filled(browser, ship_to="other-1"))

    assert response.status_code == 422
    assert "Choose one of your company's delivery addresses." in text_of(response)
    assert not Order.objects.exists()


def test_goods_go_where_the_buyer_chose(anna):
    AddressFactory(company=anna.company, erp_id="hall-2", name="Hall 2")
    sell("A1")
    fill(anna, A1=5)
    browser = anna.signed_in()

    browser.post(URL, filled(browser, ship_to="hall-2"))

    assert Order.objects.get().ship_to["erp_id"] == "hall-2"


@pytest.mark.req("CRT-06")
def test_a_note_that_the_cart_has_taken_is_not_too_long_for_the_order(anna):
    sell("A1")
    fill(anna, A1=5)
    note = "Please call before you come. " * 50
    set_details(anna.scope, CartDetails(note=note), by=anna.actor)
    browser = anna.signed_in()

    browser.post(URL, filled(browser))

    assert Order.objects.get().note == note.strip()


@pytest.mark.req("CRT-06")
def test_a_company_that_orders_with_po_numbers_is_asked_for_one(anna):
    Company.objects.filter(pk=anna.company.pk).update(needs_po_number=True)
    sell("A1")
    fill(anna, A1=5)
    browser = anna.signed_in()

    response = browser.post(URL, filled(browser, po_number=""))

    assert response.status_code == 422
    assert "Your company orders with a PO number" in text_of(response)
    assert not Order.objects.exists()


@pytest.mark.req("CRT-06")
def test_a_po_number_used_before_is_asked_about_once(anna):
    sell("A1")
    first = order_now(anna, choice={"po_number": "4711"}, A1=5)
    fill(anna, A1=7)
    browser = anna.signed_in()

    asked = browser.post(URL, filled(browser, po_number="4711"))
    assert asked.status_code == 422
    assert f"{first.number} already carries this number" in text_of(asked)
    assert Order.objects.count() == 1

    browser.post(URL, {**form_of(asked, having="token"), "keep_po": "on"})
    assert Order.objects.filter(po_number="4711").count() == 2


@pytest.mark.req("CRT-06", "SEC-13")
def test_a_po_number_used_by_a_colleague_says_no_more_than_that_to_who_sees_own_orders_alone(anna):
    sell("A1", "3.00")
    first = order_now(anna, choice={"po_number": "4711"}, A1=5)
    rita = enrol("Rita", anna.company, "requester")
    fill(rita, A1=7)
    browser = rita.signed_in()

    asked = browser.post(URL, filled(browser, po_number="4711"))

    assert asked.status_code == 422
    assert "An order of your company already carries this number" in text_of(asked)
    assert "PO 4711 was used before in your company." in text_of(asked)
    assert first.number not in asked.content.decode()
    assert "Anna" not in text_of(asked)


def test_above_the_own_limit_the_page_says_who_decides(anna, boris):
    Membership.objects.filter(user=anna.user).update(order_limit=Decimal(50))
    sell("A1", "1.00")
    fill(anna, A1=100)
    browser = anna.signed_in()

    page = text_of(browser.get(URL))
    response = browser.post(URL, filled(browser), follow=True)

    assert "Must be approved. You may order up to EUR 50.00 net alone. Boris" in page
    assert "waits for approval" in text_of(response)
    assert Order.objects.get().status == "pending_approval"


def test_what_comes_later_is_said_before_it_is_ordered(anna):
    sell("A1", on_hand=40)
    fill(anna, A1=100)

    page = text_of(anna.signed_in().get(URL))

    assert "40 pc in stock" in page
    assert "60 pc come later" in page


def test_lines_that_cannot_be_ordered_are_named_in_place(anna):
    product = sell("A1")
    fill(anna, A1=5)
    type(product).objects.update(status="retired")

    page = text_of(anna.signed_in().get(URL))

    assert "A1 is discontinued." in page
    assert "This keeps the order from being placed" in page


def test_an_empty_cart_leads_back_to_the_cart(anna):
    sell("A1")
    fill(anna, A1=5)
    empty_cart(cart_for(anna.scope), by=anna.actor)

    response = anna.signed_in().get(URL)

    assert response.url == "/cart/"


def test_whoever_may_not_buy_sees_no_checkout(boris):
    assert boris.signed_in().get(URL).status_code == 403


def test_a_tab_of_another_company_orders_nothing(anna, other):
    from tests.factories.accounts import MembershipFactory

    sell("A1")
    fill(anna, A1=5)
    browser = anna.signed_in()
    form = filled(browser)
    MembershipFactory(user=anna.user, company=other, roles=["buyer"])
    browser.post("/company/", {"company": "OTHER"})

    browser.post(URL, form)

    assert not Order.objects.exists()
    assert cart_for(anna.scope).lines.count() == 1


def test_nobody_orders_with_another_companys_form(anna, clara):
    sell("A1")
    fill(anna, A1=5)
    fill(clara, A1=9)
    stolen = filled(anna.signed_in(), acting_company="OTHER", ship_to="other-1")

    clara.signed_in().post(URL, stolen)

    assert not Order.objects.exists()
    assert cart_for(anna.scope).lines.get().quantity == 5


@pytest.mark.parametrize("lines", [1, 20])
def test_the_page_takes_the_same_statements_for_any_cart(anna, lines, django_assert_max_num_queries):
    for number in range(lines):
        sell(f"A{number}")
    fill(anna, **{f"A{number}": 1 for number in range(lines)})
    browser = anna.signed_in()

    with django_assert_max_num_queries(50):
        assert browser.get(URL).status_code == 200
