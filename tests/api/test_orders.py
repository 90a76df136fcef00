"""Orders over the API: placed exactly once, at the price that everybody sees, for one's own company."""

import pytest

from accounts.queries.scopes import scope_for
from core.models import Event, IdempotencyKey
from orders.models import Order
from quotes.actions.answers import accept_quote
from tests.conftest import Member
from tests.factories.accounts import MembershipFactory
from tests.factories.approvals import CostCentreFactory
from tests.factories.catalog import ProductFactory, StockLevelFactory
from tests.factories.orders import sell
from tests.factories.pricing import PriceListFactory, PriceRowFactory, TaxRateFactory
from tests.factories.quotes import choice, offer

pytestmark = pytest.mark.django_db


@pytest.fixture
def screw(db):
    TaxRateFactory()
    product = ProductFactory(sku="4762-M8X30-A2", units={"box": 200})
    PriceRowFactory(price_list=PriceListFactory(code="LP"), product=product, unit_price="0.10")
    StockLevelFactory(product=product, on_hand=500)
    return product


def body(**changes):
    line = {"sku": "4762-M8X30-A2", "unit": "box", "quantity": "2", **changes.pop("line", {})}
    return {"ship_to": "acme-1", "po_number": "PO-1", "lines": [line], **changes}


def post(client, data, key="k-1"):
    return client.post(
        "/api/v1/orders/", data, content_type="application/json", headers={"Idempotency-Key": key}
    )


@pytest.mark.req("PRC-24", "INT-37")
def test_an_order_is_placed_once_however_often_it_is_sent(screw, anna):
    client = anna.signed_in()

    answers = [post(client, body()) for _n in range(3)]

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["number"] for answer in answers}) == 1
    order = Order.objects.get()
    assert (order.number, order.origin, order.company.number) == (answers[0].json()["number"], "api", "ACME")
    assert (order.net_amount, order.tax_amount, order.gross_amount) == (40, 8, 48)
    assert Event.objects.filter(name="order.received").count() == 1
    line = answers[0].json()["lines"][0]
    assert (line["unit_price"], line["net_amount"], line["quantity"]) == ("20", "40.0000", "2")
    assert line["price_story"]["list_code"] == "LP"
    assert order.lines.get().price_story["candidates"]


@pytest.mark.req("INT-37")
def test_the_same_key_for_another_request_is_refused(screw, anna):
    client = anna.signed_in()
    post(client, body())

    answer = post(client, body(po_number="PO-2"))

    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
    assert Order.objects.count() == 1


@pytest.mark.req("INT-37", "SEC-13")
def test_a_key_used_for_one_company_says_nothing_in_another(screw, anna, other):
    MembershipFactory(user=anna.user, company=other, roles=["buyer"])
    there = Member(anna.user, other, scope_for(anna.user.pk, other.pk), anna.actor)

    first = post(anna.signed_in(), body())
    second = post(there.signed_in(), body(ship_to="other-1"))

    assert (first.status_code, second.status_code) == (201, 201)
    assert sorted(Order.objects.values_list("company__number", flat=True)) == ["ACME", "OTHER"]


def test_without_a_key_nothing_is_ordered(screw, anna):
    answer = anna.signed_in().post("/api/v1/orders/", body(), content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"line": {"sku": "NOTHING"}}, 422, "lines_refused"),
        ({"line": {"unit": "barrel"}}, 422, "lines_refused"),
        ({"line": {"unit": "piece", "quantity": "0.5"}}, 422, "lines_refused"),
        ({"line": {"quantity": "-1"}}, 400, "invalid"),
        ({"line": {"unit_price": "19.99"}}, 409, "out_of_date"),
        ({"ship_to": "other-1"}, 422, None),
        ({"requested_on": "2001-01-01"}, 422, "invalid"),
        ({"lines": []}, 400, "invalid"),
    ],
)
def test_what_cannot_be_ordered_is_refused_and_leaves_nothing(screw, anna, other, changes, status, code):
    answer = post(anna.signed_in(), body(**changes))

    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert code is None or answer.json()["code"] == code
    assert not Order.objects.exists()
    assert not Event.objects.exists()
    assert not IdempotencyKey.objects.exists()


@pytest.mark.req("PRC-26")
def test_a_price_on_request_cannot_be_ordered(anna):
    TaxRateFactory()
    ProductFactory(sku="4762-M8X30-A2", units={"box": 200})

    answer = post(anna.signed_in(), body())

    assert answer.json()["details"]["lines"][0]["code"] == "no_price"
    assert not Order.objects.exists()


def test_the_price_that_the_caller_reckons_with_is_taken_when_it_holds(screw, anna):
    answer = post(anna.signed_in(), body(line={"unit_price": "20.00"}))

    assert answer.status_code == 201


@pytest.mark.req("ACC-09")
def test_another_companys_order_is_not_found_and_not_listed(screw, anna, clara):
    number = post(anna.signed_in(), body()).json()["number"]
    client = clara.signed_in()

    assert client.get(f"/api/v1/orders/{number}/").status_code == 404
    assert client.get("/api/v1/orders/").json()["results"] == []
    assert [row["number"] for row in anna.signed_in().get("/api/v1/orders/").json()["results"]] == [number]


def test_who_may_not_buy_cannot_order(screw, boris):
    answer = post(boris.signed_in(), body())

    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert not Order.objects.exists()


def test_a_stranger_is_sent_away(client, screw):
    assert post(client, body()).status_code == 403
    assert not Order.objects.exists()


@pytest.mark.req("ORD-16", "ORD-21")
def test_the_detail_tells_lines_deliveries_invoices_and_what_happened(screw, anna):
    client = anna.signed_in()
    number = post(client, body()).json()["number"]

    told = client.get(f"/api/v1/orders/{number}/").json()

    assert (told["status"], told["gross_amount"], told["ship_to"]["city"]) == ("received", "48.0000", "Linz")
    assert [(line["sku"], line["backordered"]) for line in told["lines"]] == [("4762-M8X30-A2", "0")]
    assert (told["shipments"], told["invoices"]) == ([], [])
    assert [(row["kind"], row["source"], row["person"]) for row in told["timeline"]] == [
        ("order.received", "portal", "Anna")
    ]


def test_the_derivation_of_an_order_from_a_quote_hides_other_lists(anna, sam):
    sell("S-1", "1.00")
    quote = offer(anna, sam, **{"S-1": 5})
    order = accept_quote(quote.number, 1, choice(anna), scope=anna.scope, by=anna.actor)
    kept = order.lines.get().price_story

    line = anna.signed_in().get(f"/api/v1/orders/{order.number}/").json()["lines"][0]

    assert kept["beside"]["candidates"]
    assert line["price_story"]["quote"] == quote.number
    assert not {"beside", "candidates"} & set(line["price_story"])


def test_a_body_nested_without_end_is_a_bad_request(anna):
    answer = anna.signed_in().post(
        "/api/v1/orders/", "[" * 100_000, content_type="application/json", headers={"Idempotency-Key": "k-1"}
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")
    assert not Order.objects.exists()


@pytest.mark.req("APR-03")
def test_an_order_names_its_cost_centre_where_the_company_has_any(screw, anna):
    client = anna.signed_in()
    CostCentreFactory(company=anna.company, code="4711")

    for wrong in ("", "9999"):
        refused = post(client, body(cost_centre=wrong), key=f"k-{wrong}")
        assert refused.status_code == 422
        assert "cost centre" in refused.json()["detail"]
    assert not Order.objects.exists()
    placed = post(client, body(cost_centre="4711"), key="k-2")

    assert placed.status_code == 201
    assert Order.objects.get().cost_centre == "4711"
