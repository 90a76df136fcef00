"""Licences from the ERP: written once, bad ones refused alone, and apart from those that staff keep."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pydantic import ValidationError

from accounts.actions.licences import apply_licences, drop_licence, keep_licence
from accounts.models import FedLicence, Licence, LicenceKind, User
from accounts.records import LicenceRecord
from core import freshness
from core.actor import Actor
from core.errors import NotOwner
from core.models import Conflict
from orders.queries.restrictions import _held_by
from tests.factories.accounts import AS_OF, CompanyFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("ENT-05")]
STAFF = Actor("admin", "Otto")


@pytest.fixture
def anchor():
    return LicenceKind.objects.create(code="ANCHOR", name="Installer of anchor rods")


@pytest.fixture
def company():
    return CompanyFactory(number="C1")


def told(number="A-1", **values):
    return LicenceRecord(
        **{"company_number": "C1", "kind_code": "ANCHOR", "number": number, "as_of": AS_OF, **values}
    )


def test_they_come_once_and_what_stays_is_not_written(anchor, company, erp):
    records = [told(valid_until=date(2027, 1, 1)), told("A-2")]

    first = apply_licences(records, by=erp, is_full=True)
    second = apply_licences(records, by=erp, is_full=True)

    assert (first.new, second.new, second.changed, second.same, second.removed) == (2, 0, 0, 2, 0)
    assert {row.number: (row.system, row.valid_until) for row in company.licences.all()} == {
        "A-1": ("erp", date(2027, 1, 1)),
        "A-2": ("erp", None),
    }
    assert Licence.history.count() == 2


@pytest.mark.req("INT-48")
def test_one_of_an_unknown_customer_or_kind_is_refused_alone(anchor, company, erp):
    report = apply_licences([told(), told(company_number="C9"), told(kind_code="X")], by=erp)

    assert report.new == 1
    assert {(one.key, one.field, one.code) for one in report.rejected} == {
        ("C9/ANCHOR/A-1", "company_number", "parent_missing"),
        ("C1/X/A-1", "kind_code", "invalid"),
    }


def test_one_that_was_never_valid_is_no_record():
    with pytest.raises(ValidationError):
        told(valid_from=date(2027, 1, 1), valid_until=date(2027, 1, 1))


def test_what_the_erp_no_longer_tells_is_withdrawn_and_what_staff_typed_stays(anchor, company, erp):
    keep_licence(Licence(company=company, kind=anchor, number="PAPER"), by=STAFF)
    apply_licences([told(), told("A-2")], by=erp, is_full=True)

    report = apply_licences([told("A-2")], by=erp, is_full=True)

    assert report.removed == 1
    withdrawn = {row.number: row.is_withdrawn for row in company.licences.all()}
    assert withdrawn == {"A-1": True, "A-2": False, "PAPER": False}
    assert apply_licences([told("A-2")], by=erp, is_full=True).removed == 0


def test_an_older_word_is_dropped(anchor, company, erp):
    apply_licences([told(as_of=AS_OF)], by=erp)

    apply_licences([told(as_of=AS_OF - timedelta(hours=1), is_withdrawn=True)], by=erp)

    assert not company.licences.get().is_withdrawn


@pytest.mark.req("INT-02", "INT-03")
def test_each_side_writes_its_own_alone_and_the_erp_s_word_on_a_typed_one_holds(anchor, company, erp):
    typed = keep_licence(
        Licence(company=company, kind=anchor, number="A-1", valid_until=date(2026, 6, 1)), by=STAFF
    )
    apply_licences([told(valid_until=date(2027, 1, 1))], by=erp)

    typed.refresh_from_db()
    assert (typed.system, typed.valid_until) == ("erp", date(2027, 1, 1))
    conflict = Conflict.objects.get()
    assert (conflict.field, conflict.winner, conflict.loser) == ("valid_until", "erp", "us")
    typed.valid_until = None
    for refused in (
        lambda: keep_licence(typed, by=STAFF),
        lambda: drop_licence(typed, by=STAFF),
        lambda: keep_licence(Licence(company=company, kind=anchor, number="X", system="erp"), by=STAFF),
        lambda: apply_licences([told()], by=STAFF),
    ):
        with pytest.raises(NotOwner):
            refused()
    # Also by giving it the staff's mark first.
    typed.system = "us"
    with pytest.raises(NotOwner):
        keep_licence(typed, by=STAFF)
    assert FedLicence.fed.get().valid_until == date(2027, 1, 1)


def test_the_back_office_shows_the_erp_s_and_lets_nobody_change_it(anchor, company, erp):
    apply_licences([told()], by=erp)
    row = company.licences.get()
    browser = Client()
    root = User.objects.create_superuser("root@accord.example", "pw", name="Root")
    browser.force_login(root, "allauth.account.auth_backends.AuthenticationBackend")

    page = f"/admin/accounts/licence/{row.pk}/change/"
    shown = browser.get(page)
    answer = browser.post(page, {"company": company.pk, "kind": anchor.pk, "number": "FORGED"})

    assert "A-1" in shown.content.decode()
    assert answer.status_code == 403
    assert company.licences.get().number == "A-1"


@pytest.mark.req("ENT-16")
def test_it_is_in_doubt_only_while_nothing_is_heard_of_licences(anchor, company, erp, monkeypatch):
    monkeypatch.setitem(freshness._limits, "licences", timedelta(hours=24))
    apply_licences([told(as_of=timezone.now() - timedelta(days=30))], by=erp)
    assert [held.is_certain for held in _held_by([company.pk])] == [False]

    freshness.note("licences", timezone.now())

    assert [held.is_certain for held in _held_by([company.pk])] == [True]
