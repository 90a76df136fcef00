"""The pages of orders, approvals and the start page."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.models import CompanyRole, Membership
from core import freshness
from orders.actions.erp import confirm_order, hold_order
from orders.actions.invoices import apply_invoice
from orders.actions.shipments import apply_shipment
from orders.models import Order
from tests.conftest import enrol
from tests.factories.erp_facts import answer, invoice, shipment
from tests.factories.orders import fill, order_now, sell
from tests.portal.pages import form_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(anna):
    """100 of A1 at 1.00, received."""
    sell("A1", "1.00")
    return order_now(anna, choice={"po_number": "4500118274"}, A1=100)


@pytest.fixture
def shipped(order, erp):
    """Confirmed; 60 shipped and invoiced, 40 planned."""
    confirm_order(order.number, answer(order), by=erp)
    apply_shipment(shipment(order, {1: 60}), by=erp)
    apply_shipment(shipment(order, {1: 40}, key="S2", state="planned", planned_on=date(2026, 12, 2)), by=erp)
    apply_invoice(invoice(order, {1: 60}), by=erp)
    return order


@pytest.fixture
def waiting(anna, boris):
    """An order of Anna's that waits for an approver."""
    Membership.objects.filter(user=anna.user).update(order_limit=Decimal(50))
    sell("A1", "1.00")
    return order_now(anna, A1=100)


def page_of(member, order):
    return member.signed_in().get(f"/orders/{order.number}/")


@pytest.mark.req("ORD-02", "SHP-03", "ORD-04")
def test_the_order_page_shows_quantities_per_line_and_both_numbers(anna, shipped):
    page = text_of(page_of(anna, shipped))

    assert f"Order {shipped.number} Confirmed Partly shipped Partly invoiced Open" in page
    assert "ERP number SALE-7" in page
    assert "100 pc 100 60 40 Wed 2 Dec 0 60 0 100.00 still to come: 40" in page
    assert "SHP-S1" in page
    assert "ships Wed 2 Dec" in page
    assert "INV-I1" in page


@pytest.mark.req("ORD-21")
def test_the_order_page_tells_what_happened_with_source_and_person(anna, shipped):
    page = text_of(page_of(anna, shipped))

    assert "Shipment SHP-S1 left , 60 × A1" in page.replace("left,", "left ,")
    assert "Confirmed by the ERP" in page
    assert "Order received , 1 line, EUR 100.00 net" in page.replace("received,", "received ,")
    assert "Portal Anna" in page


def test_stale_figures_of_the_erp_are_announced(anna, shipped):
    freshness.set_limits({"orders": timedelta(minutes=30)})
    Order.objects.update(erp_as_of=datetime(2026, 11, 20, 8, 0, tzinfo=UTC))
    try:
        page = text_of(page_of(anna, shipped))
    finally:
        freshness.set_limits({"orders": timedelta(days=36500)})

    assert "Shipments and invoices are as of" in page
    assert "newer movements are missing below" in page


def test_a_held_order_does_not_tell_the_buyer_what_the_erp_said(anna, order, erp):
    hold_order(order.number, "Over the limit of EUR 1,600.00 there.", by=erp)

    page = text_of(page_of(anna, order))

    assert "On hold." in page
    assert "1,600.00" not in page


def test_a_buyer_takes_a_received_order_back_with_a_reason(anna, order):
    browser = anna.signed_in()
    url = f"/orders/{order.number}/cancel/"
    form = form_of(browser.get(f"/orders/{order.number}/"), url)

    refused = browser.post(url, form, HTTP_REFERER="http://testserver/orders/", follow=True)
    assert "Say why the order is cancelled." in text_of(refused)
    order.refresh_from_db()
    assert order.status == "received"

    browser.post(url, {**form, "reason": "typing error"})
    order.refresh_from_db()
    assert order.status == "cancelled"


def test_a_confirmed_order_offers_no_cancelling(anna, shipped):
    page = page_of(anna, shipped)

    assert f"/orders/{shipped.number}/cancel/" not in page.content.decode()
    assert "cannot be cancelled here" in text_of(page)


def test_an_approver_decides_on_the_page_of_the_order(waiting, boris):
    browser = boris.signed_in()
    inbox = text_of(browser.get("/approvals/"))
    assert f"{waiting.number}, Anna" in inbox
    assert "EUR 100.00 net is above the buyer's limit of EUR 50.00." in inbox

    url = f"/orders/{waiting.number}/approve/"
    form = form_of(browser.get(f"/orders/{waiting.number}/"), url)
    browser.post(url, {**form, "comment": "for line 4"})

    waiting.refresh_from_db()
    assert (waiting.status, waiting.decision_comment) == ("received", "for line 4")
    assert f"{waiting.number}, Anna" not in text_of(browser.get("/approvals/"))


def test_a_rejection_tells_the_buyer_why(waiting, anna, boris):
    browser = boris.signed_in()
    url = f"/orders/{waiting.number}/reject/"

    refused = browser.post(url, {"comment": ""}, HTTP_REFERER="http://testserver/approvals/", follow=True)
    assert "Say why" in text_of(refused)
    browser.post(url, {"comment": "not this year"})

    assert "Rejected by Boris. not this year" in text_of(page_of(anna, waiting))


@pytest.mark.parametrize("step", ["approve", "reject"])
def test_a_comment_that_is_too_long_is_refused_and_not_dropped(waiting, boris, step):
    answer = boris.signed_in().post(f"/orders/{waiting.number}/{step}/", {"comment": "x" * 1001})

    waiting.refresh_from_db()
    assert answer.status_code == 422
    assert "1000" in text_of(answer)
    assert (waiting.status, waiting.decision_comment) == ("pending_approval", "")


def test_a_buyer_does_not_approve(waiting, anna):
    browser = anna.signed_in()

    assert browser.get("/approvals/").status_code == 403
    browser.post(f"/orders/{waiting.number}/approve/", {})

    waiting.refresh_from_db()
    assert waiting.status == "pending_approval"


@pytest.mark.req("ACC-09")
@pytest.mark.parametrize("step", ["", "approve/", "reject/", "cancel/"])
def test_another_company_finds_no_order_and_changes_nothing(waiting, clara, step):
    browser = clara.signed_in()
    url = f"/orders/{waiting.number}/{step}"

    response = browser.post(url, {"comment": "x", "reason": "x"}) if step else browser.get(url)

    assert response.status_code == 404
    waiting.refresh_from_db()
    assert (waiting.status, waiting.moves.count()) == ("pending_approval", 1)


def test_another_companys_lists_stay_empty(shipped, clara):
    browser = clara.signed_in()

    for url in ("/orders/", "/home/", "/approvals/", "/invoices/", f"/orders/?q={shipped.number}"):
        page = text_of(browser.get(url))
        assert shipped.number not in page
        assert "INV-I1" not in page
        assert "4500118274" not in page


@pytest.mark.parametrize("url", ["/orders/", "/approvals/", "/invoices/", "/checkout/", "/orders/SO-1/"])
def test_a_stranger_is_led_to_the_sign_in_page(client, url, db):
    assert client.get(url).url.startswith("/accounts/login/")


def test_orders_are_listed_by_state_and_found_by_po(anna, shipped):
    other = order_now(anna, A1=1)
    browser = anna.signed_in()

    assert other.number in text_of(browser.get("/orders/?tab=open"))
    assert other.number not in text_of(browser.get("/orders/?tab=unpaid"))
    found = text_of(browser.get("/orders/?q=450011827"))
    assert shipped.number in found
    assert other.number not in found
    assert "No order is like that" in text_of(browser.get("/orders/?q=nothing"))


def test_a_list_takes_the_same_statements_for_any_number_of_orders(
    anna, shipped, django_assert_max_num_queries
):
    browser = anna.signed_in()
    for _ in range(12):
        fill(anna, A1=1)
        order_now(anna)

    with django_assert_max_num_queries(24):
        browser.get("/orders/")
    with django_assert_max_num_queries(45):
        browser.get("/home/")
    with django_assert_max_num_queries(36):
        browser.get(f"/orders/{shipped.number}/")


def test_the_start_page_says_what_waits_and_what_is_open(anna, boris, shipped):
    Membership.objects.filter(user=anna.user).update(order_limit=Decimal(5))
    asked = order_now(anna, A1=100)

    approver, buyer = text_of(boris.signed_in().get("/home/")), text_of(anna.signed_in().get("/home/"))

    assert f"Order {asked.number} of Anna" in approver
    assert "1 thing waits for you" in approver
    assert "nothing waits for you" in buyer
    assert shipped.number in buyer
    assert "1 of 1 lines" in buyer


def test_without_the_right_to_see_invoices_none_are_shown(shipped, acme):
    Membership.objects.filter(company=acme).update(roles=[])
    nobody = enrol("Nora", acme)
    sees = CompanyRole.objects.create(company=acme, name="Warehouse", grants={"see_orders": 2})
    Membership.objects.get(user=nobody.user).own_roles.add(sees)
    browser = nobody.signed_in()

    assert browser.get("/invoices/").status_code == 403
    assert browser.get("/invoices/INV-I1/").status_code == 404
    page = text_of(page_of(nobody, shipped))
    assert shipped.number in page
    assert "INV-I1" not in page
