"""What other systems push to us: believed or not, stored at once, and nothing done twice."""

import base64
import json
import time

import pytest

from core.models import Refusal
from integrations import intake, signatures
from integrations.models import InboxMessage
from integrations.signatures import Signed, fault, sign
from tests.factories.catalog import MORNING
from tests.factories.integrations import Sender

pytestmark = pytest.mark.django_db

OLD_SECRET, NEW_SECRET = b"o" * 24, b"n" * 32


def word(secret):
    return "whsec_" + base64.b64encode(secret).decode()


@pytest.fixture
def sender(client, settings):
    """The ERP's own sender of news, with a secret that is known here."""
    settings.INBOUND = {"erp": {"secrets": word(OLD_SECRET), "secrets_file": ""}}
    return Sender(client, OLD_SECRET)


def credit(number="1", company="ACME", **more):
    data = {"company_number": company, "currency": "EUR", "used_amount": "0.00", "as_of": MORNING.isoformat()}
    return {"kind": "credit", "id": f"m-{number}", "version": number, "data": data, **more}


def test_the_vector_of_the_scheme_holds():
    secret = signatures.decoded("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    call = Signed("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "", b'{"test": 2432232314}')

    signature = sign(secret, call)

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    signed = Signed(call.id, call.timestamp, f"v1a,other {signature}", call.body)
    assert fault(signed, [b"x" * 24, secret], now=1614265330 + 300) == ""
    assert fault(signed, [secret], now=1614265330 + 301) == "its time is not now"
    assert fault(signed, [secret], now=1614265330 - 301) == "its time is not now"


@pytest.mark.req("INT-55", "INT-35")
def test_a_signed_message_is_stored_and_answered_and_a_repeat_does_nothing(sender):
    first = sender.push(credit())
    again = [sender.push(credit(), id=f"other-{n}") for n in range(3)]

    assert (first.status_code, first.json()) == (202, {"accepted": 1, "repeated": 0})
    assert [(answer.status_code, answer.json()) for answer in again] == [
        (202, {"accepted": 0, "repeated": 1})
    ] * 3
    message = InboxMessage.objects.get()
    assert (message.system, message.kind, message.message_id) == ("erp", "credit", "ACME@1")
    assert (message.state, message.channel, message.lane) == ("new", "push", 0)
    assert message.correlation_id == first["X-Correlation-Id"]


@pytest.mark.req("INT-55")
@pytest.mark.parametrize(("change", "reason"), [
    ({"signature": "v1,AAAA"}, "the signature does not match"),
    ({"signature": "v1,ünsigned"}, "the signature does not match"),
    ({"signature": ""}, "headers are missing"),
    ({"id": ""}, "headers are missing"),
    ({"timestamp": "soon"}, "headers are missing"),
    ({"timestamp": "-5"}, "headers are missing"),
    ({"timestamp": str(int(time.time()) - 900)}, "its time is not now"),
    ({"timestamp": str(int(time.time()) + 900)}, "its time is not now"),
    ({"secret": b"another one of 24 bytes!"}, "the signature does not match"),
    ({"sent": b'{"kind": "other"}'}, "the signature does not match"),
])  # fmt: skip
def test_what_is_not_signed_now_is_refused_alike_and_kept_for_the_auditor(sender, change, reason):
    answer = sender.push(credit(), **change)

    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == (
        "The call is not signed as agreed, or not now. Look at the key and at the clock."
    )
    assert not InboxMessage.objects.exists()
    refusal = Refusal.objects.get()
    assert refusal.details == {"system": "erp", "reason": reason}
    assert (refusal.channel, refusal.actor_label) == ("flow:erp.events", "nobody")


def test_a_flood_of_refused_calls_does_not_fill_our_tables(sender):
    for _ in range(40):
        assert sender.push(credit(), signature="v1,AAAA").status_code == 401

    assert Refusal.objects.count() == 30


@pytest.mark.req("INT-55")
def test_secrets_change_without_a_pause_and_without_a_restart(sender, settings, tmp_path):
    file = tmp_path / "secrets"
    settings.INBOUND = {"erp": {"secrets": "", "secrets_file": str(file)}}
    statuses = {}
    for state, words in {
        "missing": None,
        "old": [OLD_SECRET],
        "both": [NEW_SECRET, OLD_SECRET],
        "new": [NEW_SECRET],
    }.items():
        if words is not None:
            file.write_text("\n".join(map(word, words)) + "\n")
        statuses[state] = [
            sender.push(credit(), secret=secret).status_code for secret in (OLD_SECRET, NEW_SECRET)
        ]

    assert statuses == {"missing": [401, 401], "old": [202, 401], "both": [202, 202], "new": [401, 202]}


def test_a_secret_that_is_none_or_too_short_signs_nothing(sender, settings):
    settings.INBOUND = {
        "erp": {"secrets": f"whsec_??? {word(b'short')} {word(OLD_SECRET)}", "secrets_file": ""}
    }

    assert sender.push(credit()).status_code == 202
    assert sender.push(credit(), secret=b"short").status_code == 401


@pytest.mark.req("INT-55")
@pytest.mark.parametrize(("body", "status", "says"), [
    (b"{", 400, "valid JSON"),
    (b"\xff{}", 400, "valid JSON"),
    (b'{"a": NaN}', 400, "valid JSON"),
    (b'{"a": 1e999}', 400, "valid JSON"),
    (b'"\\ud800"', 400, "valid JSON"),
    (b"[" * 90_000, 400, "valid JSON"),
    (b'{"a": "\\u0000"}', 400, "NUL"),
    (b"7", 422, "kind: use one of credit, customer, invoice, order_status, price, shipment, stock."),
    (b'{"kind": "weather"}', 422, "kind: use one of"),
    (b'{"kind": ["credit"]}', 422, "kind: use one of"),
    (b'{"kind": "credit", "data": {"v": 7}}', 422, "data.v: use one of the versions 1."),
    (b'{"kind": "credit", "id": "1", "version": "1"}', 422, "data: Field required"),
    ('{"kind": "credit", "id": "1", "version": "²", "data": {}}'.encode(), 422, "version: "),
    (b'{"kind": "credit", "id": "1", "version": "~~~", "data": {}}', 422, "version: "),
    (b'{"kind": "credit", "id": "1", "version": "9999999999999999999", "data": {}}', 422, "version: "),
    (b" " * 1_000_001, 413, "in pages of at most 500"),
    (b"[" + b"1," * 500 + b"1]", 413, "in pages of at most 500"),
])  # fmt: skip
def test_a_body_that_cannot_be_taken_says_why_and_leaves_nothing(sender, body, status, says):
    answer = sender.push(body)

    assert answer.status_code == status
    assert says in answer.json()["detail"]
    assert not InboxMessage.objects.exists()


@pytest.mark.req("INT-13")
def test_a_number_that_nothing_can_hold_is_kept_for_quarantine_and_does_not_fail_the_body(sender):
    line = {"position": 1, "quantity": "1e40"}
    shipment = {"order_number": "SO-1", "erp_id": "7", "number": "S7", "status": "done", "lines": [line]}
    data = {**shipment, "as_of": MORNING.isoformat()}

    answer = sender.push([{"kind": "shipment", "id": "s-7", "version": "1", "data": data}, credit()])

    assert (answer.status_code, answer.json()) == (202, {"accepted": 2, "repeated": 0})


@pytest.mark.req("INT-35", "INT-13")
def test_a_message_that_is_not_readable_does_not_keep_out_the_right_one(sender):
    broken = credit("5", key="ACME")
    broken["data"] = {**broken["data"], "used_amount": "much"}

    answers = [sender.push(row).json() for row in (broken, broken, credit("5"))]

    assert answers == [
        {"accepted": 1, "repeated": 0},
        {"accepted": 0, "repeated": 1},
        {"accepted": 1, "repeated": 0},
    ]
    assert list(InboxMessage.objects.order_by("id").values_list("key", "version")) == [("ACME", "5")] * 2


@pytest.mark.req("INT-13")
@pytest.mark.parametrize("company", ["X" * 5000, {"a": "b" * 500}])
def test_a_message_with_a_name_longer_than_any_goes_to_quarantine_and_the_next_is_worked(
    sender, acme, company
):
    long = credit("1", key="K" * 120)
    long["data"] = {**long["data"], "company_number": company, "used_amount": "1e999"}
    sender.push([long, credit("1")])

    intake.work(until=time.monotonic() + 60)

    states = dict(InboxMessage.objects.values_list("payload__used_amount", "state"))
    assert states == {"1e999": "quarantined", "0.00": "applied"}


def test_one_bad_message_of_a_list_leaves_out_all_and_is_named(sender):
    answer = sender.push([credit("1"), {**credit("2"), "kind": "weather"}])

    assert answer.status_code == 422
    assert answer.json()["details"]["place"] == 2
    assert not InboxMessage.objects.exists()


def test_only_systems_that_are_known_may_push_json_by_post(sender, client):
    assert client.post("/inbound/crm/", b"{}", content_type="application/json").status_code == 404
    assert client.get("/inbound/erp/").status_code == 405
    assert client.post("/inbound/erp/", {"a": "b"}).status_code == 415
    assert not InboxMessage.objects.exists()


@pytest.mark.req("INT-55")
def test_five_hundred_messages_are_stored_by_one_statement(sender, django_assert_num_queries):
    rows = [credit(str(n), company=f"C{n % 100}") for n in range(1, 501)]

    with django_assert_num_queries(3):  # a savepoint, the statement, its release
        answer = sender.push([*rows[:499], rows[0]])

    assert answer.json() == {"accepted": 499, "repeated": 1}
    assert set(InboxMessage.objects.values_list("lane", flat=True)) == {2}


@pytest.mark.req("INT-63")
def test_what_the_contract_does_not_name_is_not_kept_and_no_secret_is_logged(sender, caplog):
    message = credit()
    message["data"] |= {"note": "private", "limit_amount": "5.00"}

    with caplog.at_level("DEBUG"):
        sender.push(message)
        sender.push(message, signature="v1,AAAA")

    assert sorted(InboxMessage.objects.get().payload) == [
        "as_of",
        "company_number",
        "currency",
        "limit_amount",
        "used_amount",
    ]
    logged = json.dumps([vars(record) for record in caplog.records], default=str)
    assert base64.b64encode(OLD_SECRET).decode() not in logged
    assert "private" not in logged
