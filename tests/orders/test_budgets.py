"""Budgets: what orders reserve, spend and give back, and what becomes of an order beyond one."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from accounts.models import Company, Membership
from core.days import erp_today
from core.errors import InvalidValue
from orders.actions.approval import approve_order, reject_order, return_order
from orders.actions.budgets import BudgetDraft, save_budget
from orders.actions.cancel import cancel_order
from orders.actions.erp import apply_order_status, confirm_order
from orders.actions.invoices import apply_invoice
from orders.models import Budget, BudgetEntry, Order
from orders.queries.budget import budget_states, states_of
from orders.records import OrderStatusRecord
from orders.rules.budget import OverBudget, Weight, moves_to, period_of, weight
from orders.states import OrderStatus
from tests.conftest import enrol
from tests.factories.accounts import CompanyFactory
from tests.factories.approvals import BudgetFactory, CostCentreFactory
from tests.factories.catalog import MORNING
from tests.factories.erp_facts import answer, invoice
from tests.factories.orders import order_now, sell

pytestmark = pytest.mark.django_db


def figures(budget):
    """(reserved, spent, left) of a budget now."""
    state = states_of([budget], erp_today())[0]
    return (state.figures.reserved, state.figures.spent, state.figures.left)


@pytest.mark.parametrize(
    ("kind", "day", "period"),
    [
        ("month", date(2026, 12, 31), (date(2026, 12, 1), date(2027, 1, 1))),
        ("month", date(2026, 2, 1), (date(2026, 2, 1), date(2026, 3, 1))),
        ("quarter", date(2026, 11, 30), (date(2026, 10, 1), date(2027, 1, 1))),
        ("quarter", date(2026, 1, 1), (date(2026, 1, 1), date(2026, 4, 1))),
        ("year", date(2026, 6, 1), (date(2026, 1, 1), date(2027, 1, 1))),
    ],
)
def test_a_day_lies_in_one_period(kind, day, period):
    assert period_of(kind, day) == period


@pytest.mark.req("APR-08")
@pytest.mark.parametrize("status", OrderStatus)
def test_an_order_weighs_until_it_ends_reserved_first_and_spent_once_the_erp_has_it(status):
    waits = {"pending_approval", "received", "on_hold"}
    expected = (100, 0) if status in waits else (0, 80) if status in {"confirmed", "closed"} else (0, 0)

    found = weight(status, Decimal(100), Decimal(80))

    assert (found.reserved, found.spent) == expected


def test_a_custom_period_counts_on_its_days_alone():
    days = (date(2026, 3, 10), date(2026, 4, 9))

    assert period_of("custom", date(2026, 4, 9), *days) == (date(2026, 3, 10), date(2026, 4, 10))
    assert period_of("custom", date(2026, 4, 10), *days) is None
    assert period_of("custom", date(2026, 3, 9), *days) is None


@pytest.mark.parametrize(
    ("before", "after", "moves"),
    [
        (("0", "0"), ("80", "0"), [("reserved", "80")]),
        (("80", "0"), ("0", "0"), [("released", "80")]),
        (("80", "0"), ("0", "80"), [("spent", "80")]),
        (("80", "0"), ("0", "50"), [("spent", "50"), ("released", "30")]),
        (("0", "80"), ("0", "50"), [("refunded", "30")]),
        (("0", "0"), ("0", "50"), [("reserved", "50"), ("spent", "50")]),
        (("80", "0"), ("80", "0"), []),
    ],
)
def test_movements_lead_from_one_weight_to_the_other(before, after, moves):
    found = moves_to(Weight(*map(Decimal, before)), Weight(*map(Decimal, after)))

    assert found == [(kind, Decimal(amount)) for kind, amount in moves]


@pytest.mark.req("APR-03")
@pytest.mark.parametrize(("pieces", "fits"), [(99, True), (100, True), (101, False)])
def test_an_order_fits_up_to_exactly_the_budget(anna, pieces, fits):
    budget = BudgetFactory(company=anna.company)
    sell("A1")

    if fits:
        order_now(anna, A1=pieces)
        assert figures(budget) == (pieces, 0, 100 - pieces)
    else:
        with pytest.raises(OverBudget) as refusal:
            order_now(anna, A1=pieces)
        assert refusal.value.details == {"budget": "Workshop", "left": "100.0000", "needed": "101.00"}
        assert not Order.objects.exists()
        assert not BudgetEntry.objects.exists()


@pytest.mark.req("APR-03")
@pytest.mark.parametrize(("amount", "fits"), [(None, True), (Decimal(0), False)])
def test_empty_is_no_limit_and_zero_is_zero(anna, amount, fits):
    budget = BudgetFactory(company=anna.company, amount=amount)
    sell("A1")

    if fits:
        order_now(anna, A1=500)
        assert figures(budget) == (500, 0, None)
    else:
        with pytest.raises(OverBudget):
            order_now(anna, A1=1)


@pytest.mark.req("APR-03")
def test_a_budget_may_ask_for_an_approval_instead(anna, boris):
    budget = BudgetFactory(company=anna.company, on_exceeding="approve")
    sell("A1")

    order = order_now(anna, A1=101)

    assert order.status == "pending_approval"
    assert order.approval_rules[0]["code"] == "over_budget"
    assert figures(budget) == (101, 0, -1)
    approve_order(order, by=boris.actor)
    assert figures(budget) == (101, 0, -1)


@pytest.mark.req("APR-03")
def test_a_budget_counts_for_its_member_or_cost_centre_alone(anna):
    shop = CostCentreFactory(company=anna.company, code="4711")
    CostCentreFactory(company=anna.company, code="4712")
    berta = enrol("Berta", anna.company, "buyer")
    hers = BudgetFactory(company=anna.company, member=berta.user, amount=Decimal(5))
    shops = BudgetFactory(company=anna.company, cost_centre=shop, amount=Decimal(20))
    sell("A1")

    order_now(anna, choice={"cost_centre": "4712"}, A1=30)
    assert (figures(hers), figures(shops)) == ((0, 0, 5), (0, 0, 20))
    order_now(anna, choice={"cost_centre": "4711"}, A1=15)

    assert (figures(hers), figures(shops)) == ((0, 0, 5), (15, 0, 5))
    with pytest.raises(OverBudget):
        order_now(berta, choice={"cost_centre": "4712"}, A1=6)


def test_a_company_with_cost_centres_orders_with_one(anna):
    CostCentreFactory(company=anna.company, code="4711")
    sell("A1")

    for wrong in ("", "9999"):
        with pytest.raises(InvalidValue) as refusal:
            order_now(anna, choice={"cost_centre": wrong}, A1=1)
        assert refusal.value.details["field"] == "cost_centre"

    assert not Order.objects.exists()


@pytest.mark.req("APR-03", "APR-10")
def test_a_budget_above_counts_for_branches_only_where_it_says_so(anna):
    head = CompanyFactory(number="HEAD")
    Company.objects.filter(pk=anna.company.pk).update(parent=head)
    wide = BudgetFactory(company=head, includes_below=True, amount=Decimal(40))
    narrow = BudgetFactory(company=head, amount=Decimal(1))
    sell("A1")

    order_now(anna, A1=30)

    assert (figures(wide), figures(narrow)) == ((30, 0, 10), (0, 0, 1))
    with pytest.raises(OverBudget):
        order_now(anna, A1=30)


@pytest.mark.req("APR-08")
@pytest.mark.parametrize("end", ["reject", "return", "cancel"])
def test_what_does_not_go_on_gives_its_budget_back(anna, boris, end):
    budget = BudgetFactory(company=anna.company)
    Membership.objects.filter(user=anna.user).update(order_limit=Decimal(10))
    sell("A1")
    order = order_now(anna, A1=60)
    assert figures(budget) == (60, 0, 40)

    if end == "reject":
        reject_order(order, by=boris.actor, comment="no")
    elif end == "return":
        return_order(order, by=boris.actor, comment="less")
    else:
        cancel_order(order, by=anna.actor, reason="no")

    assert figures(budget) == (0, 0, 100)
    kinds = list(BudgetEntry.objects.values_list("kind", "amount"))
    assert kinds == [("reserved", 60), ("released", 60)]


@pytest.mark.req("APR-08")
def test_a_confirmed_order_is_spent_and_what_the_erp_cancels_comes_back(anna, erp):
    budget = BudgetFactory(company=anna.company)
    sell("A1")
    order = order_now(anna, A1=60)

    confirm_order(order.number, answer(order), by=erp)
    assert figures(budget) == (0, 60, 40)
    confirm_order(order.number, answer(order), by=erp)
    assert figures(budget) == (0, 60, 40)

    news = OrderStatusRecord(
        order_number=order.number,
        erp_number="S1",
        erp_status="cancelled",
        delivery_status="none",
        invoice_status="none",
        is_cancelled=True,
        version="9",
        as_of=MORNING,
    )
    apply_order_status(news, by=erp)
    assert figures(budget) == (0, 0, 100)


@pytest.mark.req("APR-08")
def test_what_was_booked_cannot_be_changed(anna):
    BudgetFactory(company=anna.company)
    sell("A1")
    order_now(anna, A1=60)

    for change in (lambda: BudgetEntry.objects.update(amount=1), lambda: BudgetEntry.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()

    assert BudgetEntry.objects.get().amount == 60


@pytest.mark.req("APR-08")
def test_a_budget_in_another_currency_is_not_compared(anna):
    BudgetFactory(company=anna.company, currency="CHF")
    sell("A1")

    with pytest.raises(InvalidValue):
        order_now(anna, A1=1)


def test_a_buyer_sees_the_budgets_he_or_she_orders_by_and_nobody_elses(anna, clara):
    berta = enrol("Berta", anna.company, "buyer")
    own = BudgetFactory(company=anna.company, member=anna.user, name="Anna")
    all_of = BudgetFactory(company=anna.company, name="All")
    hers = BudgetFactory(company=anna.company, member=berta.user, name="Berta")
    boss = enrol("Boss", anna.company, "administrator")

    def seen(member):
        return {state.budget for state in budget_states(member.scope)}

    assert seen(anna) == {own, all_of}
    assert seen(boss) == {own, all_of, hers}
    assert seen(clara) == set()


@pytest.mark.req("APR-08", "FIN-04")
def test_a_return_is_given_back_once_in_the_period_of_the_order_and_never_more_than_was_spent(anna, erp):
    sell("A1")
    budget = BudgetFactory(company=anna.company, amount=Decimal(100))
    order = order_now(anna, A1=60)
    confirm_order(order.number, answer(order), by=erp)
    apply_invoice(invoice(order, {1: 60}), by=erp)
    note = {"key": "C1", "kind": "credit_note", "credits_erp_id": "I1"}

    apply_invoice(invoice(order, {1: 25}, **note), by=erp)
    assert figures(budget) == (0, 35, 65)
    apply_invoice(invoice(order, {1: 25}, **note), by=erp)
    apply_invoice(invoice(order, {1: 25}, version="2", paid=["-30"], **note), by=erp)
    assert figures(budget) == (0, 35, 65)
    apply_invoice(invoice(order, {1: 70}, **{**note, "key": "C2"}), by=erp)
    assert figures(budget) == (0, 0, 100)

    kinds = list(BudgetEntry.objects.order_by("pk").values_list("kind", "amount"))
    assert kinds == [("reserved", 60), ("spent", 60), ("refunded", 25), ("refunded", 35)]
    assert BudgetEntry.objects.values("period_on").distinct().count() == 1


@pytest.mark.req("APR-08")
def test_a_note_without_lines_of_ours_counts_whole_for_its_only_order_and_freight_beside_goods_does_not(
    anna, erp
):
    sell("A1")
    budget = BudgetFactory(company=anna.company, amount=Decimal(100))
    order = order_now(anna, A1=60)
    confirm_order(order.number, answer(order), by=erp)
    apply_invoice(invoice(order, {1: 60}), by=erp)
    goods = invoice(order, {1: 10}, key="C1", kind="credit_note", credits_erp_id="I1")
    freight = goods.lines[0].model_copy(
        update={"position": 2, "order_number": "", "order_line_position": None, "net_amount": Decimal(-9)}
    )

    apply_invoice(goods.model_copy(update={"lines": (*goods.lines, freight)}), by=erp)
    assert figures(budget) == (0, 50, 50)
    lump = goods.model_copy(
        update={"erp_id": "C2", "number": "INV-C2", "lines": (freight.model_copy(update={"position": 1}),)}
    )
    apply_invoice(lump, by=erp)

    assert figures(budget) == (0, 40, 60)


@pytest.mark.req("APR-08")
def test_a_credit_note_that_comes_when_the_period_is_over_leaves_the_new_one_as_it_is(anna, erp):
    sell("A1")
    order = order_now(anna, A1=60)
    confirm_order(order.number, answer(order), by=erp)
    apply_invoice(invoice(order, {1: 60}), by=erp)
    budget, last = BudgetFactory(company=anna.company, amount=Decimal(100)), date(2026, 1, 1)
    for kind in ("reserved", "spent"):
        BudgetEntry.objects.create(
            budget=budget,
            period_on=last,
            order=order,
            kind=kind,
            amount=60,
            actor_label="x",
            correlation_id="x",
        )

    apply_invoice(invoice(order, {1: 60}, key="C1", kind="credit_note", credits_erp_id="I1"), by=erp)

    assert figures(budget) == (0, 0, 100)
    assert states_of([budget], last)[0].figures.spent == 0
    assert BudgetEntry.objects.get(kind="refunded").period_on == last


@pytest.mark.req("APR-11")
def test_each_decision_keeps_the_budget_as_it_stood_and_was_shown_then(anna, boris):
    BudgetFactory(company=anna.company, on_exceeding="approve")
    sell("A1")
    order = order_now(anna, A1=101)
    order_now(enrol("Berta", anna.company, "buyer"), A1=40)

    page = boris.signed_in().get(f"/orders/{order.number}/")
    return_order(order, by=boris.actor, comment="Wait for the next month.")

    request = order.approval_requests.get()
    assert request.figures["budget_figures"][0]["left"] == "100.0000"
    ((shown, _over),) = page.context["budgets"]
    assert "left before this order" in page.content.decode()
    (kept,) = request.decisions.get().figures["budget_figures"]
    assert Decimal(kept["left"]) == shown.figures.left == 60
    assert kept["budget"] == "Workshop"


@pytest.mark.req("APR-08")
def test_who_neither_orders_nor_decides_sees_no_budget_but_the_own(acme):
    fin, vera = enrol("Fin", acme, "buyer"), enrol("Vera", acme, "viewer")
    for_all, own = BudgetFactory(company=acme), BudgetFactory(company=acme, member=vera.user)

    assert {state.budget for state in budget_states(fin.scope)} == {for_all}
    assert {state.budget for state in budget_states(vera.scope)} == {own}


@pytest.mark.req("APR-08")
def test_a_budget_is_of_nobody_who_does_not_order_for_the_company(acme, clara):
    boss = enrol("Boss", acme, "administrator")
    draft = BudgetDraft("Clara", Decimal(100), "month", "refuse", member_id=clara.user.pk)

    with pytest.raises(InvalidValue) as refusal:
        save_budget(boss.scope, draft, by=boss.actor)

    assert refusal.value.details["field"] == "member"
    assert not Budget.objects.exists()
