"""Budgets as a manager changes them on their page."""

from decimal import Decimal

import pytest

from orders.models import Budget
from tests.conftest import enrol
from tests.factories.accounts import CompanyFactory
from tests.factories.approvals import BudgetFactory
from tests.portal.pages import form_of, text_of

pytestmark = pytest.mark.django_db
SAVE = "/budgets/save/"


@pytest.fixture
def ada(acme):
    """The browser of who manages Acme."""
    return enrol("Ada", acme, "administrator").signed_in()


@pytest.mark.req("APR-03")
def test_a_budget_is_changed_by_its_page_and_no_change_of_somebody_else_is_lost(ada, acme):
    budget = BudgetFactory(company=acme, includes_below=True)
    page = ada.get(f"/budgets/?budget={budget.pk}")
    form = {**form_of(page, SAVE), "period": "month", "on_exceeding": "refuse"}

    ada.post(SAVE, {**form, "amount": "250"})
    late = ada.post(SAVE, {**form, "amount": "1"})

    budget.refresh_from_db()
    assert budget.amount == Decimal(250)
    assert (late.status_code, Budget.objects.count()) == (409, 1)
    assert "also for the companies below" in text_of(page)
    assert form["amount"] == "100"


def test_a_budget_of_another_company_opens_no_form(ada):
    foreign = BudgetFactory(company=CompanyFactory(number="OTHER"))

    assert ada.get(f"/budgets/?budget={foreign.pk}").status_code == 404


@pytest.mark.req("APR-03")
def test_a_custom_period_without_days_keeps_what_was_typed(ada):
    wish = {"name": "Fair", "amount": "700", "period": "custom", "on_exceeding": "approve"}

    answer = ada.post(SAVE, {**form_of(ada.get("/budgets/"), SAVE), **wish})

    assert answer.status_code == 422
    assert "A period of its own needs this day." in text_of(answer)
    assert (form_of(answer, SAVE)["name"], form_of(answer, SAVE)["amount"]) == ("Fair", "700")
    assert "Orders placed before count in no new budget" in text_of(answer)
