"""The audit log, the history of a row, its cause and evidence in the back office."""

import io
import zipfile

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actions.assistance import Wish, start_assistance
from accounts.models import Company
from core.actor import Actor, acting
from core.models import AuditEntry
from orders.actions.policy import set_cached_credit
from orders.models import CachedCredit
from tests.factories.orders import order_now, sell

pytestmark = pytest.mark.django_db

LOG = "/admin/core/auditentry/"
CHANGES = "/admin/core/rowchange/"


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
    assert "flow “Customers and addresses”" in text
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


@pytest.mark.req("SEC-08")
def test_the_log_is_searched_by_the_names_of_people_and_companies(acme, anna, arno, otto):
    sell("A1", "2.00")
    order = order_now(anna, A1=3)
    browser = arno.signed_in()

    def found(**query):
        return [entry.object_key for entry in browser.get(LOG, query).context["cl"].result_list]

    for text in ("Anna", anna.user.email.upper(), "acme works"):
        assert order.number in found(q=text), text
    assert found(q="Nobody of that name") == []
    assert order.number in found(person=anna.user.pk)
    assert order.number not in found(person=otto.user.pk)


@pytest.mark.req("SEC-08", "ACC-16")
def test_the_log_names_whom_was_acted_for_and_says_why(anna, arno, sam):
    Company.objects.filter(pk=anna.company.pk).update(sales_rep=sam.user)
    start_assistance(anna.company, Wish(anna.user.pk, "The scanner is broken."), by=sam.actor)

    page = " ".join(arno.signed_in().get(LOG, {"action": "assistance.started"}).content.decode().split())

    assert AuditEntry.objects.get(action="assistance.started").on_behalf_of == f"user:{anna.user.pk}"
    row = page[page.index("<tbody") : page.index("</tbody>")]
    assert "Began to act for a buyer" in row
    assert "The scanner is broken." in row
    assert f'/admin/accounts/user/{anna.user.pk}/change/">Anna</a>, ' in row
    assert f'/admin/accounts/company/{anna.company.pk}/change/">Acme Works</a> ACME' in row
    assert ">assistance.started" not in row
    assert f"user:{anna.user.pk}" not in row


@pytest.mark.req("SEC-08")
def test_changes_of_rights_are_sentences_without_what_the_set_up_made(arno, otto, sam):
    group = Group.objects.get(name="Operator")
    group.permissions.remove(group.permissions.first())  # by nobody, as a migration does
    with acting(otto.actor):
        sam.user.groups.add(group)
    browser = arno.signed_in()

    def told(**query):
        return [row.sentence for row in browser.get(CHANGES, query).context["cl"].result_list]

    assert told()[0] == "Sam was given the role Operator by Otto."
    assert told(q="Otto")[0] == "Sam was given the role Operator by Otto."
    assert "Arno" not in " ".join(told(q="Otto"))
    assert not [words for words in told() if "permission" in words]
    assert any("permission" in words for words in told(which="set_up"))
    auditors = Group.objects.get(name="Auditor")
    for round in (1, 2):
        with acting(otto.actor):
            for one in auditors.permissions.all()[: 3 * round]:
                auditors.permissions.remove(one)
        if round == 1:
            few = min(_statements(browser, CHANGES) for _again in range(2))
    assert "The role Auditor lost the permission" in told()[0]
    assert told()[0].endswith("” by Otto.")
    assert _statements(browser, CHANGES) <= few


def _statements(browser, path):
    with CaptureQueriesContext(connection) as seen:
        browser.get(path)
    return len(seen)
