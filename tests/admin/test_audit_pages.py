"""The audit log, the history of a row, its cause and evidence in the back office."""

import io
import zipfile

import pytest

from accounts.models import Company
from core.actor import Actor, acting
from core.models import AuditEntry
from orders.actions.policy import set_cached_credit
from orders.models import CachedCredit
from tests.factories.orders import order_now, sell

pytestmark = pytest.mark.django_db

LOG = "/admin/core/auditentry/"


@pytest.mark.req("SEC-08")
def test_the_history_says_who_for_whom_by_which_flow_and_from_what_to_what(acme, otto):
    by = Actor("flow:erp.customers", "ERP", on_behalf_of="ACME", correlation_id="c0ffee")
    with acting(by):
        Company.objects.filter(pk=acme.pk).update(name="Acme Steel", status="on_hold")

    page = otto.signed_in().get(f"/admin/accounts/company/{acme.pk}/history/")

    text = " ".join(page.content.decode().split())
    assert page.status_code == 200
    assert "<b>name</b>: <s>Acme Works</s> → Acme Steel" in text
    assert "<b>status</b>: <s>Active</s> → On hold" in text
    assert "flow erp.customers" in text
    assert f"{LOG}cause/c0ffee/?near=" in text


@pytest.mark.req("SEC-08")
def test_a_cause_shows_the_log_the_events_and_the_rows_that_it_brought_about(anna, arno):
    sell("A1", "2.00")
    order = order_now(anna, A1=3)

    page = arno.signed_in().get(f"{LOG}cause/{order.correlation_id}/")

    text = page.content.decode()
    assert page.status_code == 200
    assert text.count("order.received") >= 2
    assert f"/admin/orders/order/{order.pk}/history/" in text
    assert arno.signed_in().get(f"{LOG}cause/unknown/").status_code == 200


@pytest.mark.req("SEC-09")
def test_the_log_is_read_by_auditors_and_written_by_nobody(anna, arno, sam):
    sell("A1", "2.00")
    order_now(anna, A1=3)
    entry = AuditEntry.objects.filter(action="order.received").get()

    for path in (LOG, f"{LOG}{entry.pk}/change/", "/admin/core/rowchange/"):
        assert arno.signed_in().get(path).status_code == 200
        assert sam.signed_in().get(path).status_code in (302, 403, 404)
    assert "order.received" in arno.signed_in().get(LOG).content.decode()
    assert arno.signed_in().post(f"{LOG}{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert sam.signed_in().get(f"{LOG}cause/{entry.correlation_id}/").status_code == 403


@pytest.mark.req("SEC-18")
def test_an_auditor_takes_evidence_out_and_sales_does_not(acme, arno, sam):
    asked = {"company": "ACME", "since": "2026-01-01", "through": "2099-12-31"}

    answer = arno.signed_in().post(f"{LOG}evidence/", asked)
    files = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))).namelist()

    assert "manifest.json" in files
    assert AuditEntry.objects.filter(action="evidence.exported", user_id=arno.user.pk).count() == 1
    assert sam.signed_in().post(f"{LOG}evidence/", asked).status_code == 403
    assert arno.signed_in().get(f"{LOG}evidence/").status_code == 200
    for wrong, status in (({**asked, "company": "NONE"}, 404), ({**asked, "order": "x"}, 422), ({}, 422)):
        assert arno.signed_in().post(f"{LOG}evidence/", wrong).status_code == status
    assert AuditEntry.objects.filter(action="evidence.exported").count() == 1


@pytest.mark.req("SEC-08")
def test_the_history_of_what_is_not_ones_own_is_not_found(acme, sam):
    other = sam.signed_in().get(f"/admin/accounts/company/{acme.pk}/history/")

    assert other.status_code in (200, 404)
    assert sam.signed_in().get("/admin/accounts/company/999999/history/").status_code == 404


def test_a_limit_set_by_a_person_shows_in_its_history(acme, fiona):
    with acting(fiona.actor):
        set_cached_credit(acme, 500, note="good payer", by=fiona.actor)
        set_cached_credit(acme, 900, note="good payer", by=fiona.actor)
    row = CachedCredit.objects.get()

    text = fiona.signed_in().get(f"/admin/orders/cachedcredit/{row.pk}/history/").content.decode()

    assert "<s>500.0000</s> → 900.0000" in text
    assert "Fiona" in text
