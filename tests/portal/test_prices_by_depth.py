"""Who sees documents of the branches and prices of the own unit alone reads no amount of a branch."""

import re
import time
from decimal import Decimal

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Company, CompanyRole, Membership
from accounts.queries.scopes import scope_for, sees_prices
from accounts.states import Depth, Right, with_brought
from core.actor import Actor
from integrations import delivery
from orders.actions.approval import return_order
from orders.models import Order
from orders.queries.cart import cart_for
from quotes.actions.answers import request_change
from quotes.actions.drafts import revise_quote
from quotes.drafts import Wish
from quotes.models import Quote
from tests.conftest import Member, employ, enrol
from tests.crawl.walk import planted
from tests.factories.accounts import AddressFactory, CompanyFactory
from tests.factories.orders import fill, order_now, sell
from tests.factories.quotes import agree, ask, offer, price, send
from tests.portal.pages import text_of

pytestmark = pytest.mark.django_db

OWN, BRANCH, LOWERED = "73.1941", "81.3757", "79.2311"
OURS, THEIRS = planted(OWN), re.compile(f"{planted(BRANCH).pattern}|{planted(LOWERED).pattern}|−2[.,]6")
SEES_BELOW = {Right.SEE_ORDERS: Depth.BELOW, Right.VIEW_PRICES: Depth.UNIT}


def grant(person: Member, grants: dict[str, int]) -> Member:
    """A member who has exactly these rights, by a role that the company composed."""
    member = Membership.objects.get(user=person.user)
    member.roles = []
    member.save(update_fields=["roles"])
    made, _created = CompanyRole.objects.update_or_create(
        company=person.company, name=f"Of {person.user}", defaults={"grants": grants}
    )
    member.own_roles.set([made])
    return Member(person.user, person.company, scope_for(person.user.pk, person.company.pk), person.actor)


@pytest.fixture
def group(db: None) -> tuple[Company, Company]:
    """A headquarters and a branch, each with prices of its own."""
    product, head = sell("A1", "99.1729"), CompanyFactory(number="HQ", name="Head Works")
    branch = CompanyFactory(number="BRANCH", name="Branch Works", parent=head)
    for company, agreed in ((head, OWN), (branch, BRANCH)):
        AddressFactory(company=company, erp_id=f"{company.number.lower()}-1")
        agree(company, product, agreed)
    return head, branch


@pytest.fixture
def seller(group: tuple[Company, Company]) -> Member:
    """Sells to both."""
    member = employ("Sam", "Sales")
    Company.objects.update(sales_rep=member.user)
    return member


@pytest.fixture
def papers(group: tuple[Company, Company], seller: Member) -> dict[str, dict[str, str]]:
    """An order, an offer with two revisions and a request of each, by their numbers."""
    found = {}
    for company, target in zip(group, (OWN, BRANCH), strict=True):
        buyer = enrol("Bodo", company, "buyer")
        order = order_now(buyer, A1=7)
        quote = offer(buyer, seller, A1=7)
        fill(buyer, A1=7)
        wish = Wish(cart_for(buyer.scope).lines.get().pk, Decimal(target), "")
        rfq = ask(buyer, {"wishes": (wish,)})
        found[company.number] = {"order": order.number, "quote": quote.number, "rfq": rfq.number}
    return found


@pytest.fixture
def hanna(group: tuple[Company, Company]) -> Member:
    """Works at headquarters: sees what the branches order, and prices of headquarters alone."""
    return grant(enrol("Hanna", group[0]), SEES_BELOW)


def pages_of(numbers: dict[str, str]) -> list[str]:
    """The pages of a company's documents."""
    return [reverse(f"portal:{kind}-detail", args=[number]) for kind, number in numbers.items()]


LISTS = ["/home/", "/orders/", "/orders/?q=A1", "/orders/?tab=open", "/quotes/", "/quotes/?tab=open"]


@pytest.mark.req("ACC-05", "ACC-09", "SEC-13")
def test_amounts_stand_where_prices_may_be_seen_and_nowhere_else(hanna, papers):
    browser = hanna.signed_in()

    own = {page: browser.get(page).content.decode() for page in [*LISTS, *pages_of(papers["HQ"])]}
    theirs = {page: browser.get(page).content.decode() for page in pages_of(papers["BRANCH"])}

    assert [page for page, text in own.items() if not OURS.search(text)] == []
    assert {page: hit[0] for page, text in (own | theirs).items() if (hit := THEIRS.search(text))} == {}
    assert all("not shown" in text for text in theirs.values())
    assert papers["BRANCH"]["order"] in own["/orders/"]
    assert papers["BRANCH"]["quote"] in own["/quotes/"]


@pytest.mark.req("ACC-05", "ACC-09")
def test_the_same_pages_show_both_to_who_sees_prices_of_the_branches(hanna, papers):
    everywhere = {**SEES_BELOW, Right.VIEW_PRICES: Depth.BELOW}
    browser = grant(hanna, everywhere).signed_in()

    for page in [*LISTS[1:], *pages_of(papers["BRANCH"])]:
        assert THEIRS.search(browser.get(page).content.decode()), page


@pytest.mark.req("ACC-05")
def test_what_a_new_revision_changed_of_a_price_is_not_told(hanna, group, seller):
    buyer = enrol("Bodo", group[1], "buyer")
    quote = offer(buyer, seller, A1=7)
    again(quote, buyer, seller)
    page = reverse("portal:quote-detail", args=[quote.number])

    hidden = hanna.signed_in().get(page)
    shown = buyer.signed_in().get(page)

    assert "Price −2.6 %" in text_of(shown)
    assert "Other price" in text_of(hidden)
    assert not THEIRS.search(hidden.content.decode())


def again(quote: Quote, buyer: Member, seller: Member) -> None:
    """A second revision at a lower price, as the buyer asked for."""
    request_change(buyer.scope, quote.number, revision=1, comment="Cheaper, please.", by=buyer.actor)
    quote.refresh_from_db()
    revise_quote(quote, version=quote.version, by=seller.actor)
    send(price(quote, seller, A1=LOWERED), seller)


@pytest.mark.req("ACC-05", "ACC-14")
def test_the_sum_of_open_orders_is_of_the_companies_whose_prices_may_be_seen(hanna, papers):
    browser = hanna.signed_in()

    part = text_of(browser.get("/home/"))
    grant(hanna, {**SEES_BELOW, Right.VIEW_PRICES: Depth.BELOW})
    whole = text_of(browser.get("/home/"))

    assert "EUR 512.36 net in those of Head Works" in part
    assert "EUR 1,081.99 net" in whole  # 512.36 and 569.63


@pytest.mark.req("ACC-05")
def test_the_api_goes_as_deep_as_its_right(hanna, papers):
    browser = grant(hanna, {**SEES_BELOW, Right.USE_API: Depth.UNIT}).signed_in()
    mine, theirs = papers["HQ"]["order"], papers["BRANCH"]["order"]

    listed = [order["number"] for order in browser.get("/api/v1/orders/").json()["results"]]
    found = browser.get(f"/api/v1/orders/{theirs}/")
    unknown = browser.get("/api/v1/orders/SO-999999/")
    grant(hanna, {**SEES_BELOW, Right.USE_API: Depth.BELOW})
    everywhere = [order["number"] for order in browser.get("/api/v1/orders/").json()["results"]]

    assert listed == [mine]
    assert (found.status_code, found.json()["code"]) == (unknown.status_code, unknown.json()["code"])
    assert found.status_code == 404
    assert everywhere == [theirs, mine]


@pytest.mark.req("ACC-05")
def test_a_refusal_about_an_order_of_the_branch_names_no_price(hanna, group):
    head, branch = group
    hanna = grant(hanna, {**SEES_BELOW, Right.BUY: Depth.BELOW})
    below = Member(hanna.user, branch, scope_for(hanna.user.pk, branch.pk), hanna.actor.acting_for("BRANCH"))
    Membership.objects.update(order_limit=Decimal(0))
    bea = enrol("Bea", branch, "approver")
    order = order_now(below, A1=7)
    return_order(order, by=Actor("portal", "Bea", user_id=bea.user.pk), comment="Fewer.")
    browser = hanna.signed_in()

    address = f"/orders/{order.number}/resubmit/"
    sent = {"quantity_1": "7", "price_1": "1", "acting_company": head.number}
    page = browser.post(address, sent, follow=True)

    assert "The price of A1 is another now" in text_of(page)
    assert not THEIRS.search(page.content.decode())
    assert Order.objects.get().status == "returned"


@pytest.mark.req("ACC-05")
def test_a_mail_about_an_order_of_the_branch_names_amounts_to_who_may_see_its_prices(hanna, group):
    order_now(enrol("Bodo", group[1], "buyer"), A1=7)
    delivery.fan_out()
    delivery.drain(until=time.monotonic() + 20)

    assert any(THEIRS.search(letter.body) for letter in mail.outbox)
    assert sees_prices(hanna.user.email, "HQ")
    assert not sees_prices(hanna.user.email, "BRANCH")


@pytest.mark.req("ACC-09")
def test_the_statements_of_a_list_do_not_grow_with_the_branches_orders(hanna, group):
    buyer, browser = enrol("Bodo", group[1], "buyer"), hanna.signed_in()
    order_now(buyer, A1=7)
    browser.get("/orders/")

    few = {page: statements(browser, page) for page in ("/orders/", "/home/")}
    for _nth in range(4):
        order_now(buyer, A1=7)
    many = {page: statements(browser, page) for page in ("/orders/", "/home/")}

    assert few == many


def statements(browser: Client, page: str) -> int:
    """How many statements a page takes, asked for a second time."""
    browser.get(page)
    with CaptureQueriesContext(connection) as caught:
        browser.get(page)
    return len(caught)


@pytest.mark.req("ACC-05")
@pytest.mark.parametrize(
    "right", [Right.APPROVE, Right.SEE_INVOICES, Right.SEE_REPORTS, Right.MANAGE_COMPANY, Right.USE_API]
)
@pytest.mark.parametrize("depth", [Depth.UNIT, Depth.BELOW])
def test_who_decides_on_amounts_or_sums_them_sees_prices_as_deep(right, depth):
    grants = with_brought({right: depth, Right.VIEW_PRICES: Depth.UNIT})

    assert grants[Right.VIEW_PRICES] == depth
