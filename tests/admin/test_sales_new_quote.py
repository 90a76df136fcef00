"""Opening a quote that nobody asked for."""

from decimal import Decimal as D

import pytest
from django.urls import reverse

from quotes.models import Quote
from tests.conftest import employ
from tests.factories.orders import sell
from tests.factories.quotes import working

pytestmark = pytest.mark.django_db

NEW = reverse("admin:quotes_quote_new")


@pytest.mark.req("QTE-19")
def test_a_quote_begins_from_pasted_lines_at_the_usual_prices(anna, sam):
    sell("BOLT", "1.00", units={"box": 200})
    sell("NUT", "0.50")
    form = {"contact": anna.user.email, "lines": "BOLT\t3\tbox\n\n NUT 1,500 \n"}

    answer = sam.signed_in().post(f"{NEW}?company=ACME", form)

    quote = Quote.objects.get()
    assert answer.url == reverse("admin:quotes_quote_page", args=[quote.number])
    assert (quote.company, quote.contact, quote.rfq) == (anna.company, anna.user, None)
    assert list(working(quote).lines.values_list("sku", "unit_key", "quantity", "unit_price")) == [
        ("BOLT", "box", D(3), D(200)),
        ("NUT", "piece", D(1500), D("0.5")),
    ]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("BOLT", "Line 1"),
        ("BOLT 5\nNUT many", "Line 2"),
        ("NONE 5", "Line 1"),
        ("BOLT 5 crate", "Line 1"),
        ("", "id_lines_error"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_and_nothing_begins(anna, sam, lines, told):
    sell("BOLT")

    answer = sam.signed_in().post(f"{NEW}?company=ACME", {"contact": anna.user.email, "lines": lines})

    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert not Quote.objects.exists()


def test_a_stranger_cannot_be_the_buyer(anna, clara, sam):
    sell("BOLT")

    answer = sam.signed_in().post(f"{NEW}?company=ACME", {"contact": clara.user.email, "lines": "BOLT 5"})

    assert answer.status_code == 422
    assert not Quote.objects.exists()


def test_another_salespersons_customer_cannot_be_chosen(anna, sam):
    sell("BOLT")
    anna.company.sales_rep = sam.user
    anna.company.save(update_fields=["sales_rep"])
    nora = employ("Nora", "Sales").signed_in()

    assert "ACME" not in nora.get(NEW).content.decode()
    assert nora.get(f"{NEW}?company=ACME").status_code == 404
    answer = nora.post(f"{NEW}?company=ACME", {"contact": anna.user.email, "lines": "BOLT 5"})

    assert answer.status_code == 404
    assert not Quote.objects.exists()


def test_operators_and_buyers_do_not_open_quotes(anna, otto):
    assert otto.signed_in().get(NEW).status_code == 403
    assert anna.signed_in().get(NEW).status_code == 302


def test_a_customer_without_people_says_so(acme, sam):
    assert "Nobody buys for this customer yet" in sam.signed_in().get(f"{NEW}?company=ACME").content.decode()


def test_the_way_to_it_is_in_the_sidebar_of_sales_alone(sam, otto):
    home = reverse("admin:index")

    assert NEW in sam.signed_in().get(home).content.decode()
    assert NEW not in otto.signed_in().get(home).content.decode()
