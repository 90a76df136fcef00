"""Quotes in the hands of sales: started, priced, saved, revised, taken back."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D

import pytest

from catalog.models import ProductUnit
from core.days import erp_today
from core.errors import InvalidValue, NotAllowed, NotFound, OutOfDate, WrongState
from core.models import Event
from quotes.actions.drafts import (
    revise_quote,
    save_draft,
    start_quote,
    start_quote_for,
    take_back,
    write_note,
)
from quotes.drafts import LineDraft
from quotes.models import Quote, QuoteRevision
from quotes.queries.desk import desk_of, quote_at, quotes_at, rfqs_at
from quotes.states import RfqStatus
from tests.factories.orders import reprice, sell
from tests.factories.quotes import (
    agree,
    approve,
    ask,
    begin,
    costs,
    draft_of,
    offer,
    price,
    put,
    send,
    submit,
    working,
)

pytestmark = pytest.mark.django_db


@pytest.mark.req("QTE-04")
def test_a_quote_starts_with_what_was_asked_beside_list_agreement_floor_and_cost(anna, sam):
    bolt = sell("BOLT", "1.00", units={"box": 200})
    agree(anna.company, bolt, "0.90")
    costs(bolt, "0.55")
    put(anna, "BOLT", "5", "box", target_price=D(150), note="zinc")

    wanted = erp_today() + timedelta(days=13)
    quote = start_quote(ask(anna, {"requested_on": wanted}), by=sam.actor)

    line = working(quote).lines.get()
    assert (line.sku, line.quantity, line.unit_key, line.numerator) == ("BOLT", D(5), "box", 200)
    assert (line.target_price, line.note) == (D(150), "zinc")
    assert (line.list_price, line.contract_price) == (D(200), D(180))
    assert (line.cost_price, line.floor_price) == (D(110), D(125))  # 12 % of the price is left at the floor
    assert (line.unit_price, line.net_amount) == (D(180), D(900))
    assert working(quote).requested_on == wanted


def test_starting_takes_the_request_in_hand_once(anna, sam, mona):
    sell("BOLT")
    rfq = ask(anna, BOLT=10)

    quote = start_quote(rfq, by=sam.actor)
    with pytest.raises(WrongState):
        start_quote(rfq, by=mona.actor)

    rfq.refresh_from_db()
    assert rfq.status == RfqStatus.IN_WORK
    assert (quote.owner, quote.contact, quote.rfq) == (sam.user, anna.user, rfq)
    assert Quote.objects.count() == 1
    assert Event.objects.filter(name="quote.created", subject=quote.subject).count() == 1


def test_the_offer_is_valid_for_the_days_of_the_policy_from_the_erps_today(anna, sam, time_machine):
    time_machine.move_to(datetime(2027, 1, 20, 23, 30, tzinfo=UTC))
    sell("BOLT")

    quote = begin(anna, sam, BOLT=10)

    assert working(quote).valid_until == date(2027, 2, 20)


def test_a_product_without_a_price_starts_without_one_and_never_at_zero(anna, sam):
    sell("BOLT", price=None)

    quote = begin(anna, sam, BOLT=10)

    line = working(quote).lines.get()
    assert (line.unit_price, line.list_price, line.contract_price) == (None, None, None)


@pytest.mark.parametrize("who", ["anna", "boris", "otto"])
def test_only_sales_starts_quotes(anna, sam, who, request):
    sell("BOLT")
    rfq = ask(anna, BOLT=10)

    with pytest.raises(NotAllowed):
        start_quote(rfq, by=request.getfixturevalue(who).actor)

    assert not Quote.objects.exists()


def test_sales_opens_a_quote_that_nobody_asked_for(anna, sam):
    sell("BOLT", "2.00")

    quote = start_quote_for(
        anna.company, anna.user, [LineDraft("BOLT", "piece", D(10), D("1.80"))], by=sam.actor
    )

    assert (quote.rfq, quote.contact) == (None, anna.user)
    assert working(quote).net_amount == D(18)


def test_a_quote_goes_to_a_person_of_the_company(anna, clara, sam):
    sell("BOLT")

    with pytest.raises(NotFound):
        start_quote_for(anna.company, clara.user, [LineDraft("BOLT", "piece", D(10))], by=sam.actor)

    assert not Quote.objects.exists()


def test_a_saved_draft_holds_what_was_typed_and_adds_up(anna, sam):
    sell("BOLT", "1.00")
    sell("NUT", "0.50")
    quote = begin(anna, sam, BOLT=333, NUT=10)
    draft = replace(
        draft_of(quote, BOLT="0.333"),
        valid_until=date(2027, 1, 15),
        message=" As discussed. ",
        internal_note="They compare with Meier.",
    )

    saved = save_draft(quote, draft, by=sam.actor)

    revision = working(saved)
    assert [(line.sku, line.net_amount) for line in revision.lines.all()] == [
        ("BOLT", D("110.89")),
        ("NUT", D(5)),
    ]
    assert (revision.net_amount, revision.tax_amount, revision.gross_amount) == (
        D("115.89"),
        D("23.18"),
        D("139.07"),
    )
    assert [{name: D(value) for name, value in tax.items()} for tax in revision.taxes] == [
        {"percent": D(20), "base": D("115.89"), "amount": D("23.18")}
    ]
    assert (revision.valid_until, revision.message) == (date(2027, 1, 15), "As discussed.")
    assert revision.internal_note == "They compare with Meier."
    assert saved.version == draft.version + 1


def test_lines_can_be_added_and_taken_out_and_are_priced_for_their_quantity(anna, sam):
    sell("BOLT", "1.00")
    sell("NUT", "0.50")
    quote = begin(anna, sam, BOLT=10)
    draft = draft_of(quote)

    save_draft(quote, replace(draft, lines=(LineDraft("NUT", "piece", D(7), D("0.4")),)), by=sam.actor)

    assert [(line.position, line.sku, line.list_price) for line in working(quote).lines.all()] == [
        (1, "NUT", D("0.5"))
    ]


def test_prices_beside_the_line_follow_the_lists_of_the_day_until_it_is_frozen(anna, sam):
    bolt = sell("BOLT", "1.00")
    quote = begin(anna, sam, BOLT=10)
    reprice(bolt, "1.20")

    price(quote, sam)
    assert (working(quote).lines.get().list_price, working(quote).lines.get().unit_price) == (D("1.2"), D(1))

    submit(quote, sam)
    reprice(bolt, "1.50")
    assert working(quote).lines.get().list_price == D("1.2")


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (LineDraft("NONE", "piece", D(1), D(1)), "sku"),
        (LineDraft("BOLT", "box", D(1), D(1)), "unit_key"),
        (LineDraft("BOLT", "piece", D(0), D(1)), "quantity"),
        (LineDraft("BOLT", "piece", D(-1), D(1)), "quantity"),
        (LineDraft("BOLT", "piece", D("NaN"), D(1)), "quantity"),
        (LineDraft("BOLT", "piece", D(1), D("-0.01")), "unit_price"),
        (LineDraft("BOLT", "piece", D(1), D("Infinity")), "unit_price"),
        (LineDraft("BOLT", "piece", D(1), D("0.0000001")), "unit_price"),
        (LineDraft("BOLT", "piece", D(1), D("1E+30")), "unit_price"),
    ],
)
def test_a_line_that_cannot_be_is_refused_by_its_number_and_nothing_is_saved(anna, sam, line, field):
    sell("BOLT", "1.00")
    quote = begin(anna, sam, BOLT=10)
    good = draft_of(quote)

    with pytest.raises(InvalidValue) as refusal:
        save_draft(quote, replace(good, message="new", lines=(*good.lines, line)), by=sam.actor)

    assert (refusal.value.details["line"], refusal.value.details["field"]) == (2, field)
    assert "Line 2" in str(refusal.value)
    quote.refresh_from_db()
    assert quote.version == good.version
    assert (working(quote).message, working(quote).lines.count()) == ("", 1)


@pytest.mark.req("QTE-09")
def test_the_second_of_two_who_edit_the_same_draft_is_told_and_overwrites_nothing(anna, sam, mona):
    sell("BOLT", "1.00")
    quote = begin(anna, sam, BOLT=10)
    sams, monas = draft_of(quote, BOLT="0.95"), draft_of(quote, BOLT="0.80")

    save_draft(quote, sams, by=sam.actor)
    with pytest.raises(OutOfDate):
        save_draft(quote, monas, by=mona.actor)

    assert working(quote).lines.get().unit_price == D("0.95")


@pytest.mark.req("QTE-06")
def test_a_submitted_revision_is_frozen(anna, sam):
    sell("BOLT", "1.00")
    quote = submit(begin(anna, sam, BOLT=10), sam)

    with pytest.raises(WrongState):
        save_draft(quote, draft_of(quote, BOLT="0.10"), by=sam.actor)

    assert working(quote).lines.get().unit_price == D(1)
    assert working(quote).frozen_at is not None


@pytest.mark.parametrize("approved", [True, False])
def test_what_was_taken_back_is_editable_and_needs_approval_again(anna, sam, mona, approved):
    sell("BOLT", "1.00")
    quote = submit(begin(anna, sam, BOLT=10), sam)
    if approved:
        quote = approve(quote, mona)

    take_back(quote, version=quote.version, by=sam.actor)

    quote.refresh_from_db()
    assert (quote.status, quote.revision, working(quote).frozen_at) == ("draft", 1, None)
    assert not working(quote).approvals.filter(decision="pending").exists()


@pytest.mark.req("QTE-09")
def test_a_change_after_sending_is_a_numbered_copy_and_the_sent_one_stays(anna, sam):
    sell("BOLT", "1.00")
    quote = offer(anna, sam, BOLT=10)

    revise_quote(quote, version=quote.version, by=sam.actor)
    price(quote, sam, BOLT="0.95")

    quote.refresh_from_db()
    assert (quote.status, quote.revision, quote.sent_revision) == ("draft", 2, 1)
    prices = QuoteRevision.objects.order_by("number").values_list("number", "lines__unit_price")
    assert list(prices) == [(1, D(1)), (2, D("0.95"))]
    assert Event.objects.filter(name="quote.revised").count() == 1


def test_a_revision_that_was_not_sent_is_changed_and_not_copied(anna, sam):
    sell("BOLT")
    quote = begin(anna, sam, BOLT=10)

    with pytest.raises(WrongState):
        revise_quote(quote, version=quote.version, by=sam.actor)

    assert QuoteRevision.objects.count() == 1


def test_a_note_is_for_the_staff_alone(anna, sam):
    sell("BOLT")
    quote = offer(anna, sam, BOLT=10)

    write_note(quote, text="Margin is thin.", by=sam.actor)

    assert list(quote.messages.values_list("text", "is_internal")) == [("Margin is thin.", True)]
    with pytest.raises(InvalidValue):
        write_note(quote, text="  ", by=sam.actor)


def test_a_salesperson_has_the_own_customers_and_a_manager_everybodys(anna, clara, sam, mona):
    sell("BOLT")
    for company, rep in ((anna.company, sam.user), (clara.company, mona.user)):
        company.sales_rep = rep
        company.save(update_fields=["sales_rep"])
    ours = begin(anna, sam, BOLT=1)
    theirs = begin(clara, mona, BOLT=1)

    assert list(quotes_at(desk_of(sam.user.pk))) == [ours]
    assert list(rfqs_at(desk_of(sam.user.pk))) == [ours.rfq]
    assert set(quotes_at(desk_of(mona.user.pk))) == {ours, theirs}
    with pytest.raises(NotFound):
        quote_at(desk_of(sam.user.pk), theirs.number)
    with pytest.raises(NotFound):
        save_draft(theirs, draft_of(theirs), by=sam.actor)


def test_a_sent_quote_with_a_unit_that_is_gone_can_be_revised_and_not_sent_as_it_is(anna, sam):
    sell("BOLT", "1.00", units={"box": 200})
    put(anna, "BOLT", "5", "box")
    quote = offer(anna, sam)
    ProductUnit.objects.filter(key="box").update(is_active=False)

    quote.refresh_from_db()
    revise_quote(quote, version=quote.version, by=sam.actor)
    with pytest.raises(InvalidValue) as refusal:
        send(quote, sam)

    assert refusal.value.details == {"field": "unit_key", "line": 1}
    quote.refresh_from_db()
    assert (quote.status, quote.sent_revision) == ("draft", 1)
