"""Guards: moves, ownership, refusals that are kept, idempotency keys, logs without secrets."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from enum import Enum

import pytest
import structlog
from django.db import connection

from core import ownership, refusals
from core.actor import Actor, acting
from core.errors import DuplicateKey, InvalidValue, NotOwner, WrongState
from core.idempotency import once
from core.logging import MASK, get_logger
from core.models import IdempotencyKey, Refusal
from core.states import check_move


class Light(Enum):
    RED = "red"
    GREEN = "green"


NEXT = {Light.RED: frozenset({Light.GREEN}), Light.GREEN: frozenset()}


def test_a_move_that_is_not_in_the_table_names_what_is_allowed():
    check_move(NEXT, "red", Light.GREEN)

    with pytest.raises(WrongState) as refusal:
        check_move(NEXT, Light.GREEN, Light.RED)

    assert refusal.value.details == {"old": "green", "new": "red", "allowed": []}


@pytest.mark.req("INT-02")
@pytest.mark.django_db
@pytest.mark.parametrize("system", ["us", "pim"])
def test_only_the_owner_writes_a_field_and_the_attempt_is_kept(system):
    by = Actor("admin", "Sam", system=system)

    with pytest.raises(NotOwner) as refusal:
        ownership.check(by, "accounts.Company", ["name", "payment_term"])
    refusals.keep(refusal.value, by=by)

    assert refusal.value.details["fields"] == {"name": "erp", "payment_term": "erp"}
    kept = Refusal.objects.get()
    assert (kept.code, kept.actor_label, kept.channel) == ("not_owner", "Sam", "admin")
    ownership.check(Actor("flow:erp.customers", "ERP", system="erp"), "accounts.Company", ["name"])


def test_a_field_cannot_have_two_owners(monkeypatch):
    monkeypatch.setitem(ownership._owners, "tests.Thing", {})  # gone again when the test ends
    ownership.declare("tests.Thing", erp=["name"])

    with pytest.raises(ValueError, match="two owners"):
        ownership.declare("tests.Thing", pim=["name"])


@pytest.mark.django_db
def test_refusals_that_teach_nothing_are_not_kept():
    assert refusals.keep(InvalidValue("bad"), by=Actor("portal", "Anna")) is None
    assert not Refusal.objects.exists()


@pytest.mark.req("INT-37")
@pytest.mark.django_db(transaction=True)
def test_ten_equal_requests_have_one_effect_and_one_answer():
    effects = []

    def ask(_):
        try:
            return once("anna", "key-1", {"lines": 3}, lambda: effects.append(1) or {"number": "SO-1"})
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(ask, range(10)))

    assert answers == [{"number": "SO-1"}] * 10
    assert effects == [1]
    with pytest.raises(DuplicateKey):
        once("anna", "key-1", {"lines": 4}, lambda: {})
    assert IdempotencyKey.objects.count() == 1


@pytest.mark.req("OBS-19", "SEC-05")
def test_a_log_line_carries_the_cause_and_masks_what_is_not_allowed(caplog):
    by = Actor("portal", "Anna")

    with acting(by), caplog.at_level(logging.INFO):
        get_logger("tests").info("order received", order="SO-1", email="anna@acme.example", net="12.50")

    formatter = structlog.stdlib.ProcessorFormatter(processor=structlog.processors.JSONRenderer())
    line = json.loads(formatter.format(caplog.records[-1]))
    assert line["order"] == "SO-1"
    assert line["correlation_id"] == by.correlation_id
    assert line["email"] == line["net"] == MASK


@pytest.mark.req("SEC-05")
def test_an_exception_is_logged_by_type_and_place_and_never_by_its_text(caplog):
    try:
        raise ValueError("credit of anna@acme.example is 4711")
    except ValueError:
        with caplog.at_level(logging.ERROR):
            get_logger("tests").exception("flow failed", flow="erp.stock")

    record = caplog.records[-1]
    formatter = structlog.stdlib.ProcessorFormatter(processor=structlog.processors.JSONRenderer())
    text = formatter.format(record)
    assert "4711" not in text
    assert "anna@" not in text
    assert json.loads(text)["exc_type"] == "ValueError"
