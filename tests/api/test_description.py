"""The API's description: for whoever is signed in, complete, and true of what the API answers."""

import json

import pytest

from tests.api.conftest import DESCRIPTION, check

pytestmark = pytest.mark.django_db


@pytest.mark.req("INT-12", "INT-57")
def test_whoever_is_signed_in_reads_the_published_description(anna, client):
    answer = anna.signed_in().get("/api/v1/openapi.json")

    assert answer.status_code == 200
    assert answer.json() == DESCRIPTION
    assert answer.json()["openapi"] == "3.1.0"
    assert client.get("/api/v1/openapi.json").status_code == 403
    assert "http" not in json.dumps(DESCRIPTION)


@pytest.mark.req("INT-12")
def test_every_operation_names_its_refusals_and_an_order_its_key():
    operations = {
        operation["operationId"]: operation
        for path in DESCRIPTION["paths"].values()
        for operation in path.values()
    }

    assert set(operations) == {
        "order_list",
        "order_place",
        "order_detail",
        "product_list",
        "product_detail",
        "product_price",
    }
    for operation in operations.values():
        for status, answer in operation["responses"].items():
            media = "application/json" if status < "400" else "application/problem+json"
            assert list(answer["content"]) == [media]
    (key,) = operations["order_place"]["parameters"]
    assert (key["name"], key["in"], key["required"]) == ("Idempotency-Key", "header", True)
    for name in ("order_list", "product_list"):
        assert {"limit", "cursor"} <= {parameter["name"] for parameter in operations[name]["parameters"]}


@pytest.mark.req("INT-12", "INT-57")
def test_answers_are_held_against_the_description(anna, as_described):
    browser = anna.signed_in()

    answer = browser.get("/api/v1/orders/")
    missing = browser.get("/api/v1/orders/SO-1/")

    assert as_described == ["order_list", "order_detail"]
    assert (answer.status_code, missing.status_code) == (200, 404)
    answer._json = {**answer.json(), "results": [{"number": 5}]}
    with pytest.raises(AssertionError, match="order_list"):
        check(DESCRIPTION["paths"]["/api/v1/orders/"]["get"], answer)
