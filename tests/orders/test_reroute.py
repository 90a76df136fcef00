"""A stuck step asks somebody else: by the staff with the right, with a reason, never the buyer; the staff decides nothing."""

import pytest

from accounts.models import Membership
from core.errors import InvalidValue, NotAllowed, NotFound, WrongState
from core.models import AuditEntry, Case, Event
from orders.actions.approval import approve_order
from orders.actions.reminders import wake_approvals
from orders.actions.reroute import reroute_step
from orders.models import ApprovalStep, Order
from orders.queries.orders import approvals_for
from tests.conftest import employ, enrol, permit
from tests.factories.approvals import asks, rule_of
from tests.factories.orders import order_now, sell

pytestmark = [pytest.mark.django_db, pytest.mark.req("APR-01", "APR-06")]


@pytest.fixture
def mona():
    """Leads sales."""
    return employ("Mona", "Sales manager")


@pytest.fixture
def stuck(anna, boris):
    """An order whose first step asks Boris, who has left, and whose second asks the finance role."""
    rule_of(anna.company, asks(people=[boris.user.pk]), asks(roles=["finance"]))
    enrol("Fina", anna.company, "approver", "finance")
    sell("A1")
    order = order_now(anna, A1=60)
    Membership.objects.filter(user=boris.user).update(is_active=False)
    return order


def step_of(order, stage=1):
    """A step as stored."""
    return ApprovalStep.objects.get(request__order=order, stage=stage)


def test_who_is_asked_instead_finds_it_and_decides_and_all_of_it_is_told(stuck, mona, acme):
    dora = enrol("Dora", acme, "approver")
    assert not approvals_for(dora.scope).exists()

    reroute_step(stuck, step_of(stuck).pk, [dora.user.pk], reason="Boris has left", by=mona.actor)

    assert list(approvals_for(dora.scope)) == [stuck]
    step = step_of(stuck)
    assert (step.people, step.any_approver, step.state) == ([dora.user.pk], False, "open")
    told = Event.objects.get(name="order.approval_rerouted").payload
    assert [one["email"] for one in told["approvers"]] == [dora.user.email]
    assert told["reason"] == "Boris has left"
    entry = AuditEntry.objects.get(action="approval.rerouted")
    assert (entry.user_id, entry.data["to"]) == (mona.user.pk, [dora.user.pk])
    approve_order(stuck, by=dora.actor)
    assert step_of(stuck, 2).state == "open"


def test_a_later_step_can_be_given_to_everybody_and_tells_nobody_yet(stuck, mona):
    reroute_step(stuck, step_of(stuck, 2).pk, [], reason="nobody has the role", by=mona.actor)

    step = step_of(stuck, 2)
    assert (step.any_approver, step.roles, step.state) == (True, [], "waiting")
    assert Event.objects.get(name="order.approval_rerouted").payload["approvers"] == []


def test_the_case_of_a_stuck_order_is_over_then(stuck, mona, acme):
    Membership.objects.filter(company=acme, roles__contains=["approver"]).update(is_active=False)
    step = step_of(stuck)
    ApprovalStep.objects.filter(pk=step.pk).update(due_at=step.opened_at)
    wake_approvals(step.opened_at, by=mona.actor)
    assert Case.objects.get(kind="approval_stuck").state == "open"
    dora = enrol("Dora", acme, "approver")

    reroute_step(stuck, step.pk, [dora.user.pk], reason="new head", by=mona.actor)

    assert Case.objects.get(kind="approval_stuck").state != "open"
    assert step_of(stuck).escalated_at is None


@pytest.mark.req("SEC-12")
def test_it_is_refused_without_right_reason_or_people_who_may_decide(stuck, mona, anna, acme, clara):
    dora = enrol("Dora", acme, "approver")
    poor = enrol("Poor", acme, "approver", approval_limit=10)
    key = step_of(stuck).pk

    for by in (anna, dora, employ("Sam", "Sales"), employ("Rudi", "Auditor")):
        with pytest.raises(NotAllowed):
            reroute_step(stuck, key, [dora.user.pk], reason="x", by=by.actor)
    for to in ([anna.user.pk], [clara.user.pk], [poor.user.pk], [mona.user.pk], [dora.user.pk, anna.user.pk]):
        with pytest.raises(InvalidValue):
            reroute_step(stuck, key, to, reason="x", by=mona.actor)
    with pytest.raises(InvalidValue):
        reroute_step(stuck, key, [dora.user.pk], reason=" ", by=mona.actor)
    with pytest.raises(NotFound):
        reroute_step(stuck, key + 1000, [dora.user.pk], reason="x", by=mona.actor)
    Order.objects.filter(pk=stuck.pk).update(entered_by=mona.user)
    with pytest.raises(NotAllowed):
        reroute_step(stuck, key, [dora.user.pk], reason="x", by=mona.actor)

    assert not Event.objects.filter(name="order.approval_rerouted").exists()
    assert step_of(stuck).people != [dora.user.pk]


def test_a_decided_step_and_an_order_that_is_over_stay_as_they_are(stuck, mona, acme):
    dora = enrol("Dora", acme, "approver")
    key = step_of(stuck).pk
    reroute_step(stuck, key, [dora.user.pk], reason="left", by=mona.actor)
    approve_order(stuck, by=dora.actor)

    with pytest.raises(WrongState):
        reroute_step(stuck, key, [], reason="again", by=mona.actor)
    approve_order(stuck, by=enrol("Second", acme, "approver", "finance").actor)
    with pytest.raises(WrongState):
        reroute_step(stuck, step_of(stuck, 2).pk, [], reason="again", by=mona.actor)


@pytest.mark.parametrize("verb", ["approve", "reject", "return"])
def test_the_staff_itself_decides_on_no_order(stuck, mona, verb):
    assert mona.signed_in().post(f"/orders/{stuck.number}/{verb}/", {"comment": "x"}).status_code in (
        403,
        404,
    )
    with pytest.raises(NotAllowed):
        approve_order(stuck, by=mona.actor)

    stuck.refresh_from_db()
    assert stuck.status == "pending_approval"


@pytest.mark.req("ACC-16", "SEC-12")
def test_whoever_meets_only_the_own_customers_lets_no_order_of_others_ask_somebody_else(stuck, acme):
    dora, sam = enrol("Dora", acme, "approver"), employ("Sam", "Sales")
    permit(sam, "orders.change_approvalstep")

    with pytest.raises(NotFound):
        reroute_step(stuck, step_of(stuck).pk, [dora.user.pk], reason="asked by phone", by=sam.actor)

    assert step_of(stuck).people != [dora.user.pk]
    acme.sales_rep = sam.user
    acme.save(update_fields=["sales_rep"])
    reroute_step(stuck, step_of(stuck).pk, [dora.user.pk], reason="asked by phone", by=sam.actor)
    assert step_of(stuck).people == [dora.user.pk]
