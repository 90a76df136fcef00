"""The pages of quotes: what a buyer sees of an offer, and the three answers."""

from dataclasses import replace
from datetime import date
from decimal import Decimal as D

import pytest
from django.urls import reverse

from accounts.models import CompanyRole
from core.models import Event
from orders.models import Order
from quotes.actions.answers import request_change
from quotes.actions.drafts import revise_quote, save_draft
from quotes.drafts import LineDraft
from quotes.models import QuoteRevision
from quotes.queries.offers import waiting_count
from tests.conftest import enrol
from tests.factories.accounts import AddressFactory, CompanyFactory, CreditAccountFactory
from tests.factories.orders import order_now, reprice, sell
from tests.factories.quotes import ask, begin, costs, draft_of, offer, policy, price, send, submit, working
from tests.portal.pages import text_of

pytestmark = pytest.mark.django_db

LIST = reverse("portal:quote-list")


def url(verb, quote):
    return reverse(f"portal:quote-{verb}", args=[quote.number])


def page(member, quote, query=""):
    return member.signed_in().get(url("detail", quote) + query).content.decode()


def answer(member, verb, quote, revision=1, **fields):
    form = {"acting_company": member.company.number, "revision": revision, **fields}
    return member.signed_in().post(url(verb, quote), form)


@pytest.fixture
def revised(anna, sam):
    """A second revision in the buyer's hands: one price down, one line gone, one new."""
    for sku, each in (("BOLT", "1.00"), ("NUT", "0.50"), ("RING", "0.10")):
        sell(sku, each)
    quote = offer(anna, sam, BOLT=100, NUT=10)
    request_change(anna.scope, quote.number, revision=1, comment="0.90 for bolts?", by=anna.actor)
    quote.refresh_from_db()
    revise_quote(quote, version=quote.version, by=sam.actor)
    draft = draft_of(quote, BOLT="0.92")
    lines = (draft.lines[0], LineDraft("RING", "piece", D(50), D("0.10")))
    save_draft(quote, replace(draft, lines=lines, message="0.92 is the best."), by=sam.actor)
    return send(quote, sam)


@pytest.mark.req("QTE-09", "QTE-16")
def test_the_page_shows_the_differences_and_reasons_that_add_up(anna, revised):
    told = page(anna, revised)

    for words in ("0.9200", "1.0000", "Removed", "New in revision 2", "−8.00", "+5.00", "0.92 is the best."):
        assert words in told
    assert "0.90 for bolts?" in told
    assert "Accept revision 2, EUR 97.00" in told


def test_an_earlier_revision_can_be_looked_at_and_not_answered(anna, revised):
    told = page(anna, revised, "?revision=1")

    assert "which was replaced" in told
    assert "Accept revision" not in told
    assert anna.signed_in().get(url("detail", revised) + "?revision=3").status_code == 404


@pytest.mark.req("QTE-11", "QTE-13")
def test_accepting_by_the_page_leads_to_the_one_order_however_often_it_is_sent(anna, revised):
    client = anna.signed_in()
    form = {"acting_company": "ACME", "revision": 2, "ship_to": "acme-1", "po_number": "4500118301"}

    first = client.post(url("accept", revised), form)
    second = client.post(url("accept", revised), form)

    order = Order.objects.get()
    assert first.url == second.url == f"/orders/{order.number}/"
    assert (order.net_amount, order.po_number) == (D(97), "4500118301")
    assert order.number in page(anna, revised)


@pytest.mark.req("QTE-09")
def test_accepting_a_revision_that_was_replaced_is_refused_and_said(anna, revised):
    refused = anna.signed_in().post(
        url("accept", revised),
        {"acting_company": "ACME", "revision": 1, "ship_to": "acme-1"},
        headers={"HX-Request": "true"},
    )

    assert refused.status_code == 409
    assert "no longer the current one" in refused.content.decode()
    assert refused["HX-Retarget"] == "#messages"
    assert not Order.objects.exists()


@pytest.mark.req("QTE-06")
def test_what_was_not_sent_is_not_there(anna, sam):
    sell("BOLT")
    quote = begin(anna, sam, BOLT=5)

    for _step in ("draft", "in approval"):
        assert anna.signed_in().get(url("detail", quote)).status_code == 404
        assert quote.number not in anna.signed_in().get(LIST).content.decode()
        submit(quote, sam) if quote.status == "draft" else None


@pytest.mark.req("QTE-08", "ACC-09")
def test_another_companys_user_gets_404_everywhere_and_changes_nothing(anna, clara, sam):
    sell("BOLT")
    quote = offer(anna, sam, BOLT=5)
    client = clara.signed_in()
    before = Event.objects.count()

    assert client.get(url("detail", quote)).status_code == 404
    for verb in ("accept", "change", "decline", "seen"):
        fields = {
            "acting_company": "OTHER",
            "revision": 1,
            "ship_to": "other-1",
            "comment": "x",
            "reason": "x",
        }
        assert client.post(url(verb, quote), fields).status_code == 404

    quote.refresh_from_db()
    assert (quote.status, Order.objects.count(), Event.objects.count()) == ("sent", 0, before)
    assert quote.number not in client.get(LIST).content.decode()


@pytest.mark.req("QTE-08")
def test_a_colleague_who_may_not_buy_sees_the_offer_and_why_he_cannot_answer(anna, boris, sam):
    sell("BOLT")
    quote = offer(anna, sam, BOLT=5)

    assert "Accept revision" not in page(boris, quote)
    refused = boris.signed_in().post(
        url("accept", quote),
        {"acting_company": "ACME", "revision": 1, "ship_to": "acme-1"},
        headers={"HX-Request": "true"},
    )

    assert refused.status_code == 403
    assert not Order.objects.exists()


def test_who_neither_sees_prices_nor_asks_opens_no_quotes(anna, sam):
    sell("BOLT")
    quote = offer(anna, sam, BOLT=5)
    anna.user.memberships.update(roles=["viewer"])

    assert anna.signed_in().get(url("detail", quote)).status_code == 404
    assert anna.signed_in().get(LIST).status_code == 403


@pytest.mark.req("QTE-12")
def test_a_hundred_looks_change_nothing(anna, sam):
    bolt = sell("BOLT", "1.00")
    quote = offer(anna, sam, BOLT=1000)
    reprice(bolt, "2.00")
    client = anna.signed_in()
    quote.refresh_from_db()
    before = (
        quote.version,
        quote.updated_at,
        QuoteRevision.objects.values_list().get(),
        Event.objects.count(),
    )

    for _look in range(100):
        assert "1,200.00" in client.get(url("detail", quote)).content.decode()

    quote.refresh_from_db()
    assert before == (
        quote.version,
        quote.updated_at,
        QuoteRevision.objects.values_list().get(),
        Event.objects.count(),
    )


def test_that_the_buyer_has_seen_it_is_told_by_the_page_and_kept_once(anna, sam):
    sell("BOLT")
    quote = offer(anna, sam, BOLT=5)
    assert url("seen", quote) in page(anna, quote)

    assert anna.signed_in().post(url("seen", quote)).status_code == 204
    assert anna.signed_in().post(url("seen", quote)).status_code == 204

    assert working(quote).first_seen_at is not None
    assert url("seen", quote) not in page(anna, quote)
    assert Event.objects.filter(name="quote.seen").count() == 1


@pytest.mark.req("QTE-09")
def test_a_change_is_asked_for_by_the_page(anna, sam):
    sell("BOLT")
    quote = offer(anna, sam, BOLT=5)

    assert answer(anna, "change", quote, comment="").status_code == 422
    answer(anna, "change", quote, comment="By 4 Dec, please.")

    quote.refresh_from_db()
    assert quote.status == "change_requested"
    told = page(anna, quote)
    assert "By 4 Dec, please." in told
    assert "Accept revision" not in told


@pytest.mark.req("QTE-09")
def test_an_offer_is_declined_by_the_page_with_a_reason(anna, sam):
    sell("BOLT")
    quote = offer(anna, sam, BOLT=5)

    assert answer(anna, "decline", quote, reason=" ").status_code == 422
    quote.refresh_from_db()
    assert quote.status == "sent"
    answer(anna, "decline", quote, reason="Project stopped.")

    quote.refresh_from_db()
    assert quote.status == "declined"


@pytest.mark.req("QTE-10")
def test_an_expired_offer_offers_its_renewal_and_refuses_acceptance(anna, sam):
    sell("BOLT")
    quote = offer(anna, sam, BOLT=5)
    QuoteRevision.objects.update(valid_until=date(2020, 1, 31))

    told = page(anna, quote)
    refused = anna.signed_in().post(
        url("accept", quote),
        {"acting_company": "ACME", "revision": 1, "ship_to": "acme-1"},
        headers={"HX-Request": "true"},
    )

    assert "Ask for a renewal" in told
    assert "Accept revision" not in told
    assert (refused.status_code, Order.objects.count()) == (422, 0)
    assert "Ask for a renewal" in refused.content.decode()
    answer(anna, "change", quote, comment="Please renew.")
    quote.refresh_from_db()
    assert quote.status == "change_requested"


@pytest.mark.req("CRT-09")
def test_the_checks_are_told_before_the_answer(anna, boris, sam):
    sell("BOLT", "1.00")
    CreditAccountFactory(company=anna.company, limit_amount=D(1000))
    anna.user.memberships.update(order_limit=D(500))
    quote = offer(anna, sam, BOLT=900)

    told = page(anna, quote)

    assert "EUR 80.00 over your credit" in told
    assert "Boris decides" in told


def test_a_missing_po_number_is_asked_for_beside_its_field(anna, sam):
    anna.company.needs_po_number = True
    anna.company.save(update_fields=["needs_po_number"])
    sell("BOLT")
    quote = offer(anna, sam, BOLT=5)

    refused = answer(anna, "accept", quote, ship_to="acme-1", note="Gate 3")

    assert refused.status_code == 422
    assert "Gate 3" in refused.content.decode()
    assert "id_po_number_error" in refused.content.decode()
    assert not Order.objects.exists()


def test_no_figure_of_ours_is_on_the_page(anna, sam):
    costs(sell("BOLT", "7.77"), "4.3210")
    quote = begin(anna, sam, BOLT=100)
    price(quote, sam, BOLT="6.66")
    policy()
    send(quote, sam)

    told = page(anna, quote)

    assert "6.6600" in told
    for ours in ("7.77", "4.3210", "4.91"):
        assert ours not in told


def test_the_list_names_state_amount_and_validity_and_counts_what_waits(anna, clara, sam):
    sell("BOLT", "1.00")
    quote = offer(anna, sam, BOLT=1234)
    begin(anna, sam, BOLT=5)

    told = anna.signed_in().get(LIST).content.decode()

    assert "Waiting for your answer" in told
    assert "EUR 1,234.00" in told
    assert quote.number in told
    assert "In work" in told
    assert (waiting_count(anna.scope).number, waiting_count(clara.scope).number) == (1, 0)
    QuoteRevision.objects.filter(quote=quote).update(valid_until=date(2020, 1, 1))
    assert waiting_count(anna.scope).number == 0


def test_a_form_for_another_company_is_refused(anna, sam):
    sell("BOLT")
    quote = offer(anna, sam, BOLT=5)

    anna.signed_in().post(
        url("accept", quote), {"acting_company": "OTHER", "revision": 1, "ship_to": "acme-1"}
    )

    assert not Order.objects.exists()


def test_the_pages_take_a_fixed_number_of_statements(anna, sam, django_assert_max_num_queries):
    for nth in range(12):
        sell(f"P{nth}")
    client = anna.signed_in()
    for lines in (1, 12):
        quote = offer(anna, sam, **{f"P{nth}": 2 for nth in range(lines)})
        with django_assert_max_num_queries(38):
            client.get(url("detail", quote))
    for _more in range(4):
        offer(anna, sam, P1=2)

    with django_assert_max_num_queries(24):
        client.get(LIST)


@pytest.mark.req("ACC-05", "QTE-06")
def test_who_asks_and_sees_no_prices_reads_the_own_requests_and_quotes_without_them(acme, anna, sam):
    rita = enrol("Rita", acme, "requester")
    for sku in ("BOLT", "NUT", "PIN"):
        sell(sku, "1.00")
    mine = offer(rita, sam, BOLT=1234)
    theirs = offer(anna, sam, NUT=77)
    asked = ask(rita, PIN=5)
    browser = rita.signed_in()

    assert f'href="{LIST}"' in browser.get("/home/").content.decode()
    told = text_of(browser.get(LIST))
    page = browser.get(f"/quotes/{mine.number}/")

    assert mine.number in told
    assert asked.number in told
    assert theirs.number not in told
    assert "Waiting for your answer" not in told + text_of(page)
    assert "1,234.00" not in told + text_of(page)
    assert "1.0000" not in text_of(page)
    assert "not shown with VAT" not in text_of(page)
    assert "It may be accepted or declined by Anna." in text_of(page)
    assert browser.get(f"/quotes/{theirs.number}/").status_code == 404
    for step in ("accept", "change", "decline"):
        form = {"revision": 1, "ship_to": "acme-1", "comment": "No", "reason": "price"}
        browser.post(f"/quotes/{mine.number}/{step}/", {**form, "acting_company": "ACME"})
    mine.refresh_from_db()
    assert mine.status == "sent"


@pytest.mark.req("ACC-14", "QTE-16")
def test_the_start_page_asks_for_answers_only_where_the_person_may_give_them(acme, sam):
    branch = CompanyFactory(number="ACME-1", name="Acme Linz", parent=acme)
    AddressFactory(company=branch, erp_id="acme-11")
    boss, lola = enrol("Boss", acme, "administrator"), enrol("Lola", branch, "buyer")
    sell("BOLT", "1.00")
    quote = offer(lola, sam, BOLT=5)

    home = boss.signed_in().get("/home/")

    assert quote.number not in text_of(home)
    assert "nothing waits for you" in text_of(home)
    assert "for others to answer" in text_of(home)
    assert waiting_count(boss.scope).number == 0
    page = text_of(boss.signed_in().get(f"/quotes/{quote.number}/"))
    assert "It is answered for Acme Linz." in page
    assert f"Quote {quote.number}, revision 1" in text_of(lola.signed_in().get("/home/"))


@pytest.mark.req("ACC-05")
def test_a_branch_s_order_without_its_prices_says_so_in_a_sentence(acme):
    branch = CompanyFactory(number="ACME-1", name="Acme Linz", parent=acme)
    AddressFactory(company=branch, erp_id="acme-1-1")
    lola = enrol("Lola", branch, "buyer")
    sell("BOLT", "1.00")
    order = order_now(lola, BOLT=5)
    role = CompanyRole.objects.create(company=acme, name="Looks", grants={"see_orders": 3, "view_prices": 2})
    vera = enrol("Vera", acme)
    vera.user.memberships.get().own_roles.add(role)

    page = text_of(vera.signed_in().get(f"/orders/{order.number}/"))

    assert "Prices of Acme Linz are not for your role." in page
    assert "not shown with VAT" not in page
    assert "with VAT not shown" not in page
    assert "not shown net" not in page
    assert "not shown per" not in page
