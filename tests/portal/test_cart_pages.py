"""The cart's pages: filled from anywhere, changed line by line, and nobody else's."""

from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.queries.members import memberships_of
from core.models import Refusal
from orders.models import Cart, CartLine
from tests.factories.accounts import MembershipFactory
from tests.factories.catalog import ProductFactory, StockLevelFactory
from tests.factories.pricing import PriceListFactory, PriceRowFactory, TaxRateFactory

HTMX = {"HX-Request": "true"}


@pytest.fixture
def screw(acme):
    product = ProductFactory(sku="4762-M8X30-88Z", units={"box": 200})
    agreed = PriceListFactory(code="fa", name="Agreement FA-2291", kind="contract", company=acme)
    PriceRowFactory(price_list=agreed, product=product, unit_price=Decimal("0.1180"))
    StockLevelFactory(product=product, on_hand=Decimal(1000), warehouse__name="Ulm")
    TaxRateFactory()
    return product


@pytest.fixture
def filled(anna, screw):
    """Anna's cart with two boxes."""
    anna.signed_in().post(reverse("portal:cart-line-add"), {"sku": screw.sku, "quantity": "2", "unit": "box"})
    return CartLine.objects.get()


def text(answer):
    return " ".join(answer.content.decode().split())


def change(line, **values):
    told = {"quantity": "3", "unit": line.unit.key, "target_price": "", "note": "", **values}
    return reverse("portal:cart-line-change", args=[line.pk]), told


@pytest.mark.req("CRT-01")
def test_a_product_goes_into_the_cart_and_is_there_in_the_next_session(anna, screw):
    item = {"sku": screw.sku, "quantity": "2", "unit": "box"}

    answer = anna.signed_in().post(reverse("portal:cart-line-add"), item, follow=True)
    later = anna.signed_in().get(reverse("portal:cart"))

    assert "In your cart: 2 × box of 200 of 4762-M8X30-88Z" in text(answer)
    assert "47.20" in text(later)
    line = CartLine.objects.get()
    assert (line.quantity, line.unit.key, line.cart.user, line.cart.company) == (
        2,
        "box",
        anna.user,
        anna.company,
    )


def test_a_form_without_script_leads_back_to_where_it_stood_and_never_elsewhere(anna, screw):
    browser, item = anna.signed_in(), {"sku": screw.sku, "quantity": "1"}
    address, catalogue = reverse("portal:cart-line-add"), "http://testserver/catalogue/?thread=M8"

    back = browser.post(address, item, headers={"Referer": catalogue})
    foreign = browser.post(address, item, headers={"Referer": "https://evil.example/"})
    on = browser.post(address, {**item, "then": "cart"}, headers={"Referer": catalogue})

    assert back["Location"] == catalogue
    assert foreign["Location"] == on["Location"] == reverse("portal:cart")


def test_htmx_gets_what_is_in_the_cart_now_and_the_new_count(anna, screw):
    item = {"sku": screw.sku, "quantity": "2", "unit": "box"}

    answer = anna.signed_in().post(reverse("portal:cart-line-add"), item, headers=HTMX)

    shown = text(answer)
    assert "In your cart: 2 × box of 200" in shown
    assert 'id="cart-count"' in shown
    assert 'hx-swap-oob="true"' in shown
    assert "<html" not in shown


def test_adding_again_makes_more_of_the_same_line(anna, filled, screw):
    anna.signed_in().post(reverse("portal:cart-line-add"), {"sku": screw.sku, "quantity": "3", "unit": "box"})

    assert CartLine.objects.get().quantity == 5


@pytest.mark.parametrize(
    ("item", "status"),
    [
        ({"sku": "NOWHERE", "quantity": "1"}, 404),
        ({"quantity": "0"}, 422),
        ({"quantity": "-2"}, 422),
        ({"quantity": "1.5", "unit": "box"}, 422),
        ({"quantity": "9,99"}, 422),
        ({"quantity": "many"}, 422),
        ({"quantity": ""}, 422),
        ({"quantity": "1", "unit": "truck"}, 422),
        ({"quantity": "99999999999999"}, 422),
    ],
)
def test_what_cannot_be_bought_is_refused_with_what_to_do_and_nothing_is_added(anna, screw, item, status):
    answer = anna.signed_in().post(reverse("portal:cart-line-add"), {"sku": screw.sku, **item}, headers=HTMX)

    assert answer.status_code == status
    assert not CartLine.objects.exists()
    if status == 422:
        assert answer["HX-Retarget"] == "#messages"


@pytest.mark.parametrize("status", ["retired", "blocked"])
def test_what_is_not_sold_cannot_be_added(anna, screw, status):
    type(screw).objects.filter(pk=screw.pk).update(status=status)

    answer = anna.signed_in().post(
        reverse("portal:cart-line-add"), {"sku": screw.sku, "quantity": "1"}, headers=HTMX
    )

    assert answer.status_code == 422
    assert not CartLine.objects.exists()


def test_the_cart_shows_price_source_stock_and_totals(anna, filled):
    shown = text(anna.signed_in().get(reverse("portal:cart")))

    for expected in ("23.60", "Agreement FA-2291", "47.20", "EUR 9.44", "EUR 56.64", "all in Ulm", "as of"):
        assert expected in shown, expected


def test_a_line_is_changed_in_quantity_unit_target_price_and_note(anna, filled):
    address, told = change(filled, quantity="400", unit="piece", target_price="0.11", note="With 3.1")

    answer = anna.signed_in().post(address, told)

    filled.refresh_from_db()
    assert answer["Location"] == reverse("portal:cart")
    assert (filled.quantity, filled.unit.key, filled.target_price, filled.note) == (
        400,
        "piece",
        Decimal("0.11"),
        "With 3.1",
    )


def test_htmx_gets_the_whole_cart_anew_with_its_totals(anna, filled):
    address, told = change(filled, quantity="10")

    shown = text(anna.signed_in().post(address, told, headers=HTMX))

    assert 'id="cart"' in shown
    assert "EUR 236.00" in shown
    assert "5 boxes now" in shown
    assert "5 boxes come later" in shown
    assert "<html" not in shown


def test_a_change_that_is_taken_clears_the_refusal_above_the_cart(anna, filled):
    address, told = change(filled)

    answer = text(anna.signed_in().post(address, told, headers=HTMX))

    assert '<div id="messages" class="ac-messages" aria-live="polite" hx-swap-oob="true"> </div>' in answer


def test_a_refused_change_leaves_the_line_as_it_was(anna, filled):
    for values in ({"quantity": "1.5"}, {"quantity": "x"}, {"unit": "truck"}, {"target_price": "cheap"}):
        address, told = change(filled, **values)
        assert anna.signed_in().post(address, told, headers=HTMX).status_code == 422

    filled.refresh_from_db()
    assert (filled.quantity, filled.unit.key, filled.target_price) == (2, "box", None)


def test_a_line_of_zero_or_one_that_is_taken_out_is_gone_and_twice_is_fine(anna, filled, screw):
    browser = anna.signed_in()
    address, told = change(filled, quantity="0")
    browser.post(address, told)
    browser.post(reverse("portal:cart-line-add"), {"sku": screw.sku, "quantity": "1"})
    remove = reverse("portal:cart-line-remove", args=[CartLine.objects.get().pk])

    first, second = browser.post(remove), browser.post(remove)

    assert (first.status_code, second.status_code) == (302, 302)
    assert not CartLine.objects.exists()
    assert "Your cart is empty" in text(browser.get(reverse("portal:cart")))


def test_the_cart_can_be_emptied(anna, filled):
    anna.signed_in().post(reverse("portal:cart-clear"))

    assert not CartLine.objects.exists()


@pytest.mark.req("CRT-06")
def test_po_number_date_and_note_stay_with_the_cart(anna, filled):
    told = {"po_number": "4500118274", "requested_on": "2026-12-02", "note": "Gate 3"}

    anna.signed_in().post(reverse("portal:cart-details"), told)
    shown = text(anna.signed_in().get(reverse("portal:cart")))

    cart = Cart.objects.get()
    assert (cart.po_number, str(cart.requested_on), cart.note) == ("4500118274", "2026-12-02", "Gate 3")
    assert 'value="4500118274"' in shown
    assert 'value="2026-12-02"' in shown


def test_a_date_that_is_none_is_refused_and_nothing_is_kept(anna, filled):
    told = {"po_number": "NEW", "requested_on": "soon", "note": ""}

    answer = anna.signed_in().post(reverse("portal:cart-details"), told, headers=HTMX)

    assert answer.status_code == 422
    assert Cart.objects.get().po_number == ""


def test_a_line_without_a_price_asks_for_a_quote_and_is_not_in_the_total(anna, filled):
    special = ProductFactory(sku="SPECIAL-1")

    anna.signed_in().post(reverse("portal:cart-line-add"), {"sku": special.sku, "quantity": "1"})
    shown = text(anna.signed_in().get(reverse("portal:cart")))

    assert "on request" in shown
    assert "1 line has no price yet and is not in the total" in shown
    assert "EUR 56.64" in shown


def test_a_line_that_is_no_longer_sold_says_so_on_itself(anna, filled, screw):
    type(screw).objects.filter(pk=screw.pk).update(status="retired")

    shown = text(anna.signed_in().get(reverse("portal:cart")))

    assert "4762-M8X30-88Z is discontinued" in shown
    assert "1 line cannot be ordered as it is" in shown


@pytest.mark.req("CRT-01", "SEC-13")
def test_another_companys_user_sees_and_changes_nothing_of_the_cart(anna, clara, filled):
    browser = clara.signed_in()
    address, told = change(filled)

    shown = text(browser.get(reverse("portal:cart")))
    foreign = browser.post(address, told)
    unknown = browser.post(reverse("portal:cart-line-change", args=[999999]), told)
    browser.post(reverse("portal:cart-line-remove", args=[filled.pk]))
    browser.post(reverse("portal:cart-clear"))

    filled.refresh_from_db()
    assert "4762-M8X30-88Z" not in shown
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert filled.quantity == 2


@pytest.mark.req("CRT-01")
def test_each_company_of_a_person_has_a_cart_of_its_own(anna, filled, other):
    MembershipFactory(user=anna.user, company=other)
    browser = anna.signed_in()

    browser.post(reverse("portal:company-switch"), {"company": other.number})

    assert "4762-M8X30-88Z" not in text(browser.get(reverse("portal:cart")))
    assert CartLine.objects.count() == 1


def test_a_form_that_was_open_for_another_company_adds_nothing(anna, screw, other):
    MembershipFactory(user=anna.user, company=other)
    item = {"sku": screw.sku, "quantity": "1", "acting_company": other.number}

    answer = anna.signed_in().post(reverse("portal:cart-line-add"), item, headers=HTMX)

    assert answer.status_code == 409
    assert not CartLine.objects.exists()


def test_a_role_that_neither_orders_nor_asks_adds_nothing_and_the_attempt_is_kept(boris, screw):
    answer = boris.signed_in().post(
        reverse("portal:cart-line-add"), {"sku": screw.sku, "quantity": "1"}, headers=HTMX
    )

    assert answer.status_code == 403
    assert not CartLine.objects.exists()
    assert Refusal.objects.get().code == "not_allowed"
    assert "Add to cart" not in text(
        boris.signed_in().get(reverse("portal:product-detail", args=[screw.sku]))
    )


def test_strangers_are_led_to_the_sign_in_and_nothing_is_written(client, filled):
    before = filled.quantity
    for name, args in (
        ("portal:cart", []),
        ("portal:cart-line-add", []),
        ("portal:cart-clear", []),
        ("portal:cart-details", []),
        ("portal:cart-line-change", [filled.pk]),
        ("portal:cart-line-remove", [filled.pk]),
    ):
        answer = client.post(reverse(name, args=args))
        assert answer.status_code == 302
        assert reverse("account_login") in answer["Location"]

    filled.refresh_from_db()
    assert filled.quantity == before


@pytest.mark.parametrize("name", ["portal:cart-line-add", "portal:cart-clear", "portal:cart-details"])
def test_looking_at_an_address_that_writes_changes_nothing(anna, filled, name):
    answer = anna.signed_in().get(reverse(name))

    assert (answer.status_code, answer.url) == (302, reverse("portal:cart"))
    assert CartLine.objects.count() == 1


def test_numbers_are_read_as_the_reader_writes_them(anna, screw):
    browser = anna.signed_in()
    browser.post(reverse("portal:cart-line-add"), {"sku": screw.sku, "quantity": "1,200"})

    assert CartLine.objects.get().quantity == 1200


def test_a_person_put_out_of_the_company_adds_nothing_more(anna, screw):
    browser = anna.signed_in()
    memberships_of(anna.user.pk).update(is_active=False)

    answer = browser.post(reverse("portal:cart-line-add"), {"sku": screw.sku, "quantity": "1"})

    assert answer.status_code == 302
    assert answer.url.startswith(reverse("account_login"))
    assert not CartLine.objects.exists()
