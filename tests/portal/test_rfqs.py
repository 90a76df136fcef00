"""The pages of requests for quote."""

from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.urls import reverse

from core.days import erp_today
from orders.queries.cart import cart_for
from quotes.models import Rfq
from tests.factories.orders import fill, sell
from tests.factories.quotes import ask, begin, offer

pytestmark = pytest.mark.django_db

NEW = reverse("portal:rfq-create")


def form_of(member, **changes):
    cart = cart_for(member.scope)
    return {"token": str(cart.token), "acting_company": member.company.number, **changes}


@pytest.mark.req("QTE-01")
def test_a_buyer_asks_with_notes_target_price_and_date(anna):
    sell("BOLT", "0.55")
    fill(anna, BOLT=500)
    line = cart_for(anna.scope).lines.get()
    wanted = erp_today() + timedelta(days=51)
    page = anna.signed_in().get(NEW)

    answer = anna.signed_in().post(
        NEW,
        form_of(
            anna,
            note="For the housings",
            requested_on=wanted.isoformat(),
            ship_to="acme-1",
            **{f"target_{line.pk}": "0.52", f"note_{line.pk}": "bulk packed"},
        ),
    )

    rfq = Rfq.objects.get()
    assert "0.5500" in page.content.decode()
    assert answer.url == reverse("portal:rfq-detail", args=[rfq.number])
    assert (rfq.note, rfq.requested_on, rfq.ship_to.erp_id) == (
        "For the housings",
        wanted,
        "acme-1",
    )
    assert (rfq.lines.get().target_price, rfq.lines.get().note) == (D("0.52"), "bulk packed")
    told = anna.signed_in().get(answer.url).content.decode()
    for words in ("For the housings", "bulk packed", "0.5200", "500", rfq.number):
        assert words in told


def test_the_form_posted_twice_leads_to_the_one_request(anna):
    sell("BOLT")
    fill(anna, BOLT=5)
    form, client = form_of(anna), anna.signed_in()

    first, second = client.post(NEW, form), client.post(NEW, form)

    assert first.url == second.url
    assert Rfq.objects.count() == 1


def test_a_target_price_that_is_no_number_is_refused_beside_its_field_and_typed_values_stay(anna):
    sell("BOLT")
    fill(anna, BOLT=5)
    line = cart_for(anna.scope).lines.get()

    answer = anna.signed_in().post(NEW, form_of(anna, note="keep me", **{f"target_{line.pk}": "cheap"}))

    assert answer.status_code == 422
    page = answer.content.decode()
    assert "keep me" in page
    assert "cheap" in page
    assert f"id_target_{line.pk}_error" in page
    assert not Rfq.objects.exists()


def test_an_invalid_form_sent_by_htmx_replaces_the_page_and_a_good_one_leads_on(anna):
    sell("BOLT")
    fill(anna, BOLT=5)
    client = anna.signed_in()

    wrong = client.post(NEW, form_of(anna, requested_on="soon"), headers={"HX-Request": "true"})
    right = client.post(NEW, form_of(anna), headers={"HX-Request": "true"})

    assert (wrong.status_code, wrong["HX-Retarget"]) == (422, "#main")
    assert right["HX-Redirect"] == reverse("portal:rfq-detail", args=[Rfq.objects.get().number])


@pytest.mark.req("QTE-01")
def test_a_day_that_is_over_is_refused_beside_its_field_and_nothing_is_asked(anna):
    sell("BOLT")
    fill(anna, BOLT=5)
    yesterday = erp_today() - timedelta(days=1)

    answer = anna.signed_in().post(NEW, form_of(anna, requested_on=yesterday.isoformat()))

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "This day is over: choose a later one." in page
    assert f'value="{yesterday.isoformat()}"' in page
    assert not Rfq.objects.exists()
    assert cart_for(anna.scope).lines.count() == 1


def test_an_empty_cart_says_what_to_do(anna):
    page = anna.signed_in().get(NEW)

    assert page.status_code == 200
    assert "Your cart is empty" in page.content.decode()


def test_asking_needs_the_right_to_ask(boris):
    assert boris.signed_in().get(NEW).status_code == 403
    assert boris.signed_in().post(NEW, form_of(boris)).status_code == 403
    assert not Rfq.objects.exists()


def test_another_companys_user_finds_no_request_and_changes_nothing(anna, clara):
    sell("BOLT")
    rfq = ask(anna, BOLT=5)
    client = clara.signed_in()

    for method, name in ((client.get, "portal:rfq-detail"), (client.post, "portal:rfq-cancel")):
        assert method(reverse(name, args=[rfq.number])).status_code == 404

    rfq.refresh_from_db()
    assert rfq.status == "submitted"
    assert rfq.number not in client.get(reverse("portal:quote-list")).content.decode()


def test_a_request_is_taken_back_by_its_button(anna):
    sell("BOLT")
    rfq = ask(anna, BOLT=5)
    page = reverse("portal:rfq-detail", args=[rfq.number])
    assert "Take the request back" in anna.signed_in().get(page).content.decode()

    anna.signed_in().post(reverse("portal:rfq-cancel", args=[rfq.number]), form_of(anna))

    rfq.refresh_from_db()
    assert rfq.status == "cancelled"
    assert "Take the request back" not in anna.signed_in().get(page).content.decode()


def test_the_quote_is_linked_once_it_was_sent_and_not_before(anna, sam):
    sell("BOLT")
    quote = begin(anna, sam, BOLT=5)
    page = reverse("portal:rfq-detail", args=[quote.rfq.number])
    assert quote.number not in anna.signed_in().get(page).content.decode()

    sent = offer(anna, sam, BOLT=7)

    page = reverse("portal:rfq-detail", args=[sent.rfq.number])
    assert reverse("portal:quote-detail", args=[sent.number]) in anna.signed_in().get(page).content.decode()


@pytest.mark.parametrize("lines", [1, 12])
def test_the_pages_take_a_fixed_number_of_statements(anna, lines, django_assert_max_num_queries):
    for nth in range(lines):
        sell(f"P{nth}")
    fill(anna, **{f"P{nth}": 2 for nth in range(lines)})
    client = anna.signed_in()
    with django_assert_max_num_queries(33):
        client.get(NEW)
    rfq = ask(anna)

    with django_assert_max_num_queries(22):
        client.get(reverse("portal:rfq-detail", args=[rfq.number]))
