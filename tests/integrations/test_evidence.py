"""Evidence is complete against known changes, checks itself, shows nothing of others, and leaves its own trace."""

import csv
import io
import json
import zipfile
from datetime import timedelta
from hashlib import sha256

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Company
from core import audit
from core.actor import acting
from core.errors import InvalidValue, NotFound
from core.models import AuditEntry
from core.sealing import digest_of, seal_all, seal_digest
from integrations.evidence import Asked, export_evidence
from orders.actions.cancel import cancel_order
from tests.factories.accounts import CompanyFactory
from tests.factories.orders import order_now, sell

pytestmark = pytest.mark.django_db


def taken(by, **of):
    now = timezone.now()
    file = io.BytesIO()
    export_evidence(file, Asked(now - timedelta(hours=1), now + timedelta(hours=1), **of), by=by)
    archive = zipfile.ZipFile(file)
    return {name: archive.read(name).decode() for name in archive.namelist()}


def lines(files, name):
    return [json.loads(line) for line in files[name].splitlines()]


@pytest.fixture
def known(anna, clara, arno):
    """Changes of Acme and of somebody else: two orders, one cancelled, a name changed by SQL in a set."""
    sell("A1", "2.00")
    mine, other = order_now(anna, A1=3), order_now(clara, A1=1)
    cancel_order(mine.number, by=anna.actor, reason="not needed")
    with acting(arno.actor):
        Company.objects.filter(pk=anna.company.pk).update(name="Acme New")
    seal_all()
    return mine, other


@pytest.mark.req("SEC-18")
def test_the_evidence_of_a_company_holds_every_known_change_and_nothing_of_others(known, anna, clara, arno):
    mine, other = known

    files = taken(arno.actor, company="ACME")

    log = lines(files, "audit.jsonl")
    assert [row["action"] for row in log if row["object_kind"] == "order"] == [
        "order.received",
        "order.cancelled",
    ]
    events = {row["name"] for row in lines(files, "events.jsonl") if row["subject"] == mine.subject}
    assert events >= {"order.received", "order.cancelled"}
    history = lines(files, "history.jsonl")
    names = [row["name"] for row in history if row["model"] == "accounts.Company"]
    assert names == ["Acme Works", "Acme New"]
    statuses = [row["status"] for row in history if row["model"] == "orders.Order"]
    assert (statuses[0], statuses[-1]) == ("received", "cancelled")
    assert {row["id"] for row in history if row["model"] == "accounts.User"} >= {anna.user.pk}
    everything = "".join(files.values())
    assert other.number not in everything
    assert clara.company.name not in everything


@pytest.mark.req("SEC-18")
def test_the_evidence_of_an_order_holds_its_lines_and_its_story(known, arno):
    mine, other = known

    files = taken(arno.actor, order=mine.number)

    assert [row["action"] for row in lines(files, "audit.jsonl")] == ["order.received", "order.cancelled"]
    history = lines(files, "history.jsonl")
    assert {row["model"] for row in history} == {"orders.Order", "orders.OrderLine"}
    cancelled = [row["cancelled"] for row in history if row["model"] == "orders.OrderLine"]
    assert (cancelled[0], cancelled[-1]) == ("0.000000", "3.000000")
    assert other.number not in "".join(files.values())


@pytest.mark.req("SEC-18")
def test_the_evidence_of_a_time_holds_all_and_can_be_checked_without_the_database(known, arno):
    files = taken(arno.actor)

    manifest = json.loads(files["manifest.json"])
    for name, digest in manifest["sha256"].items():
        assert sha256(files[name].encode()).hexdigest() == digest
    log = lines(files, "audit.jsonl")
    assert manifest["rows"]["audit.jsonl"] == len(log) == AuditEntry.objects.count() - 1
    table = list(csv.DictReader(io.StringIO(files["audit.csv"])))
    assert [row["action"] for row in table] == [row["action"] for row in log]
    sealed = {}
    for row in log:
        seal, digest = row.pop("seal"), row.pop("digest")
        assert digest_of(row) == digest
        sealed[row["id"]] = (seal, digest)
    for seal in lines(files, "seals.jsonl"):
        assert seal_digest(seal["number"], seal["previous"], seal["digests"]) == seal["digest"]
        assert {key for key, _ in seal["digests"]} >= {
            key for key, at in sealed.items() if at[0] == seal["number"]
        }
    assert manifest["chain"]["last_digest"] == lines(files, "seals.jsonl")[-1]["digest"]
    assert manifest["chain"]["fault"] == ""


@pytest.mark.req("SEC-18")
def test_taking_evidence_out_is_an_entry_itself(known, arno):
    files = taken(arno.actor, company="ACME")

    entry = AuditEntry.objects.filter(action="evidence.exported").get()
    assert (entry.user_id, entry.company_number) == (arno.user.pk, "ACME")
    assert entry.data["manifest"] == sha256(files["manifest.json"].encode()).hexdigest()
    assert entry.data["rows"]["history.jsonl"] == len(files["history.jsonl"].splitlines())


def test_nothing_is_taken_out_of_what_is_not_there(arno):
    now = timezone.now()
    for asked, error in (
        (Asked(now - timedelta(1), now, company="NONE"), NotFound),
        (Asked(now - timedelta(1), now, order="NONE"), NotFound),
        (Asked(now, now), InvalidValue),
    ):
        with pytest.raises(error):
            export_evidence(io.BytesIO(), asked, by=arno.actor)

    assert not AuditEntry.objects.exists()


@pytest.mark.req("SEC-18")
def test_a_formula_in_the_log_is_text_in_a_table(arno):
    audit.log("thing.done", by=arno.actor, about="thing:x", company="=1+1")

    table = list(csv.DictReader(io.StringIO(taken(arno.actor)["audit.csv"])))

    assert [row["company_number"] for row in table] == ["'=1+1"]


@pytest.mark.req("SEC-18")
def test_the_command_writes_the_file_or_says_what_is_wrong(tmp_path):
    CompanyFactory(number="ACME")
    call_command("evidence", company="ACME", to=str(tmp_path))

    (file,) = tmp_path.iterdir()
    assert set(zipfile.ZipFile(file).namelist()) >= {"manifest.json", "audit.jsonl", "seals.jsonl"}
    with pytest.raises(CommandError, match="no company"):
        call_command("evidence", company="NONE", to=str(tmp_path))
    assert list(tmp_path.iterdir()) == [file]
