"""The ERP's word that a customer's orders need an approval: asked for, told, looked at again (APR-12)."""

from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.actions.erp import apply_approval_words, apply_customers
from accounts.models import Company, Membership
from accounts.records import AddressRecord, ApprovalWordRecord
from core.errors import NotOwner
from orders.actions.approval import approve_order
from orders.actions.live import take_in
from orders.live import Heard, LiveAnswers
from orders.models import ApprovalRequest
from orders.queries.live import waiting_question
from orders.states import LiveKind
from tests.accounts.test_apply_customers import customer
from tests.conftest import enrol
from tests.factories.accounts import CompanyFactory
from tests.factories.approvals import asks, rule_of
from tests.factories.orders import order_now, sell

pytestmark = [pytest.mark.django_db, pytest.mark.req("APR-12")]
SENTENCE = "Our ERP asks for an approval of your company&#x27;s orders."


def tell(erp, number, needs_approval):
    """The ERP's customer record as its flow brings it."""
    known = Company.objects.get(number=number)
    term = known.payment_term.code if known.payment_term else None
    places = tuple(
        AddressRecord(**{name: getattr(place, name) for name in AddressRecord.model_fields})
        for place in known.addresses.all()
    )
    record = customer(number, name=known.name, as_of=timezone.now(), payment_term_code=term, addresses=places)
    apply_customers([record.model_copy(update={"needs_approval": needs_approval})], by=erp)


def word(number, needs_approval):
    return ApprovalWordRecord(company_number=number, needs_approval=needs_approval, as_of=timezone.now())


def asked_live(order, by, *words):
    """What the ERP says just before the last approval."""
    heard = {LiveKind.CREDIT: Heard(approvals=words)}
    return take_in(
        order.company, waiting_question(order), LiveAnswers(asked_at=timezone.now(), heard=heard), by=by
    )


def test_its_record_makes_orders_wait_and_the_inbox_says_why(anna, boris, erp):
    sell("A1")
    tell(erp, "ACME", True)

    order = order_now(anna, A1=1)

    assert order.status == "pending_approval"
    assert [rule["code"] for rule in order.approval_rules] == ["erp_hold"]
    assert SENTENCE in boris.signed_in().get("/approvals/").content.decode()
    approve_order(order, by=boris.actor)
    order.refresh_from_db()
    assert order.status == "received"


def test_once_it_is_taken_away_orders_go_on_by_themselves(anna, boris, erp):
    sell("A1")
    tell(erp, "ACME", True)
    tell(erp, "ACME", False)

    assert order_now(anna, A1=1).status == "received"
    assert not ApprovalRequest.objects.exists()


def test_what_is_asked_of_a_group_is_asked_of_its_branches_and_not_the_other_way(anna, boris, erp):
    group = CompanyFactory(number="GROUP")
    anna.company.parent = group
    anna.company.save()
    CompanyFactory(number="SISTER", parent=group, needs_approval=True)
    sell("A1")

    assert order_now(anna, A1=1).status == "received"
    Company.objects.filter(pk=group.pk).update(needs_approval=True)
    assert order_now(anna, A1=2).status == "pending_approval"


def test_a_rule_of_the_company_says_who_decides_then(anna, boris, erp):
    chief = enrol("Chief", anna.company, "approver")
    rule_of(anna.company, asks(people=[chief.user.pk]), code="held", conditions=[{"kind": "erp_hold"}])
    sell("A1")
    tell(erp, "ACME", True)

    order = order_now(anna, A1=1)

    assert [rule["code"] for rule in order.approval_rules] == ["held"]
    assert order.approval_requests.get().steps.get().people == [chief.user.pk]


def test_the_last_approval_hears_it_and_starts_again_with_the_reason(anna, boris, erp):
    Membership.objects.filter(user=anna.user).update(order_limit=Decimal(50))
    sell("A1")
    order = order_now(anna, A1=100)
    assert [rule["code"] for rule in order.approval_rules] == ["order_limit"]

    approve_order(order, by=boris.actor, live=asked_live(order, boris.actor, word("ACME", True)))

    order.refresh_from_db()
    assert order.status == "pending_approval"
    assert [rule["code"] for rule in order.approval_rules] == ["order_limit", "erp_hold"]
    assert [request.state for request in order.approval_requests.order_by("round")] == ["replaced", "open"]
    assert SENTENCE in boris.signed_in().get("/approvals/").content.decode()

    approve_order(order, by=boris.actor, live=asked_live(order, boris.actor, word("ACME", True)))
    order.refresh_from_db()
    assert order.status == "received"


def test_the_live_word_that_it_needs_none_holds_for_the_next_order(anna, boris, erp):
    Company.objects.filter(number="ACME").update(needs_approval=True)
    sell("A1")
    order = order_now(anna, A1=1)

    approve_order(order, by=boris.actor, live=asked_live(order, boris.actor, word("ACME", False)))

    order.refresh_from_db()
    assert order.status == "received"
    assert order_now(anna, A1=2).status == "received"


def test_nobody_but_the_erp_says_it(anna):
    with pytest.raises(NotOwner):
        apply_approval_words([word("ACME", True)], by=anna.actor)

    assert not Company.objects.filter(needs_approval=True).exists()
