"""Approvals, rules and budgets in the back office: seen with all that was asked, seen and decided; decided by none of the staff."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orders.actions.approval import approve_order
from orders.models import ApprovalRequest, ApprovalRule, ApprovalStep, Budget
from tests.conftest import employ, enrol
from tests.factories.approvals import BudgetFactory, asks, rule_of
from tests.factories.orders import order_now, sell
from tests.portal.pages import form_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def mona():
    """Leads sales: meets every customer and may ask somebody else."""
    return employ("Mona", "Sales manager")


@pytest.fixture
def waiting(anna, boris):
    """An order of two steps, of which Boris has decided the first."""
    BudgetFactory(company=anna.company, name="Workshop", amount=Decimal(500))
    rule_of(anna.company, asks(people=[boris.user.pk]), asks(roles=["finance"]))
    enrol("Fina", anna.company, "approver", "finance")
    sell("A1")
    order = order_now(anna, A1=60)
    return approve_order(order, by=boris.actor, comment="needed")


def page_of(order):
    """The order's page in the back office."""
    return reverse("admin:orders_order_page", args=[order.number])


@pytest.mark.req("APR-11", "APR-01")
def test_the_page_of_an_order_tells_who_is_asked_by_which_version_and_what_was_seen(waiting, mona):
    told = text_of(mona.signed_in().get(page_of(waiting)))

    for words in (
        "Approval, round 1", "Big orders (version 1 of ACME)", "Boris: approved", "needed",
        "Fina", "EUR 60.00", "Workshop: EUR 500.00 left before it", "waits",
    ):  # fmt: skip
        assert words in told, words


@pytest.mark.req("APR-06", "SEC-12")
def test_a_stuck_step_is_given_to_somebody_else_from_there_and_by_nobody_without_the_right(
    waiting, mona, acme
):
    dora = enrol("Dora", acme, "approver")
    browser = mona.signed_in()
    way = reverse("admin:orders_order_reroute", args=[waiting.number])
    form = form_of(browser.get(page_of(waiting)), way)
    wish = {**form, "to": [str(dora.user.pk)], "reason": "Fina has left"}

    auditor = employ("Rudi", "Auditor").signed_in()
    assert way not in auditor.get(page_of(waiting)).content.decode()
    assert auditor.post(way, wish).status_code == 403
    assert browser.post(way, {**wish, "reason": ""}).status_code == 422
    told = text_of(browser.post(way, wish, follow=True))

    assert "asks somebody else now" in told
    assert ApprovalStep.objects.get(stage=2).people == [dora.user.pk]


@pytest.mark.req("APR-03", "APR-04", "APR-08")
def test_lists_show_what_waits_rules_with_their_preview_and_budgets_with_their_orders(waiting, mona):
    browser = mona.signed_in()
    rule, budget = ApprovalRule.objects.get(), Budget.objects.get()

    approvals = text_of(browser.get(reverse("admin:orders_approvalrequest_changelist")))
    shown = text_of(browser.get(reverse("admin:orders_approvalrule_change", args=[rule.pk])))
    budgets = text_of(browser.get(reverse("admin:orders_budget_changelist")))
    movements = text_of(browser.get(reverse("admin:orders_budget_change", args=[budget.pk])))

    assert waiting.number in approvals
    assert "Big orders, version 1" in approvals
    assert "EUR 60.00" in approvals
    assert "Finance" in approvals
    assert "Order above an amount: EUR 50.00" in text_of(
        browser.get(reverse("admin:orders_approvalrule_changelist"))
    )
    assert "Order above an amount: EUR 50.00" in shown
    assert "1 of 1 orders" in shown
    assert "EUR 440.00" in budgets
    assert waiting.number in movements
    assert "EUR 440.00" in movements
    assert "500.0000" not in movements
    request = ApprovalRequest.objects.get()
    assert browser.get(reverse("admin:orders_approvalrequest_change", args=[request.pk])).url == page_of(
        waiting
    )
    assert browser.post(
        reverse("admin:orders_budget_change", args=[budget.pk]), {"amount": "9"}
    ).status_code in (403, 422)
    assert Budget.objects.get().amount == 500


@pytest.mark.req("ACC-16")
def test_sales_meets_those_of_its_own_customers_alone(waiting):
    browser = employ("Sam", "Sales").signed_in()

    for name, row in (
        ("approvalrequest", ApprovalRequest.objects.get()),
        ("approvalrule", ApprovalRule.objects.get()),
        ("budget", Budget.objects.get()),
    ):
        listed = browser.get(reverse(f"admin:orders_{name}_changelist"))
        assert waiting.number not in text_of(listed)
        assert "Workshop" not in text_of(listed)
        assert browser.get(reverse(f"admin:orders_{name}_change", args=[row.pk])).status_code == 404


def test_the_list_of_budgets_costs_the_same_for_any_length(waiting, mona):
    browser, address = mona.signed_in(), reverse("admin:orders_budget_changelist")

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(address)
        return len(captured)

    statements()
    few = statements()
    for number in range(20):
        BudgetFactory(company=waiting.company, name=f"Budget {number}")

    assert statements() <= few + 1


@pytest.mark.req("APR-01")
def test_the_list_names_whom_each_waits_for_in_as_many_statements_for_one_as_for_many(anna, boris, mona):
    rule_of(anna.company, asks(people=[boris.user.pk]))
    sell("A1")
    page, browser = reverse("admin:orders_approvalrequest_changelist"), mona.signed_in()

    def cost():
        with CaptureQueriesContext(connection) as queries:
            told = text_of(browser.get(page))
        return len(queries), told

    order_now(anna, A1=60)
    cost()
    one, _told = cost()
    for _number in range(4):
        order_now(anna, A1=60)
    many, told = cost()

    assert many == one
    assert told.count("Boris") == 5
