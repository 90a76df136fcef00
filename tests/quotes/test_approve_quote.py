"""The second pair of eyes: when it is asked, who may give it, what is kept."""

from decimal import Decimal as D

import pytest

from core.errors import InvalidValue, NotAllowed, NotFound, OutOfDate, WrongState
from core.models import Event
from quotes.actions.approval import approve_quote, request_approval, return_quote
from quotes.actions.drafts import take_back
from quotes.actions.offers import send_quote
from quotes.models import QuoteApproval
from quotes.queries.offers import quote_for_buyer, quotes_for
from quotes.rules.approval import NeedsApproval
from quotes.states import QuoteStatus
from tests.conftest import employ
from tests.factories.orders import sell
from tests.factories.quotes import approve, begin, costs, policy, price, send, submit, working

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(anna, sam):
    """A draft with one line below its floor."""
    costs(sell("BOLT", "1.00"), "0.60")
    policy(max_discount_percent=10, min_margin_percent=20)
    return price(begin(anna, sam, BOLT=1000), sam, BOLT="0.65")


@pytest.mark.req("QTE-06")
def test_a_draft_that_breaks_a_rule_cannot_be_sent_past_the_manager(deal, anna, sam):
    with pytest.raises(NeedsApproval) as refusal:
        send(deal, sam)

    assert [reason["code"] for reason in refusal.value.details["reasons"]] == [
        "below_floor",
        "discount",
        "margin",
    ]
    deal.refresh_from_db()
    assert (deal.status, deal.sent_revision) == (QuoteStatus.DRAFT, 0)
    assert not quotes_for(anna.scope).exists()
    assert not Event.objects.filter(name="quote.sent").exists()


@pytest.mark.req("QTE-06")
def test_a_draft_that_no_rule_asks_about_is_sent_at_once(anna, sam):
    costs(sell("BOLT", "1.00"), "0.60")
    policy(max_discount_percent=10, min_margin_percent=20)
    quote = price(begin(anna, sam, BOLT=1000), sam, BOLT="0.90")

    send(quote, sam)

    quote.refresh_from_db()
    assert (quote.status, quote.sent_revision) == (QuoteStatus.SENT, 1)


@pytest.mark.req("QTE-06")
def test_an_unapproved_quote_is_invisible_to_the_buyer(deal, anna, sam, mona):
    for step in (lambda: submit(deal, sam), lambda: approve(deal, mona)):
        step()
        with pytest.raises(NotFound):
            quote_for_buyer(anna.scope, deal.number)

    send(deal, sam)

    assert quote_for_buyer(anna.scope, deal.number).revision.number == 1


@pytest.mark.req("QTE-06")
def test_the_request_keeps_reasons_figures_and_the_version_of_the_policy(deal, sam):
    submit(deal, sam, comment="They take 12,000 a year.")

    kept = QuoteApproval.objects.get()
    assert (kept.comment, kept.decision, kept.actor_user) == ("They take 12,000 a year.", "pending", sam.user)
    assert kept.policy_version == 2
    assert kept.reasons[0] == {
        "code": "below_floor",
        "limit": "0.681819",
        "value": "0.650000",
        "position": 1,
        "sku": "BOLT",
    }
    assert kept.figures["lines"][0]["discount_percent"] == "35.00"
    assert kept.figures["margin_percent"] == "7.69"
    policy(max_discount_percent=50)
    kept.refresh_from_db()
    assert kept.policy_version == 2
    event = Event.objects.get(name="quote.approval_requested")
    assert event.payload["reasons"] == kept.reasons
    assert event.payload["text"] == "They take 12,000 a year."


@pytest.mark.req("QTE-07")
@pytest.mark.parametrize("role", ["started", "edited", "submitted"])
def test_whoever_had_a_hand_in_a_revision_cannot_approve_it(anna, sam, mona, role):
    sell("BOLT", "1.00")
    quote = begin(anna, mona if role == "started" else sam, BOLT=10)
    if role == "edited":
        price(quote, mona, BOLT="0.50")
        price(quote, sam, BOLT="0.60")
    submit(quote, mona if role == "submitted" else sam)

    with pytest.raises(NotAllowed):
        approve(quote, mona)

    quote.refresh_from_db()
    assert quote.status == QuoteStatus.IN_APPROVAL
    assert QuoteApproval.objects.get().decision == "pending"
    assert not Event.objects.filter(name="quote.approved").exists()


@pytest.mark.req("QTE-07")
def test_another_manager_approves_what_a_manager_made(anna, mona):
    sell("BOLT", "1.00")
    max_ = employ("Max", "Sales manager")
    quote = submit(begin(anna, mona, BOLT=10), mona)

    approve(quote, max_)

    quote.refresh_from_db()
    assert quote.status == QuoteStatus.APPROVED
    assert QuoteApproval.objects.get().decided_by == max_.user


@pytest.mark.req("QTE-07")
@pytest.mark.parametrize("who", ["sam", "otto", "anna", "boris"])
def test_nobody_but_a_sales_manager_approves(deal, sam, who, request):
    submit(deal, sam)

    with pytest.raises(NotAllowed):
        approve_quote(deal, version=deal.version, by=request.getfixturevalue(who).actor)
    with pytest.raises(NotAllowed):
        return_quote(deal, version=deal.version, comment="no", by=request.getfixturevalue(who).actor)

    deal.refresh_from_db()
    assert deal.status == QuoteStatus.IN_APPROVAL


def test_approval_of_what_was_changed_meanwhile_is_refused(deal, sam, mona):
    submit(deal, sam)
    seen = deal.version
    take_back(deal, version=deal.version, by=sam.actor)
    price(deal, sam, BOLT="0.10")
    submit(deal, sam)

    with pytest.raises(OutOfDate):
        approve_quote(deal, version=seen, by=mona.actor)

    deal.refresh_from_db()
    assert deal.status == QuoteStatus.IN_APPROVAL


def test_a_returned_revision_is_a_draft_of_the_same_number_with_the_managers_words(deal, sam, mona):
    submit(deal, sam)

    return_quote(deal, version=deal.version, comment="Offer the 5,000 step instead.", by=mona.actor)

    deal.refresh_from_db()
    assert (deal.status, deal.revision, working(deal).frozen_at) == (QuoteStatus.DRAFT, 1, None)
    kept = QuoteApproval.objects.get()
    assert (kept.decision, kept.decided_by, kept.decision_comment) == (
        "returned",
        mona.user,
        "Offer the 5,000 step instead.",
    )
    assert deal.messages.get().is_internal
    assert Event.objects.get(name="quote.returned").payload["text"] == "Offer the 5,000 step instead."
    price(deal, sam, BOLT="0.90")
    assert working(deal).lines.get().unit_price == D("0.9")


def test_returning_needs_words(deal, sam, mona):
    submit(deal, sam)

    with pytest.raises(InvalidValue):
        return_quote(deal, version=deal.version, comment=" ", by=mona.actor)

    deal.refresh_from_db()
    assert deal.status == QuoteStatus.IN_APPROVAL


def test_an_approved_quote_is_not_approved_again(deal, sam, mona):
    approve(submit(deal, sam), mona)

    for step in (approve_quote, return_quote):
        deal.refresh_from_db()
        with pytest.raises(WrongState):
            step(deal, version=deal.version, comment="again", by=mona.actor)

    assert Event.objects.filter(name="quote.approved").count() == 1
    deal.refresh_from_db()
    assert deal.status == QuoteStatus.APPROVED


def test_a_line_without_a_price_cannot_be_submitted(anna, sam):
    sell("BOLT", price=None)
    quote = begin(anna, sam, BOLT=10)

    with pytest.raises(InvalidValue) as refusal:
        submit(quote, sam)

    assert refusal.value.details == {"field": "unit_price", "line": 1}
    quote.refresh_from_db()
    assert quote.status == QuoteStatus.DRAFT
    assert not QuoteApproval.objects.exists()


def test_a_second_submission_of_the_same_page_is_out_of_date(deal, sam):
    seen = deal.version
    request_approval(deal, version=seen, by=sam.actor)

    with pytest.raises(OutOfDate):
        request_approval(deal, version=seen, by=sam.actor)

    assert QuoteApproval.objects.count() == 1


def test_only_the_own_seller_sends(deal, anna, sam, mona):
    approve(submit(deal, sam), mona)
    nora = employ("Nora", "Sales")
    anna.company.sales_rep = sam.user
    anna.company.save(update_fields=["sales_rep"])

    with pytest.raises(NotFound):
        send_quote(deal, version=deal.version, by=nora.actor)

    deal.refresh_from_db()
    assert deal.status == QuoteStatus.APPROVED
