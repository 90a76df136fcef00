"""Customers merged while others order for them, and what both had of the same name (ACC-13)."""

import threading
from decimal import Decimal

import pytest

from accounts.actions.proposals import note_proposal_sent
from accounts.models import AddressProposal, CompanyRole, ContactProposal, Invitation, Membership
from accounts.queries.scopes import scope_for
from core.errors import DomainError
from integrations.actions import merging
from integrations.actions.merging import merge_companies
from orders.actions.approval import approve_order
from orders.actions.cart import lock_cart
from orders.actions.checkout import checkout
from orders.actions.reserve import lock_room
from orders.models import ApprovalRule, Budget, CostCentre, Order
from orders.queries.cart import cart_for
from tests.conftest import enrol
from tests.factories.accounts import AddressFactory, CompanyFactory, MembershipFactory
from tests.factories.approvals import BudgetFactory
from tests.factories.orders import choice_of, fill, order_now, sell
from tests.held import Held
from tests.orders.test_concurrency import at_once

pytestmark = pytest.mark.req("ACC-13")
at_the_same_time = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def head(acme):
    """A headquarters above both, whose buyer orders for what lies below without a place there."""
    head = CompanyFactory(number="HEAD")
    acme.parent = head
    acme.save(update_fields=["parent"])
    return head


@pytest.fixture
def twin(acme, head):
    twin = CompanyFactory(number="ACME-2", name="Acme", parent=head)
    AddressFactory(company=twin, erp_id="acme-2-1")
    return twin


@at_the_same_time
def test_an_order_that_is_being_placed_goes_along_with_a_merge_that_comes_meanwhile(acme, head, twin, mona):
    ida = enrol("Ida", head, "buyer", includes_branches=True)
    sell("S-1", "1.00")
    scope = scope_for(ida.user.pk, acme.pk)
    buyer = type(ida)(ida.user, acme, scope, ida.actor.acting_for("ACME"))
    fill(buyer, **{"S-1": 2})
    cart, choice = cart_for(scope), choice_of(buyer)
    order = Held(lambda: checkout(cart, choice, by=buyer.actor))
    order.step()
    merge = Held(lambda: merged_within(mona))

    threading.Timer(1.0, order.end).start()
    merge.step()
    merge.end()

    assert (order.error, merge.error) == (None, None)
    assert Order.objects.get().company == twin


def merged_within(mona):
    return merge_companies("ACME", "ACME-2", reason="One customer", by=mona.actor)


@at_the_same_time
def test_a_merge_gives_way_to_who_holds_a_cart_and_needs_a_budget(acme, head, twin, mona):
    ida = enrol("Ida", head, "buyer", includes_branches=True)
    sell("S-1", "1.00")
    scope = scope_for(ida.user.pk, acme.pk)
    buyer = type(ida)(ida.user, acme, scope, ida.actor.acting_for("ACME"))
    fill(buyer, **{"S-1": 2})
    BudgetFactory(company=acme, amount=Decimal(100))
    cart = cart_for(scope)
    order = Held(lambda: lock_cart(cart), lambda: lock_room([acme.pk], ida.user.pk, "", "EUR"))
    order.step()
    results = []
    merge = threading.Thread(target=lambda: results.append(at_once([lambda: merged_within(mona)])[0]))
    merge.start()
    merge.join(0.7)

    order.step()
    order.end()
    merge.join(30)

    assert order.error is None
    assert [result.number for result in results] == ["ACME-2"]
    assert Budget.objects.get().company == twin


@at_the_same_time
def test_what_is_held_on_and_on_is_not_waited_for_for_ever(acme, twin, mona, anna, monkeypatch):
    monkeypatch.setattr(merging, "TRIES", 2)
    sell("S-1", "1.00")
    fill(anna, **{"S-1": 2})
    cart = cart_for(anna.scope)
    other = Held(lambda: lock_cart(cart))
    other.step()

    result = at_once([lambda: merged_within(mona)])[0]
    other.end()

    assert isinstance(result, DomainError)
    assert "Nothing was merged" in str(result)
    acme.refresh_from_db()
    assert acme.merged_into is None


@at_the_same_time
def test_orders_approvals_and_a_merge_at_once_leave_nothing_with_the_old_one(acme, twin, mona, boris):
    sell("S-1", "10.00")
    BudgetFactory(company=acme, amount=Decimal(10000))
    waiting = []
    for name in ("Ada", "Ben"):
        buyer = enrol(name, acme, "buyer", order_limit=Decimal(1))
        waiting.append(order_now(buyer, **{"S-1": 3}))
    buyers = [enrol(name, acme, "buyer") for name in ("Cia", "Dan", "Eva")]
    for buyer in buyers:
        fill(buyer, **{"S-1": 2})
    carts = [(cart_for(buyer.scope), choice_of(buyer), buyer.actor) for buyer in buyers]

    results = at_once(
        [
            *(lambda one=one: checkout(one[0], one[1], by=one[2]) for one in carts),
            *(lambda order=order: approve_order(order, by=boris.actor) for order in waiting),
            lambda: merged_within(mona),
        ]
    )

    assert all(not isinstance(one, Exception) or isinstance(one, DomainError) for one in results), results
    assert getattr(results[-1], "number", results[-1]) == "ACME-2"
    assert not Order.objects.filter(company=acme).exists()
    assert not Membership.objects.filter(company=acme, is_active=True).exists()


@pytest.mark.django_db
@pytest.mark.req("ACC-09")
def test_what_became_another_customer_is_acted_for_by_nobody_from_above_either(acme, head, twin, mona):
    ida = enrol("Ida", head, "buyer", includes_branches=True)
    assert not scope_for(ida.user.pk, acme.pk).is_empty

    merge_companies("ACME", "ACME-2", reason="One customer", by=mona.actor)

    assert scope_for(ida.user.pk, acme.pk).is_empty
    assert not scope_for(ida.user.pk, twin.pk).is_empty


@pytest.mark.django_db
def test_roles_of_one_name_stay_two_and_grant_what_they_did(acme, twin, anna, mona):
    ours = CompanyRole.objects.create(company=acme, name="Clerk", grants={"buy": "own"})
    theirs = CompanyRole.objects.create(company=twin, name="clerk", grants={"approve": "unit"})
    Membership.objects.get(user=anna.user).own_roles.set([ours])

    merge_companies("ACME", "ACME-2", reason="One customer", by=mona.actor)

    assert {(role.name, role.company) for role in (refreshed(ours), refreshed(theirs))} == {
        ("Clerk (ACME)", twin),
        ("clerk", twin),
    }
    place = Membership.objects.get(user=anna.user, company=twin)
    assert [role.pk for role in place.own_roles.all()] == [ours.pk]


@pytest.mark.django_db
@pytest.mark.req("APR-08")
def test_one_cost_centre_and_one_budget_of_each_kind_count(acme, twin, mona):
    ours, theirs = (CostCentre.objects.create(company=one, code=code, name="Hall")
                    for one, code in ((acme, "H1"), (twin, "h1")))  # fmt: skip
    alone = CostCentre.objects.create(company=acme, code="H2", name="Yard")
    double = BudgetFactory(company=acme, cost_centre=ours, amount=Decimal(10), period="month")
    BudgetFactory(company=twin, cost_centre=theirs, amount=Decimal(20), period="month")
    other = BudgetFactory(company=acme, cost_centre=ours, amount=Decimal(30), period="year")

    merge_companies("ACME", "ACME-2", reason="One customer", by=mona.actor)

    active = CostCentre.objects.filter(company=twin, is_active=True).order_by("code")
    assert list(active) == [alone, theirs] or set(active) == {alone, theirs}
    assert not refreshed(ours).is_active
    assert (refreshed(double).is_active, refreshed(double).company) == (False, twin)
    assert (refreshed(other).is_active, refreshed(other).cost_centre) == (True, theirs)


@pytest.mark.django_db
@pytest.mark.req("ACC-11")
def test_proposals_for_what_the_old_one_had_end_in_words_and_a_further_address_goes_along(
    acme, twin, anna, mona, erp
):
    place = {"street": "New 1", "postal_code": "1", "city": "Linz", "country": "AT", "proposed_by": anna.user}
    changed = AddressProposal.objects.create(company=acme, address=acme.addresses.first(), **place)
    further = AddressProposal.objects.create(company=acme, **place)
    sent = AddressProposal.objects.create(company=acme, **place)
    note_proposal_sent(sent.pk, erp_id="77", at=sent.proposed_at, by=erp)
    kept = ContactProposal.objects.create(company=twin, changes={"phone": "1"}, proposed_by=anna.user)
    gone = ContactProposal.objects.create(company=acme, changes={"phone": "2"}, proposed_by=anna.user)

    merge_companies("ACME", "ACME-2", reason="One customer", by=mona.actor)

    for proposal in (changed, sent, gone):
        assert refreshed(proposal).state == "refused"
        assert "ACME is the customer ACME-2 now" in refreshed(proposal).reason
    assert (refreshed(further).state, refreshed(further).company) == ("proposed", twin)
    assert (refreshed(kept).state, refreshed(gone).company) == ("proposed", twin)


@pytest.mark.django_db
@pytest.mark.req("APR-10")
def test_versions_of_two_rules_of_one_code_are_not_mixed(acme, twin, mona):
    for company, version in ((acme, 1), (acme, 2), (twin, 1)):
        ApprovalRule.objects.create(company=company, code="big", version=version, name="Big", conditions=[])

    merge_companies("ACME", "ACME-2", reason="One customer", by=mona.actor)

    assert list(ApprovalRule.objects.filter(company=twin).values_list("version", flat=True)) == [1]


@pytest.mark.django_db
@pytest.mark.req("ACC-07")
def test_of_two_invitations_of_one_address_the_others_stays(acme, twin, anna, mona):
    made = [
        Invitation.objects.create(company=one, email=email, name="Neo", roles=["buyer"], invited_by=anna.user,
                                  expires_at="2100-01-01T00:00Z")
        for one, email in ((acme, "neo@x.example"), (twin, "NEO@x.example"))
    ]  # fmt: skip
    MembershipFactory(company=twin)

    merge_companies("ACME", "ACME-2", reason="One customer", by=mona.actor)

    assert [refreshed(one).withdrawn_at is None for one in made] == [False, True]


def refreshed(row):
    return type(row).objects.get(pk=row.pk)
