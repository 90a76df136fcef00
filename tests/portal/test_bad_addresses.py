"""Addresses and forms that no page of ours sends: an answer, never a crash."""

import pytest

from orders.models import Order

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address",
    [
        "/products/a%00b/",
        "/orders/a%00/",
        "/quotes/a%00/",
        "/rfqs/a%00/",
        "/invoices/a%00/",
        "/media/a%00",
        "/orders/?q=%00",
        "/invoices/?q=%00",
        "/search/?q=a&category=%00",
        "/products/?%00=a",
        "/api/v1/orders/a%00/",
        "/api/v1/products/a%00/",
    ],
)
def test_a_nul_in_an_address_is_not_found(anna, address):
    assert anna.signed_in().get(address).status_code == 404


def test_a_nul_in_a_form_is_not_found(anna):
    assert anna.signed_in().post("/company/", {"company": "\0"}).status_code == 404


def test_a_line_number_beyond_all_numbers_is_not_found(anna):
    form = {"quantity": "1", "unit": "piece"}

    assert anna.signed_in().post("/cart/lines/99999999999999999999/", form).status_code == 404


def test_a_checkout_without_a_cart_is_refused_in_words(anna):
    form = {"token": "4f6d", "shown": "-", "ship_to": "acme-1"}

    page = anna.signed_in().post("/checkout/", form)

    assert page.status_code == 422
    assert "the cart is empty" in page.content.decode()
    assert not Order.objects.exists()
