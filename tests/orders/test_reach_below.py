"""What also counts for the companies below is decided by who may decide there: nobody goes deeper than the own right."""

import pytest
from django.urls import reverse

from accounts.actions.security import require_second_factor
from accounts.models import Company, CompanyRole, Membership
from accounts.queries.scopes import scope_for
from core.errors import NotAllowed
from orders.actions.budgets import BudgetDraft, add_cost_centre, end_budget, save_budget
from orders.actions.rules import RuleDraft, activate_rule, draft_rule, end_rule
from orders.models import ApprovalRule, Budget, CostCentre
from orders.queries.budget import stamp_of
from tests.conftest import Member, enrol
from tests.factories.accounts import CompanyFactory
from tests.factories.approvals import BudgetFactory, asks, rule_of
from tests.portal.pages import form_of

pytestmark = [pytest.mark.django_db, pytest.mark.req("ACC-06", "APR-10")]
HERE = {"amount": 5, "period": "month", "on_exceeding": "refuse"}


@pytest.fixture
def branch(acme):
    return CompanyFactory(number="ACME-B", parent=acme)


@pytest.fixture
def una(acme, branch):
    """Manages Acme and its people, in the own unit alone."""
    una = enrol("Una", acme)
    grants = {"manage_company": 2, "manage_people": 2}
    role = CompanyRole.objects.create(company=acme, name="Runs the unit", grants=grants)
    Membership.objects.get(user=una.user).own_roles.add(role)
    return Member(una.user, acme, scope_for(una.user.pk, acme.pk), una.actor)


def draft(name="Big orders", **values):
    return RuleDraft(name, [{"kind": "amount", "over": "50"}], [asks()], **values)


def test_a_rule_for_the_companies_below_is_neither_made_replaced_nor_ended(acme, una):
    rule_of(acme, code="below")
    rule_of(acme, code="here", applies_below=False)
    rule_of(acme, code="drafted", version=1, active_from=None)
    newer = draft(code="below", after=1, applies_below=False)
    draft_rule(una.scope, newer, by=una.actor)

    for step in (
        lambda: draft_rule(una.scope, draft("Mine", allows_own=True), by=una.actor),
        lambda: activate_rule(una.scope, "below", 2, by=una.actor),
        lambda: activate_rule(una.scope, "drafted", 1, by=una.actor),
        lambda: end_rule(una.scope, "below", version=2, by=una.actor),
    ):
        with pytest.raises(NotAllowed):
            step()

    assert ApprovalRule.objects.get(code="below", version=1).ended_at is None
    assert not ApprovalRule.objects.filter(code="mine").exists()
    end_rule(una.scope, "here", version=1, by=una.actor)
    assert ApprovalRule.objects.get(code="here").ended_at is not None


def test_a_budget_for_the_companies_below_is_neither_made_changed_nor_ended(acme, una):
    below = BudgetFactory(company=acme, includes_below=True)
    below.refresh_from_db()

    for step in (
        lambda: save_budget(una.scope, BudgetDraft("All", includes_below=True, **HERE), by=una.actor),
        lambda: save_budget(
            una.scope, BudgetDraft("Small", **HERE), by=una.actor, key=below.pk, seen=stamp_of(below)
        ),
        lambda: end_budget(una.scope, below.pk, seen=stamp_of(below), by=una.actor),
        lambda: add_cost_centre(una.scope, "CC", "Workshop", by=una.actor),
    ):
        with pytest.raises(NotAllowed):
            step()

    below.refresh_from_db()
    assert (below.amount, below.is_active) == (100, True)
    assert Budget.objects.count() == 1
    assert not CostCentre.objects.exists()
    assert save_budget(una.scope, BudgetDraft("Ours", **HERE), by=una.actor).company == acme


def test_the_second_factor_is_not_asked_of_the_companies_below(acme, una):
    with pytest.raises(NotAllowed):
        require_second_factor(una.scope, True, has_shown=True, by=una.actor)

    assert not Company.objects.get(pk=acme.pk).requires_second_factor


def test_without_a_company_below_the_own_unit_is_all_there_is(acme, branch, una):
    Company.objects.filter(pk=branch.pk).update(parent=None)

    draft_rule(una.scope, draft(), by=una.actor)
    activate_rule(una.scope, "big-orders", 1, by=una.actor)
    add_cost_centre(una.scope, "CC", "Workshop", by=una.actor)
    require_second_factor(una.scope, True, has_shown=True, by=una.actor)

    assert ApprovalRule.objects.get().active_from is not None
    assert Company.objects.get(pk=acme.pk).requires_second_factor


def test_the_pages_offer_no_more_than_that(una):
    browser = una.signed_in()
    rules, budgets = reverse("portal:approval-rules"), reverse("portal:budget-list")

    page = browser.get(rules)
    assert "applies_below" not in form_of(page, having="code")
    saved = browser.post(
        reverse("portal:approval-rule-save"),
        {"name": "Mine", "amount": "50", "who_1": ["right"], "applies_below": "on"},
    )

    assert saved.status_code == 302
    assert not ApprovalRule.objects.get().applies_below
    text = browser.get(budgets).content.decode()
    assert "Your role goes no further than your own unit." in text
    assert reverse("portal:cost-centre-add") not in text
    assert (
        reverse("portal:security-second-factor")
        not in browser.get(reverse("portal:security")).content.decode()
    )
