"""Orders that come back to their buyer, and what is looked at again before the last approval."""

from decimal import Decimal

import pytest

from accounts.models import Address, Company, CreditAccount, Membership
from catalog.models import Product
from core.days import erp_today
from core.errors import DomainError, InvalidValue, NotAllowed, OutOfDate, WrongState
from core.models import Event
from orders.actions.approval import approve_order, return_order
from orders.actions.resubmit import ChangedLine, Resubmission, resubmit_order
from orders.models import ApprovalDecision, Order
from orders.queries.approval import open_request
from orders.queries.budget import states_of
from orders.queries.orders import approvals_for
from orders.rules.credit import OverLimit
from pricing.models import PriceRow
from tests.conftest import enrol
from tests.factories.accounts import AddressFactory, CompanyFactory, CreditAccountFactory
from tests.factories.approvals import BudgetFactory, asks, rule_of
from tests.factories.orders import order_now, reprice, sell
from tests.portal.pages import form_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def returned(anna, boris):
    """An order of Anna's over EUR 60 that Boris gave back."""
    rule_of(anna.company)
    sell("A1")
    sell("B2")
    order = order_now(anna, A1=50, B2=10)
    return_order(order, by=boris.actor, comment="fewer of A1")
    return order


@pytest.mark.req("APR-02", "APR-07")
def test_a_changed_order_starts_its_approval_again_and_keeps_what_was_decided(returned, anna, boris):
    budget = BudgetFactory(company=anna.company)

    resubmit_order(returned, Resubmission((ChangedLine(1, Decimal(45)),), note="as said"), by=anna.actor)

    returned.refresh_from_db()
    assert (returned.status, returned.net_amount, returned.note) == ("pending_approval", 55, "as said")
    assert [(line.sku, line.ordered, line.allocated) for line in returned.lines.all()] == [
        ("A1", 45, 45),
        ("B2", 10, 10),
    ]
    assert [(one.round, one.state) for one in returned.approval_requests.order_by("round")] == [
        (1, "returned"),
        (2, "open"),
    ]
    assert ApprovalDecision.objects.get().outcome == "returned"
    assert states_of([budget], erp_today())[0].figures.reserved == 55
    approve_order(returned, by=boris.actor)
    sent = Event.objects.get(name="order.received").payload["order"]
    assert [(line["sku"], Decimal(line["quantity"])) for line in sent["lines"]] == [("A1", 45), ("B2", 10)]


@pytest.mark.req("APR-07")
def test_an_order_made_small_enough_needs_no_approval_any_more(returned, anna):
    resubmit_order(returned, Resubmission((ChangedLine(1, Decimal(0)),)), by=anna.actor)

    returned.refresh_from_db()
    assert (returned.status, returned.net_amount, returned.approval_rules) == ("received", 10, [])
    assert Event.objects.filter(name="order.received").count() == 1


@pytest.mark.req("APR-08")
def test_an_order_edited_up_meets_its_budget_and_credit_again(returned, anna):
    BudgetFactory(company=anna.company, amount=Decimal(70))
    credit = CreditAccountFactory(company=anna.company, limit_amount=Decimal(90))

    for pieces, code in ((61, "over_budget"), (60, "over_limit")):
        if code == "over_limit":
            type(credit).objects.update(limit_amount=Decimal(80))
        with pytest.raises(DomainError) as refusal:
            resubmit_order(returned, Resubmission((ChangedLine(1, Decimal(pieces)),)), by=anna.actor)
        assert refusal.value.code == code

    returned.refresh_from_db()
    assert (returned.status, returned.net_amount) == ("returned", 60)
    assert [line.ordered for line in returned.lines.all()] == [50, 10]


def test_only_its_buyer_submits_an_order_again_and_only_once(returned, anna, boris):
    berta = enrol("Berta", anna.company, "buyer")

    for other in (berta, boris):
        with pytest.raises(NotAllowed):
            resubmit_order(returned, Resubmission(), by=other.actor)
    resubmit_order(returned, Resubmission(), by=anna.actor)
    with pytest.raises(WrongState):
        resubmit_order(returned, Resubmission(), by=anna.actor)

    assert returned.approval_requests.count() == 2


@pytest.mark.req("APR-02", "ACC-03")
def test_where_the_goods_go_is_changed_with_the_order_and_judged_by_its_rules(returned, anna):
    AddressFactory(company=anna.company, erp_id="hall-2", ship_to_code="H2", street="Hall 2")
    AddressFactory(company=CompanyFactory(), erp_id="foreign")
    browser = anna.signed_in()
    form = form_of(browser.get(f"/orders/{returned.number}/"), f"/orders/{returned.number}/resubmit/")
    with pytest.raises(InvalidValue):
        resubmit_order(returned, Resubmission(ship_to_erp_id="foreign"), by=anna.actor)

    browser.post(f"/orders/{returned.number}/resubmit/", {**form, "ship_to": "hall-2"})

    returned.refresh_from_db()
    assert (returned.status, returned.ship_to_address.erp_id) == ("pending_approval", "hall-2")
    assert (returned.ship_to["street"], returned.ship_to["code"]) == ("Hall 2", "H2")


@pytest.mark.req("APR-02")
def test_goods_do_not_go_to_an_address_that_is_out_of_use_meanwhile(returned, anna):
    Address.objects.filter(erp_id="acme-1").update(is_ship_to=False)

    with pytest.raises(InvalidValue) as refusal:
        resubmit_order(returned, Resubmission(), by=anna.actor)

    assert refusal.value.details["field"] == "ship_to"
    returned.refresh_from_db()
    assert returned.status == "returned"


def test_nothing_left_is_no_order(returned, anna):
    nothing = (ChangedLine(1, Decimal(0)), ChangedLine(2, Decimal(0)))

    with pytest.raises(InvalidValue):
        resubmit_order(returned, Resubmission(nothing), by=anna.actor)


def test_a_price_that_differs_from_the_one_shown_is_not_taken(returned, anna):
    reprice(Product.objects.get(sku="A1"), "2.00")

    with pytest.raises(OutOfDate):
        resubmit_order(returned, Resubmission((ChangedLine(1, Decimal(50), Decimal(1)),)), by=anna.actor)
    resubmit_order(returned, Resubmission((ChangedLine(1, Decimal(50), Decimal(2)),)), by=anna.actor)

    returned.refresh_from_db()
    assert returned.net_amount == 110


@pytest.fixture
def waiting(anna, boris):
    """An order of Anna's over EUR 60 that waits for Boris."""
    rule_of(anna.company)
    sell("A1")
    return order_now(anna, A1=60)


@pytest.mark.req("APR-07")
def test_a_price_that_moved_is_shown_and_taken_only_when_confirmed(waiting, boris, anna):
    budget = BudgetFactory(company=anna.company)
    reprice(Product.objects.get(sku="A1"), "1.50")

    with pytest.raises(OutOfDate) as refusal:
        approve_order(waiting, by=boris.actor)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.net_amount) == ("pending_approval", 60)
    assert not ApprovalDecision.objects.exists()
    assert refusal.value.details["changes"] == [
        {"position": 1, "sku": "A1", "was": "1.000000", "now": "1.500000"}
    ]
    approve_order(waiting, by=boris.actor, confirmed=refusal.value.details["confirm"])

    waiting.refresh_from_db()
    assert (waiting.status, waiting.net_amount, waiting.gross_amount) == ("received", 90, 108)
    decision = ApprovalDecision.objects.get()
    assert decision.figures["net_amount"] == "90.00"
    assert decision.figures["changes"][0]["now"] == "1.500000"
    sent = Event.objects.get(name="order.received").payload["order"]
    assert Decimal(sent["lines"][0]["unit_price"]) == Decimal("1.5")
    assert budget.entries.count() == 1


@pytest.mark.req("APR-07")
def test_what_was_confirmed_is_not_taken_for_what_has_changed_since(waiting, boris):
    reprice(Product.objects.get(sku="A1"), "1.50")
    with pytest.raises(OutOfDate) as shown:
        approve_order(waiting, by=boris.actor)
    reprice(Product.objects.get(sku="A1"), "1.80")

    with pytest.raises(OutOfDate) as refusal:
        approve_order(waiting, by=boris.actor, confirmed=shown.value.details["confirm"])

    assert refusal.value.details["changes"][0]["now"] == "1.800000"
    waiting.refresh_from_db()
    assert waiting.status == "pending_approval"


@pytest.mark.req("APR-07")
def test_a_total_that_meets_another_rule_starts_the_approval_again(waiting, boris, anna):
    fin = enrol("Fin", anna.company, "finance", "approver")
    rule_of(
        anna.company, asks(people=[fin.user.pk]), code="huge", conditions=[{"kind": "amount", "over": "80"}]
    )
    reprice(Product.objects.get(sku="A1"), "1.50")

    with pytest.raises(OutOfDate) as refusal:
        approve_order(waiting, by=boris.actor)
    approve_order(waiting, by=boris.actor, confirmed=refusal.value.details["confirm"])

    waiting.refresh_from_db()
    assert (waiting.status, waiting.net_amount) == ("pending_approval", 90)
    assert [one.state for one in waiting.approval_requests.order_by("round")] == ["replaced", "open"]
    assert list(approvals_for(fin.scope)) == [waiting]
    assert not Event.objects.filter(name="order.received").exists()


@pytest.mark.req("APR-07")
def test_what_the_company_may_no_longer_have_or_pay_is_not_approved(waiting, boris, anna):
    Product.objects.update(status="blocked")
    with pytest.raises(DomainError):
        approve_order(waiting, by=boris.actor)
    Product.objects.update(status="active")
    CreditAccountFactory(company=anna.company, limit_amount=Decimal(10))
    with pytest.raises(OverLimit):
        approve_order(waiting, by=boris.actor)

    assert not ApprovalDecision.objects.exists()
    CreditAccount.objects.update(limit_amount=None)
    approve_order(waiting, by=boris.actor)
    assert Order.objects.get().status == "received"


def test_the_order_of_somebody_who_may_no_longer_buy_is_not_let_through(waiting, boris, anna):
    Membership.objects.filter(user=anna.user).update(is_active=False)

    with pytest.raises(NotAllowed) as refusal:
        approve_order(waiting, by=boris.actor)

    assert "Anna may no longer order" in str(refusal.value)
    assert open_request(waiting) is not None


@pytest.mark.req("APR-02", "APR-07")
def test_the_whole_way_through_the_pages(waiting, anna, boris):
    approver, buyer = boris.signed_in(), anna.signed_in()
    page = approver.get(f"/orders/{waiting.number}/")
    assert "EUR 60.00 net is above EUR 50.00." in text_of(page)
    fields = form_of(page, f"/orders/{waiting.number}/approve/")
    approver.post(f"/orders/{waiting.number}/return/", {**fields, "comment": "one less"})

    page = buyer.get(f"/orders/{waiting.number}/")
    assert "Returned by Boris. one less" in text_of(page)
    fields = form_of(page, f"/orders/{waiting.number}/resubmit/")
    buyer.post(f"/orders/{waiting.number}/resubmit/", {**fields, "quantity_1": "59"})
    reprice(Product.objects.get(sku="A1"), "1.10")
    page = approver.get(f"/orders/{waiting.number}/")
    asked = approver.post(
        f"/orders/{waiting.number}/approve/", form_of(page, f"/orders/{waiting.number}/approve/")
    )
    assert asked.status_code == 409
    assert "Prices have changed since the order was submitted." in text_of(asked)
    again = form_of(asked, f"/orders/{waiting.number}/approve/")
    approver.post(f"/orders/{waiting.number}/approve/", again)

    waiting.refresh_from_db()
    assert (waiting.status, waiting.net_amount) == ("received", Decimal("64.90"))
    told = text_of(buyer.get(f"/orders/{waiting.number}/"))
    assert "Boris: approved" in told
    assert "Boris: returned" in told


def test_nobody_elses_order_is_returned_or_submitted_again(waiting, clara):
    browser = clara.signed_in()

    for step in ("return", "resubmit"):
        assert browser.post(f"/orders/{waiting.number}/{step}/", {"comment": "x"}).status_code == 404

    waiting.refresh_from_db()
    assert waiting.status == "pending_approval"
    assert Company.objects.count() == 2


@pytest.mark.req("APR-02", "CRT-13")
def test_prices_of_the_typed_quantities_are_shown_and_confirmed_before_they_are_taken(anna, boris):
    rule_of(anna.company)
    item = sell("A1", "2.00")
    stairs = PriceRow.objects.get(product=item)
    PriceRow.objects.create(
        price_list=stairs.price_list, product=item, unit_price="1.00", min_quantity=50, run=stairs.run
    )
    order = order_now(anna, A1=80)
    return_order(order, by=boris.actor, comment="half")
    browser, step = anna.signed_in(), f"/orders/{order.number}/resubmit/"

    form = form_of(browser.get(f"/orders/{order.number}/"), step)
    asked = browser.post(step, {**form, "quantity_1": "40"})
    order.refresh_from_db()
    unasked = (asked.status_code, order.status, order.net_amount)
    browser.post(step, form_of(asked, step))

    order.refresh_from_db()
    assert unasked == (422, "returned", 80)
    assert "The order is EUR 80.00 net now. Nothing was submitted" in text_of(asked)
    assert (order.status, order.net_amount, order.lines.get().ordered) == ("pending_approval", 80, 40)
