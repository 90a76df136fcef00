"""A product that a company may not see, asked for through every entrance: the answer is that of an unknown one.

Failure bank 57. The pages and the API are asked by the same person for a hidden number and for one that
nobody has; status and body must be equal once the number itself is left out of the comparison.
"""

import re
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from catalog.models import AssortmentAssignment
from orders.actions.cart import CartItem, add_line
from orders.actions.checkout import checkout
from orders.models import CartLine, Order
from orders.queries.cart import cart_for, cart_sheet
from orders.rules.lines import LinesRefused, NotInRange
from quotes.actions.answers import accept_quote
from quotes.actions.offers import send_quote
from quotes.actions.rfqs import submit_rfq
from quotes.drafts import RfqDraft
from tests.conftest import enrol
from tests.factories.accounts import CreditAccountFactory
from tests.factories.assortments import assortment, give
from tests.factories.catalog import CategoryFactory, MediaFactory, ProductRelationFactory
from tests.factories.orders import choice_of, fill, order_now, sell
from tests.factories.quotes import begin, choice, offer, policy

pytestmark = [pytest.mark.django_db, pytest.mark.req("ENT-01", "ENT-02")]

HIDDEN, UNKNOWN, SHOWN = "SECRET-77", "NOBODY-77", "OPEN-11"


@pytest.fixture
def shop(anna, settings, tmp_path):
    """OPEN-11 that Acme sees, SECRET-77 that it does not, related to each other; the category secret is all hidden."""
    settings.PIM_DROP = str(tmp_path)
    CreditAccountFactory(company=anna.company, limit_amount=Decimal(100_000))
    attributes = [{"code": "head", "name": "Head", "value": "hexalobular", "unit": "", "is_facet": True}]
    shown = sell(SHOWN, "1.00", category=CategoryFactory(slug="open", name="Open"))
    hidden = sell(
        HIDDEN,
        "7.77",
        name="Secret bolt",
        keywords="mystery",
        attributes=attributes,
        category=CategoryFactory(slug="secret", name="Secret things"),
    )
    ProductRelationFactory(product=shown, other=hidden)
    ProductRelationFactory(product=hidden, other=shown)
    MediaFactory(product=hidden, reference="secret.svg")
    (tmp_path / "secret.svg").write_bytes(ContentFile(b"<svg/>").read())
    return give(assortment("ACME-RANGE", shown), anna.company)


def page(name, *, args=(), query=""):
    return lambda browser, sku: browser.get(reverse(f"portal:{name}", args=args) + query.format(sku=sku))


def api(name, query=""):
    return lambda browser, sku: browser.get(reverse(f"api:{name}", args=[sku]) + query)


def to_cart(browser, sku):
    return browser.post(reverse("portal:cart-line-add"), {"sku": sku, "quantity": "1", "unit": "piece"})


def to_cart_by_htmx(browser, sku):
    headers = {"HX-Request": "true"}
    return browser.post(
        reverse("portal:cart-line-add"), {"sku": sku, "quantity": "1", "unit": "piece"}, headers=headers
    )


def order_by_api(browser, sku):
    body = {
        "ship_to": "acme-1",
        "lines": [{"sku": sku, "unit": "piece", "quantity": "1"}],
    }
    headers = {"Idempotency-Key": f"key-{sku}"}
    return browser.post(reverse("api:order-list"), body, content_type="application/json", headers=headers)


ENTRANCES = {
    "the product page": lambda browser, sku: browser.get(reverse("portal:product-detail", args=[sku])),
    "its part": lambda browser, sku: browser.get(
        reverse("portal:product-detail", args=[sku]) + "?quantity=5", headers={"HX-Request": "true"}
    ),
    "a search for the number": page("search", query="?q={sku}"),
    "a search for its part": page("search", query="?q={sku}&category=open"),
    "typing in the search": lambda browser, sku: browser.get(
        reverse("portal:search") + f"?q={sku[:4]}", headers={"HX-Request": "true"}
    ),
    "the cart": to_cart,
    "the cart by a part": to_cart_by_htmx,
    "the API's product": api("product-detail"),
    "the API's price": api("product-price", "?quantity=3&unit=piece"),
    "the API's search": lambda browser, sku: browser.get(reverse("api:product-list") + f"?q={sku}"),
    "an order by the API": order_by_api,
}


def told(answer, sku):
    """Status and body, without what is of the request alone: the number asked for, tokens and ids."""
    text = answer.content.decode()
    for own in (sku, sku.lower(), sku[:4]):
        text = text.replace(own, "NUMBER")
    text = re.sub(r"\b[A-Za-z0-9]{64}\b|nonce=\"[^\"]+\"|\b[0-9a-f]{32}\b", "", text)
    return answer.status_code, answer.headers.get("Content-Type"), text


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_a_hidden_product_answers_as_an_unknown_one(anna, shop, entrance):
    browser = anna.signed_in()

    hidden = told(ENTRANCES[entrance](browser, HIDDEN), HIDDEN)
    unknown = told(ENTRANCES[entrance](browser, UNKNOWN), UNKNOWN)

    assert hidden == unknown
    assert not re.search("Secret bolt|7[.]77|Secret things|hexalobular", hidden[2])
    assert not CartLine.objects.exists()
    assert not Order.objects.exists()


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_whoever_may_see_it_gets_another_answer(clara, shop, entrance):
    CreditAccountFactory(company=clara.company, limit_amount=Decimal(100_000))
    browser = clara.signed_in()

    shown = told(ENTRANCES[entrance](browser, HIDDEN), HIDDEN)

    assert shown != told(ENTRANCES[entrance](browser, UNKNOWN), UNKNOWN)


@pytest.mark.parametrize(
    "address",
    [
        "/catalogue/",
        "/catalogue/?f.head=hexalobular",
        "/catalogue/open/",
        "/search/?q=bolt",
        "/search/?q=mystery",
        f"/products/{SHOWN}/",
        "/api/v1/products/",
        "/api/v1/products/?q=mystery",
        "/home/",
    ],
)
def test_no_list_count_filter_or_neighbour_tells_of_it(anna, shop, address):
    text = anna.signed_in().get(address).content.decode()

    assert not re.search(f"{HIDDEN}|Secret bolt|7[.]77|Secret things|hexalobular</", text)


def test_a_category_without_anything_to_see_and_its_picture_are_unknown(anna, clara, shop):
    for address, other in [
        ("/catalogue/secret/", "/catalogue/nowhere/"),
        (f"/search/?q={SHOWN[:3]}&category=secret", f"/search/?q={SHOWN[:3]}&category=nowhere"),
        ("/media/secret.svg", "/media/nowhere.svg"),
    ]:
        hidden, unknown = anna.signed_in().get(address), anna.signed_in().get(other)

        assert hidden.status_code == unknown.status_code == 404
        assert told(hidden, "secret")[2] == told(unknown, "nowhere")[2]
    assert clara.signed_in().get("/catalogue/secret/").status_code == 200
    assert clara.signed_in().get("/media/secret.svg").status_code == 200


@pytest.fixture
def revoked(anna, shop):
    """Acme saw SECRET-77 and put 3 of it into the cart beside 2 of OPEN-11; then its range is cut."""
    AssortmentAssignment.objects.all().delete()
    fill(anna, **{SHOWN: 2, HIDDEN: 3})
    return give(shop.assortment, anna.company)


@pytest.mark.req("ENT-07", "ENT-08")
def test_an_old_cart_flags_the_line_and_tells_nothing_of_the_product(anna, revoked):
    text = anna.signed_in().get(reverse("portal:cart")).content.decode()
    sheet = cart_sheet(cart_for(anna.scope), anna.scope)

    assert f"{HIDDEN} is not available to your company. Take it out" in text
    assert not re.search("Secret bolt|7[.]77|23[.]31", text)
    assert [(line.is_hidden, line.unit_price, line.net_amount, line.stock != ()) for line in sheet.lines] == [
        (False, Decimal("1.000000"), Decimal("2.00"), True),
        (True, None, None, False),
    ]
    assert [refusal.code for refusal in sheet.refusals] == ["not_in_range"]
    assert sheet.totals.net_amount == Decimal("2.00")


@pytest.mark.req("ENT-07")
@pytest.mark.parametrize("name", ["checkout", "rfq-create"])
def test_the_pages_made_of_an_old_cart_tell_nothing_of_it_either(anna, revoked, name):
    answer = anna.signed_in().get(reverse(f"portal:{name}"))

    assert answer.status_code == 200
    assert HIDDEN in answer.content.decode()
    assert not re.search("Secret bolt|7[.]77|23[.]31", answer.content.decode())


@pytest.mark.req("ENT-07")
def test_an_old_cart_becomes_neither_an_order_nor_a_request(anna, revoked):
    cart = cart_for(anna.scope)

    with pytest.raises(LinesRefused) as refusal:
        checkout(cart, choice_of(anna), by=anna.actor)
    with pytest.raises(NotInRange):
        submit_rfq(cart, RfqDraft(token=cart.token), scope=anna.scope, by=anna.actor)

    assert [line["code"] for line in refusal.value.details["lines"]] == ["not_in_range"]
    assert refusal.value.details["lines"][0]["position"] == 2
    assert not Order.objects.exists()
    assert cart.lines.count() == 2


def test_a_hidden_line_can_be_taken_out_and_not_changed(anna, revoked):
    browser = anna.signed_in()
    line = CartLine.objects.get(product__sku=HIDDEN)

    change = browser.post(
        reverse("portal:cart-line-change", args=[line.pk]),
        {"quantity": "9", "unit": "piece"},
        headers={"HX-Request": "true"},
    )
    line.refresh_from_db()
    kept = line.quantity
    browser.post(reverse("portal:cart-line-remove", args=[line.pk]))

    assert change.status_code == 422
    assert kept == 3
    assert [line.product.sku for line in CartLine.objects.all()] == [SHOWN]


@pytest.mark.req("ENT-07")
def test_what_is_revoked_between_page_and_submission_refuses_the_order(anna, shop):
    AssortmentAssignment.objects.all().delete()
    fill(anna, **{HIDDEN: 3})
    chosen = choice_of(anna)
    give(shop.assortment, anna.company)

    with pytest.raises(LinesRefused):
        checkout(cart_for(anna.scope), chosen, by=anna.actor)

    assert not Order.objects.exists()


def test_orders_that_were_placed_still_show(anna, shop):
    AssortmentAssignment.objects.all().delete()
    order = order_now(anna, **{HIDDEN: 3})
    give(shop.assortment, anna.company)

    text = anna.signed_in().get(reverse("portal:order-detail", args=[order.number])).content.decode()
    lines = anna.signed_in().get(f"/api/v1/orders/{order.number}/").json()["lines"]

    assert "Secret bolt" in text
    assert [line["sku"] for line in lines] == [HIDDEN]


@pytest.mark.req("ENT-08")
def test_an_open_quote_is_flagged_with_the_next_request_and_cannot_be_accepted(anna, sam, shop):
    AssortmentAssignment.objects.all().delete()
    quote = offer(anna, sam, **{SHOWN: 1, HIDDEN: 3})
    address = reverse("portal:quote-detail", args=[quote.number])
    before = anna.signed_in().get(address).content.decode()

    give(shop.assortment, anna.company)
    after = anna.signed_in().get(address).content.decode()

    assert "can no longer be ordered" not in before
    assert f"Line 2: {HIDDEN} is not available to your company." in after
    with pytest.raises(LinesRefused) as refusal:
        accept_quote(quote.number, 1, choice(anna), scope=anna.scope, by=anna.actor)
    assert [line["code"] for line in refusal.value.details["lines"]] == ["not_in_range"]
    assert not Order.objects.exists()


@pytest.mark.req("ENT-08")
def test_sales_send_no_offer_that_the_customer_could_not_order(anna, sam, shop):
    AssortmentAssignment.objects.all().delete()
    policy()
    quote = begin(anna, sam, **{SHOWN: 1, HIDDEN: 3})
    give(shop.assortment, anna.company)
    quote.refresh_from_db()

    with pytest.raises(Exception, match=f"Line 2: {HIDDEN} is not in the range of Acme Works") as refusal:
        send_quote(quote, version=quote.version, by=sam.actor)

    assert refusal.value.code == "invalid"


@pytest.mark.req("ENT-08", "PERF-03")
def test_a_change_of_the_range_shows_in_kept_lists_at_once(anna, acme, shop):
    browser = anna.signed_in()
    first = browser.get("/catalogue/").content.decode()

    shop.assortment.rules.all().delete()
    emptied = browser.get("/catalogue/").content.decode()
    shop.delete()
    opened = browser.get("/catalogue/").content.decode()

    assert (SHOWN in first, HIDDEN in first) == (True, False)
    assert (SHOWN in emptied, HIDDEN in emptied) == (False, False)
    assert (SHOWN in opened, HIDDEN in opened) == (True, True)


@pytest.mark.req("ENT-03", "ENT-08")
def test_an_address_in_another_country_shows_in_kept_lists_at_once(anna, acme, shop):
    shop.company, shop.segment = None, "country:CH"
    shop.save()
    browser = anna.signed_in()
    before = browser.get("/catalogue/").content.decode()

    acme.addresses.update(country="CH")

    assert HIDDEN in before
    assert HIDDEN not in browser.get("/catalogue/").content.decode()


def test_two_companies_never_share_a_kept_list(anna, clara, shop):
    colleague = enrol("Axel", anna.company, "buyer")
    for _again in range(2):
        pages = {
            member.user.name: member.signed_in().get("/catalogue/").content.decode()
            for member in (anna, colleague, clara)
        }

        assert {name: HIDDEN in text for name, text in pages.items()} == {
            "Anna": False,
            "Axel": False,
            "Clara": True,
        }


def test_a_cart_line_in_another_unit_is_hidden_too(anna, shop):
    with pytest.raises(Exception, match=f"There is no product “{HIDDEN}”"):
        add_line(anna.scope, CartItem(HIDDEN, Decimal(1), "box"), by=anna.actor)
