"""Rights and their depth: by ready-made roles, by roles a company composed, from above, and lent."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import CompanyRole, CompanyUserPermission, Membership
from accounts.queries.members import all_members_with
from accounts.queries.scopes import acting_as, may, scope_for
from accounts.scope import NOTHING
from accounts.states import RIGHTS, Depth, Right, Role, beyond, grants_of, with_brought
from orders.queries.orders import approvals_for, orders_for
from tests.conftest import enrol
from tests.factories.accounts import CompanyFactory, lend
from tests.factories.approvals import let_wait
from tests.factories.orders import OrderFactory

STORED = st.dictionaries(st.sampled_from([*Right.values, "unknown"]), st.sampled_from([1, 2, 3]))


@pytest.fixture
def tree(db):
    """Group > company > branch, and a sister of the branch."""
    group = CompanyFactory(number="G")
    company = CompanyFactory(number="G1", parent=group)
    return (
        group,
        company,
        CompanyFactory(number="G11", parent=company),
        CompanyFactory(number="G12", parent=company),
    )


def compose(company, name="Own", **grants):
    """A role that a company made for itself."""
    return CompanyRole.objects.create(company=company, name=name, grants=grants)


@pytest.mark.req("ACC-05")
@given(st.lists(st.sampled_from(Role.values)), st.lists(STORED), st.booleans())
def test_more_roles_never_take_a_right_away_and_what_comes_with_one_is_there(roles, composed, branches):
    grants = grants_of(roles, composed, includes_branches=branches)

    for role in roles:
        assert not beyond(with_brought(RIGHTS[role]), grants)
    assert set(grants) <= set(Right.values)
    assert with_brought(grants) == grants
    if Right.APPROVE in grants:
        assert grants[Right.SEE_ORDERS] >= grants[Right.APPROVE]


@pytest.mark.req("ACC-06", "ACC-09")
def test_a_right_that_goes_below_acts_in_branches_and_one_of_the_unit_does_not(tree):
    group, company, branch, _sister = tree
    head = enrol("Hanna", company)
    Membership.objects.get(user=head.user).own_roles.add(
        compose(company, see_orders=3, buy=2, see_invoices=3)
    )

    here, below = scope_for(head.user.pk, company.pk), scope_for(head.user.pk, branch.pk)

    assert here.may(Right.BUY)
    assert below.rights == {Right.SEE_ORDERS, Right.SEE_INVOICES, Right.VIEW_PRICES}
    assert scope_for(head.user.pk, group.pk) == NOTHING
    assert below.membership_id == here.membership_id


@pytest.mark.req("ACC-09")
@pytest.mark.parametrize(
    ("depth", "seen"), [(1, {"mine"}), (2, {"mine", "unit"}), (3, {"mine", "unit", "below"})]
)
def test_documents_are_seen_as_deep_as_the_right_goes(tree, depth, seen):
    _group, company, branch, _sister = tree
    member = enrol("Rita", company)
    Membership.objects.get(user=member.user).own_roles.add(compose(company, see_orders=depth))
    colleague = enrol("Otto", company, "buyer")
    orders = {
        "mine": OrderFactory(company=company, placed_by=member.user),
        "unit": OrderFactory(company=company, placed_by=colleague.user),
        "below": OrderFactory(company=branch, placed_by=colleague.user),
    }
    OrderFactory(company=CompanyFactory(), placed_by=member.user)  # placed by the same person elsewhere

    scope = scope_for(member.user.pk, company.pk)

    assert set(orders_for(scope)) == {orders[name] for name in seen}


@pytest.mark.req("APR-10", "ACC-09")
def test_to_approve_deep_and_to_see_shallow_is_to_decide_on_no_more_than_is_seen(tree):
    _group, company, branch, _sister = tree
    boss = enrol("Bea", company)
    Membership.objects.get(user=boss.user).own_roles.add(compose(company, approve=3, see_orders=1))
    buyer = enrol("Kurt", branch, "buyer")
    waiting = let_wait(OrderFactory(company=branch, placed_by=buyer.user, status="pending_approval"))

    scope = scope_for(boss.user.pk, company.pk)

    assert list(approvals_for(scope)) == [waiting]
    assert waiting in orders_for(scope)
    assert boss.user in all_members_with(Right.APPROVE, [branch.pk])


def test_a_sister_is_as_foreign_as_any_company(tree):
    _group, _company, branch, sister = tree
    member = enrol("Bert", branch, "administrator", includes_branches=True)

    assert acting_as(member.user.pk, sister.pk) is None
    assert not any(may(member.user, right, sister) for right in Right)


@pytest.mark.req("APR-09")
def test_a_lent_right_counts_until_it_ends_and_ends_with_the_company(acme, anna):
    now = timezone.now()
    lent = lend(anna.user, Right.APPROVE, acme, until=now + timedelta(hours=1))

    scope = scope_for(anna.user.pk, acme.pk)
    assert scope.may(Right.APPROVE)
    assert scope.until == lent.valid_until
    assert anna.user in all_members_with(Right.APPROVE, [acme.pk])

    CompanyUserPermission.objects.update(valid_until=now - timedelta(seconds=1))

    assert not scope_for(anna.user.pk, acme.pk).may(Right.APPROVE)
    assert not may(anna.user, Right.APPROVE, acme)
    assert anna.user not in all_members_with(Right.APPROVE, [acme.pk])


def test_a_new_company_under_an_old_key_inherits_no_right_of_the_old_one(anna):
    gone = CompanyFactory()
    key = gone.pk
    lend(anna.user, Right.BUY, gone)
    gone.delete()

    again = CompanyFactory(pk=key)

    assert not may(anna.user, Right.BUY, again)
    assert not CompanyUserPermission.objects.exists()


@pytest.mark.req("ACC-12")
def test_who_acts_below_by_a_right_from_above_works_there_with_a_cart_of_its_own(tree):
    _group, company, branch, _sister = tree
    head = enrol("Hanna", company, "administrator")
    browser = head.signed_in()

    answer = browser.post("/company/", {"company": branch.number})

    assert answer.status_code == 302
    page = browser.get("/orders/")
    assert page.context["scope"].company_id == branch.pk
    assert branch.name in page.content.decode()
    assert browser.post("/company/", {"company": CompanyFactory().number}).status_code == 404


@pytest.mark.req("ACC-05")
def test_who_keeps_budgets_and_rules_sees_the_amounts_they_are_about():
    grants = grants_of((), [{Right.MANAGE_COMPANY: Depth.UNIT}])

    assert grants == {
        Right.MANAGE_COMPANY: Depth.UNIT, Right.SEE_ORDERS: Depth.UNIT, Right.VIEW_PRICES: Depth.UNIT
    }  # fmt: skip
