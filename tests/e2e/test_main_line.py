"""Buyer and salesperson in the browser: from a request to an order that the ERP has confirmed."""

from __future__ import annotations

import re
from secrets import token_hex

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NARROW, PATIENCE_MS, SignIn

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack")]

SKU = "6001-2RS"


def number_in(page: Page, prefix: str) -> str:
    """The first document number with this prefix on a page."""
    found = re.search(rf"\b{prefix}-\d+\b", page.locator("body").inner_text())
    assert found, f"{page.url} shows no number {prefix}-..."
    return found[0]


def put_into_cart(page: Page, sku: str) -> None:
    """Open a product and add it in the quantity that the page proposes."""
    page.goto(f"/products/{sku}/")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator(".ac-added")).to_contain_text(sku)


def request_quote(page: Page) -> str:
    """Ask for a quote on the cart; the number of the request."""
    page.goto("/rfqs/new/")
    page.get_by_role("button", name=re.compile("Request a quote")).click()
    page.wait_for_url(re.compile(r"/rfqs/R-\d+/"))
    return number_in(page, "R")


def reload_until(page: Page, words: str | re.Pattern[str]) -> None:
    """Look again until the page shows something that others have to do first."""
    for _ in range(2 * PATIENCE_MS // 500):
        if page.get_by_text(words).count():
            return
        page.wait_for_timeout(500)
        page.reload()
    expect(page.get_by_text(words).first).to_be_visible()


@pytest.mark.req("QTE-01", "QTE-06", "QTE-13", "CRT-15", "ORD-01")
def test_a_request_becomes_a_quote_an_order_and_the_erps_confirmation(sign_in: SignIn) -> None:
    buyer, sales, manager = sign_in("jana"), sign_in("lena"), sign_in("tomas")
    put_into_cart(buyer, SKU)
    rfq = request_quote(buyer)

    sales.goto(f"/admin/quotes/rfq/{rfq}/request/")
    sales.get_by_role("button", name="Start quote").click()
    quote = number_in(sales, "Q")
    price = sales.get_by_label("Our price, line 1")
    usual = float(price.input_value().replace(",", ""))
    price.fill(f"{usual * 0.85:.2f}")
    sales.get_by_role("button", name="Save draft").click()
    expect(sales.get_by_text("Needs approval").first).to_be_visible()
    sales.get_by_role("button", name="Submit for approval").click()
    expect(sales.get_by_text("Waits for a sales manager").first).to_be_visible()
    hidden = buyer.request.get(f"/quotes/{quote}/")
    manager.goto(f"/admin/quotes/quote/{quote}/quote/approval/")
    manager.get_by_role("button", name="Approve and send to buyer").click()
    manager.wait_for_url(re.compile("/admin/$"))

    buyer.goto(f"/quotes/{quote}/")
    buyer.get_by_role("button", name=re.compile("Accept revision 1")).dblclick()
    buyer.wait_for_url(re.compile(r"/orders/SO-\d+/"))
    order = number_in(buyer, "SO")
    reload_until(buyer, "Confirmed by the ERP")

    assert hidden.status == 404
    told = buyer.request.get(f"/api/v1/orders/{order}/").json()
    assert told["erp_number"]
    assert told["lines"][0]["sku"] == SKU
    assert float(told["lines"][0]["unit_price"]) == pytest.approx(round(usual * 0.85, 2))
    orders = buyer.request.get("/api/v1/orders/").json()["results"]
    assert [row["number"] for row in orders].count(order) == 1


@pytest.mark.req("CRT-06", "CRT-16")
def test_a_buyer_checks_out_with_the_keyboard_alone(sign_in: SignIn) -> None:
    page, po_number = sign_in("petra"), f"PO-{token_hex(4)}"
    keys = page.keyboard

    page.goto("/home/")
    keys.press("/")
    keys.type(SKU)
    keys.press("Enter")
    page.wait_for_url(re.compile(f"/products/{SKU}/"))
    tab_to(page, "Add to cart")
    keys.press("Enter")
    expect(page.locator(".ac-added")).to_contain_text(SKU)
    page.goto("/cart/")
    tab_to(page, "Checkout")
    keys.press("Enter")
    page.wait_for_url(re.compile("/checkout/"))
    tab_to(page, "Your PO number")
    keys.type(po_number)
    tab_to(page, "Place order")
    keys.press("Enter")
    page.wait_for_url(re.compile(r"/orders/SO-\d+/"))

    assert po_number in page.locator("body").inner_text()


@pytest.mark.req("CRT-15")
def test_two_tabs_of_one_checkout_make_one_order(sign_in: SignIn) -> None:
    first, po_number = sign_in("petra"), f"PO-{token_hex(4)}"
    put_into_cart(first, SKU)
    second = first.context.new_page()
    for tab in (first, second):
        tab.goto("/checkout/")
        tab.get_by_label("Your PO number").fill(po_number)

    for tab in (first, second):
        tab.get_by_role("button", name=re.compile("Place order")).click()
        tab.wait_for_url(re.compile(r"/orders/SO-\d+/"))

    assert number_in(first, "SO") == number_in(second, "SO")
    orders = first.request.get("/api/v1/orders/").json()["results"]
    assert [row["po_number"] for row in orders].count(po_number) == 1


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the focus is on something of this name; the focus must be visible on the way."""
    for _ in range(160):
        page.keyboard.press("Tab")
        told = page.evaluate(
            """() => {
                const it = document.activeElement;
                if (!it || it === document.body) return null;
                const label = it.labels && it.labels[0] ? it.labels[0].innerText : "";
                const style = getComputedStyle(it);
                return {
                    name: [it.getAttribute("aria-label"), label, it.innerText, it.value].join(" "),
                    seen: style.outlineStyle !== "none" || style.boxShadow !== "none",
                };
            }"""
        )
        if told and name.lower() in told["name"].lower():
            assert told["seen"], f"the focus on {name!r} cannot be seen"
            return
    raise AssertionError(f"no way by Tab to {name!r} on {page.url}")


def test_a_stale_tab_of_another_company_changes_nothing(sign_in: SignIn, watch) -> None:  # type: ignore[no-untyped-def]
    tab = sign_in("jana")
    tab.goto(f"/products/{SKU}/")
    other = tab.context.new_page()
    other.goto("/home/")
    companies = other.locator("details.ac-company")
    companies.locator("summary").click()
    companies.locator("button:not(.is-on)").first.click()
    other.wait_for_load_state()
    before = other.request.get("/cart/").text()

    tab.get_by_role("button", name="Add to cart").click()
    expect(tab.get_by_text("Nothing was done").first).to_be_visible()

    other.goto("/cart/")
    assert SKU not in other.locator("main").inner_text()
    assert SKU not in before
    refused = [problem for problem in watch.problems if "409" in problem]
    watch.problems[:] = [problem for problem in watch.problems if problem not in refused]


BUYER_PAGES = ["/home/", "/catalogue/", "/search/?q=m8", f"/products/{SKU}/", "/cart/", "/quotes/", "/orders/", "/invoices/", "/mails/"]  # fmt: skip
STAFF_PAGES = ["/admin/", "/admin/quotes/rfq/", "/admin/quotes/quote/", "/admin/orders/order/", "/admin/catalog/product/", "/admin/pricing/pricerun/explain/", "/admin/pricing/pricerow/"]  # fmt: skip


@pytest.mark.req("SEC-13")
@pytest.mark.parametrize(("person", "pages"), [("jana", BUYER_PAGES), ("tomas", STAFF_PAGES)])
def test_every_page_keeps_to_its_policy_and_to_its_own_host(
    sign_in: SignIn, person: str, pages: list[str]
) -> None:
    page = sign_in(person)

    for address in pages:
        answer = page.goto(address)
        page.wait_for_load_state("networkidle")

        assert answer is not None
        assert answer.status == 200, address
        assert "content-security-policy" in answer.headers


def test_no_page_is_wider_than_a_phone(sign_in: SignIn) -> None:
    page = sign_in("jana", NARROW)

    for address in BUYER_PAGES:
        page.goto(address)

        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], address
