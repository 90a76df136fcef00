"""The start page of a company: every figure is that of the list it leads to, and only what the person may see."""

from decimal import Decimal

import pytest

from accounts.models import Company, Membership
from core.days import erp_today
from orders.actions.approval import return_order
from orders.actions.invoices import apply_invoice
from orders.models import Order
from tests.conftest import employ, enrol
from tests.factories.accounts import CompanyFactory, CreditAccountFactory
from tests.factories.approvals import BudgetFactory, rule_of
from tests.factories.erp_facts import invoice
from tests.factories.orders import OrderFactory, by_erp, order_now, sell
from tests.factories.quotes import offer
from tests.portal.pages import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def business(anna, boris, clara):
    """Orders in several states, offers, an invoice that is due, a budget and a limit; another company's, too."""
    seller = employ("Sam", "Sales")
    Company.objects.update(sales_rep=seller.user)
    CreditAccountFactory(company=anna.company, limit_amount=Decimal(5000))
    rule_of(anna.company)
    BudgetFactory(company=anna.company, name="Workshop", amount=Decimal(9000))
    sell("A1")
    confirmed = order_now(anna, A1=40)
    apply_invoice(invoice(confirmed, {1: 40}, due_on=erp_today()), by=by_erp())
    for pieces in (60, 70, 80):
        order_now(anna, A1=pieces)
    return_order(Order.objects.get(net_amount=80), by=boris.actor, comment="take fewer")
    for member in (anna, anna, clara):
        offer(member, seller, A1=5)
    order_now(clara, A1=30)
    return anna


def shown(page, label):
    """The figure under a label of the strip of facts."""
    text = page.content.decode()
    cell = text.split(f"<span>{label}</span>")[1].split("<dd>")[1].split("</dd>")[0]
    return "".join(part.split(">")[-1] for part in cell.split("<")).strip()


def counted(browser, address):
    """How many documents a list holds."""
    shown = browser.get(address).context
    counts = {key: count for key, _label, count in shown.get("tabs", ())}
    return str(counts[shown["tab"]].number if counts else shown["count"].number)


@pytest.mark.req("ACC-14")
def test_every_figure_is_that_of_its_list(business, boris):
    browser, approver = business.signed_in(), boris.signed_in()
    home, inbox = browser.get("/home/"), approver.get("/home/")

    assert shown(home, "Open orders") == counted(browser, "/orders/?tab=open") == "3"
    assert f"{counted(browser, '/orders/?tab=waiting')} waiting for approval or returned" in text_of(home)
    assert shown(home, "Open quotes") == counted(browser, "/quotes/?tab=open") == "2"
    assert counted(browser, "/invoices/?tab=due") == "1"
    assert "1 due" in text_of(home)
    owed = shown(home, "Open invoices, with VAT")
    assert f"Open, with VAT {owed}" in text_of(browser.get("/invoices/"))
    assert (
        shown(inbox, "Approvals for you") == str(len(approver.get("/approvals/").context["waiting"])) == "2"
    )
    left = home.context["desk"].budgets[0].figures.left
    assert f"EUR {left:,.2f} left" in text_of(home)
    assert f"EUR {left:,.2f}" in text_of(browser.get("/budgets/"))
    assert shown(home, "Credit left") == "EUR 4,796.00"


@pytest.mark.req("ACC-14", "APR-02")
def test_what_waits_for_a_person_is_told_first_and_leads_there(business, boris):
    came_back = Order.objects.get(status="returned")

    buyer, approver = text_of(business.signed_in().get("/home/")), text_of(boris.signed_in().get("/home/"))

    assert f"Order {came_back.number} came back to you" in buyer
    assert "take fewer" in buyer
    assert "3 things wait for you" in buyer
    assert "2 things wait for you" in approver
    assert "came back to you" not in approver


@pytest.mark.req("ACC-14", "ACC-05")
def test_who_may_not_see_prices_or_invoices_has_no_such_figures(business):
    rita = enrol("Rita", business.company, "requester")

    page = rita.signed_in().get("/home/")

    told = text_of(page)
    desk = page.context["desk"]
    assert (desk.credit, desk.balance, desk.quote_count, desk.approval_count, desk.budgets) == (None,) * 4 + (
        [],
    )
    for word in ("Credit left", "Open invoices", "Open quotes", "Approvals for you", "Workshop", "EUR"):
        assert word not in told.replace("in EUR, for", "")


@pytest.mark.req("ACC-14")
def test_a_new_company_is_told_what_will_stand_there():
    ada = enrol("Ada", CompanyFactory(number="NEW"), "administrator")

    told = text_of(ada.signed_in().get("/home/"))

    assert "nothing waits for you" in told
    assert "No order is open." in told
    assert "Nothing is due within a week." in told
    assert "No budget yet" in told


@pytest.mark.req("ACC-14")
def test_it_takes_the_same_statements_for_any_number_of_rows(business, boris, django_assert_max_num_queries):
    Membership.objects.filter(user=boris.user).update(roles=["approver", "buyer", "administrator"])
    browser = boris.signed_in()
    browser.get("/home/")
    for number in range(15):
        BudgetFactory(company=business.company, name=f"Budget {number}", amount=None)
        OrderFactory(company=business.company, placed_by=business.user)
        order_now(business, A1=55)

    with django_assert_max_num_queries(52):
        page = browser.get("/home/")

    assert page.context["desk"].approval_count.number == 17
    assert len(page.context["desk"].approvals) == 8
    assert "All 17 approvals" in text_of(page)
