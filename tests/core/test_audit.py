"""The audit log: what may stand in it, that nobody rewrites it, and that a break of its chain is found."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, InternalError, ProgrammingError, connection, transaction

from core import audit, outbox
from core.actor import Actor
from core.models import AuditEntry, AuditSeal
from core.sealing import seal_all, seal_next, verify

pytestmark = pytest.mark.django_db

BY = Actor("portal", "Anna", user_id=7, on_behalf_of="ACME", correlation_id="c0ffee")


def log(action="thing.done", **more):
    return audit.log(action, by=BY, about="order:SO-1", **more)


def sql(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def by_force(statement, *params):
    """What the owner of the database can do, and the application cannot: switch the guards off."""
    sql("SET session_replication_role = replica")
    sql(statement, *params)
    sql("SET session_replication_role = origin")


@pytest.mark.req("SEC-08")
def test_an_entry_says_who_for_whom_how_and_what_and_holds_no_name():
    entry = log(data={"net_amount": Decimal("10.50"), "roles": ["buyer"]}, for_user=9)
    entry.refresh_from_db()

    assert (entry.user_id, entry.actor_key, entry.on_behalf_of) == (7, "user:7", "user:9")
    assert (entry.channel, entry.action, entry.correlation_id) == ("portal", "thing.done", "c0ffee")
    assert (entry.object_kind, entry.object_key, entry.company_number) == ("order", "SO-1", "ACME")
    assert entry.data == {"net_amount": "10.50", "roles": ["buyer"]}
    assert "Anna" not in str(vars(entry))


@pytest.mark.req("SEC-15")
@pytest.mark.parametrize("data", [{"name": "Anna"}, {"to": [{"phone": "1"}]}, {"at": 1.5}])
def test_data_that_would_name_a_person_or_read_differently_one_day_are_refused(data):
    with pytest.raises(ValueError, match="audit entry"):
        log(data=data)

    assert not AuditEntry.objects.exists()


def test_an_address_in_a_text_becomes_dots():
    assert log(data={"note": "ask anna@acme.example, now"}).data == {"note": "ask •••, now"}


def test_an_event_that_matters_to_auditors_writes_its_entry(monkeypatch, anna):
    monkeypatch.setitem(audit._told, "thing.sold", ("number", "note"))
    outbox.record(
        "thing.sold", subject="order:SO-2", payload={"number": "SO-2", "x": 1}, by=anna.actor, company="ACME"
    )
    outbox.record("thing.seen", subject="order:SO-2", payload={}, by=anna.actor)

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_key, entry.data) == ("thing.sold", "SO-2", {"number": "SO-2"})


@pytest.mark.req("SEC-09")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core_auditentry SET action = 'x'",
        "UPDATE core_auditentry SET seal_id = NULL, digest = ''",
        "DELETE FROM core_auditentry",
        "UPDATE core_auditseal SET digest = 'x'",
        "DELETE FROM core_auditseal",
        "INSERT INTO core_auditseal VALUES (2, now(), 0, 'x', 'x')",
    ],
)
def test_the_database_refuses_to_change_or_delete_entries_and_seals(statement):
    log()
    seal_all()
    sql("SELECT set_config('accord.sealing', 'on', true)")

    with pytest.raises(ProgrammingError, match="never changed"), transaction.atomic():
        sql(statement)

    assert verify().fault == ""


@pytest.mark.req("SEC-09")
@pytest.mark.parametrize(
    "table", ["core_auditentry", "core_auditseal", "core_rowchange", "orders_historicalorder"]
)
def test_nobody_empties_a_table_of_the_past(table):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass", [table])
        (trigger,) = [row[0] for row in cursor.fetchall() if row[0].endswith("_whole")]
    sql(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")

    with pytest.raises(ProgrammingError, match="never changed"), transaction.atomic():
        sql(f"TRUNCATE {table} CASCADE")

    sql(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")


@pytest.mark.req("SEC-09")
def test_the_chain_holds_over_batches_and_repeats_seal_nothing():
    for _ in range(5):
        log()

    assert [seal_next(batch=2), seal_next(batch=2), seal_next(batch=2), seal_next(batch=2)] == [2, 2, 1, 0]

    found = verify()
    assert (found.seals, found.entries, found.unsealed, found.fault) == (3, 5, 0, "")
    first, second, third = AuditSeal.objects.order_by("number")
    assert (first.previous, second.previous, third.previous) == ("0" * 64, first.digest, second.digest)


@pytest.mark.req("SEC-09")
@pytest.mark.parametrize(
    ("tampering", "fault"),
    [
        ("UPDATE core_auditentry SET data = '{{\"net_amount\": \"1\"}}' WHERE id = {2}", "seal 2: entry {2} was changed"),
        ("UPDATE core_auditentry SET occurred_at = now() WHERE id = {2}", "seal 2: entry {2} was changed"),
        ("DELETE FROM core_auditentry WHERE id = {3}", "seal 2: 2 entries were sealed, 1 are there"),
        ("UPDATE core_auditentry SET seal_id = 1 WHERE id = {2}", "seal 1: 2 entries were sealed, 3 are there"),
        ("UPDATE core_auditseal SET digest = 'x' WHERE number = 1", "seal 1: its entries are not those"),
        ("DELETE FROM core_auditseal WHERE number = 2", "seal 2 is missing"),
    ],
)  # fmt: skip
def test_a_break_is_found_and_named(tampering, fault):
    keys = [log(data={"net_amount": "100"}).pk for _ in range(6)]
    while seal_next(batch=2):
        pass

    by_force(tampering.format(*keys))

    assert verify().fault.startswith(fault.format(*keys))
    with pytest.raises(CommandError, match="The chain is broken: seal"):
        call_command("audit", "verify")
    by_force("DELETE FROM core_auditentry")  # else its constraint would be looked at when the test ends


@pytest.mark.req("SEC-09")
def test_who_takes_the_end_of_the_chain_away_is_found_by_a_digest_kept_elsewhere():
    log()
    seal_all()
    log()
    seal_all()
    kept = verify().last_digest
    by_force("DELETE FROM core_auditentry WHERE seal_id = 2")
    by_force("DELETE FROM core_auditseal WHERE number = 2")

    assert verify().fault == ""
    assert verify(expect=kept).fault == f"no seal has the digest {kept}: the end of the chain was taken away"


@pytest.mark.req("SEC-09")
def test_a_seal_out_of_turn_or_over_sealed_entries_is_refused():
    entry = log()
    seal_all()
    last = AuditSeal.objects.get()

    for number, previous in ((1, "0" * 64), (3, last.digest), (2, "1" * 64), (2, last.digest)):
        with pytest.raises((InternalError, DatabaseError)), transaction.atomic():
            sql("SELECT core_seal_audit(%s, %s, 'x', %s, %s)", number, previous, [entry.pk], ["x"])

    assert AuditSeal.objects.count() == 1


@pytest.mark.req("SEC-09")
@pytest.mark.django_db(transaction=True)
def test_an_entry_that_commits_late_goes_into_the_next_batch():
    other = connection.copy()
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute(
            """INSERT INTO core_auditentry (occurred_at, actor_key, on_behalf_of, channel, action, object_kind,
                object_key, company_number, correlation_id, data, digest)
               VALUES (now(), 'job:x', '', 'job:x', 'late.done', '', '', '', 'c', '{}', '') RETURNING id"""
        )
        late = cursor.fetchone()[0]
    early = log().pk

    sealed_first = seal_all()
    other.commit()
    other.close()
    sealed_then = seal_all()

    assert late < early
    assert (sealed_first, sealed_then) == (1, 1)
    assert AuditEntry.objects.get(pk=late).seal_id == 2
    assert verify().fault == ""


@pytest.mark.req("SEC-09")
def test_the_command_seals_and_says_that_the_chain_holds():
    log()
    out = StringIO()

    call_command("audit", "seal", stdout=out)
    call_command("audit", "verify", stdout=out)

    assert out.getvalue().splitlines() == [
        "1 entries sealed",
        f"The chain holds: 1 seals over 1 entries, 0 not yet sealed. Last digest {AuditSeal.objects.get().digest}",
    ]
