"""A company's activity: each kind of entry in words that are true, with who, in whose place, whom and what."""

import ast
from dataclasses import replace
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.actions.erp import rename_company
from accounts.actions.granting import Place
from accounts.actions.invitations import accept_invitation, invite_member, withdraw_invitation
from accounts.actions.managers import name_manager
from accounts.actions.members import change_member, end_membership, restore_membership
from accounts.actions.roles import compose_role, remove_role
from accounts.actions.security import require_second_factor
from accounts.invitations import pass_of
from accounts.models import Company, Membership, User
from accounts.queries.scopes import scope_for
from core import audit
from core.actor import Actor, new_correlation_id
from orders.actions.approval import approve_order, reject_order, return_order
from orders.actions.budgets import BudgetDraft, end_budget, save_budget
from orders.actions.reroute import reroute_step
from orders.actions.rules import RuleDraft, activate_rule, draft_rule
from orders.models import ApprovalStep, Budget
from orders.queries.budget import stamp_of
from portal.activity import SUPPLIERS_OWN, WORDS
from tests.architecture.test_borders import MODULES
from tests.conftest import employ, enrol
from tests.factories.accounts import CompanyFactory
from tests.factories.approvals import asks, delegation_of, rule_of
from tests.factories.orders import by_erp, order_now, sell
from tests.portal.pages import text_of

pytestmark = pytest.mark.django_db

ACTIVITY = reverse("portal:activity")
NOBODY = Actor("portal", "nobody")


@pytest.fixture
def ada(acme):
    """Administers Acme."""
    return enrol("Ada", acme, "administrator")


def renewed(actor):
    """The same person in another request."""
    return replace(actor, correlation_id=new_correlation_id())


def logged_of_companies():
    """The kinds of entries that a company's log can hold: told with events, or logged with its number."""
    found = set()
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            is_log = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "log"
            if is_log and any(word.arg == "company" for word in node.keywords):
                found |= {arg.value for arg in node.args if isinstance(arg, ast.Constant)}
    return found


@pytest.mark.req("SEC-08")
def test_every_kind_that_a_companys_log_can_hold_has_words_or_is_the_suppliers_own():
    elsewhere = {
        "assortment.filled",
        "checkout_policy.changed", "partner.let_in", "price_list.changed", "product.approved",
        "quote_policy.changed", "staff.roles_assigned",
    }  # fmt: skip
    kinds = set(audit.actions()) | logged_of_companies()

    assert sorted(kinds - elsewhere - WORDS.keys() - SUPPLIERS_OWN) == []
    assert sorted(SUPPLIERS_OWN & WORDS.keys()) == []
    assert sorted((WORDS.keys() | SUPPLIERS_OWN) - kinds) == []


@pytest.mark.req("SEC-08", "APR-11")
def test_an_approval_is_told_as_one_and_in_whose_place(acme, ada, anna, boris):
    eva = enrol("Eva", acme, "approver")
    zeno = enrol("Zeno", acme, "approver")
    rule_of(acme, asks(people=[boris.user.pk]), asks(people=[zeno.user.pk]))
    delegation_of(acme, boris.user, eva.user)
    sell("A1")
    order = order_now(anna, A1=60)
    again, never = order_now(anna, A1=61), order_now(anna, A1=62)

    approve_order(order, by=renewed(eva.actor), comment="needed")
    approve_order(order, by=renewed(zeno.actor))
    return_order(again, by=renewed(eva.actor), comment="take fewer")
    reject_order(never, by=renewed(boris.actor), comment="not this year")
    page = text_of(ada.signed_in().get(ACTIVITY))

    assert f"Eva in place of Boris approved a step of an order needed {order.number}" in page
    assert f"Zeno approved an order {order.number}" in page
    assert f"Eva in place of Boris gave an order back to be changed take fewer {again.number}" in page
    assert f"Boris rejected an order not this year {never.number}" in page
    assert page.count("placed an order") == page.count("Anna placed an order that waits for an approval") == 3


@pytest.mark.req("SEC-08", "ACC-07")
def test_people_and_roles_are_named_by_whom_and_as_what(acme, ada, anna):
    nina = invite_member(acme, "nina@acme.example", "Nina", Place(("buyer",)), by=ada.actor)
    gone = invite_member(acme, "otto@acme.example", "Otto", Place(("viewer",)), by=ada.actor)
    withdraw_invitation(str(gone.key), by=ada.actor)
    accept_invitation(pass_of(nina.key), name="Nina", password="long-enough-4711", by=NOBODY)
    member = end_membership(Membership.objects.get(user=anna.user), by=ada.actor)
    member = restore_membership(member, by=ada.actor)
    member = change_member(member, Place(("buyer", "finance")), version=member.version, by=ada.actor)
    name_manager(member, ada.user.pk, version=member.version, by=ada.actor)
    role = compose_role(acme, "Store", {"view_catalogue": 2, "view_prices": 2}, by=ada.actor)
    remove_role(role, by=ada.actor)
    require_second_factor(scope_for(ada.user.pk, acme.pk), True, has_shown=True, by=ada.actor)

    Company.objects.filter(pk=acme.pk).update(requires_second_factor=False)
    page = text_of(ada.signed_in().get(ACTIVITY))

    for words in (
        "Ada invited Nina as Buyer",
        "Ada withdrew the invitation of Otto",
        "Nina joined as Buyer",
        "Ada ended the access of Anna",
        "Ada gave Anna access as Buyer",
        "Ada changed what Anna may do as Buyer, Finance",
        "Ada named Ada the manager of Anna",
        "Ada made the role Store",
        "Ada removed the role Store",
        "Ada asks everybody for a second factor",
        "today ",
    ):
        assert words in page, words
    assert "somebody" not in page
    found = text_of(ada.signed_in().get(ACTIVITY, {"q": "Nina"}))
    assert "Nina joined" in found
    assert "removed the role" not in found
    assert "removed the role" in text_of(ada.signed_in().get(ACTIVITY, {"q": "removed"}))


@pytest.mark.req("SEC-08", "APR-03")
def test_budgets_rules_reroutes_and_the_suppliers_systems_are_told(acme, ada, anna, boris):
    dora = enrol("Dora", acme, "approver")
    scope = scope_for(ada.user.pk, acme.pk)
    budget = save_budget(scope, BudgetDraft("Tools", Decimal(500), "month", "refuse"), by=ada.actor)
    end_budget(scope, budget.pk, seen=stamp_of(Budget.objects.get(pk=budget.pk)), by=ada.actor)
    rule = rule_of(acme, asks(people=[boris.user.pk]), name="Big orders")
    draft = draft_rule(
        scope,
        RuleDraft(
            name=rule.name, code=rule.code, after=rule.version, conditions=rule.conditions, steps=rule.steps
        ),
        by=ada.actor,
    )
    sell("A1")
    order = order_now(anna, A1=60)
    activate_rule(scope, rule.code, draft.version, by=ada.actor)
    step = ApprovalStep.objects.get(request__order=order, stage=1)
    mona = employ("Mona", "Sales manager")
    reroute_step(order, step.pk, [dora.user.pk], reason="Boris has left", by=mona.actor)
    audit.log("order.confirmed", by=by_erp(), about=order.subject, company=acme.number)

    page = text_of(ada.signed_in().get(ACTIVITY))

    for words in (
        "Ada made or changed the budget Tools",
        "Ada ended the budget Tools",
        f"Ada drafted version {draft.version} of the approval rule Big orders",
        f"Ada put version {draft.version} of the approval rule Big orders in force",
        f"Mona asked Dora to decide on an order Boris has left {order.number}",
        f"confirmed an order {order.number}",
    ):
        assert words in page, words
    assert "a system" not in page


@pytest.mark.req("SEC-13")
def test_a_search_finds_the_own_people_however_many_others_have_the_name(acme, ada, other):
    others = User.objects.bulk_create(
        User(email=f"nora{nth}@other.example", name="Nora Other") for nth in range(201)
    )
    Membership.objects.bulk_create(Membership(user=one, company=other, roles=["buyer"]) for one in others)
    nora = enrol("Nora", acme, "administrator")
    compose_role(acme, "Workshop", {"see_orders": 2}, by=nora.actor)

    page = text_of(ada.signed_in().get(ACTIVITY, {"q": "nora"}))

    assert "Workshop" in page


@pytest.mark.req("SEC-13", "ACC-04")
def test_whoever_gets_a_number_that_another_company_had_sees_nothing_of_that_one(anna, acme, erp):
    ada = enrol("Ada", acme, "administrator")
    invite_member(acme, "nina@acme.example", "Nina", Place(("buyer",)), by=ada.actor)
    rename_company("ACME", "ACME-OLD", by=erp)
    heir = CompanyFactory(number="ACME", name="Heir")
    hugo = enrol("Hugo", heir, "administrator")

    own = text_of(ada.signed_in().get("/company/activity/"))
    others = text_of(hugo.signed_in().get("/company/activity/"))

    assert "Nina" in own
    assert "Nina" not in others
    assert "nina@acme.example" not in others
