"""The pages of invoices and credit notes."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.models import Company, CompanyRole, Membership
from accounts.queries.scopes import scope_for
from orders.actions.erp import confirm_order
from orders.actions.invoices import apply_invoice
from orders.queries.invoices import invoices_for
from tests.conftest import enrol
from tests.factories.accounts import CompanyFactory
from tests.factories.erp_facts import answer, invoice
from tests.factories.orders import order_now, sell
from tests.portal.pages import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(anna, erp):
    sell("A1", "1.00")
    order = order_now(anna, choice={"po_number": "4711"}, A1=100)
    confirm_order(order.number, answer(order), by=erp)
    return order


@pytest.fixture
def documents(order, erp):
    """An invoice of 120 with VAT, 50 of it paid, and a credit note of 30."""
    apply_invoice(invoice(order, {1: 100}, paid=["50"]), by=erp)
    note = invoice(
        order, {1: 25}, key="C1", kind="credit_note", credits_erp_id="I1", open_amount=Decimal(-30)
    )
    apply_invoice(note, by=erp)


@pytest.mark.req("FIN-01", "FIN-03")
def test_an_invoice_shows_lines_tax_due_date_payments_and_credit_notes(anna, order, documents):
    page = text_of(anna.signed_in().get("/invoices/INV-I1/"))

    assert "Invoice INV-I1" in page
    assert "EUR 120.00 net 100.00, VAT 20.00" in page
    assert "EUR 70.00" in page
    assert "Mon 21 Dec" in page
    assert order.number in page
    assert "Booked Wed 25 Nov EUR 50.00" in page
    assert "INV-C1 of Sat 21 Nov EUR −30.00" in page.replace("of today", "of Sat 21 Nov")


@pytest.mark.req("FIN-04")
def test_what_is_due_takes_payment_and_credit_note_into_account_everywhere(anna, documents):
    browser = anna.signed_in()

    listed, note = text_of(browser.get("/invoices/")), text_of(browser.get("/invoices/INV-C1/"))

    assert "Open, with VAT EUR 40.00" in listed
    assert "Credit notes not yet set off EUR 30.00" in listed
    assert "Credit note · for INV-I1" in listed
    assert "This credits invoice INV-I1." in note
    assert "Open invoices, with VAT EUR 40.00" in text_of(browser.get("/home/"))


def test_an_overdue_invoice_says_so(anna, order, erp):
    apply_invoice(invoice(order, {1: 100}, due_on=date(2026, 11, 1)), by=erp)
    browser = anna.signed_in()

    assert "overdue since Sun 1 Nov" in text_of(browser.get("/invoices/"))
    assert "Overdue EUR 120.00" in text_of(browser.get("/invoices/"))
    assert "past, please pay" in text_of(browser.get("/invoices/INV-I1/"))


def test_invoices_are_found_by_number_order_and_po(anna, order, documents):
    browser = anna.signed_in()

    for text in ("INV-I1", order.number, "4711"):
        assert "INV-I1" in text_of(browser.get(f"/invoices/?q={text}"))
    assert "No invoice is like that" in text_of(browser.get("/invoices/?q=nothing"))
    assert "INV-C1" not in text_of(browser.get("/invoices/?tab=paid"))


@pytest.mark.req("ACC-09")
def test_another_company_finds_no_invoice(documents, clara):
    browser = clara.signed_in()

    for number in ("INV-I1", "INV-C1", "INV-NONE"):
        assert browser.get(f"/invoices/{number}/").status_code == 404


@pytest.mark.req("ACC-09")
def test_a_branch_sees_the_invoice_of_its_own_order_and_none_of_its_sisters(anna, order, erp):
    head = CompanyFactory(number="HEAD")
    sister = CompanyFactory(number="SISTER", parent=head)
    Company.objects.filter(pk=anna.company.pk).update(parent=head)
    apply_invoice(invoice(order, {1: 100}, company_number="HEAD"), by=erp)
    apply_invoice(invoice(order, {}, key="I2", company_number="HEAD", order_numbers=[]), by=erp)
    sina = enrol("Sina", sister, "buyer")
    hugo = enrol("Hugo", head, "finance", includes_branches=True)

    assert [item.number for item in invoices_for(scope_for(anna.user.pk, anna.company.pk))] == ["INV-I1"]
    assert not invoices_for(sina.scope).exists()
    assert sorted(item.number for item in invoices_for(hugo.scope)) == ["INV-I1", "INV-I2"]


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_invoices_are_only_read(anna, documents, method):
    browser = anna.signed_in()

    assert getattr(browser, method)("/invoices/INV-I1/").status_code == 405


@pytest.mark.req("FIN-07", "ACC-05", "SEC-13")
def test_the_order_of_an_invoice_is_a_link_for_whoever_may_open_the_order_alone(anna, order, documents):
    clerk = enrol("Cleo", anna.company)
    made = CompanyRole.objects.create(company=anna.company, name="Books", grants={"see_invoices": 2})
    Membership.objects.get(user=clerk.user).own_roles.add(made)
    link = f'href="/orders/{order.number}/"'

    for path in ("/invoices/", "/invoices/INV-I1/"):
        mine, theirs = (one.signed_in().get(path).content.decode() for one in (anna, clerk))

        assert link in mine
        assert link not in theirs
        assert order.number in theirs
    assert clerk.signed_in().get(f"/orders/{order.number}/").status_code == 404
