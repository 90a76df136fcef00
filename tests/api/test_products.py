"""Products and prices over the API: the same answers as everywhere else."""

from decimal import Decimal

import pytest

from core.models import Refusal
from pricing.answers import Ask
from pricing.models import PriceRow
from pricing.queries import context_for, price_sheet
from tests.factories.catalog import ProductFactory, StockLevelFactory
from tests.factories.pricing import PriceListFactory, PriceRowFactory, TaxRateFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def screw(acme, other):
    TaxRateFactory()
    product = ProductFactory(sku="4762-M8X30-A2", units={"box": 200})
    everybody = PriceListFactory(code="LP")
    agreement = PriceListFactory(code="AC", kind="contract", company=acme)
    PriceRowFactory(price_list=everybody, product=product, unit_price="0.10")
    PriceRowFactory(price_list=agreement, product=product, unit_price="0.08")
    PriceRowFactory(price_list=agreement, product=product, min_quantity=1000, unit_price="0.07")
    StockLevelFactory(product=product, on_hand=1000)
    return product


@pytest.mark.req("PRC-17", "PRC-24")
def test_two_companies_get_their_own_price_however_their_requests_interleave(screw, anna, clara):
    ours, theirs = anna.signed_in(), clara.signed_in()

    for _round in range(3):
        for client, member, price in ((ours, anna, "0.08"), (theirs, clara, "0.1")):
            answer = client.get(f"/api/v1/products/{screw.sku}/")
            sheet = price_sheet(context_for(member.scope), [Ask(screw.pk, Decimal(1), 0)])[0]

            assert answer.json()["price"]["unit_price"] == price
            assert Decimal(price) == sheet.unit_price
            assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.req("PRC-10", "PRC-17")
def test_the_buyers_derivation_names_the_winner_and_hides_other_lists(screw, anna):
    price = (
        anna.signed_in().get(f"/api/v1/products/{screw.sku}/price/", {"quantity": "5", "unit": "box"}).json()
    )

    assert (price["unit_price"], price["net_amount"], price["quantity"]) == ("14", "70.0000", "5")
    assert price["story"]["list_code"] == "AC"
    assert price["story"]["min_quantity"] == "1000.000000"
    assert "candidates" not in price["story"]
    assert "LP" not in str(price)


def test_a_product_comes_with_its_units_and_stock(screw, anna):
    product = anna.signed_in().get(f"/api/v1/products/{screw.sku}/").json()

    assert [(unit["key"], unit["numerator"]) for unit in product["units"]] == [("piece", 1), ("box", 200)]
    assert [row["available"] for row in product["stock"]] == ["1000"]


@pytest.mark.req("PRC-26")
def test_a_product_without_a_price_is_on_request(anna):
    ProductFactory(sku="X1")

    price = anna.signed_in().get("/api/v1/products/X1/").json()["price"]

    assert price["is_on_request"] is True
    assert (price["unit_price"], price["net_amount"]) == (None, None)


@pytest.mark.req("PERF-03")
def test_a_page_of_products_takes_as_many_statements_as_a_short_one(
    screw, anna, django_assert_max_num_queries
):
    client = anna.signed_in()
    client.get("/api/v1/products/")
    for _n in range(40):
        PriceRowFactory(price_list=screw_list(), product=ProductFactory())

    with django_assert_max_num_queries(18):
        page = client.get("/api/v1/products/", {"limit": 200}).json()

    assert len(page["results"]) == 41


def screw_list():
    return PriceRow.objects.filter(price_list__code="LP").first().price_list


def test_the_cursor_walks_every_product_once(anna):
    for _n in range(7):
        ProductFactory()
    client, address, seen = anna.signed_in(), "/api/v1/products/?limit=3", []

    while address:
        page = client.get(address).json()
        seen += [product["sku"] for product in page["results"]]
        address = page["next"]

    assert len(seen) == len(set(seen)) == 7


@pytest.mark.req("PRC-12", "INT-02")
@pytest.mark.parametrize("verb", ["put", "post", "patch", "delete"])
def test_a_price_written_over_the_api_is_refused_and_kept(screw, anna, verb):
    before = list(PriceRow.objects.order_by("pk").values())

    answer = getattr(anna.signed_in(), verb)(
        f"/api/v1/products/{screw.sku}/price/", {"unit_price": "0.01"}, content_type="application/json"
    )

    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not_owner"
    assert list(PriceRow.objects.order_by("pk").values()) == before
    assert Refusal.objects.get().channel == "api"


@pytest.mark.parametrize(
    ("query", "status"), [({"quantity": "-1"}, 400), ({"quantity": "abc"}, 400), ({"unit": "barrel"}, 422)]
)
def test_a_wrong_question_is_a_problem_with_a_reason(screw, anna, query, status):
    answer = anna.signed_in().get(f"/api/v1/products/{screw.sku}/price/", query)

    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_an_unknown_or_unpublished_product_is_not_found(anna):
    ProductFactory(sku="HIDDEN", unpublished=True)

    for sku in ("HIDDEN", "NOTHING"):
        answer = anna.signed_in().get(f"/api/v1/products/{sku}/")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_strangers_and_staff_get_no_prices(client, screw, sam):
    assert client.get(f"/api/v1/products/{screw.sku}/").status_code == 403
    assert sam.signed_in().get(f"/api/v1/products/{screw.sku}/").status_code == 404
