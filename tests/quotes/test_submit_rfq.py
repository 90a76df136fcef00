"""Asking for a quote on what is in the cart."""

from datetime import timedelta
from decimal import Decimal as D
from uuid import uuid4

import pytest

from accounts.scope import NOTHING
from core.days import erp_today
from core.errors import InvalidValue, NotAllowed, NotFound, OutOfDate, WrongState
from core.models import Event
from orders.queries.cart import cart_for
from orders.rules.lines import NotSellable
from quotes.actions.drafts import start_quote
from quotes.actions.rfqs import cancel_rfq, decline_rfq, submit_rfq
from quotes.drafts import RfqDraft, Wish
from quotes.models import Quote, Rfq
from quotes.queries.rfqs import rfq_by_number, rfqs_for
from quotes.states import RfqStatus
from tests.factories.orders import fill, sell
from tests.factories.quotes import ask, at_once, begin, put

pytestmark = pytest.mark.django_db


def submit(member, **changes):
    cart = cart_for(member.scope)
    draft = RfqDraft(**{"token": cart.token, **changes})
    return submit_rfq(cart, draft, scope=member.scope, by=member.actor)


@pytest.mark.req("QTE-01")
def test_the_cart_becomes_a_numbered_request_with_all_that_was_said(anna):
    sell("BOLT", units={"box": 200})
    sell("NUT")
    put(anna, "BOLT", "5", "box")
    put(anna, "NUT", "40")
    box, nut = cart_for(anna.scope).lines.order_by("pk")
    wanted = erp_today() + timedelta(days=13)

    rfq = submit(
        anna,
        note="For the gearbox housings",
        po_number="4500118274",
        requested_on=wanted,
        ship_to_erp_id="acme-1",
        wishes=(Wish(box.pk, D("19.5"), "zinc"), Wish(nut.pk)),
    )

    stored = rfq_by_number(anna.scope, rfq.number)
    assert stored.number.startswith("R-")
    assert (stored.status, stored.note, stored.po_number) == (
        RfqStatus.SUBMITTED,
        "For the gearbox housings",
        "4500118274",
    )
    assert (stored.requested_on, stored.ship_to.erp_id) == (wanted, "acme-1")
    assert list(
        stored.lines.values_list("position", "product__sku", "unit__key", "quantity", "target_price", "note")
    ) == [(1, "BOLT", "box", D(5), D("19.5"), "zinc"), (2, "NUT", "piece", D(40), None, "")]
    assert not cart_for(anna.scope).lines.exists()


@pytest.mark.req("QTE-01")
def test_the_event_tells_who_asks_for_what_and_whom_it_concerns(anna, sam):
    anna.company.sales_rep = sam.user
    anna.company.save(update_fields=["sales_rep"])
    sell("BOLT")

    rfq = ask(anna, {"note": "soon"}, BOLT=10)

    event = Event.objects.get(name="rfq.submitted")
    assert (event.subject, event.company_number, event.source) == (f"rfq:{rfq.number}", "ACME", "portal")
    assert event.payload["buyer"]["email"] == anna.user.email
    assert event.payload["sales"]["email"] == sam.user.email
    assert event.payload["lines"][0]["sku"] == "BOLT"
    assert D(event.payload["lines"][0]["quantity"]) == 10


def test_the_same_cart_submitted_twice_is_one_request(anna):
    sell("BOLT")
    fill(anna, BOLT=10)
    cart = cart_for(anna.scope)
    draft = RfqDraft(token=cart.token)

    first = submit_rfq(cart, draft, scope=anna.scope, by=anna.actor)
    second = submit_rfq(cart, draft, scope=anna.scope, by=anna.actor)

    assert first.number == second.number
    assert Rfq.objects.count() == 1
    assert Event.objects.filter(name="rfq.submitted").count() == 1


def test_a_cart_that_was_used_meanwhile_is_refused(anna):
    sell("BOLT")
    fill(anna, BOLT=10)
    cart = cart_for(anna.scope)

    with pytest.raises(OutOfDate):
        submit_rfq(cart, RfqDraft(token=uuid4()), scope=anna.scope, by=anna.actor)

    assert not Rfq.objects.exists()
    assert cart.lines.count() == 1


def test_an_empty_cart_asks_for_nothing(anna):
    with pytest.raises(InvalidValue) as refusal:
        submit(anna)

    assert refusal.value.details == {"field": "lines"}
    assert not Rfq.objects.exists()


def test_what_is_no_longer_sold_cannot_be_asked_for(anna):
    product = sell("BOLT")
    fill(anna, BOLT=10)
    product.status = "retired"
    product.save(update_fields=["status"])

    with pytest.raises(NotSellable):
        submit(anna)

    assert not Rfq.objects.exists()
    assert cart_for(anna.scope).lines.count() == 1


@pytest.mark.parametrize("price", ["-0.01", "NaN", "Infinity"])
def test_a_target_price_that_is_no_amount_is_refused(anna, price):
    sell("BOLT")
    fill(anna, BOLT=10)
    line = cart_for(anna.scope).lines.get()

    with pytest.raises(InvalidValue) as refusal:
        submit(anna, wishes=(Wish(line.pk, D(price)),))

    assert refusal.value.details == {"field": "target_price", "line": 1}
    assert not Rfq.objects.exists()


def test_an_address_of_another_company_is_not_found(anna, other):
    sell("BOLT")
    fill(anna, BOLT=10)

    with pytest.raises(NotFound):
        submit(anna, ship_to_erp_id="other-1")

    assert not Rfq.objects.exists()


def test_another_persons_cart_is_not_found(anna, clara):
    sell("BOLT")
    fill(anna, BOLT=10)
    cart = cart_for(anna.scope)

    with pytest.raises(NotFound):
        submit_rfq(cart, RfqDraft(token=cart.token), scope=clara.scope, by=clara.actor)

    assert not Rfq.objects.exists()


def test_asking_needs_the_right_to_ask(anna, boris):
    sell("BOLT")
    fill(anna, BOLT=10)
    cart = cart_for(anna.scope)

    with pytest.raises(NotAllowed):
        submit_rfq(cart, RfqDraft(token=cart.token), scope=boris.scope, by=boris.actor)

    assert not Rfq.objects.exists()


def test_requests_are_seen_by_the_own_company_alone(anna, clara):
    sell("BOLT")
    rfq = ask(anna, BOLT=10)

    assert list(rfqs_for(anna.scope)) == [rfq]
    assert list(rfqs_for(clara.scope)) == []
    assert list(rfqs_for(NOTHING)) == []
    with pytest.raises(NotFound):
        rfq_by_number(clara.scope, rfq.number)


def test_sales_declines_a_request_with_a_reason_that_the_buyer_reads(anna, sam):
    sell("BOLT")
    rfq = ask(anna, BOLT=10)

    decline_rfq(rfq, reason="We do not stock this coating.", by=sam.actor)

    rfq.refresh_from_db()
    assert (rfq.status, rfq.answer) == (RfqStatus.DECLINED, "We do not stock this coating.")
    event = Event.objects.get(name="rfq.declined")
    assert event.payload["reason"] == "We do not stock this coating."
    assert event.payload["buyer"]["email"] == anna.user.email


def test_declining_needs_a_reason_and_a_salesperson(anna, sam, otto):
    sell("BOLT")
    rfq = ask(anna, BOLT=10)

    with pytest.raises(InvalidValue):
        decline_rfq(rfq, reason=" ", by=sam.actor)
    with pytest.raises(NotAllowed):
        decline_rfq(rfq, reason="no", by=otto.actor)
    with pytest.raises(NotAllowed):
        decline_rfq(rfq, reason="no", by=anna.actor)

    rfq.refresh_from_db()
    assert rfq.status == RfqStatus.SUBMITTED
    assert not Event.objects.filter(name="rfq.declined").exists()


def test_a_buyer_takes_a_request_back_and_what_sales_began_is_withdrawn(anna, sam):
    sell("BOLT")
    quote = begin(anna, sam, BOLT=10)

    cancel_rfq(anna.scope, quote.rfq.number, by=anna.actor)

    quote.refresh_from_db()
    assert quote.status == "withdrawn"
    assert Rfq.objects.get().status == RfqStatus.CANCELLED


def test_another_company_cannot_take_a_request_back(anna, clara):
    sell("BOLT")
    rfq = ask(anna, BOLT=10)

    with pytest.raises(NotFound):
        cancel_rfq(clara.scope, rfq.number, by=clara.actor)

    rfq.refresh_from_db()
    assert rfq.status == RfqStatus.SUBMITTED


def test_a_declined_request_cannot_be_taken_back(anna, sam):
    sell("BOLT")
    rfq = decline_rfq(ask(anna, BOLT=10), reason="no", by=sam.actor)

    with pytest.raises(WrongState):
        cancel_rfq(anna.scope, rfq.number, by=anna.actor)

    assert Rfq.objects.get().status == RfqStatus.DECLINED


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("QTE-01")
def test_a_cart_submitted_many_times_at_once_is_one_request(anna):
    sell("BOLT")
    fill(anna, BOLT=10)
    cart = cart_for(anna.scope)
    draft = RfqDraft(token=cart.token)

    results = at_once(*[lambda: submit_rfq(cart, draft, scope=anna.scope, by=anna.actor).number] * 12)

    assert set(results) == {Rfq.objects.get().number}
    assert Event.objects.filter(name="rfq.submitted").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_start_a_quote_at_once_one_gets_it(anna, sam, mona):
    sell("BOLT")
    rfq = ask(anna, BOLT=10)

    results = at_once(lambda: start_quote(rfq, by=sam.actor), lambda: start_quote(rfq, by=mona.actor))

    assert sorted(type(result).__name__ for result in results) == ["Quote", "WrongState"]
    assert Quote.objects.count() == 1


def test_a_day_that_is_over_is_no_day_to_deliver(anna):
    sell("BOLT")
    put(anna, "BOLT", "5")

    with pytest.raises(InvalidValue) as refusal:
        submit(anna, requested_on=erp_today() - timedelta(days=1))

    assert refusal.value.details["field"] == "requested_on"
    assert not Rfq.objects.exists()
