"""What each state of a company forbids, and who owns it."""

import pytest

from accounts.actions.erp import apply_customers
from accounts.models import Company
from accounts.queries.members import memberships_of
from accounts.queries.scopes import may, scope_for
from accounts.standing import FORBIDS, NEXT, SHUT, Deed, Standing, words_for
from accounts.states import Right
from tests.accounts.test_apply_customers import customer
from tests.conftest import enrol
from tests.factories.accounts import CompanyFactory

RIGHT_OF = {
    Deed.PRICES: Right.VIEW_PRICES,
    Deed.QUOTES: Right.REQUEST_QUOTES,
    Deed.INVOICED: Right.SEE_INVOICES,
}


def test_every_state_has_its_row_and_its_words():
    assert set(FORBIDS) == set(NEXT) == set(Standing)
    assert {state for state in Standing if words_for(state) is None} == {Standing.ACTIVE}
    assert set(SHUT) == {Standing.REJECTED, Standing.CLOSED}


@pytest.mark.django_db
@pytest.mark.parametrize("state", Standing)
def test_a_state_forbids_what_the_table_says(state):
    member = enrol("Ada", CompanyFactory(number="N", status=state), "administrator")

    scope = scope_for(member.user.pk, member.company.pk)

    assert scope.is_empty == (Deed.SIGN_IN in FORBIDS[state])
    assert memberships_of(member.user.pk).exists() != (Deed.SIGN_IN in FORBIDS[state])
    for deed, right in RIGHT_OF.items():
        assert scope.may(right) != (deed in FORBIDS[state]), deed
        assert may(member.user, right, member.company) != (deed in FORBIDS[state]), deed
    for right in (
        Right.USE_API,
        Right.SEE_REPORTS,
        Right.SEE_INVOICES,
    ):  # they bring prices, and go with them
        assert not scope.may(right) or scope.may(Right.VIEW_PRICES), right
    if state != Standing.ON_HOLD:
        assert scope.may(Right.BUY) != (Deed.ORDER in FORBIDS[state])


@pytest.mark.django_db
def test_a_pending_company_s_buyer_sees_the_catalogue_without_prices_and_why():
    member = enrol("Ada", CompanyFactory(number="N", status=Standing.PENDING), "buyer")
    browser = member.signed_in()

    page = browser.get("/catalogue/")
    refused = browser.post("/cart/lines/", {"sku": "S-1", "quantity": "1"})

    assert page.status_code == 200
    assert "Your account is being set up." in page.content.decode()
    assert refused.status_code in {403, 409, 422}


@pytest.mark.django_db
def test_nobody_acts_for_a_rejected_company_any_more():
    member = enrol("Ada", CompanyFactory(number="N", status=Standing.PENDING), "buyer")
    browser = member.signed_in()

    Company.objects.filter(number="N").update(status=Standing.REJECTED)

    assert browser.get("/home/").status_code == 302
    assert "_auth_user_id" not in browser.session


@pytest.mark.django_db
@pytest.mark.req("ACC-10")
def test_the_erp_s_reading_of_everything_leaves_alone_what_the_erp_does_not_know_yet(erp):
    CompanyFactory(number="R-1", status=Standing.PENDING, erp_id="")
    CompanyFactory(number="R-2", status=Standing.REJECTED, erp_id="")
    CompanyFactory(number="GONE")

    report = apply_customers([customer("A")], by=erp, is_full=True)

    assert report.removed == 1
    assert dict(Company.objects.values_list("number", "status")) == {
        "A": "active",
        "R-1": "pending",
        "R-2": "rejected",
        "GONE": "closed",
    }
