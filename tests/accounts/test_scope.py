"""Scopes and rights: what a person sees follows the membership, and nothing else."""

import pytest

from accounts.models import Company
from accounts.queries.addresses import ship_to_addresses
from accounts.queries.companies import company_in
from accounts.queries.members import all_members_with
from accounts.queries.scopes import may, scope_for
from accounts.scope import NOTHING
from accounts.states import RIGHTS, Right, check_right, rights_of, with_brought
from core.errors import NotAllowed, NotFound
from tests.conftest import enrol
from tests.factories.accounts import AddressFactory, CompanyFactory, MembershipFactory
from tests.factories.approvals import delegation_of


@pytest.fixture
def tree(db):
    """Group > company > branch > department: four levels."""
    group = CompanyFactory(number="G")
    company = CompanyFactory(number="G1", parent=group)
    branch = CompanyFactory(number="G11", parent=company)
    department = CompanyFactory(number="G111", parent=branch)
    return group, company, branch, department


@pytest.mark.req("ACC-01", "ACC-09")
def test_who_includes_branches_sees_everything_below_and_nothing_above(tree):
    group, company, branch, department = tree
    head = enrol("Hanna", company, "buyer", includes_branches=True)

    assert head.scope.company_ids == {company.pk, branch.pk, department.pk}
    assert head.scope.lineage == (company.pk, group.pk)


@pytest.mark.req("ACC-09")
def test_a_branch_user_sees_the_own_unit_only(tree):
    _, _, branch, department = tree
    member = enrol("Bert", branch, "buyer")

    assert member.scope.company_ids == {branch.pk}
    assert member.scope.lineage == (branch.pk, tree[1].pk, tree[0].pk)
    with pytest.raises(NotFound):
        company_in(member.scope, department.number)


@pytest.mark.parametrize("change", ["user", "membership", "company", "moved"])
def test_whoever_is_not_active_any_more_sees_nothing(anna, other, change):
    if change == "user":
        anna.user.is_active = False
        anna.user.save(update_fields=["is_active"])
    elif change == "membership":
        anna.user.memberships.update(is_active=False)
    elif change == "company":
        Company.objects.filter(pk=anna.company.pk).update(status="closed")
    else:
        anna.user.memberships.update(company=other)

    assert scope_for(anna.user.pk, anna.company.pk) == NOTHING


def test_no_company_is_nothing_and_never_everything(anna, acme):
    assert scope_for(anna.user.pk, None) == NOTHING
    assert scope_for(None, acme.pk) == NOTHING
    assert not ship_to_addresses(NOTHING).exists()


def test_the_scope_costs_the_same_for_a_small_and_a_large_tree(tree, django_assert_max_num_queries):
    for n in range(30):
        CompanyFactory(parent=tree[2], number=f"X{n}")
    member = enrol("Hanna", tree[0], "buyer", includes_branches=True)

    with django_assert_max_num_queries(5):
        scope = scope_for(member.user.pk, tree[0].pk)

    assert len(scope.company_ids) == 34


@pytest.mark.req("ACC-06")
def test_the_same_person_may_order_for_one_unit_and_not_for_another(acme, other):
    member = enrol("Uma", acme, "buyer")
    MembershipFactory(user=member.user, company=other, roles=["finance"])

    assert may(member.user, Right.BUY, acme)
    assert not may(member.user, Right.BUY, other)
    assert not scope_for(member.user.pk, other.pk).may(Right.BUY)


@pytest.mark.parametrize("role", RIGHTS)
@pytest.mark.parametrize("right", list(Right))
def test_the_table_of_rights_is_the_whole_truth(role, right):
    rights = rights_of([role])

    if right in with_brought(RIGHTS[role]):
        check_right(rights, right)
    else:
        with pytest.raises(NotAllowed) as refusal:
            check_right(rights, right)
        assert refusal.value.details == {"right": str(right)}


def test_an_unknown_role_gives_no_right():
    assert rights_of(["owner-of-everything"]) == frozenset()


def test_a_guardian_row_grants_one_right_on_one_company(anna, other):
    from guardian.shortcuts import assign_perm

    assign_perm("approve", anna.user, other)

    assert may(anna.user, Right.APPROVE, other)
    assert not may(anna.user, Right.BUY, other)
    assert not may(anna.user, Right.APPROVE, anna.company)


@pytest.mark.req("ACC-03")
def test_only_addresses_in_use_for_deliveries_of_the_own_company_are_offered(anna, acme, other):
    AddressFactory(company=acme, erp_id="closed", is_active=False)
    AddressFactory(company=acme, erp_id="invoices", is_ship_to=False)
    AddressFactory(company=other, erp_id="foreign")

    assert list(ship_to_addresses(anna.scope).values_list("erp_id", flat=True)) == ["acme-1"]


def test_approvers_above_count_when_their_membership_includes_branches(tree):
    group, company, branch, _ = tree
    above = enrol("Above", group, "approver", includes_branches=True)
    enrol("Beside", company, "approver")
    here = enrol("Here", branch, "approver")
    enrol("Buyer", branch, "buyer")

    assert all_members_with(Right.APPROVE, [branch.pk]) == [above.user, here.user]


@pytest.mark.req("APR-09")
def test_who_stands_in_for_an_approver_counts_as_far_as_that_person_may_and_while_it_lasts(tree):
    group, company, branch, _ = tree
    above = enrol("Above", group, "approver", includes_branches=True)
    beside = enrol("Beside", company, "approver")
    deputy, late, idle = (enrol(name, group, "viewer") for name in ("Deputy", "Late", "Idle"))
    delegation_of(group, above.user, deputy.user)
    delegation_of(group, above.user, late.user, days=(-3, -1))
    delegation_of(company, beside.user, idle.user)

    assert all_members_with(Right.APPROVE, [branch.pk]) == [above.user, deputy.user]
    assert idle.user in all_members_with(Right.APPROVE, [company.pk])
    assert all_members_with(Right.BUY, [branch.pk]) == []
