"""The data map says what the models say, and no field that looks personal goes unclassified."""

import pytest
from django.core.management import call_command
from django.db import models

from integrations.datamap import all_stored, class_of, stale, unclassified


@pytest.mark.req("SEC-15")
def test_every_field_that_looks_personal_or_secret_is_classified_and_nothing_is_named_that_is_gone():
    assert unclassified() == []
    assert stale() == []


@pytest.mark.req("SEC-15")
def test_the_map_in_the_documentation_is_that_of_the_models():
    call_command("data_map", check=True)


@pytest.mark.req("SEC-14", "SEC-15")
def test_the_classes_of_fields_that_matter():
    kinds = {(one.model, one.field): one.kind for one in all_stored()}

    assert kinds["accounts.User", "email"] == "personal"
    assert kinds["accounts.User", "password"] == "secret"
    assert kinds["orders.Order", "placed_by"] == "personal (id)"
    assert kinds["orders.Order", "net_amount"] == "financial"
    assert kinds["quotes.QuoteMessage", "text"] == "words that may name a person"
    assert not [field for _model, field in kinds if "card" in field or "iban" in field]


@pytest.mark.req("SEC-15")
@pytest.mark.parametrize(
    "name", ["full_name", "private_email", "ip_address", "birth_date", "contact", "signed_by", "api_secret"]
)
def test_a_new_field_that_looks_personal_fails_until_somebody_has_said(name):
    field = models.CharField()
    field.set_attributes_from_name(name)

    assert class_of("orders.Order", field)[1]
