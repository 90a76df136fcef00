"""Contracts: published as they are, held at the border in and out, and nothing beside them is stored."""

import ast
import json
import re
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from core import outbox
from core.actor import Actor
from core.models import Case, Event
from core.records import forms
from integrations import dispatch, inbox
from integrations.actions.inbox.messages import Incoming, receive_messages
from integrations.contracts import publish
from integrations.contracts.registry import IN, Contract, contract_of, contracts
from integrations.flows import FLOWS
from integrations.models import Delivery, InboxMessage
from integrations.systems import flow_actor
from orders.models import Order
from orders.records import OrderStatusRecord
from orders.states import DeliveryStatus
from tests.factories.integrations import Receiver, happen
from tests.factories.orders import order_now, sell
from tests.integrations.test_relay import relay

ROOT = Path(__file__).resolve().parents[2]
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PLANTED = "PLANTED-7f3a"


@pytest.mark.req("INT-12")
def test_the_published_contracts_are_those_of_the_code(tmp_path, settings):
    call_command("contracts", "--check", verbosity=0)
    settings.BASE_DIR = tmp_path
    call_command("contracts", "--write", verbosity=0)
    call_command("contracts", "--check", verbosity=0)
    (tmp_path / "docs/contracts/order.schema.json").write_text("{}")
    (tmp_path / "docs/contracts/left_over.json").write_text("{}")

    with pytest.raises(CommandError, match=r"left_over.json, order.schema.json"):
        call_command("contracts", "--check", verbosity=0)


@pytest.mark.req("INT-12", "INT-10")
def test_every_contract_is_a_valid_schema_with_version_and_manners():
    document = publish.asyncapi()

    for name, contract in contracts().items():
        schema = publish.schema_of(contract)
        Draft202012Validator.check_schema(schema)
        assert schema["$id"].endswith(f"{name}:{contract.version}")
        assert contract.manners
        assert contract.record.__doc__
        assert document["components"]["messages"][name]["x-version"] == contract.version
    known = set(document["components"]["schemas"])
    used = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(document)))
    assert used <= known
    assert document["asyncapi"] == "3.0.0"


@pytest.mark.req("INT-12", "INT-11")
def test_every_flow_carries_what_has_a_contract():
    told = set(forms().values())
    parts = {name for one in contracts().values() for name in publish.schema_of(one).get("$defs", {})}
    without = {
        (flow.name, record.__name__)
        for flow in FLOWS.values()
        for record in flow.contract
        if contract_of(record) is None and record not in told and record.__name__ not in parts
    }

    assert without == set()
    ways = {contract.record for contract in contracts().values() if contract.way == IN}
    assert {kind.record for kind in inbox.KINDS.values()} <= ways


def is_entry(node: ast.AST) -> bool:
    """Whether a node writes an entry of the audit log, whose actions are named alike and are no events."""
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.log"


def names_of_events() -> set[str]:
    """Every name of an event that stands in an action."""
    nouns = {name.partition(".")[0] for name in forms()}
    nodes = [
        node
        for app in ("accounts", "catalog", "pricing", "orders", "quotes", "integrations")
        for path in (ROOT / app / "actions").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
    ]
    of_the_log = {part for node in nodes if is_entry(node) for part in ast.walk(node)}
    texts = {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in of_the_log
    }
    shaped = {text for text in texts if re.fullmatch(r"[a-z_]+\.[a-z_]+", text)}
    return {name for name in shaped if name.partition(".")[0] in nouns}


@pytest.mark.req("INT-12", "INT-13")
def test_every_event_that_is_recorded_or_routed_has_a_form():
    assert names_of_events() == set(forms())
    assert set(dispatch.ROUTES) <= set(forms())


@pytest.mark.req("INT-13")
@pytest.mark.django_db
def test_an_event_that_does_not_fit_its_form_is_not_written():
    by = Actor("portal", "Anna")

    for payload, wrong in (({}, "number: Field required"), ({"order": {"number": 5}}, "number")):
        with pytest.raises(ValueError, match=f"event order.received: {wrong}"), transaction.atomic():
            outbox.record("order.received", subject="order:1", payload=payload, by=by)

    assert not Event.objects.exists()


@pytest.mark.req("INT-13")
@pytest.mark.django_db
def test_a_message_that_does_not_fit_never_leaves_and_the_field_is_named(anna, monkeypatch):
    receiver = Receiver()
    monkeypatch.setattr(dispatch, "DESTINATIONS", {"there": receiver.destination()})
    monkeypatch.setattr(dispatch, "ROUTES", {"order.received": ("there",)})
    sell("A1", "1.00")
    good, bad = order_now(anna, A1=1), order_now(anna, A1=2)
    event = Event.objects.get(subject=bad.subject, name="order.received")
    del event.payload["order"]["currency"]
    event.save(update_fields=["payload"])

    relay()

    assert receiver.subjects == [f"{good.subject} order.received"]
    buried = Delivery.objects.get(subject=bad.subject)
    assert buried.state == "buried"
    assert "order.currency: Field required" in buried.last_error
    assert [subject for subject, _reason in receiver.buried] == [bad.subject]


@pytest.mark.req("INT-12")
def test_what_was_sent_in_an_older_form_is_brought_to_the_newest():
    def renamed(payload):
        return {"order_number": payload["order"], **payload}

    contract = Contract("order_status", OrderStatusRecord, IN, "…", version=2, upgrades={1: renamed})
    old = {"order": "SO-1", "erp_status": "done", "version": "7", "as_of": NOON.isoformat()}

    assert contract.misfit(old) == ""
    assert contract.read(old)["order_number"] == "SO-1"
    assert contract.read(old)["v"] == 2
    assert contract.misfit({**old, "v": 2}) == "order_number: Field required"
    assert contract.misfit({**old, "v": 9}) == "v: version 9 of “order_status” is not known here."


@pytest.fixture
def order(anna, db):
    sell("A1", "1.00")
    return order_now(anna, A1=100)


def good(order, version="1"):
    record = OrderStatusRecord(
        order_number=order.number,
        erp_status="processing",
        delivery_status=DeliveryStatus.WAITING,
        version=version,
        as_of=NOON,
    )
    return record.model_dump(mode="json")


JUNK = st.one_of(
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(st.text(max_size=5), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)
FIELDS = ("order_number", "erp_status", "delivery_status", "invoice_status", "payment_status", "version")


@pytest.mark.req("INT-13")
@pytest.mark.django_db
def test_fuzzed_messages_never_reach_a_model_and_say_which_field_is_wrong(order):
    before = Order.objects.filter(pk=order.pk).values().get()
    by = flow_actor("erp.order-states")
    count = 0

    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(field=st.sampled_from(FIELDS), junk=JUNK, is_gone=st.booleans())
    def send(field, junk, is_gone):
        nonlocal count
        count += 1
        payload = {**good(order), field: junk}
        if is_gone:
            del payload["order_number"]
        (message,) = receive_messages(
            "erp", "order_state", [Incoming(order.number, f"fuzz-{count}", payload)], by=by
        )

        assert inbox.take_in(message, by=by) == "quarantined"
        message.refresh_from_db()
        wrong = {"order_number"} if is_gone else set()
        assert message.reason.partition(":")[0].partition(".")[0] in {field, *wrong}

    send()

    assert count >= 60
    assert Order.objects.filter(pk=order.pk).values().get() == before
    assert Case.objects.filter(kind="quarantined").exists()


def everywhere(text: str) -> list[str]:
    """The columns of text or JSON, of all tables, in which a text stands."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND (data_type IN ('text', 'character varying', 'jsonb', 'ARRAY'))"
        )
        for table, column in cursor.fetchall():
            cursor.execute(
                f'SELECT 1 FROM "{table}" WHERE "{column}"::text LIKE %s LIMIT 1',  # noqa: S608 - own names
                [f"%{text}%"],
            )
            if cursor.fetchone():
                found.append(f"{table}.{column}")
    return found


@pytest.mark.req("INT-63")
@pytest.mark.django_db
def test_what_a_message_brings_beside_its_contract_leaves_no_trace(order):
    by = flow_actor("erp.order-states")
    record = OrderStatusRecord.model_validate(
        {**good(order), "margin": PLANTED, "salesman": {"name": PLANTED, "notes": [PLANTED]}}
    )
    batch = inbox.Batch(as_of=NOON, records=[record])

    applied = inbox.taking("order_state")(batch, by, False)

    assert applied.changed == 1
    assert InboxMessage.objects.get().state == "applied"
    assert everywhere(PLANTED) == []
    assert "orders_order.number" in everywhere(order.number)


@pytest.mark.req("INT-16")
def test_each_word_of_the_glossary_has_one_function_that_computes_it():
    rows = re.findall(
        r"^\| ([a-z ]+) \| (.+?) \| `([\w.]+)` \|$", (ROOT / "docs/glossary.md").read_text(), re.M
    )

    words = [word for word, _meaning, _place in rows]
    assert {"price", "tax", "availability", "customer", "lead time", "credit"} <= set(words)
    assert len(set(words)) == len(words)
    for _word, meaning, place in rows:
        module, _dot, name = place.rpartition(".")
        assert callable(getattr(import_module(module), name))
        assert len(meaning) > 40


def test_events_keep_the_version_of_their_form():
    assert {form.model_fields["v"].default for form in forms().values()} == {1}
    assert apps.get_model("core", "Event")._meta.get_field("version")


@pytest.mark.django_db
def test_how_often_each_version_is_used_is_counted():
    happen("thing:1")
    happen("thing:2")

    out = call_command("contracts", "--use")

    assert out.splitlines() == ["thing.done 1 2"]
