"""Credit: what counts against the limit, at every way into an open order (failure bank 20)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import Company, CreditAccount, Membership
from catalog.models import Allocation
from core import freshness
from core.models import Event
from orders.actions.approval import approve_order, reject_order
from orders.actions.cancel import cancel_order
from orders.actions.cart import remove_line
from orders.actions.erp import confirm_order, hold_order
from orders.models import Order
from orders.queries.cart import cart_for
from orders.queries.credit import credit_outlook
from orders.rules.credit import OnHold, OverLimit
from tests.factories.accounts import AS_OF, CompanyFactory, CreditAccountFactory
from tests.factories.erp_facts import answer
from tests.factories.orders import fill, order_now, sell

pytestmark = pytest.mark.django_db


@pytest.fixture
def limited(acme):
    """Acme may owe 240 with tax: 200 net."""
    return CreditAccountFactory(company=acme, limit_amount=Decimal(240))


def open_amount(anna):
    return credit_outlook(anna.scope, Decimal(0)).figures.open_amount


@pytest.mark.req("CRT-09")
def test_exactly_at_the_limit_fits_and_a_cent_more_does_not(anna, limited):
    sell("A1", "1.00")
    sell("CENT", "0.01")
    fill(anna, A1=200, CENT=1)

    with pytest.raises(OverLimit) as refusal:
        order_now(anna)

    assert refusal.value.details == {
        "shortage": "0.0100",
        "available": "240.0000",
        "limit": "240.0000",
        "currency": "EUR",
    }
    assert not Order.objects.exists()
    assert not Allocation.objects.exists()
    assert not Event.objects.exclude(name="cart.updated").exists()

    cent = cart_for(anna.scope).lines.get(product__sku="CENT")
    remove_line(anna.scope, cent.pk, by=anna.actor)
    assert order_now(anna).gross_amount == 240


@pytest.mark.req("CRT-09")
def test_the_shortage_is_known_before_submitting(anna, limited):
    outlook = credit_outlook(anna.scope, Decimal("300"))

    assert (outlook.verdict.rule, outlook.verdict.shortage) == ("over_limit", Decimal(60))
    assert outlook.as_of == AS_OF


@pytest.mark.parametrize(("limit", "fits"), [(None, True), (Decimal(0), False)])
def test_no_limit_is_unlimited_and_zero_is_none(anna, acme, limit, fits):
    CreditAccountFactory(company=acme, limit_amount=limit)
    sell("A1")

    if fits:
        assert order_now(anna, A1=99).credit_decision["rule"] == "no_limit"
    else:
        with pytest.raises(OverLimit):
            order_now(anna, A1=1)
        assert not Order.objects.exists()


def test_without_a_credit_account_there_is_no_limit(anna):
    sell("A1")

    assert order_now(anna, A1=5).credit_decision["rule"] == "no_limit"


@pytest.mark.parametrize("where", ["company", "account", "parent"])
def test_a_company_on_hold_orders_nothing(anna, acme, limited, where):
    sell("A1")
    if where == "company":
        Company.objects.filter(pk=acme.pk).update(status="on_hold")
    elif where == "account":
        CreditAccount.objects.update(is_on_hold=True)
    else:
        parent = CompanyFactory(number="HEAD", status="on_hold")
        CreditAccount.objects.update(company=parent)
        Company.objects.filter(pk=acme.pk).update(parent=parent)

    with pytest.raises(OnHold):
        order_now(anna, A1=1)

    assert not Order.objects.exists()


def test_an_order_counts_until_the_erp_has_counted_it(anna, erp, limited):
    sell("A1")
    order = order_now(anna, A1=100)
    assert open_amount(anna) == 120

    confirmed_at = AS_OF + timedelta(hours=2)
    confirm_order(order.number, answer(order, as_of=confirmed_at), by=erp)
    assert open_amount(anna) == 120

    CreditAccount.objects.update(as_of=confirmed_at)  # at the same instant nobody knows: it counts
    assert open_amount(anna) == 120

    CreditAccount.objects.update(as_of=confirmed_at + timedelta(seconds=1), used_amount=Decimal(120))
    assert open_amount(anna) == 0


def test_a_complete_reading_counts_also_where_no_row_has_changed(anna, erp, limited):
    sell("A1")
    order = order_now(anna, A1=100)
    confirm_order(order.number, answer(order, as_of=AS_OF + timedelta(hours=2)), by=erp)

    freshness.note("credit", AS_OF + timedelta(hours=3))

    assert open_amount(anna) == 0


def test_an_order_on_hold_and_one_waiting_for_approval_still_count(anna, boris, erp, limited):
    sell("A1")
    hold_order(order_now(anna, A1=50).number, "refused", by=erp)
    Membership.objects.filter(user=anna.user).update(order_limit=Decimal(0))
    order_now(anna, A1=50)

    assert open_amount(anna) == 120


@pytest.mark.parametrize("end", ["cancelled", "rejected"])
def test_every_end_gives_credit_and_stock_back_once(anna, boris, limited, end):
    sell("A1")
    Membership.objects.filter(user=anna.user).update(order_limit=Decimal(0))
    order = order_now(anna, A1=200)
    assert open_amount(anna) == 240

    if end == "cancelled":
        cancel_order(order, by=anna.actor, reason="typing error")
    else:
        reject_order(order, by=boris.actor, comment="too much")

    assert open_amount(anna) == 0
    assert not Allocation.objects.exists()
    assert order_now(anna, A1=200).gross_amount == 240


def test_a_cancellation_tells_what_the_order_was_over(anna):
    sell("A1")
    order = order_now(anna, A1=5)

    cancel_order(order, by=anna.actor, reason="ordered twice")

    told = Event.objects.get(name="order.cancelled").payload["order"]
    assert [Decimal(line["quantity"]) for line in told["lines"]] == [5]


def test_an_approval_looks_at_the_credit_again(anna, boris, limited):
    sell("A1")
    Membership.objects.filter(user=anna.user).update(order_limit=Decimal(0))
    order = order_now(anna, A1=200)
    CreditAccount.objects.update(limit_amount=Decimal("239.99"))

    with pytest.raises(OverLimit):
        approve_order(order, by=boris.actor)

    order.refresh_from_db()
    assert order.status == "pending_approval"
    told = Event.objects.filter(subject=order.subject).values_list("name", flat=True)
    assert list(told) == ["order.approval_requested", "stock.allocated"]

    CreditAccount.objects.update(limit_amount=Decimal("240.00"))
    approve_order(order, by=boris.actor)  # it does not count against itself
    order.refresh_from_db()
    assert order.status == "received"


def test_orders_of_companies_with_their_own_limit_do_not_count(anna, acme, other, clara, limited):
    CreditAccountFactory(company=other, limit_amount=Decimal(1000))
    Company.objects.filter(pk=other.pk).update(parent=acme)
    sell("A1")

    order_now(clara, A1=100)

    assert open_amount(anna) == 0


def test_a_stale_figure_is_used_and_says_so(anna, limited):
    freshness.set_limits({"credit": timedelta(minutes=30)})
    sell("A1")
    try:
        order = order_now(anna, A1=1)
    finally:
        freshness.set_limits({"credit": timedelta(days=36500)})

    assert order.credit_decision["is_stale"] is True
    assert order.credit_decision["policy"] == "last_known"
