"""What staff see of prices, and that they cannot write what the ERP owns."""

from decimal import Decimal

import pytest
from django.urls import reverse

from core.models import Refusal
from pricing.models import PriceRow
from tests.factories.accounts import CompanyFactory
from tests.factories.catalog import ProductFactory
from tests.factories.pricing import (
    ItemCostFactory,
    PriceListFactory,
    PriceRowFactory,
    TaxRateFactory,
)

pytestmark = pytest.mark.django_db

MODELS = [
    "pricelist", "pricelistassignment", "pricerow", "pricerun", "pricepolicy", "itemcost", "taxrate",
]  # fmt: skip


@pytest.fixture
def priced(acme):
    screw = ProductFactory(sku="4762-M8X30-A2", units={"box": 200})
    agreement = PriceListFactory(code="AC", name="Agreement Acme", kind="contract", company=acme)
    everybody = PriceListFactory(code="LP", name="List price 2026")
    row = PriceRowFactory(price_list=agreement, product=screw, unit_price="8.00", price_unit=100)
    PriceRowFactory(price_list=everybody, product=screw, unit_price="0.10")
    PriceRowFactory(price_list=everybody, product=screw, min_quantity=200, unit_price="0.09")
    ItemCostFactory(product=screw)
    TaxRateFactory()
    return row


@pytest.mark.parametrize("model", MODELS)
def test_staff_see_every_table_of_prices(priced, mona, model, django_assert_max_num_queries):
    client = mona.signed_in()

    with django_assert_max_num_queries(25):
        page = client.get(reverse(f"admin:pricing_{model}_changelist"))

    assert page.status_code == 200
    row = page.context["cl"].result_list[0]
    assert client.get(reverse(f"admin:pricing_{model}_change", args=[row.pk])).status_code == 200


@pytest.mark.req("PRC-12", "INT-02")
@pytest.mark.parametrize("verb", ["change", "add", "delete"])
def test_a_price_saved_in_the_back_office_is_refused_and_the_attempt_is_kept(priced, mona, verb):
    before = list(PriceRow.objects.order_by("pk").values())
    address = reverse(f"admin:pricing_pricerow_{verb}", args=[] if verb == "add" else [priced.pk])

    answer = mona.signed_in().post(address, {"unit_price": "0.01", "post": "yes"})

    assert answer.status_code in {302, 422}
    assert list(PriceRow.objects.order_by("pk").values()) == before
    refusal = Refusal.objects.get()
    assert (refusal.code, refusal.actor_label, refusal.channel) == ("not_owner", "Mona", "admin")
    assert refusal.details["fields"]["unit_price"] == "erp"


@pytest.mark.req("PRC-10")
def test_the_explain_page_shows_every_candidate_the_winner_and_the_way_to_the_amount(priced, sam):
    answer = sam.signed_in().get(
        reverse("admin:pricing_explain"),
        {"company": "ACME", "sku": "4762-m8x30-a2", "quantity": "3", "unit": "box"},
    )

    assert answer.status_code == 200
    assert answer.context["price"] == Decimal("16.000000")
    assert answer.context["net"] == Decimal("48.00")
    assert answer.context["list_price"] == Decimal("18.000000")
    assert answer.context["discount"] == Decimal("11.11")
    page = answer.content.decode()
    for words in ("Agreement Acme", "List price 2026", "Wins", "Outranked", "48.00", f">{priced.run_id}<"):
        assert words in page


@pytest.mark.req("PRC-26")
def test_the_explain_page_says_on_request_where_no_list_has_a_price(acme, sam):
    ProductFactory(sku="X1")

    answer = sam.signed_in().get(
        reverse("admin:pricing_explain"), {"company": "ACME", "sku": "X1", "quantity": "1"}
    )

    assert "On request" in answer.content.decode()
    assert "price" not in answer.context


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("company", "NOBODY"),
        ("sku", "NOTHING"),
        ("quantity", "-1"),
        ("quantity", "x"),
        ("unit", "barrel"),
        ("on", "31.31."),
    ],
)
def test_a_wrong_question_is_answered_at_its_field(priced, sam, field, value):
    asked = {
        "company": "ACME",
        "sku": priced.product.sku,
        "quantity": "1",
        "unit": "",
        "on": "",
        field: value,
    }

    answer = sam.signed_in().get(reverse("admin:pricing_explain"), asked)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]


def test_buyers_never_reach_the_back_office_of_prices(priced, anna):
    client = anna.signed_in()

    for address in (
        "admin:pricing_explain",
        "admin:pricing_pricerow_changelist",
        "admin:pricing_itemcost_changelist",
    ):
        answer = client.get(reverse(address))
        assert answer.status_code in {302, 403, 404}
        assert b"Agreement Acme" not in answer.content


def test_a_branch_is_explained_by_its_own_line(priced, acme, sam):
    CompanyFactory(number="ACME-1", parent=acme)

    answer = sam.signed_in().get(
        reverse("admin:pricing_explain"), {"company": "ACME-1", "sku": priced.product.sku, "quantity": "1"}
    )

    assert answer.context["answer"].winner.origin == "ACME"
