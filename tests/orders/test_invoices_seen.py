"""Which invoices a branch sees of those that its headquarters pays."""

import pytest

from accounts.models import Company
from accounts.queries.scopes import scope_for
from core.errors import NotFound
from orders.actions.invoices import apply_invoice
from orders.queries.invoices import balance_of, invoice_by_number, invoices_for
from tests.factories.accounts import CompanyFactory
from tests.factories.erp_facts import invoice
from tests.factories.orders import order_now, sell

pytestmark = pytest.mark.django_db


@pytest.fixture
def sisters(anna, clara):
    """Orders of two branches whose invoices one headquarters pays."""
    head = CompanyFactory(number="HEAD")
    Company.objects.filter(pk__in=[anna.company.pk, clara.company.pk]).update(parent=head)
    sell("A1")
    return order_now(anna, A1=100), order_now(clara, A1=40)


def now(member):
    """The scope of a member as the tree is now."""
    return scope_for(member.user.pk, member.company.pk)


@pytest.mark.req("ACC-09")
def test_a_branch_sees_what_was_invoiced_for_it_alone_and_nothing_shared_with_a_sister(
    sisters, anna, clara, erp
):
    ours, theirs = sisters
    apply_invoice(invoice(ours, {1: 100}, key="OURS", company_number="HEAD"), by=erp)
    both = invoice(ours, {1: 100}, key="BOTH", company_number="HEAD")
    both = both.model_copy(update={"order_numbers": (ours.number, theirs.number)})
    apply_invoice(both, by=erp)

    assert [row.number for row in invoices_for(now(anna))] == ["INV-OURS"]
    assert balance_of(now(anna)).open_amount == 120
    assert not invoices_for(now(clara)).exists()
    for person in (anna, clara):
        with pytest.raises(NotFound):
            invoice_by_number(now(person), "INV-BOTH")
