"""Approval rules as data: what they look at, whom they ask, and how a chain goes on."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from accounts.models import Company, Membership
from accounts.queries.scopes import scope_for
from accounts.seats import seats_of
from core.errors import InvalidValue, NotAllowed, WrongState
from core.models import Event
from orders.actions.approval import approve_order, reject_order, return_order, stamp_of
from orders.actions.rules import activate_rule, end_rule
from orders.models import ApprovalDecision, Order
from orders.queries.approval import approvers_now, open_request
from orders.queries.chains import chains_of
from orders.queries.orders import approvals_for
from orders.queries.outlook import approval_outlook
from orders.queries.rules import rules_in_force
from orders.rules.approval import NoApprover
from orders.rules.conditions import OrderFacts, check_conditions, hits
from orders.rules.steps import AskedOf, Candidate, Hit, check_steps, chosen, may_decide, plan
from tests.conftest import enrol
from tests.factories.accounts import CompanyFactory
from tests.factories.approvals import LONG_AGO, asks, delegation_of, rule_of
from tests.factories.orders import order_now, sell

pytestmark = pytest.mark.django_db

FACTS = OrderFacts(
    net_amount=Decimal(100),
    lines=3,
    skus=frozenset({"A1"}),
    categories=frozenset({"screws"}),
    brands=frozenset({"Böllhoff"}),
    new_skus=frozenset({"A1"}),
    ship_to="acme-1",
    cost_centre="4711",
    requester="anna@acme.example",
    budgets=("Workshop",),
    is_held_by_erp=True,
)


def names():
    return list(Event.objects.filter(name__startswith="order.").values_list("name", flat=True))


@pytest.mark.req("APR-04")
@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"kind": "amount", "over": "99.99"}, "100"),
        ({"kind": "amount", "over": "100"}, None),
        ({"kind": "lines", "over": 2}, "3"),
        ({"kind": "lines", "over": 3}, None),
        ({"kind": "category", "any_of": ["nuts", "Screws"]}, ["screws"]),
        ({"kind": "category", "any_of": ["nuts"]}, None),
        ({"kind": "product", "any_of": ["a1"]}, ["A1"]),
        ({"kind": "brand", "any_of": ["böllhoff"]}, ["Böllhoff"]),
        ({"kind": "new_product"}, ["A1"]),
        ({"kind": "ship_to", "any_of": ["acme-1"]}, ["acme-1"]),
        ({"kind": "ship_to", "any_of": ["acme-2"]}, None),
        ({"kind": "cost_centre", "any_of": ["4711"]}, ["4711"]),
        ({"kind": "requester", "any_of": ["ANNA@acme.example"]}, ["anna@acme.example"]),
        ({"kind": "budget"}, ["Workshop"]),
        ({"kind": "erp_hold"}, ["erp"]),
    ],
)
def test_each_condition_finds_what_it_looks_at(condition, found):
    reasons = hits([condition], FACTS)

    assert (reasons and reasons[0]["found"]) == found


@pytest.mark.req("APR-04")
def test_all_conditions_of_a_rule_must_hold_and_none_means_always():
    amount, other = {"kind": "amount", "over": "10"}, {"kind": "product", "any_of": ["B2"]}

    assert hits([amount, other], FACTS) is None
    assert hits([], FACTS) == []


@pytest.mark.parametrize(
    "wrong",
    [
        [{"kind": "moon"}],
        [{"kind": "amount", "over": "-1"}],
        [{"kind": "amount", "over": "NaN"}],
        [{"kind": "amount"}],
        [{"kind": "product", "any_of": [" "]}],
    ],
)
def test_a_condition_that_says_nothing_is_refused(wrong):
    with pytest.raises(InvalidValue):
        check_conditions(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        [{"approvers": "nobody"}],
        [{"approvers": "role", "roles": []}],
        [{"approvers": "person", "people": []}],
        [{"approvers": "right", "remind_hours": 0}],
        [{"approvers": "right", "remind_hours": 24, "escalate_hours": 24}],
    ],
)
def test_a_step_by_which_nobody_could_decide_is_refused(wrong):
    with pytest.raises(InvalidValue):
        check_steps(wrong)


def hit(code, *steps, **values):
    return Hit(code, code, 1, "ACME", (), steps or ({"approvers": "right"},), **values)


def test_nearer_rules_add_to_those_above_and_replace_only_what_may_be():
    own = Candidate(0, hit("own"), replaces_above=True)
    soft, firm = Candidate(1, hit("soft"), may_be_replaced=True), Candidate(1, hit("firm"))
    private = Candidate(1, hit("private"), applies_below=False)

    assert [one.code for one in chosen([soft, firm, private])] == ["firm", "soft"]
    assert [one.code for one in chosen([soft, own, firm])] == ["own", "firm"]


def test_rules_stand_side_by_side_and_ask_the_same_only_once():
    steps = plan(
        [hit("a", asks(), asks(roles=["finance"])), hit("b", asks()), hit("c", asks(approvers="manager"))], 7
    )

    assert [(one.stage, one.any_approver, one.roles, one.people) for one in steps] == [
        (1, True, (), ()),
        (1, False, (), (7,)),
        (2, False, ("finance",), ()),
    ]


@pytest.mark.req("APR-06")
@pytest.mark.parametrize(
    ("user_id", "holder_id", "allows_own", "decides"),
    [
        (2, 2, False, True),
        (1, 1, False, False),
        (2, 1, False, False),
        (1, 2, False, False),
        (1, 1, True, True),
    ],
)
def test_neither_who_decides_nor_whose_seat_it_is_has_ordered_it(user_id, holder_id, allows_own, decides):
    step = AskedOf(True, frozenset(), frozenset(), allows_own, frozenset({1}), Decimal(50))

    assert may_decide(step, user_id=user_id, holder_id=holder_id, roles=(), limit=None) is decides


@pytest.fixture
def fin(acme):
    """Approves as finance."""
    return enrol("Fin", acme, "finance", "approver")


@pytest.fixture
def gina(acme):
    """Approves, too."""
    return enrol("Gina", acme, "approver")


@pytest.mark.req("APR-01", "APR-05")
def test_a_chain_of_three_steps_goes_step_by_step_and_reaches_the_erp_after_the_last(anna, boris, fin, gina):
    rule_of(anna.company, asks(people=[boris.user.pk]), asks(roles=["finance"]), asks(people=[gina.user.pk]))
    sell("A1")
    order = order_now(anna, A1=60)

    for early in (fin, gina):
        with pytest.raises(NotAllowed):
            approve_order(order, by=early.actor)
    for who, waiting in ((boris, [fin]), (fin, [gina])):
        approve_order(order, by=who.actor)
        assert "order.received" not in names()
        assert approvers_now(open_request(order), order) == [one.user for one in waiting]
        with pytest.raises(NotAllowed):
            approve_order(order, by=who.actor)
    approve_order(order, by=gina.actor, comment="go")

    order.refresh_from_db()
    assert order.status == "received"
    assert names() == [
        "order.approval_requested",
        "order.step_approved",
        "order.approval_requested",
        "order.step_approved",
        "order.approval_requested",
        "order.approved",
        "order.received",
    ]
    assert [row.actor_label for row in ApprovalDecision.objects.all()] == ["Boris", "Fin", "Gina"]


@pytest.mark.req("APR-01")
def test_all_of_a_step_are_needed_where_the_rule_says_so(anna, boris, gina):
    rule_of(anna.company, asks(people=[boris.user.pk, gina.user.pk], needs="all"))
    sell("A1")
    order = order_now(anna, A1=60)

    approve_order(order, by=boris.actor)
    order.refresh_from_db()
    assert order.status == "pending_approval"
    assert not approvals_for(boris.scope).exists()
    assert list(approvals_for(gina.scope)) == [order]
    approve_order(order, by=gina.actor)

    order.refresh_from_db()
    assert order.status == "received"


def test_all_means_those_who_still_may(anna, boris, gina):
    rule_of(anna.company, asks(people=[boris.user.pk, gina.user.pk], needs="all"))
    sell("A1")
    order = order_now(anna, A1=60)
    Membership.objects.filter(user=gina.user).update(is_active=False)

    approve_order(order, by=boris.actor)

    order.refresh_from_db()
    assert order.status == "received"


@pytest.mark.req("APR-09")
def test_who_stands_in_is_asked_no_more_once_the_absent_person_has_decided(anna, boris, gina):
    rule_of(anna.company, asks(people=[boris.user.pk, gina.user.pk], needs="all"))
    sell("A1")
    order = order_now(anna, A1=60)
    dora = enrol("Dora", anna.company, "buyer")
    delegation_of(anna.company, boris.user, dora.user)
    scope = scope_for(dora.user.pk, anna.company.pk)
    assert list(approvals_for(scope)) == [order]

    approve_order(order, by=boris.actor)

    assert not approvals_for(scope).exists()
    with pytest.raises(NotAllowed):
        approve_order(order, by=dora.actor)
    assert names() == ["order.approval_requested", "order.step_approved"]


@pytest.mark.req("APR-11")
def test_a_decision_names_only_the_steps_that_ask_its_seat(anna, boris, gina):
    for code, who in (("first", boris), ("second", gina)):
        rule_of(anna.company, asks(people=[who.user.pk]), code=code)
    sell("A1")
    order = order_now(anna, A1=60)
    delegation_of(anna.company, boris.user, gina.user)
    steps = {step.rule: step.pk for step in open_request(order).steps.all()}

    approve_order(order, by=gina.actor)

    kept = {row.instead_of_id: row.steps for row in ApprovalDecision.objects.all()}
    assert kept == {boris.user.pk: [steps["first"]], None: [steps["second"]]}
    order.refresh_from_db()
    assert order.status == "received"


@pytest.mark.req("APR-02")
@pytest.mark.parametrize(("decide", "status"), [(reject_order, "rejected"), (return_order, "returned")])
def test_one_no_ends_all_steps_and_tells_the_buyer(anna, boris, fin, decide, status):
    rule_of(anna.company, asks(people=[boris.user.pk]), asks(roles=["finance"]))
    sell("A1")
    order = order_now(anna, A1=60)

    with pytest.raises(InvalidValue):
        decide(order, by=boris.actor, comment=" ")
    decide(order, by=boris.actor, comment="too many")

    order.refresh_from_db()
    assert order.status == status
    assert not approvals_for(fin.scope).exists()
    assert [step.step.state for step in chains_of(order)[0].steps] == ["ended", "ended"]
    told = Event.objects.get(name=f"order.{status}").payload
    assert (told["buyer"]["email"], told["comment"]) == (anna.user.email, "too many")


@pytest.mark.req("APR-11")
def test_a_decision_keeps_who_when_by_which_version_and_what_was_seen(anna, boris):
    rule_of(anna.company, version=3)
    sell("A1")
    order = order_now(anna, A1=60)

    approve_order(order, by=boris.actor, comment="ok")

    decision = ApprovalDecision.objects.get()
    assert (decision.actor_user, decision.outcome, decision.comment) == (boris.user, "approved", "ok")
    assert [(rule["code"], rule["version"]) for rule in decision.rules] == [("big", 3)]
    assert decision.figures["net_amount"] == "60.0000"
    assert decision.figures["order_lines"][0]["sku"] == "A1"
    for change in (
        lambda: ApprovalDecision.objects.update(outcome="rejected"),
        lambda: ApprovalDecision.objects.all().delete(),
        lambda: Order.objects.filter(pk=order.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert ApprovalDecision.objects.get().outcome == "approved"


@pytest.mark.req("APR-06")
def test_nobody_decides_on_the_own_order_unless_a_rule_allows_it(anna, boris):
    Membership.objects.filter(user=anna.user).update(roles=["buyer", "approver"])
    rule = rule_of(anna.company)
    sell("A1")
    order = order_now(anna, A1=60)

    with pytest.raises(NotAllowed):
        approve_order(order, by=anna.actor)
    assert not approvals_for(scope_for(anna.user.pk, anna.company.pk)).exists()
    type(rule).objects.update(allows_own=True)
    own = order_now(anna, A1=70)

    approve_order(own, by=anna.actor)
    own.refresh_from_db()
    assert own.status == "received"


def test_an_approver_above_the_limit_is_not_asked(anna, boris, gina):
    Membership.objects.filter(user=boris.user).update(approval_limit=Decimal(60))
    rule_of(anna.company)
    sell("A1")
    within, above = order_now(anna, A1=60), order_now(anna, A1=61)

    assert list(approvals_for(boris.scope)) == [within]
    assert list(approvals_for(gina.scope)) == [within, above]
    with pytest.raises(NotAllowed):
        approve_order(above, by=boris.actor)


def test_an_order_that_nobody_may_approve_is_not_taken(anna):
    rule_of(anna.company)
    sell("A1")

    with pytest.raises(NoApprover):
        order_now(anna, A1=60)

    assert not Order.objects.exists()


@pytest.mark.req("APR-10")
def test_rules_of_headquarters_count_in_branches_and_headquarters_decide(anna, boris):
    head = CompanyFactory(number="HEAD")
    Company.objects.filter(pk=anna.company.pk).update(parent=head)
    dora = enrol("Dora", head, "approver", includes_branches=True)
    rule_of(head, asks(people=[dora.user.pk]))
    sell("A1")
    order = order_now(anna, A1=60)

    assert not approvals_for(boris.scope).exists()
    assert list(approvals_for(dora.scope)) == [order]
    approve_order(order, by=dora.actor)

    order.refresh_from_db()
    assert order.status == "received"
    assert order.approval_rules[0]["company"] == "HEAD"


def test_the_page_that_is_out_of_date_decides_nothing(anna, boris, gina):
    rule_of(anna.company, asks(), asks())
    sell("A1")
    order = order_now(anna, A1=60)
    seen = stamp_of(open_request(order))
    approve_order(order, by=gina.actor)

    with pytest.raises(WrongState) as refusal:
        approve_order(order, by=boris.actor, seen=seen)

    assert "Gina" in str(refusal.value)
    assert ApprovalDecision.objects.count() == 1


@pytest.mark.req("APR-04")
def test_the_outlook_names_the_rule_and_every_stage(anna, boris, fin):
    rule_of(anna.company, asks(people=[boris.user.pk]), asks(roles=["finance"]))

    outlook = approval_outlook(anna.scope, Decimal(60))

    assert outlook.stages == (("Boris",), ("Fin",))
    assert [one.code for one in outlook.hits] == ["big"]
    assert not approval_outlook(anna.scope, Decimal(50)).is_needed


def test_inbox_and_rule_say_the_same_of_everybody(anna, boris, fin, gina):
    Membership.objects.filter(user=gina.user).update(approval_limit=Decimal(60))
    Membership.objects.filter(user=anna.user).update(roles=["buyer", "approver"], manager=boris.user)
    sell("A1")
    rules = [asks(), asks(roles=["finance"]), asks(people=[gina.user.pk]), asks(approvers="manager")]
    orders = []
    for pieces in (55, 65):
        for number, step in enumerate(rules):
            rule = rule_of(anna.company, step, code=f"r{number}-{pieces}")
            orders.append(order_now(anna, A1=pieces))
            type(rule).objects.filter(pk=rule.pk).update(ended_at=rule.active_from)

    for who in (anna, boris, fin, gina):
        listed = set(approvals_for(scope_for(who.user.pk, who.company.pk)))
        ruled = {order for order in orders if who.user in approvers_now(open_request(order), order)}
        assert listed == ruled
    assert {seat.user for seat in seats_of(anna.company.pk)} == {anna.user, boris.user, fin.user, gina.user}


@pytest.mark.req("APR-04")
def test_a_version_that_is_or_was_in_force_is_not_put_in_force_again(acme):
    boss = enrol("Boss", acme, "administrator")
    rule = rule_of(acme)

    with pytest.raises(WrongState):
        activate_rule(boss.scope, rule.code, 1, by=boss.actor)
    end_rule(boss.scope, rule.code, version=1, by=boss.actor)
    with pytest.raises(WrongState):
        activate_rule(boss.scope, rule.code, 1, by=boss.actor)

    rule.refresh_from_db()
    assert rule.active_from == LONG_AGO
    assert rules_in_force([acme.pk]) == []
