"""The buyer's answer: accepted once, as sent, while it holds; or sent back, or declined."""

from datetime import UTC, date, datetime
from decimal import Decimal as D

import pytest

from core.actor import Actor
from core.days import erp_today
from core.errors import InvalidValue, NotAllowed, NotFound, OutOfDate, WrongState
from core.models import Event
from orders.models import Order
from orders.rules.credit import OverLimit
from orders.rules.lines import LinesRefused
from pricing.models import TaxRate
from quotes.actions.answers import accept_quote, decline_quote, request_change, see_quote
from quotes.actions.drafts import revise_quote, save_draft
from quotes.actions.offers import expire_quotes, send_quote, withdraw_quote
from quotes.models import Quote, QuoteRevision
from quotes.queries.offers import quote_for_buyer
from quotes.rules.document import QuoteExpired
from quotes.states import BuyerView, QuoteStatus
from tests.factories.accounts import AddressFactory, CreditAccountFactory
from tests.factories.orders import reprice, sell
from tests.factories.quotes import (
    agree,
    at_once,
    begin,
    choice,
    draft_of,
    offer,
    policy,
    price,
    put,
    send,
    working,
)

JOB = Actor("job:expiry", "Expiry")


def accept(member, quote, revision=1, **changes):
    return accept_quote(
        quote.number, revision, choice(member, **changes), scope=member.scope, by=member.actor
    )


def untouched(quote):
    quote.refresh_from_db()
    return quote.status == QuoteStatus.SENT and not Order.objects.exists()


@pytest.mark.django_db
@pytest.mark.req("QTE-11")
def test_the_order_equals_the_accepted_revision_field_by_field(anna, sam):
    sell("BOLT", "1.00", units={"box": 200})
    sell("NUT", "0.50")
    put(anna, "BOLT", "5", "box", note="zinc")
    quote = begin(anna, sam, NUT=40)
    policy()
    price(quote, sam, BOLT="180.123456", NUT="0.4321")
    send(quote, sam)
    sent = working(quote)

    order = accept(anna, quote, po_number="4500118274", note="Gate 3")

    order = Order.objects.get(pk=order.pk)
    lines = [
        "position", "product_id", "unit_id", "sku", "name", "unit_code", "unit_key", "numerator",
        "denominator", "unit_price", "net_amount", "tax_code", "tax_percent", "note",
    ]  # fmt: skip
    assert list(order.lines.values_list("ordered", *lines)) == list(
        sent.lines.values_list("quantity", *lines)
    )
    for name in ("net_amount", "tax_amount", "gross_amount", "taxes", "payment_term_id", "requested_on"):
        assert getattr(order, name) == getattr(sent, name), name
    assert (order.company, order.currency) == (quote.company, quote.currency)
    assert (order.origin, order.origin_ref) == ("quote", quote.number)
    assert (order.po_number, order.note, order.ship_to_address.erp_id) == ("4500118274", "Gate 3", "acme-1")
    assert order.lines.first().price_story["quote"] == quote.number


@pytest.mark.django_db
@pytest.mark.req("QTE-11", "QTE-14")
def test_acceptance_starts_the_way_to_the_erp_and_names_the_order(anna, sam):
    sell("BOLT")
    quote = offer(anna, sam, BOLT=10)

    order = accept(anna, quote)

    quote.refresh_from_db()
    assert (quote.status, quote.order_number) == (QuoteStatus.ACCEPTED, order.number)
    accepted = Event.objects.get(name="quote.accepted")
    assert (accepted.subject, accepted.payload["order_number"]) == (quote.subject, order.number)
    assert Event.objects.get(name="order.received").subject == order.subject


@pytest.mark.django_db
@pytest.mark.req("QTE-12")
def test_the_accepted_revision_is_the_price_whatever_lists_and_tax_say_now(anna, sam):
    bolt = sell("BOLT", "1.00")
    quote = offer(anna, sam, BOLT=1000)
    reprice(bolt, "3.00")
    agree(anna.company, bolt, "0.10")
    TaxRate.objects.update(percent=D(25))

    order = accept(anna, quote)

    assert (order.net_amount, order.tax_amount, order.gross_amount) == (D(1000), D(200), D(1200))
    reprice(bolt, "9.00")
    order.refresh_from_db()
    assert order.gross_amount == D(1200)


@pytest.mark.django_db
@pytest.mark.req("QTE-13")
def test_accepting_again_answers_the_same_order(anna, sam):
    sell("BOLT")
    quote = offer(anna, sam, BOLT=10)

    first = accept(anna, quote)
    second = accept(anna, quote, po_number="another")

    assert first.number == second.number
    assert Order.objects.count() == 1
    assert Event.objects.filter(name="quote.accepted").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("QTE-13")
def test_accepted_many_times_at_once_it_is_one_order(anna, sam):
    sell("BOLT")
    quote = offer(anna, sam, BOLT=10)

    results = at_once(*[lambda: accept(anna, quote).number] * 12)

    assert Order.objects.count() == 1
    assert set(results) == {Order.objects.get().number}
    assert Event.objects.filter(name="quote.accepted").count() == 1
    assert Event.objects.filter(name="order.received").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("QTE-09", "QTE-13")
def test_of_acceptance_and_revision_at_once_one_wins_and_the_other_is_told(anna, sam):
    sell("BOLT")
    for _round in range(4):
        quote = offer(anna, sam, BOLT=10)

        bought, revised = at_once(
            lambda quote=quote: accept(anna, quote),
            lambda quote=quote: revise_quote(quote, version=quote.version, by=sam.actor),
        )

        quote.refresh_from_db()
        if isinstance(bought, Order):
            assert isinstance(revised, (OutOfDate, WrongState))
            assert (quote.status, quote.revision) == (QuoteStatus.ACCEPTED, 1)
        else:
            assert isinstance(bought, (OutOfDate, WrongState))
            assert isinstance(revised, Quote)
            assert (quote.status, quote.revision) == (QuoteStatus.DRAFT, 2)
            assert not Order.objects.filter(origin_ref=quote.number).exists()


@pytest.mark.django_db
@pytest.mark.req("QTE-09")
def test_only_the_revision_that_was_sent_last_can_be_accepted(anna, sam):
    sell("BOLT", "1.00")
    quote = offer(anna, sam, BOLT=10)
    revise_quote(quote, version=quote.version, by=sam.actor)

    with pytest.raises(OutOfDate):
        accept(anna, quote, revision=1)
    price(quote, sam, BOLT="0.90")
    send(quote, sam)
    for wrong in (1, 3, 0):
        with pytest.raises(OutOfDate):
            accept(anna, quote, revision=wrong)

    assert untouched(quote)
    assert accept(anna, quote, revision=2).net_amount == D(9)


@pytest.mark.django_db
@pytest.mark.req("QTE-10")
@pytest.mark.parametrize(
    ("now", "holds"),
    [
        (datetime(2027, 12, 4, 12, 0, tzinfo=UTC), True),
        (datetime(2027, 12, 4, 22, 59, 59, tzinfo=UTC), True),
        (datetime(2027, 12, 4, 23, 0, 0, tzinfo=UTC), False),
        (datetime(2027, 12, 5, 8, 0, tzinfo=UTC), False),
    ],
)
def test_an_offer_holds_through_its_last_day_where_the_erp_stands(
    anna, sam, now, holds, time_machine, settings
):
    settings.ERP_TIME_ZONE = "Europe/Vienna"
    sell("BOLT")
    quote = offer(anna, sam, BOLT=10)
    QuoteRevision.objects.update(valid_until=date(2027, 12, 4))
    time_machine.move_to(now)

    if holds:
        assert accept(anna, quote).origin_ref == quote.number
    else:
        with pytest.raises(QuoteExpired) as refusal:
            accept(anna, quote)
        assert "renewal" in str(refusal.value)
        assert untouched(quote)


@pytest.mark.django_db
@pytest.mark.req("QTE-10")
def test_an_expired_offer_is_renewed_by_a_new_revision(anna, sam, time_machine):
    sell("BOLT", "1.00")
    quote = offer(anna, sam, BOLT=10)
    last_day = working(quote).valid_until
    time_machine.move_to(datetime(last_day.year, last_day.month, last_day.day, 12, tzinfo=UTC))
    assert expire_quotes(erp_today(), by=JOB) == 0
    time_machine.shift(86400)

    assert quote_for_buyer(anna.scope, quote.number).view == BuyerView.EXPIRED
    assert expire_quotes(erp_today(), by=JOB) == 1
    assert expire_quotes(erp_today(), by=JOB) == 0
    quote.refresh_from_db()
    assert quote.status == QuoteStatus.EXPIRED
    assert Event.objects.get(name="quote.expired").payload["buyer"]["email"] == anna.user.email
    with pytest.raises(WrongState):
        accept(anna, quote)

    request_change(anna.scope, quote.number, revision=1, comment="Please renew.", by=anna.actor)
    quote.refresh_from_db()
    revise_quote(quote, version=quote.version, by=sam.actor)
    send(quote, sam)

    assert accept(anna, quote, revision=2).net_amount == D(10)


@pytest.mark.django_db
@pytest.mark.req("QTE-10")
def test_an_offer_cannot_be_sent_with_a_last_day_that_has_passed(anna, sam):
    sell("BOLT")
    policy()
    quote = begin(anna, sam, BOLT=10)
    for day in (None, date(2020, 1, 1)):
        QuoteRevision.objects.update(valid_until=day)

        with pytest.raises(InvalidValue) as refusal:
            send_quote(quote, version=quote.version, by=sam.actor)

        assert refusal.value.details == {"field": "valid_until"}
    quote.refresh_from_db()
    assert quote.status == QuoteStatus.DRAFT


@pytest.mark.django_db
@pytest.mark.req("QTE-08")
def test_another_company_finds_nothing_to_see_or_to_answer(anna, clara, sam):
    sell("BOLT")
    quote = offer(anna, sam, BOLT=10)
    scope, by = clara.scope, clara.actor

    for attempt in (
        lambda: quote_for_buyer(scope, quote.number),
        lambda: see_quote(scope, quote.number, by=by),
        lambda: accept(clara, quote),
        lambda: decline_quote(scope, quote.number, revision=1, reason="x", by=by),
        lambda: request_change(scope, quote.number, revision=1, comment="x", by=by),
    ):
        with pytest.raises(NotFound):
            attempt()

    assert untouched(quote)
    assert working(quote).first_seen_at is None
    assert not quote.messages.exists()


@pytest.mark.django_db
@pytest.mark.req("QTE-08")
def test_a_colleague_without_the_right_is_refused_and_not_misled(anna, boris, sam):
    sell("BOLT")
    quote = offer(anna, sam, BOLT=10)

    assert quote_for_buyer(boris.scope, quote.number).quote == quote
    with pytest.raises(NotAllowed):
        accept(boris, quote)
    with pytest.raises(NotAllowed):
        decline_quote(boris.scope, quote.number, revision=1, reason="x", by=boris.actor)

    assert untouched(quote)


@pytest.mark.django_db
@pytest.mark.req("QTE-17")
@pytest.mark.parametrize("check", ["credit", "sellable", "ship_to", "po_number"])
def test_acceptance_passes_every_check_of_an_order(anna, other, sam, check):
    product = sell("BOLT", "1.00")
    quote = offer(anna, sam, BOLT=1000)
    changes = {}
    if check == "credit":
        CreditAccountFactory(company=anna.company, limit_amount=D("1199.99"))
        refusal = OverLimit
    elif check == "sellable":
        product.status = "blocked"
        product.save(update_fields=["status"])
        refusal = LinesRefused
    elif check == "ship_to":
        AddressFactory(company=other, erp_id="other-2")
        changes, refusal = {"ship_to_erp_id": "other-2"}, InvalidValue
    else:
        anna.company.needs_po_number = True
        anna.company.save(update_fields=["needs_po_number"])
        refusal = InvalidValue

    with pytest.raises(refusal):
        accept(anna, quote, **changes)

    assert untouched(quote)
    assert not Event.objects.filter(name__in=["quote.accepted", "order.received"]).exists()


@pytest.mark.django_db
@pytest.mark.req("QTE-09")
def test_a_buyer_sends_an_offer_back_and_gets_a_revision_with_the_differences(anna, sam):
    sell("BOLT", "1.00")
    sell("NUT", "0.50")
    quote = offer(anna, sam, BOLT=100, NUT=10)

    request_change(anna.scope, quote.number, revision=1, comment="0.90 for the bolts?", by=anna.actor)
    quote.refresh_from_db()
    assert quote.status == QuoteStatus.CHANGE_REQUESTED
    revise_quote(quote, version=quote.version, by=sam.actor)
    price(quote, sam, BOLT="0.92")
    send(quote, sam)

    seen = quote_for_buyer(anna.scope, quote.number)
    assert (seen.revision.number, seen.compared.number, seen.view) == (2, 1, BuyerView.WAITING)
    assert [(change.new.sku, str(change.kind)) for change in seen.changes] == [
        ("BOLT", "changed"),
        ("NUT", "same"),
    ]
    assert (seen.total_change.by_price, seen.total_change.total) == (D(-8), D(-8))
    assert [said.text for said in seen.messages] == ["0.90 for the bolts?"]
    event = Event.objects.get(name="quote.change_requested")
    assert (event.payload["text"], event.payload["sales"]["email"]) == ("0.90 for the bolts?", sam.user.email)


@pytest.mark.django_db
@pytest.mark.req("QTE-09")
def test_a_buyer_declines_for_good_with_a_reason(anna, sam):
    sell("BOLT")
    quote = offer(anna, sam, BOLT=10)

    with pytest.raises(InvalidValue):
        decline_quote(anna.scope, quote.number, revision=1, reason=" ", by=anna.actor)
    assert untouched(quote)
    decline_quote(anna.scope, quote.number, revision=1, reason="Bought elsewhere.", by=anna.actor)

    quote.refresh_from_db()
    assert quote.status == QuoteStatus.DECLINED
    with pytest.raises(WrongState):
        accept(anna, quote)
    assert not Order.objects.exists()


@pytest.mark.django_db
def test_a_withdrawn_offer_cannot_be_accepted_and_says_why(anna, sam):
    sell("BOLT")
    quote = offer(anna, sam, BOLT=10)

    withdraw_quote(quote, version=quote.version, reason="The mill has stopped.", by=sam.actor)

    with pytest.raises(WrongState):
        accept(anna, quote)
    seen = quote_for_buyer(anna.scope, quote.number)
    assert (seen.view, [said.text for said in seen.messages]) == (
        BuyerView.WITHDRAWN,
        ["The mill has stopped."],
    )


@pytest.mark.django_db
def test_the_first_look_is_kept_once(anna, sam):
    sell("BOLT")
    quote = offer(anna, sam, BOLT=10)

    see_quote(anna.scope, quote.number, by=anna.actor)
    first = working(quote).first_seen_at
    see_quote(anna.scope, quote.number, by=anna.actor)

    assert working(quote).first_seen_at == first
    assert Event.objects.filter(name="quote.seen").count() == 1


@pytest.mark.django_db
def test_while_sales_revises_the_buyer_sees_the_sent_revision_and_cannot_answer(anna, sam):
    sell("BOLT", "1.00")
    quote = offer(anna, sam, BOLT=10)
    revise_quote(quote, version=quote.version, by=sam.actor)
    save_draft(quote, draft_of(quote, BOLT="0.10"), by=sam.actor)

    seen = quote_for_buyer(anna.scope, quote.number)

    assert (seen.revision.number, seen.view, seen.is_answerable) == (1, BuyerView.IN_REVISION, False)
    assert seen.lines[0].unit_price == D(1)
    with pytest.raises(NotFound):
        quote_for_buyer(anna.scope, quote.number, revision=2)


@pytest.mark.django_db
@pytest.mark.req("QTE-08")
def test_what_the_buyer_gets_holds_no_figure_of_ours(anna, sam):
    sell("BOLT", "1.00")
    quote = offer(anna, sam, BOLT=10)

    line = quote_for_buyer(anna.scope, quote.number).lines[0]

    assert not {"cost_price", "floor_price", "list_price", "contract_price", "price_story"} & set(vars(line))
    told = str(Event.objects.filter(subject=quote.subject).values_list("payload", flat=True))
    assert "floor" not in told
    assert "cost" not in told


@pytest.mark.django_db
def test_reading_a_quote_takes_a_fixed_number_of_statements(anna, sam, django_assert_num_queries):
    for nth in range(12):
        sell(f"P{nth}")
    small = offer(anna, sam, P0=1)
    large = offer(anna, sam, **{f"P{nth}": 5 for nth in range(12)})
    quote_for_buyer(anna.scope, small.number)

    for quote in (small, large):
        with django_assert_num_queries(7):
            quote_for_buyer(anna.scope, quote.number)
