"""Whoever may not see prices orders all the same, and reads no amount anywhere."""

import re
import time
from decimal import Decimal

import pytest
from django.core import mail
from django.urls import reverse

from integrations import delivery
from orders.models import Order
from tests.conftest import enrol
from tests.factories.accounts import CreditAccountFactory
from tests.factories.orders import fill, sell
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
