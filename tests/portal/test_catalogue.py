"""The catalogue's pages: this company's price and dated stock, in a fixed number of statements, without the ERP."""

import re
import socket
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.queries.members import memberships_of
from catalog.models import Allocation
from core import freshness
from tests.factories.accounts import UserFactory
from tests.factories.catalog import (
    CategoryFactory,
    ProductFactory,
    ProductRelationFactory,
    StockLevelFactory,
    WarehouseFactory,
)
from tests.factories.pricing import PriceListFactory, PriceRowFactory

HTMX = {"HX-Request": "true"}


def facts(**values):
    return [
        {"code": code, "name": code.title(), "value": value, "unit": "", "is_facet": True}
        for code, value in values.items()
    ]


@pytest.fixture
def ulm(db):
    return WarehouseFactory(code="ULM", name="Ulm", position=0)


@pytest.fixture
def screw(acme, ulm):
    """A screw with a list price for all, an agreement of Acme's, and stock."""
    product = ProductFactory(
        sku="4762-M8X30-88Z",
        name="Cap screw M8 x 30",
        units={"box": 200},
        category=CategoryFactory(slug="screws", name="Screws"),
        attributes=facts(thread="M8", length="30"),
    )
    for_all = PriceListFactory(code="list", name="List 2026", kind="list")
    agreed = PriceListFactory(code="fa", name="Agreement FA-2291", kind="contract", company=acme)
    PriceRowFactory(price_list=for_all, product=product, unit_price=Decimal("0.1610"))
    PriceRowFactory(price_list=agreed, product=product, unit_price=Decimal("0.1180"))
    PriceRowFactory(
        price_list=agreed, product=product, unit_price=Decimal("0.1090"), min_quantity=Decimal(2000)
    )
    StockLevelFactory(product=product, warehouse=ulm, on_hand=Decimal(1234))
    return product


def page(member, name, *args, **params):
    """A page as this person sees it; `htmx=True` asks for its part."""
    headers = HTMX if params.pop("htmx", False) else {}
    return member.signed_in().get(reverse(name, args=args), params, headers=headers)


def text(answer):
    return " ".join(answer.content.decode().split())


def numbers(answer):
    """The part numbers of a list, in its order."""
    return re.findall(r'<a class="ac-no" [^>]*>([^<]+)<', text(answer))


PAGES = [("portal:catalogue", [], {}), ("portal:category-detail", ["screws"], {}), ("portal:search", [], {"q": "m8x30"})]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "params"), PAGES)
def test_a_list_shows_number_name_price_and_stock_with_its_age(anna, screw, name, args, params):
    shown = text(page(anna, name, *args, **params))

    assert "4762-M8X30-88Z" in shown
    assert "Cap screw M8 x 30" in shown
    assert "EUR 0.1180" in shown
    assert "2,000+: 0.1090" in shown
    assert "1,234 pc in Ulm" in shown
    assert "as of" in shown


@pytest.mark.req("PRC-17", "PRC-02")
@pytest.mark.parametrize(
    ("name", "args", "params"), [*PAGES, ("portal:product-detail", ["4762-M8X30-88Z"], {})]
)
def test_nobody_is_ever_shown_another_companys_price(anna, clara, screw, name, args, params):
    for _ in range(2):
        ours, theirs = page(anna, name, *args, **params), page(clara, name, *args, **params)

        assert "0.1180" in text(ours)
        assert "0.1180" not in text(theirs)
        assert "FA-2291" not in text(theirs)
        assert "0.1610" in text(theirs)
        for answer in (ours, theirs):
            assert "no-store" in answer["Cache-Control"]
            assert "private" in answer["Cache-Control"]


@pytest.mark.parametrize(
    ("name", "args", "params"), [*PAGES, ("portal:product-detail", ["4762-M8X30-88Z"], {})]
)
def test_a_stranger_is_led_to_the_sign_in(client, screw, name, args, params):
    answer = client.get(reverse(name, args=args), params)

    assert answer.status_code == 302
    assert reverse("account_login") in answer["Location"]


@pytest.mark.req("SEC-13")
def test_whoever_has_no_company_sees_no_product(client, screw):
    client.force_login(UserFactory(), "allauth.account.auth_backends.AuthenticationBackend")

    shown = text(client.get(reverse("portal:catalogue")))

    assert "4762-M8X30-88Z" not in shown
    assert client.get(reverse("portal:product-detail", args=["4762-M8X30-88Z"])).status_code == 404


def test_a_role_without_the_right_sees_products_and_no_price(anna, screw):
    memberships_of(anna.user.pk).update(roles=["guest"])

    for name, args, params in [*PAGES, ("portal:product-detail", ["4762-M8X30-88Z"], {})]:
        shown = text(page(anna, name, *args, **params))
        assert "Cap screw M8 x 30" in shown
        assert "0.11" not in shown
        assert "0.16" not in shown
        assert "to your role" in shown


@pytest.mark.req("PRC-26")
def test_a_product_without_a_price_is_on_request_and_never_free(anna, ulm):
    product = ProductFactory(sku="SPECIAL-1")

    for name, args in (("portal:catalogue", []), ("portal:product-detail", [product.sku])):
        shown = text(page(anna, name, *args))
        assert "Price on request" in shown
        assert "EUR 0" not in shown
        assert "Add to cart" not in shown
        assert ">Add<" not in shown
        assert "Ask" in shown
    asked = anna.signed_in().post(
        reverse("portal:cart-line-add"), {"sku": product.sku, "quantity": "1", "then": "cart"}, follow=True
    )
    assert reverse("portal:rfq-create") in text(asked)


@pytest.mark.req("PERF-01")
def test_no_page_of_the_catalogue_calls_another_system(anna, screw, monkeypatch):
    browser = anna.signed_in()

    def refuse(*_args, **_options):
        raise AssertionError("a page of the catalogue opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)

    for name, args, params in [*PAGES, ("portal:product-detail", [screw.sku], {}), ("portal:cart", [], {})]:
        assert browser.get(reverse(name, args=args), params).status_code == 200


def statements(browser, address, change):
    """How many statements a page takes that has to be made anew after a change, and how many the next one."""
    change()
    taken = []
    for _again in range(2):
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(address).status_code == 200
        taken.append(len(captured))
    return taken


@pytest.mark.req("PERF-03")
def test_a_list_takes_the_same_statements_for_one_product_and_for_a_page_full(anna, screw):
    browser, address = anna.signed_in(), reverse("portal:catalogue")
    browser.get(address)

    def fill(count):
        for product in ProductFactory.create_batch(count, category=screw.category, units={"box": 100}):
            StockLevelFactory(product=product, warehouse=screw.stock.get().warehouse)
            PriceRowFactory(price_list__company=anna.company, product=product)

    few, kept_few = statements(browser, address, lambda: fill(1))
    full, kept_full = statements(browser, address, lambda: fill(23))

    assert (full, kept_full) == (few, kept_few)
    assert few < 22
    assert kept_few == 3  # the session, the person, the generations


@pytest.mark.req("PERF-03")
def test_a_list_reads_again_only_what_has_changed(anna, screw):
    browser, address = anna.signed_in(), reverse("portal:catalogue")
    browser.get(address)

    after_stock, _again = statements(browser, address, lambda: screw.stock.update(on_hand=7))
    after_price, _again = statements(browser, address, lambda: PriceRowFactory(product=screw))

    assert after_stock == 3 + 3  # the stock, its ages, what is allocated
    assert after_price == after_stock + 5  # the lists twice, prices, ladders, the next policy


@pytest.mark.req("PERF-03")
def test_a_list_writes_again_only_the_rows_that_show_something_else(anna, screw, ulm):
    others = ProductFactory.create_batch(3, category=screw.category)
    for product in others:
        StockLevelFactory(product=product, warehouse=ulm)
    browser, address = anna.signed_in(), reverse("portal:catalogue")

    def written(change):
        change()
        answer = browser.get(address)
        return sum(template.name == "portal/catalogue/_row.html" for template in answer.templates), answer

    browser.get(address)
    sold, page_sold = written(lambda: screw.stock.update(on_hand=7177))
    same, _page = written(lambda: screw.stock.update(on_hand=7177))
    renamed, page_renamed = written(
        lambda: type(screw).objects.filter(pk=others[0].pk).update(name="Dome nut")
    )

    assert (sold, same, renamed) == (1, 0, 1)
    assert "7,177 pc in Ulm" in text(page_sold)
    assert ">Dome nut<" in text(page_renamed)
    assert len(numbers(page_renamed)) == 4


@pytest.mark.req("PERF-03")
def test_a_product_page_takes_the_same_statements_with_any_number_of_neighbours(anna, screw):
    browser, address = anna.signed_in(), reverse("portal:product-detail", args=[screw.sku])
    browser.get(address)

    few, _again = statements(browser, address, lambda: ProductRelationFactory(product=screw))
    many, _again = statements(
        browser, address, lambda: ProductRelationFactory.create_batch(12, product=screw)
    )

    assert many == few
    assert few < 22


def test_filters_narrow_the_list_and_can_be_taken_back(anna, screw):
    ProductFactory(sku="4762-M10X40", category=screw.category, attributes=facts(thread="M10", length="40"))

    narrowed = page(anna, "portal:category-detail", "screws", thread="M10")

    assert numbers(narrowed) == ["4762-M10X40"]
    assert [(chip.label, chip.query) for chip in narrowed.context["chips"]] == [("Thread: M10", "")]
    assert "Take back Thread: M10" in text(narrowed)


def test_a_filter_that_nothing_satisfies_says_so(anna, screw):
    shown = text(page(anna, "portal:catalogue", thread="M99"))

    assert "Nothing has all of these" in shown


def test_the_part_that_htmx_asks_for_is_the_list_alone_and_caches_keep_them_apart(anna, screw):
    whole, part = page(anna, "portal:catalogue"), page(anna, "portal:catalogue", htmx=True)

    assert "<html" in text(whole)
    assert "<html" not in text(part)
    assert 'id="results"' in text(part)
    assert "HX-Request" in whole["Vary"]


def test_a_page_restored_from_history_is_whole(anna, screw):
    answer = anna.signed_in().get(
        reverse("portal:catalogue"), headers={**HTMX, "HX-History-Restore-Request": "true"}
    )

    assert "<html" in text(answer)


def test_pages_of_a_list_keep_its_filters(anna, screw):
    ProductFactory.create_batch(30, category=screw.category, attributes=facts(thread="M8"))

    first = page(anna, "portal:catalogue", thread="M8", sort="name")
    second = page(anna, "portal:catalogue", thread="M8", sort="name", page="2")
    beyond = page(anna, "portal:catalogue", page="999")
    nonsense = page(anna, "portal:catalogue", page="first")

    assert "?thread=M8&amp;sort=name&amp;page=2" in first.content.decode()
    assert len(numbers(first)) == 25
    assert len(numbers(second)) == 6
    assert (beyond.status_code, nonsense.status_code) == (200, 200)


@pytest.mark.parametrize("typed", ["4762-M8X30-88Z", "4762m8x3088z", "4762 M8X30 88z"])
def test_a_whole_part_number_leads_to_its_product(anna, screw, typed):
    answer = page(anna, "portal:search", q=typed)

    assert answer.status_code == 302
    assert answer["Location"] == reverse("portal:product-detail", args=[screw.sku])


def test_a_search_without_hits_says_what_to_try(anna, screw):
    assert "Try the part number" in text(page(anna, "portal:search", q="zzz"))


def test_a_search_for_nothing_is_the_catalogue(anna, screw):
    assert page(anna, "portal:search", q="  ")["Location"] == reverse("portal:catalogue")


@pytest.mark.parametrize("typed", ["'; DROP TABLE catalog_product; --", "%", "\\", "<script>", "a" * 3000])
def test_no_typed_text_breaks_the_search(anna, screw, typed):
    answer = page(anna, "portal:search", q=typed)

    assert answer.status_code in (200, 302)
    assert b"<script>&" not in answer.content


@pytest.mark.parametrize("params", [{"x'y\"": "1"}, {"thread": "M8" * 500}, {"a%sb": "%s"}])
def test_no_made_up_filter_breaks_the_list(anna, screw, params):
    assert page(anna, "portal:catalogue", **params).status_code == 200


def test_an_unknown_category_or_product_is_not_found(anna, screw):
    assert page(anna, "portal:category-detail", "nowhere").status_code == 404
    assert page(anna, "portal:product-detail", "NOWHERE").status_code == 404


@pytest.mark.req("UOM-01", "UOM-03")
def test_the_product_page_offers_every_unit_with_its_content_and_packing(anna, screw):
    screw.units.filter(key="box").update(packing_text="Cardboard box, 3.4 kg")

    shown = text(page(anna, "portal:product-detail", screw.sku))

    assert "box of 200</option>" in shown
    assert "pc</option>" in shown
    assert "Cardboard box, 3.4 kg" in shown


@pytest.mark.req("PRC-03", "UOM-08")
@pytest.mark.parametrize(
    ("unit", "quantity", "price", "amount"),
    [
        ("piece", "1999", "0.1180", "EUR 235.88"),
        ("piece", "2000", "0.1090", "EUR 218.00"),
        ("box", "9", "23.60", "EUR 212.40"),
        ("box", "10", "21.80", "EUR 218.00"),
    ],
)
def test_the_price_follows_the_quantity_in_every_unit(anna, screw, unit, quantity, price, amount):
    answer = page(anna, "portal:product-detail", screw.sku, unit=unit, quantity=quantity, htmx=True)

    shown = text(answer)
    assert f"EUR {price}</span>" in shown
    assert amount in shown


@pytest.mark.req("PRC-10")
def test_the_product_page_says_why_the_price_is_what_it_is(anna, screw):
    shown = text(page(anna, "portal:product-detail", screw.sku))

    assert "Agreement: Agreement FA-2291" in shown
    assert "Used: the first in the order of sources that has a price." in shown
    assert "List price: List 2026" in shown
    assert "Not used: Agreement goes before it." in shown
    assert "ERP price import" in shown


@pytest.mark.parametrize("typed", ["0", "-5", "1.5", "abc", "9,99", "1e9", "NaN", "", "99999999999999999999"])
def test_a_quantity_that_cannot_be_bought_is_answered_and_not_crashed(anna, screw, typed):
    answer = page(anna, "portal:product-detail", screw.sku, unit="box", quantity=typed)

    assert answer.status_code == 200


def test_a_quantity_off_the_step_says_what_can_be_bought(anna, screw):
    type(screw).objects.filter(pk=screw.pk).update(step_quantity=100, min_quantity=100)

    shown = text(page(anna, "portal:product-detail", screw.sku, unit="piece", quantity="250"))

    assert "Sold in steps of 100: 200 or 300 pc." in shown


@pytest.mark.req("INV-01", "INV-02")
def test_the_product_page_shows_stock_per_warehouse_after_reservations(anna, screw, ulm):
    brno = WarehouseFactory(name="Brno", position=1)
    StockLevelFactory(product=screw, warehouse=brno, on_hand=Decimal(50))
    Allocation.objects.create(subject="order:SO-1/1", product=screw, warehouse=ulm, quantity=Decimal(234))

    answer = page(anna, "portal:product-detail", screw.sku, unit="box")

    rows = [
        (line.row.warehouse.name, line.row.available, line.row.reserved) for line in answer.context["stock"]
    ]
    assert rows == [("Ulm", 1000, 234), ("Brno", 50, 0)]
    assert answer.context["stock_total"] == 1050


@pytest.mark.req("UOM-07")
def test_stock_is_also_told_in_whole_units_of_the_chosen_one(anna, screw):
    answer = page(anna, "portal:product-detail", screw.sku, unit="box")

    assert [line.whole for line in answer.context["stock"]] == [6]
    assert "Whole, box of 200" in text(answer)


@pytest.mark.req("INV-11")
def test_an_old_stock_figure_is_marked_with_its_age_on_list_and_page(anna, screw, monkeypatch):
    monkeypatch.setitem(freshness._limits, "stock", timedelta(minutes=30))
    screw.stock.update(as_of=timezone.now() - timedelta(hours=8))

    pages = [page(anna, "portal:catalogue"), page(anna, "portal:product-detail", screw.sku)]
    for kind in ("stock", "prices"):
        freshness.note(kind, timezone.now())
    fresh = page(anna, "portal:product-detail", screw.sku)

    assert all("8 h old" in text(answer) and "ac-stale" in text(answer) for answer in pages)
    assert "h old" not in text(fresh)


def test_stock_that_nobody_told_is_not_shown_as_zero(anna, screw):
    screw.stock.all().delete()

    assert "Stock not known" in text(page(anna, "portal:catalogue"))
    assert "Stock not known" in text(page(anna, "portal:product-detail", screw.sku))


@pytest.mark.parametrize(("status", "reason"), [("retired", "Discontinued"), ("blocked", "Not for sale")])
def test_what_is_not_sold_says_why_leads_on_and_cannot_be_added(anna, screw, status, reason):
    other = ProductRelationFactory(product=screw, kind="successor").other
    type(screw).objects.filter(pk=screw.pk).update(status=status)

    shown = text(page(anna, "portal:product-detail", screw.sku))

    assert reason in shown
    assert other.sku in shown
    assert "Add to cart" not in shown
    assert screw.sku not in text(page(anna, "portal:catalogue"))


def test_the_page_shows_what_goes_with_the_product_and_hides_what_is_not_offered(anna, screw):
    shown_one = ProductRelationFactory(product=screw).other
    hidden = ProductRelationFactory(product=screw, other=ProductFactory(unpublished=True)).other

    shown = text(page(anna, "portal:product-detail", screw.sku))

    assert shown_one.sku in shown
    assert hidden.sku not in shown


def test_words_asked_of_the_catalogue_are_searched_for(anna, screw):
    answer = anna.signed_in().get(reverse("portal:catalogue"), {"q": "no such thing"})

    assert answer.url == f"{reverse('portal:search')}?q=no+such+thing"
