"""What a branch inherits: terms, bill-to and credit, each with its origin."""

from decimal import Decimal

import pytest

from accounts.queries.billing import billing_of
from accounts.queries.credit import credit_of
from tests.factories.accounts import (
    AddressFactory,
    CompanyFactory,
    CreditAccountFactory,
    PaymentTermFactory,
)


@pytest.fixture
def branch(db):
    head = CompanyFactory(number="H", payment_term=PaymentTermFactory(code="net60", net_days=60))
    middle = CompanyFactory(number="H1", parent=head, payment_term=None)
    return CompanyFactory(number="H11", parent=middle, payment_term=None)


@pytest.mark.req("ACC-04", "ACC-08")
def test_terms_and_bill_to_come_from_the_nearest_that_has_them(branch):
    head = branch.parent.parent
    office = AddressFactory(company=head, erp_id="office", is_ship_to=False)
    AddressFactory(company=branch, erp_id="gate", is_bill_to=False)

    billing = billing_of(branch)

    assert (billing.company, billing.address) == (head, office)
    assert (billing.payment_term.code, billing.payment_term_from) == ("net60", head)


@pytest.mark.req("ACC-08")
def test_an_override_in_the_middle_wins_for_what_is_below(branch):
    middle = branch.parent
    middle.payment_term = PaymentTermFactory(code="net14", net_days=14)
    middle.save(update_fields=["payment_term"])

    billing = billing_of(branch)

    assert (billing.payment_term.code, billing.payment_term_from) == ("net14", middle)


def test_without_any_invoice_address_the_company_itself_is_billed_nowhere(branch):
    billing = billing_of(branch)

    assert (billing.company, billing.address) == (branch, None)


@pytest.mark.req("CRT-09")
def test_a_shared_limit_counts_what_all_its_companies_owe(branch):
    head, middle = branch.parent.parent, branch.parent
    CreditAccountFactory(company=head, limit_amount=Decimal(1000), used_amount=Decimal(100))
    CreditAccountFactory(company=middle, limit_amount=None, used_amount=Decimal(200))
    CreditAccountFactory(company=branch, limit_amount=None, used_amount=Decimal(50))
    own = CompanyFactory(parent=head)
    CreditAccountFactory(company=own, limit_amount=Decimal(10), used_amount=Decimal(9))

    credit = credit_of(branch)

    assert credit.account.company == head
    assert credit.used_amount == Decimal(350)
    assert credit.company_ids == {head.pk, middle.pk, branch.pk}
    assert credit_of(own).used_amount == Decimal(9)


def test_no_limit_anywhere_is_no_limit_and_zero_is_zero(branch):
    assert credit_of(branch).limit_amount is None

    CreditAccountFactory(company=branch, limit_amount=Decimal(0))

    assert credit_of(branch).limit_amount == Decimal(0)


@pytest.mark.parametrize("where", ["branch", "middle", "head"])
def test_a_hold_up_to_the_owner_of_the_limit_counts(branch, where):
    head, middle = branch.parent.parent, branch.parent
    CreditAccountFactory(company=head)
    held = {"branch": branch, "middle": middle, "head": head}[where]
    held.status = "on_hold"
    held.save(update_fields=["status"])

    assert credit_of(branch).is_on_hold
