"""Whoever may not see prices orders all the same, and reads no amount anywhere."""

import base64
import re
import time
import zlib
from decimal import Decimal

import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import User
from accounts.queries.scopes import sees_prices
from catalog.models import Product
from core.actor import Actor
from integrations import delivery
from orders.actions.approval import return_order
from orders.models import Order
from orders.rules.shown import digest_of
from tests.conftest import enrol
from tests.factories.accounts import CreditAccountFactory
from tests.factories.approvals import BudgetFactory
from tests.factories.orders import fill, reprice, sell
from tests.portal.pages import form_of, text_of

pytestmark = pytest.mark.django_db

# 7 pieces at 73.1941 make 512.36 net, 614.83 with VAT; the credit limit is 98,765.43.
PLANTED = re.compile(r"73[.,]19|512[.,]3|614[.,]8|102[.,]47|98[.,]?765|98[.,]?150")
CHECKOUT = reverse("portal:checkout")


@pytest.fixture
def rita(acme):
    """Fills carts for others to release; sees no price."""
    CreditAccountFactory(company=acme, limit_amount=Decimal("98765.43"))
    enrol("Bea", acme, "approver")
    sell("A1", "73.1941")
    return enrol("Rita", acme, "requester", order_limit=Decimal(0))


def order_of(member):
    """An order placed through the page."""
    fill(member, A1=7)
    browser = member.signed_in()
    browser.post(CHECKOUT, form_of(browser.get(CHECKOUT), having="token"))
    return Order.objects.get()


@pytest.mark.req("ACC-05", "SEC-13")
def test_no_page_shows_an_amount_to_who_may_not_see_prices(rita):
    fill(rita, A1=7)
    browser = rita.signed_in()
    before = [reverse("portal:cart"), CHECKOUT, reverse("portal:rfq-create")]
    pages = {address: browser.get(address) for address in before}
    browser.post(CHECKOUT, form_of(pages[CHECKOUT], having="token"))
    order = Order.objects.get()
    after = [
        "/home/", "/orders/", f"/orders/{order.number}/", "/catalogue/", "/products/A1/", "/search/?q=A1",
        "/catalogue/?sort=price", "/quotes/",
    ]  # fmt: skip
    pages |= {address: browser.get(address) for address in after}

    leaks = {
        address: found.group()
        for address, page in pages.items()
        if (found := PLANTED.search(page.content.decode()))
    }

    assert leaks == {}
    assert order.net_amount == Decimal("512.36")
    assert order.number in text_of(pages["/orders/"])


def test_the_same_pages_show_them_to_a_colleague_who_may(rita, acme):
    order = order_of(rita)
    buyer = enrol("Bodo", acme, "buyer").signed_in()

    assert PLANTED.search(buyer.get(f"/orders/{order.number}/").content.decode())
    assert PLANTED.search(buyer.get("/products/A1/").content.decode())


def test_the_mail_says_no_amount_to_who_may_not_see_it_and_says_it_to_the_approver(rita):
    order_of(rita)
    delivery.fan_out()
    delivery.drain(until=time.monotonic() + 20)

    told = {letter.to[0].split("@")[0]: letter.body for letter in mail.outbox}

    assert PLANTED.search(told["bea"])
    assert not any(PLANTED.search(body) for name, body in told.items() if name == "rita")


def test_too_dear_an_order_is_refused_without_saying_by_how_much(rita, acme):
    acme.credit.limit_amount = Decimal("512.37")
    acme.credit.save()
    fill(rita, A1=7)
    browser = rita.signed_in()

    page = browser.post(CHECKOUT, form_of(browser.get(CHECKOUT), having="token"), follow=True)

    assert not Order.objects.exists()
    assert not PLANTED.search(page.content.decode())


@pytest.mark.req("ACC-05")
@pytest.mark.parametrize("role", ["viewer", "requester", "approver"])
def test_the_api_is_closed_without_its_right(acme, role):
    sell("A1", "73.1941")
    browser = enrol("Max", acme, role).signed_in()

    for address in (
        "/api/v1/products/",
        "/api/v1/products/A1/",
        "/api/v1/products/A1/price/",
        "/api/v1/orders/",
    ):
        answer = browser.get(address)
        assert answer.status_code == 403
        assert answer.json()["code"] == "not_allowed"


def opened(text):
    """What stands behind a text that is packed and not sealed; the text itself otherwise."""
    try:
        return zlib.decompress(base64.urlsafe_b64decode(text)).decode()
    except (ValueError, zlib.error):
        return text


def test_the_order_form_carries_what_it_showed_in_a_text_that_nobody_reads(rita):
    fill(rita, A1=7)

    form = form_of(rita.signed_in().get(CHECKOUT), having="token")

    assert form["shown"]
    assert not PLANTED.search(opened(form["shown"]))


@pytest.mark.parametrize("made_up", ["", "-", digest_of([], "EUR"), "gAAAAAB-not-ours"])
def test_an_order_form_that_is_not_ours_orders_nothing_and_tells_no_price(rita, made_up):
    fill(rita, A1=7)
    browser = rita.signed_in()
    form = form_of(browser.get(CHECKOUT), having="token")

    page = browser.post(CHECKOUT, {**form, "shown": made_up}, follow=True)

    assert not Order.objects.exists()
    assert not PLANTED.search(page.content.decode())


@pytest.mark.req("ACC-05")
def test_a_price_that_changed_is_told_without_the_price(rita):
    fill(rita, A1=7)
    browser = rita.signed_in()
    form = form_of(browser.get(CHECKOUT), having="token")
    reprice(Product.objects.get(sku="A1"), "102.47")

    page = browser.post(CHECKOUT, form, follow=True)

    assert not Order.objects.exists()
    assert "A1: the price is another now" in text_of(page)
    assert not PLANTED.search(page.content.decode())


@pytest.mark.req("ACC-05")
def test_a_budget_refuses_without_saying_what_the_order_costs(rita, acme):
    BudgetFactory(company=acme, amount=Decimal(100))
    fill(rita, A1=7)
    browser = rita.signed_in()

    page = browser.post(CHECKOUT, form_of(browser.get(CHECKOUT), having="token"), follow=True)

    assert not Order.objects.exists()
    assert "This order exceeds the budget “Workshop”" in text_of(page)
    assert not PLANTED.search(page.content.decode())


def test_a_budget_shows_its_bar_only_to_who_may_see_prices(rita, acme):
    BudgetFactory(company=acme, amount=Decimal(1000), on_exceeding="approve")
    order_of(rita)

    bars = {
        name: "51 % reserved" in browser.get("/budgets/").content.decode()
        for name, browser in (("rita", rita.signed_in()), ("bodo", enrol("Bodo", acme, "buyer").signed_in()))
    }

    assert bars == {"rita": False, "bodo": True}


@pytest.mark.req("ACC-05", "APR-02")
def test_a_returned_order_is_submitted_again_without_a_price_on_its_page(rita, acme):
    order = order_of(rita)
    bea = User.objects.get(name="Bea")
    return_order(order, by=Actor("portal", "Bea", user_id=bea.pk), comment="Fewer, please.")
    browser = rita.signed_in()
    page = browser.get(f"/orders/{order.number}/")
    form = form_of(page, f"/orders/{order.number}/resubmit/")

    guessed = browser.post(f"/orders/{order.number}/resubmit/", {**form, "price_1": "1"}, follow=True)
    told = browser.post(f"/orders/{order.number}/resubmit/", {**form, "quantity_1": "6"}, follow=True)

    assert not any(PLANTED.search(shown.content.decode()) for shown in (page, guessed, told))
    order.refresh_from_db()
    assert order.status == "pending_approval"
    assert order.net_amount == Decimal("439.16")


def test_a_mail_to_a_former_member_says_no_amount(rita):
    order_of(rita)
    rita.user.memberships.update(is_active=False)

    assert not sees_prices(rita.user.email, "ACME")
    assert sees_prices("office@acme.example", "ACME")


@pytest.mark.req("ACC-05", "APR-04")
def test_nothing_ordered_without_seeing_prices_goes_to_the_erp_unseen_by_an_approver(rita):
    rita.user.memberships.update(order_limit=None)
    fill(rita, A1=7)
    browser = rita.signed_in()
    page = browser.get(CHECKOUT)
    browser.post(CHECKOUT, form_of(page, having="token"))
    told, order = text_of(page), Order.objects.get()

    assert "Ordered without seeing prices" in told
    assert order.status == "pending_approval"
    assert [(rule["code"], rule["name"]) for rule in order.approval_rules] == [
        ("order_limit", "Ordered without seeing prices")
    ]
    bea = enrol("Bert", rita.company, "approver").signed_in()
    assert "It was ordered without seeing prices." in text_of(bea.get(f"/orders/{order.number}/"))
