"""Rules, budgets and delegations as those who manage or are absent make them."""

import contextlib
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions.delegation import delegate_approvals, end_delegation
from accounts.models import Delegation, Membership
from accounts.queries.scopes import scope_for
from core.actor import Actor
from core.errors import InvalidValue, NotAllowed, NotFound, OutOfDate, WrongState
from core.models import Case, Event
from orders.actions.approval import approve_order
from orders.actions.budgets import BudgetDraft, add_cost_centre, save_budget
from orders.actions.reminders import wake_approvals
from orders.actions.rules import RuleDraft, activate_rule, draft_rule, end_rule
from orders.models import ApprovalDecision, ApprovalRule, Budget
from orders.queries.orders import approvals_for
from orders.queries.preview import preview_of
from tests.conftest import enrol
from tests.factories.accounts import AddressFactory, CompanyFactory
from tests.factories.approvals import BudgetFactory, asks, delegation_of, rule_of
from tests.factories.catalog import CategoryFactory
from tests.factories.orders import order_now, sell

pytestmark = pytest.mark.django_db
JOB = Actor("job:approvals", "Approvals")


@pytest.fixture
def boss(acme):
    """Administers Acme."""
    return enrol("Boss", acme, "administrator")


def draft(over, **values):
    return RuleDraft("Big orders", [{"kind": "amount", "over": over}], [asks()], **values)


@pytest.mark.req("APR-04")
def test_a_threshold_is_changed_by_a_new_version_for_new_orders_only(anna, boris, boss):
    sell("A1")
    draft_rule(boss.scope, draft("50"), by=boss.actor)
    assert order_now(anna, A1=60).status == "received"
    activate_rule(boss.scope, "big-orders", 1, by=boss.actor)
    waiting = order_now(anna, A1=60)
    assert waiting.status == "pending_approval"

    for after in (None, 0, 2):
        with pytest.raises(OutOfDate):
            draft_rule(boss.scope, draft("70", code="big-orders", after=after), by=boss.actor)
    draft_rule(boss.scope, draft("70", code="big-orders", after=1), by=boss.actor)
    activate_rule(boss.scope, "big-orders", 2, by=boss.actor)

    assert order_now(anna, A1=60).status == "received"
    waiting.refresh_from_db()
    assert waiting.status == "pending_approval"
    assert [rule["version"] for rule in waiting.approval_rules] == [1]
    with pytest.raises(OutOfDate):
        end_rule(boss.scope, "big-orders", version=1, by=boss.actor)
    end_rule(boss.scope, "big-orders", version=2, by=boss.actor)
    assert order_now(anna, A1=90).status == "received"
    with pytest.raises(WrongState):
        activate_rule(boss.scope, "big-orders", 1, by=boss.actor)


@pytest.mark.req("APR-04")
def test_a_version_that_is_to_come_changes_nothing_before_its_day(anna, boss):
    sell("A1")
    draft_rule(boss.scope, draft("50"), by=boss.actor)

    activate_rule(boss.scope, "big-orders", 1, by=boss.actor, at=timezone.now() + timedelta(days=1))

    assert order_now(anna, A1=60).status == "received"


@pytest.mark.req("APR-04")
def test_a_preview_counts_the_orders_a_rule_would_have_stopped(anna, boss, clara):
    sell("A1")
    stopped = [order_now(anna, A1=pieces).number for pieces in (60, 40, 80)]

    seen = preview_of(boss.scope, [{"kind": "amount", "over": "50"}], applies_below=True)

    assert (seen.orders, seen.stopped) == (3, (stopped[2], stopped[0]))
    assert preview_of(clara.scope, [{"kind": "amount", "over": "0"}], applies_below=True).orders == 0
    first = preview_of(boss.scope, [{"kind": "new_product"}], applies_below=True)
    assert first.stopped == (stopped[0],)


@pytest.mark.req("APR-04")
def test_a_preview_takes_the_same_statements_for_any_number_of_orders(anna, boss, django_assert_num_queries):
    sell("A1", category=CategoryFactory(slug="bolts"))
    sell("B1")
    conditions = [
        {"kind": "category", "any_of": ["bolts"]},
        {"kind": "product", "any_of": ["A1"]},
        {"kind": "new_product"},
    ]
    first, *_later = [order_now(anna, A1=1, B1=1).number for _once in range(2)]
    with CaptureQueriesContext(connection) as few:
        preview_of(boss.scope, conditions, applies_below=True)
    for _once in range(4):
        order_now(anna, A1=1)

    with django_assert_num_queries(len(few)):
        seen = preview_of(boss.scope, conditions, applies_below=True)

    assert (seen.orders, seen.stopped) == (6, (first,))


def test_only_who_manages_the_company_changes_its_rules_and_budgets(anna, boris, clara, boss):
    draft_rule(boss.scope, draft("50"), by=boss.actor)
    budget = BudgetDraft("All", Decimal(100), "month", "refuse")

    for other in (anna, boris):
        with pytest.raises(NotAllowed):
            draft_rule(other.scope, draft("50"), by=other.actor)
        with pytest.raises(NotAllowed):
            save_budget(other.scope, budget, by=other.actor)
    with pytest.raises(NotFound):
        activate_rule(clara.scope, "big-orders", 1, by=clara.actor)
    own = save_budget(boss.scope, budget, by=boss.actor)
    with pytest.raises(NotFound):
        save_budget(clara.scope, budget, by=clara.actor, key=own.pk)

    assert ApprovalRule.objects.get().active_from is None
    assert Budget.objects.get() == own


def test_a_step_names_only_people_who_may_approve(anna, boss):
    wrong = RuleDraft("Big", [], [asks(people=[anna.user.pk])])

    with pytest.raises(InvalidValue):
        draft_rule(boss.scope, wrong, by=boss.actor)


def test_a_cost_centre_is_there_once(boss):
    add_cost_centre(boss.scope, "4711", "Tool shop", by=boss.actor)

    with pytest.raises(InvalidValue):
        add_cost_centre(boss.scope, "4711", "Another", by=boss.actor)


@pytest.mark.req("APR-09")
def test_who_is_absent_is_stood_in_for_only_as_long_as_that_lasts(anna, boris):
    dora = enrol("Dora", anna.company, "buyer")
    rule_of(anna.company, asks(people=[boris.user.pk]))
    sell("A1")
    order = order_now(anna, A1=60)
    now = timezone.now()
    delegate_approvals(boris.scope, dora.user.pk, now, now + timedelta(days=3), by=boris.actor)

    assert list(approvals_for(scope_for(dora.user.pk, anna.company.pk))) == [order]
    Delegation.objects.update(valid_from=now - timedelta(days=2), valid_until=now - timedelta(seconds=1))
    assert not approvals_for(scope_for(dora.user.pk, anna.company.pk)).exists()
    with pytest.raises(NotAllowed):
        approve_order(order, by=dora.actor)
    delegation_of(anna.company, boris.user, dora.user)
    approve_order(order, by=dora.actor, comment="for Boris")

    decision = ApprovalDecision.objects.get()
    assert (decision.actor_user, decision.instead_of) == (dora.user, boris.user)


@pytest.mark.req("APR-06", "APR-09")
def test_a_delegation_is_no_way_around_the_four_eyes(anna, boris):
    Membership.objects.filter(user=boris.user).update(roles=["buyer", "approver"])
    enrol("Gina", anna.company, "approver")
    rule_of(anna.company)
    sell("A1")
    hers = order_now(anna, A1=60)
    his = order_now(replace(boris, scope=scope_for(boris.user.pk, anna.company.pk)), A1=70)
    delegation_of(anna.company, boris.user, anna.user)

    for order in (hers, his):  # her own order by his seat, and his own order by his seat in her hands
        with pytest.raises(NotAllowed):
            approve_order(order, by=anna.actor)

    assert not approvals_for(scope_for(anna.user.pk, anna.company.pk)).exists()
    assert not ApprovalDecision.objects.exists()


@pytest.mark.req("APR-09")
def test_a_delegation_ends_with_the_absent_persons_right_and_can_be_taken_back(anna, boris, clara):
    dora = enrol("Dora", anna.company, "buyer")
    now = timezone.now()
    made = delegate_approvals(boris.scope, dora.user.pk, now, now + timedelta(days=3), by=boris.actor)
    assert "approve" in scope_for(dora.user.pk, anna.company.pk).rights

    with pytest.raises(NotFound):
        end_delegation(dora.scope, made.pk, by=dora.actor)
    Membership.objects.filter(user=boris.user).update(is_active=False)
    assert "approve" not in scope_for(dora.user.pk, anna.company.pk).rights
    Membership.objects.filter(user=boris.user).update(is_active=True)
    end_delegation(boris.scope, made.pk, by=boris.actor)

    assert "approve" not in scope_for(dora.user.pk, anna.company.pk).rights
    with pytest.raises(NotAllowed):
        delegate_approvals(anna.scope, dora.user.pk, now, now + timedelta(days=3), by=anna.actor)
    with pytest.raises(InvalidValue):
        delegate_approvals(boris.scope, clara.user.pk, now, now + timedelta(days=3), by=boris.actor)


@pytest.mark.req("APR-09")
def test_an_approval_that_waits_is_reminded_and_then_escalated_each_once(anna, boris):
    gina = enrol("Gina", anna.company, "approver")
    rule_of(anna.company, asks(people=[boris.user.pk], remind_hours=24, escalate_hours=72))
    sell("A1")
    order = order_now(anna, A1=60)
    start = timezone.now()

    def woken(hours):
        wake_approvals(start + timedelta(hours=hours), by=JOB)
        events = Event.objects.filter(name__in=["order.approval_reminded", "order.approval_escalated"])
        return [
            (event.name.rpartition("_")[2], [one["name"] for one in event.payload["approvers"]])
            for event in events
        ]

    assert woken(23) == []
    assert woken(25) == [("reminded", ["Boris"])]
    assert woken(26) == [("reminded", ["Boris"])]
    assert not approvals_for(gina.scope).exists()
    assert woken(73) == [("reminded", ["Boris"]), ("escalated", ["Boris", "Gina"])]
    assert woken(74) == woken(73)
    approve_order(order, by=gina.actor)
    assert len(woken(500)) == 2


@pytest.mark.req("APR-09")
def test_an_approval_that_nobody_can_give_any_more_is_a_case(anna, boris):
    rule_of(anna.company, asks(people=[boris.user.pk], remind_hours=24, escalate_hours=72))
    sell("A1")
    order = order_now(anna, A1=60)
    Membership.objects.filter(user=boris.user).update(is_active=False)

    wake_approvals(timezone.now() + timedelta(hours=73), by=JOB)

    assert Case.objects.get(kind="approval_stuck").subject == order.subject


@pytest.mark.req("APR-06", "APR-08")
@pytest.mark.parametrize(("is_above", "may_decide"), [(True, False), (False, True)])
def test_a_rule_below_lets_nobody_decide_alone_on_what_exceeds_a_budget_from_above(
    anna, is_above, may_decide
):
    branch = CompanyFactory(number="BR", parent=anna.company)
    AddressFactory(company=branch, erp_id="br-1")
    BudgetFactory(
        company=anna.company if is_above else branch, amount=10, on_exceeding="approve", includes_below=True
    )
    rule_of(branch, conditions=[{"kind": "budget"}], allows_own=True)
    enrol("Hanna", anna.company, "approver", includes_branches=True)
    bea = enrol("Bea", branch, "buyer", "approver")
    sell("A1")
    order = order_now(bea, A1=60)

    with contextlib.suppress(NotAllowed):
        approve_order(order, by=bea.actor)

    order.refresh_from_db()
    assert (order.status == "received") is may_decide
