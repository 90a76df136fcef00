"""Other systems' ids are references in one table, unique both ways (INT-07)."""

import pytest
from django.db import IntegrityError, transaction

from integrations.actions.identifiers import keep_identifiers
from integrations.identifiers import all_external_id_of, all_key_of, all_keys_of
from integrations.models import Identifier

pytestmark = [pytest.mark.django_db, pytest.mark.req("INT-07")]


def test_an_id_is_found_both_ways_and_by_kind():
    keep_identifiers("erp", "product", [("7", "BOLT"), ("8", "NUT")])
    keep_identifiers("erp", "customer", [("7", "C1000")])

    assert all_key_of("erp", "product", "7") == "BOLT"
    assert all_external_id_of("erp", "product", "NUT") == "8"
    assert all_key_of("erp", "customer", "7") == "C1000"
    assert all_key_of("erp", "product", "9") == ""
    assert all_keys_of("erp", "product", ["7", "9"]) == {"7": "BOLT"}


def test_an_id_that_stands_for_something_else_is_refused_and_its_neighbours_are_kept():
    keep_identifiers("erp", "product", [("7", "BOLT")])

    refused = keep_identifiers("erp", "product", [("7", "SCREW"), ("8", "NUT")])

    assert [(item.key, item.field) for item in refused] == [("SCREW", "erp_id")]
    assert "BOLT" in refused[0].reason
    assert all_key_of("erp", "product", "7") == "BOLT"
    assert all_external_id_of("erp", "product", "SCREW") == ""
    assert all_key_of("erp", "product", "8") == "NUT"


def test_two_keys_of_one_batch_cannot_share_an_id():
    refused = keep_identifiers("erp", "product", [("7", "BOLT"), ("7", "SCREW")])

    assert [item.key for item in refused] == ["SCREW"]


def test_a_thing_that_was_made_anew_there_gets_its_new_id():
    keep_identifiers("erp", "product", [("7", "BOLT")])

    refused = keep_identifiers("erp", "product", [("70", "BOLT")])

    assert refused == []
    assert all_external_id_of("erp", "product", "BOLT") == "70"
    assert all_key_of("erp", "product", "7") == ""


def test_what_is_known_is_not_written_again(django_assert_num_queries):
    keep_identifiers("erp", "product", [("7", "BOLT")])
    before = Identifier.objects.get().updated_at

    with django_assert_num_queries(4):
        keep_identifiers("erp", "product", [("7", "BOLT")])

    assert Identifier.objects.get().updated_at == before


@pytest.mark.parametrize("row", [{"external_id": "7", "key": "NUT"}, {"external_id": "8", "key": "BOLT"}])
def test_the_database_refuses_a_second_mapping(row):
    keep_identifiers("erp", "product", [("7", "BOLT")])

    with pytest.raises(IntegrityError), transaction.atomic():
        Identifier.objects.create(system="erp", kind="product", **row)
