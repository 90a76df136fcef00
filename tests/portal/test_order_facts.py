"""What a buyer and an approver read of an order that waits: where it is booked, what it does to budgets and prices."""

import re
import time
from decimal import Decimal

import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import AddressProposal
from catalog.models import Product
from core.models import Event
from integrations import delivery
from orders.models import Order
from tests.conftest import enrol
from tests.factories.accounts import CompanyFactory
from tests.factories.approvals import BudgetFactory, CostCentreFactory, asks, delegation_of, rule_of
from tests.factories.orders import fill, order_now, reprice, sell
from tests.portal.pages import form_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(anna, boris):
    """An order of Anna's that is booked to 4711, asks for Boris by a rule, and exceeds a budget."""
    centre = CostCentreFactory(company=anna.company, code="4711")
    BudgetFactory(company=anna.company, cost_centre=centre, amount=Decimal(40), on_exceeding="approve")
    rule_of(anna.company)
    sell("A1")
    return order_now(anna, choice={"cost_centre": "4711"}, A1=60)


@pytest.mark.req("APR-03")
def test_the_cost_centre_stands_on_the_order_and_in_the_inbox(waiting, anna, boris):
    page = f"/orders/{waiting.number}/"

    assert "Cost centre 4711" in text_of(anna.signed_in().get(page))
    assert "Cost centre 4711" in text_of(boris.signed_in().get(page))
    assert "cost centre 4711" in text_of(boris.signed_in().get("/approvals/"))


@pytest.mark.req("APR-03", "APR-07")
def test_an_approver_reads_by_how_much_a_budget_is_exceeded_and_by_which_rule_it_waits(waiting, boris):
    told = text_of(boris.signed_in().get(f"/orders/{waiting.number}/"))

    assert "EUR 40.00 left before this order, of EUR 40.00; it takes EUR 60.00: EUR 20.00 over" in told
    assert "Big orders: EUR 60.00 net is above EUR 50.00." in told


@pytest.mark.req("APR-07")
def test_new_prices_are_shown_with_the_line_and_the_order_before_and_after(waiting, boris):
    reprice(Product.objects.get(sku="A1"), "1.50")
    browser, step = boris.signed_in(), f"/orders/{waiting.number}/approve/"

    asked = browser.post(step, form_of(browser.get(f"/orders/{waiting.number}/"), step))

    told = text_of(asked)
    assert "line EUR 60.00 → EUR 90.00 The order, net: EUR 60.00 → EUR 90.00" in told
    assert "Approve at the new prices, EUR 90.00 net" in told


@pytest.mark.req("APR-03", "ACC-06")
def test_an_approver_sees_the_budgets_of_the_companies_that_he_approves_for(anna):
    head = CompanyFactory(number="HEAD")
    type(head).objects.filter(pk=anna.company.pk).update(parent=head)
    BudgetFactory(company=anna.company, name="Below")
    jonas = enrol("Jonas", head, "approver", includes_branches=True)
    other = enrol("Olga", head, "approver")

    assert "Below" in text_of(jonas.signed_in().get("/budgets/"))
    assert "Below" not in text_of(other.signed_in().get("/budgets/"))


@pytest.mark.req("APR-09")
def test_a_chain_says_who_decides_for_whom_and_what_is_returned_stands_there_once(anna, boris):
    eva = enrol("Eva", anna.company, "approver")
    delegation_of(anna.company, boris.user, eva.user)
    rule_of(anna.company, asks(people=[boris.user.pk]))
    rule_of(anna.company, asks(people=[boris.user.pk, eva.user.pk]), code="two", name="Two")
    sell("A1")
    fill(anna, A1=60)
    checkout = text_of(anna.signed_in().get("/checkout/"))
    order = order_now(anna, A1=1)
    browser, step = boris.signed_in(), f"/orders/{order.number}/return/"

    before = text_of(browser.get(f"/orders/{order.number}/"))
    browser.post(
        step, {**form_of(browser.get(f"/orders/{order.number}/"), step[:-7] + "approve/"), "comment": "half"}
    )
    after = text_of(browser.get(f"/orders/{order.number}/"))

    assert re.search("Big orders: Boris or Eva decides. Two: (Boris or Eva|Eva or Boris) decides.", checkout)
    assert "Waits for Boris or Eva for Boris" in before
    assert after.count("Boris: returned") == 1


@pytest.mark.req("APR-02")
def test_what_could_not_be_decided_on_stays_ticked(waiting, boris):
    browser = boris.signed_in()

    page = browser.post(
        "/approvals/decide/", {"order": [waiting.number], "verb": "reject", "comment": ""}, follow=True
    )

    assert form_of(page, "/approvals/decide/")["order"] == waiting.number
    assert '<option value="" selected>Choose</option>' in page.content.decode()


@pytest.mark.req("ACC-05")
def test_the_way_to_quotes_is_there_for_whom_it_is_open(acme):
    roles = ("requester", "finance", "approver", "administrator")
    browsers = {role: enrol(role.title(), acme, role).signed_in() for role in roles}

    shown = {role: 'href="/quotes/"' in one.get("/home/").content.decode() for role, one in browsers.items()}

    assert shown == {role: one.get("/quotes/").status_code == 200 for role, one in browsers.items()}
    assert shown["requester"]


@pytest.mark.req("ACC-09")
@pytest.mark.parametrize("wrong", [{"country": "XX"}, {"is_ship_to": ""}])
def test_an_address_is_in_a_country_and_for_something(acme, wrong):
    browser = enrol("Ada", acme, "administrator").signed_in()
    wish = {"street": "Ring 7", "postal_code": "4020", "city": "Linz", "country": "AT", "is_ship_to": "on"}

    answer = browser.post(reverse("portal:address-new"), {**wish, **wrong})

    assert answer.status_code == 422
    assert not AddressProposal.objects.exists()


@pytest.mark.req("APR-02")
def test_mails_say_who_ordered_for_whom_and_who_approved_at_new_prices(waiting, boris, sam):
    Order.objects.update(entered_by=sam.user)
    reprice(Product.objects.get(sku="A1"), "1.50")
    browser, step = boris.signed_in(), f"/orders/{waiting.number}/approve/"
    asked = browser.post(step, form_of(browser.get(f"/orders/{waiting.number}/"), step))
    browser.post(step, form_of(asked, step))
    event = Event.objects.get(name="order.approved")
    delivery.fan_out()
    delivery.drain(until=time.monotonic() + 20)

    told = next(letter.body for letter in mail.outbox if "is approved by" in letter.body)

    assert f"Order {waiting.number} of Acme Works is approved by Boris and on its way to us." in told
    assert "Prices had changed since it was submitted and were taken as they are now." in told
    assert event.payload["entered_by"] == "Sam"
