"""The pages of sales in the back office: request, builder, approval, desk; buttons call actions."""

import re
from decimal import Decimal as D

import pytest

from core.models import Refusal
from quotes.models import Quote, QuoteApproval, QuoteRevision, Rfq
from quotes.queries.offers import quote_for_buyer
from tests.admin.sales import form_of, rfq_url, url
from tests.factories.orders import sell
from tests.factories.quotes import approve, ask, begin, costs, offer, policy, price, send, submit, working

pytestmark = pytest.mark.django_db


@pytest.mark.req("QTE-04")
def test_a_request_is_shown_with_our_figures_and_started_by_its_button(anna, sam):
    costs(sell("BOLT", "1.23"), "0.6543")
    rfq = ask(anna, {"note": "For the housings"}, BOLT=1000)
    page = sam.signed_in().get(rfq_url("page", rfq)).content.decode()

    answer = sam.signed_in().post(rfq_url("start", rfq))

    for words in ("1.2300", "0.6543", "For the housings", "Start quote"):
        assert words in page
    quote = Quote.objects.get()
    assert answer.url == url("page", quote)
    assert (quote.owner, quote.rfq) == (sam.user, rfq)


def test_a_request_that_somebody_else_has_started_says_so(anna, sam, mona):
    sell("BOLT")
    rfq = ask(anna, BOLT=5)
    sam.signed_in().post(rfq_url("start", rfq))

    second = mona.signed_in().post(rfq_url("start", rfq))

    assert second.status_code == 409
    assert "it cannot become in work" in second.content.decode()
    assert Quote.objects.count() == 1


def test_a_request_is_declined_with_a_reason_and_not_without(anna, sam):
    sell("BOLT")
    rfq = ask(anna, BOLT=5)

    assert sam.signed_in().post(rfq_url("decline", rfq), {"reason": " "}).status_code == 422
    assert Rfq.objects.get().status == "submitted"
    sam.signed_in().post(rfq_url("decline", rfq), {"reason": "Not our range."})

    assert (Rfq.objects.get().status, Rfq.objects.get().answer) == ("declined", "Not our range.")


@pytest.mark.req("QTE-04")
def test_the_builder_shows_list_contract_floor_cost_discount_and_margin(deal, sam):
    page = sam.signed_in().get(url("page", deal)).content.decode()

    for figure in ("1.0000", "0.9500", "0.6000", "0.681819", "36.8 %"):
        assert figure in page


@pytest.mark.req("QTE-04")
def test_a_line_below_its_floor_is_flagged_and_the_way_leads_over_the_manager(deal, sam):
    client = sam.signed_in()

    client.post(url("save", deal), form_of(deal, **{"line-0-unit_price": "0.65"}))
    page = client.get(url("page", deal)).content.decode()

    assert working(deal).lines.get(sku="BOLT").unit_price == D("0.65")
    for words in ("below floor", "edge-bad", "price below the floor", "Submit for approval"):
        assert words in page
    assert "Send to buyer" not in page


@pytest.mark.req("QTE-06")
def test_a_draft_within_the_rules_is_saved_and_sent_by_one_button(deal, anna, sam):
    sam.signed_in().post(
        url("save", deal), form_of(deal, then="send", message="As discussed.", **{"line-0-unit_price": "0.9"})
    )

    seen = quote_for_buyer(anna.scope, deal.number)
    assert (seen.lines[0].unit_price, seen.revision.message) == (D("0.9"), "As discussed.")


@pytest.mark.req("QTE-06")
def test_sending_what_needs_approval_saves_the_draft_and_refuses_the_rest(deal, anna, sam):
    answer = sam.signed_in().post(
        url("save", deal), form_of(deal, then="send", **{"line-0-unit_price": "0.65"})
    )

    assert answer.status_code == 422
    assert "needs approval first" in answer.content.decode()
    deal.refresh_from_db()
    assert (deal.status, working(deal).lines.get(sku="BOLT").unit_price) == ("draft", D("0.65"))
    assert f'name="version" value="{deal.version}"' in answer.content.decode()


@pytest.mark.req("QTE-06", "QTE-07")
def test_the_whole_way_from_draft_over_the_manager_to_the_buyer(deal, anna, sam, mona):
    sam.signed_in().post(
        url("save", deal), form_of(deal, then="submit", comment="Set deal.", **{"line-0-unit_price": "0.65"})
    )
    deal.refresh_from_db()
    assert deal.status == "in_approval"
    page = mona.signed_in().get(url("approval", deal)).content.decode()
    for words in (
        "Set deal.",
        "Price below the floor",
        "0.681819",
        "35.0 %"[:2],
        "Approve and send to buyer",
    ):
        assert words in page

    mona.signed_in().post(url("approve", deal), {"version": deal.version, "comment": "Fine.", "then": "send"})

    deal.refresh_from_db()
    assert deal.status == "sent"
    kept = QuoteApproval.objects.get()
    assert (kept.decision, kept.decided_by, kept.decision_comment) == ("approved", mona.user, "Fine.")
    assert quote_for_buyer(anna.scope, deal.number).lines[0].unit_price == D("0.65")


@pytest.mark.req("QTE-07")
@pytest.mark.parametrize("who", ["sam", "otto"])
def test_approval_by_address_alone_is_refused_without_the_role(deal, sam, who, request):
    submit(deal, sam)

    answer = request.getfixturevalue(who).signed_in().post(url("approve", deal), {"version": deal.version})

    assert answer.status_code == 403
    deal.refresh_from_db()
    assert deal.status == "in_approval"
    assert Refusal.objects.filter(code="not_allowed").exists()


@pytest.mark.req("QTE-07")
def test_a_manager_cannot_approve_the_own_quote_by_page_or_address(anna, mona):
    sell("BOLT")
    policy()
    quote = submit(begin(anna, mona, BOLT=5), mona)
    page = mona.signed_in().get(url("approval", quote)).content.decode()

    answer = mona.signed_in().post(url("approve", quote), {"version": quote.version})

    assert "Somebody else has to approve it" in page
    assert "Approve and send" not in page
    assert answer.status_code == 403
    quote.refresh_from_db()
    assert quote.status == "in_approval"


def test_a_manager_returns_with_words_that_stay_typed_when_refused(deal, sam, mona):
    submit(deal, sam)

    stale = mona.signed_in().post(url("return", deal), {"version": 1, "comment": "Offer 5,000."})
    assert stale.status_code == 409
    assert "Offer 5,000." in stale.content.decode()
    mona.signed_in().post(url("return", deal), {"version": deal.version, "comment": "Offer 5,000."})

    deal.refresh_from_db()
    assert deal.status == "draft"
    assert "Offer 5,000." in sam.signed_in().get(url("page", deal)).content.decode()


def test_the_second_of_two_editors_is_told_and_keeps_what_was_typed(deal, sam, mona):
    old = form_of(deal, **{"line-0-unit_price": "0.77"})
    price(deal, sam, BOLT="0.9")

    answer = mona.signed_in().post(url("save", deal), old)

    assert answer.status_code == 409
    assert "was changed meanwhile" in answer.content.decode()
    assert 'value="0.77"' in answer.content.decode()
    assert working(deal).lines.get(sku="BOLT").unit_price == D("0.9")


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("line-0-unit_price", "cheap"),
        ("line-0-quantity", "0,5x"),
        ("line-0-quantity", ""),
        ("valid_until", "soon"),
    ],
)
def test_what_cannot_be_read_is_marked_and_nothing_is_saved(deal, sam, field, typed):
    version = deal.version

    answer = sam.signed_in().post(url("save", deal), form_of(deal, **{field: typed, "message": "keep me"}))

    assert answer.status_code == 422
    assert "keep me" in answer.content.decode()
    deal.refresh_from_db()
    assert deal.version == version


def test_lines_are_added_by_number_and_removed_by_a_tick(deal, sam):
    costs(sell("RING", "0.10"), "0.05")

    sam.signed_in().post(
        url("save", deal),
        form_of(deal, **{"line-1-DELETE": "on", "line-2-sku": "RING", "line-2-quantity": "50"}),
    )

    assert list(working(deal).lines.values_list("sku", "unit_price", "unit_key")) == [
        ("BOLT", D("0.95"), "piece"),
        ("RING", D("0.1"), "piece"),
    ]


def test_an_unknown_product_is_refused_by_its_line_and_stays_typed(deal, sam):
    answer = sam.signed_in().post(
        url("save", deal), form_of(deal, **{"line-2-sku": "NOSUCH", "line-2-quantity": "50"})
    )

    assert answer.status_code == 422
    assert "Line 3" in answer.content.decode()
    assert 'value="NOSUCH"' in answer.content.decode()
    assert working(deal).lines.count() == 2


@pytest.mark.req("QTE-09")
def test_a_sent_quote_is_revised_by_its_button_and_cannot_be_edited_before(anna, sam):
    sell("BOLT")
    quote = offer(anna, sam, BOLT=5)
    client = sam.signed_in()

    refused = client.post(url("save", quote), form_of(quote, **{"line-0-unit_price": "0.01"}))
    client.post(url("revise", quote), {"version": quote.version})

    assert refused.status_code == 409
    quote.refresh_from_db()
    assert (quote.status, quote.revision, QuoteRevision.objects.count()) == ("draft", 2, 2)


def test_approved_is_sent_and_in_approval_is_taken_back_by_buttons(deal, sam, mona):
    submit(deal, sam)
    sam.signed_in().post(url("back", deal), {"version": deal.version})
    deal.refresh_from_db()
    assert deal.status == "draft"

    approve(submit(deal, sam), mona)
    deal.refresh_from_db()
    sam.signed_in().post(url("send", deal), {"version": deal.version})

    deal.refresh_from_db()
    assert deal.status == "sent"


def test_an_offer_is_withdrawn_with_a_reason(anna, sam):
    sell("BOLT")
    quote = offer(anna, sam, BOLT=5)

    assert sam.signed_in().post(url("withdraw", quote), {"version": quote.version}).status_code == 422
    sam.signed_in().post(url("withdraw", quote), {"version": quote.version, "reason": "Mill stopped."})

    quote.refresh_from_db()
    assert quote.status == "withdrawn"


def test_a_note_is_kept_for_the_staff(deal, anna, sam):
    sam.signed_in().post(url("note", deal), {"text": "Thin margin."})
    policy()
    send(deal, sam)

    assert "Thin margin." in sam.signed_in().get(url("page", deal)).content.decode()
    assert quote_for_buyer(anna.scope, deal.number).messages == ()


@pytest.mark.req("QTE-04")
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_page_saved_as_it_was_shown_changes_no_figure(deal, sam, language):
    price(deal, sam, BOLT="1234.567891", NUT="0.333333")
    client = sam.signed_in()
    client.cookies["django_language"] = language
    page = client.get(url("page", deal)).content.decode()
    fields = dict(re.findall(r'name="(line-\d-(?:unit_price|quantity))" value="([^"]*)"', page))

    deal.refresh_from_db()
    client.post(url("save", deal), form_of(deal, **fields))

    assert len(fields) == 4
    assert list(working(deal).lines.values_list("quantity", "unit_price")) == [
        (D(1000), D("1234.567891")),
        (D(100), D("0.333333")),
    ]
