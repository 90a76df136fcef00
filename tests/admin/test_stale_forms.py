"""Of two who edit the same row in the back office, the second is refused and sees the difference."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import RequestFactory

from accounts.models import User
from catalog.models import Warehouse
from core.actor import acting
from integrations.models import SystemWindow
from orders.actions.policy import set_cached_credit
from orders.models import CachedCredit
from portal.admin.stale import FreshForm
from tests.factories.catalog import WarehouseFactory
from tests.portal.pages import seen_in

pytestmark = pytest.mark.django_db


def opened(browser, page):
    """The values that the form of a page would post, hidden ones too, as a browser reads them."""
    answer = browser.get(page)
    assert answer.status_code == 200
    form = answer.context["adminform"].form
    values = {}
    for bound in form:
        value = bound.value()
        if value is True:
            value = "on"
        if value not in (None, False, ""):
            values[bound.html_name] = (
                [getattr(item, "pk", item) for item in value] if isinstance(value, list) else value
            )
    values["seen_version"] = seen_in(answer)
    return values


@pytest.fixture
def boss(client, db):
    """Somebody who may edit everything that can be edited."""
    user = User.objects.create_superuser("boss@nordwind.example", "x", name="Boss")
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return client


def credit(acme, fiona):
    set_cached_credit(acme, 500, note="x", by=fiona.actor)
    return CachedCredit.objects.get(), "amount", "600", "700"


def group(acme, fiona):
    return Group.objects.create(name="Test"), "name", "First", "Second"


def warehouse(acme, fiona):
    return WarehouseFactory(code="LNZ"), "position", "3", "4"


def window(acme, fiona):
    row = SystemWindow.objects.create(
        system="erp", kind="batch", weekdays=[1], starts="01:00", ends="02:00", note="a"
    )
    return row, "note", "first", "second"


@pytest.mark.parametrize("make", [credit, group, warehouse, window])
def test_the_second_save_of_a_form_is_refused_with_the_difference_and_the_third_opened_anew_is_taken(
    make, acme, fiona, boss
):
    row, field, first, second = make(acme, fiona)
    page = f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/"
    mine, yours = opened(boss, page), opened(boss, page)

    assert boss.post(page, {**mine, field: first}).status_code == 302
    refused = boss.post(page, {**yours, field: second})

    row.refresh_from_db()
    assert str(getattr(row, field)).removesuffix(".0000") == first
    assert refused.status_code == 409
    text = refused.content.decode()
    assert first in text
    assert second in text
    assert boss.post(page, {**opened(boss, page), field: second}).status_code == 302
    row.refresh_from_db()
    assert str(getattr(row, field)).removesuffix(".0000") == second


@pytest.mark.req("SEC-08")
@pytest.mark.parametrize("make", [credit, group, warehouse, window])
def test_a_form_that_does_not_say_what_it_was_made_of_is_refused(make, acme, fiona, boss):
    row, field, first, _second = make(acme, fiona)
    page = f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/"
    bare = {name: value for name, value in opened(boss, page).items() if name != "seen_version"}

    refused = boss.post(page, {**bare, field: first})

    assert refused.status_code == 409
    assert "load the page again" in refused.content.decode()
    before = getattr(row, field)
    row.refresh_from_db()
    assert getattr(row, field) == before


def test_a_synchronisation_while_a_person_types_is_noticed(boss, erp):
    row = WarehouseFactory(code="LNZ", name="Linz")
    page = f"/admin/catalog/warehouse/{row.pk}/change/"
    mine = opened(boss, page)
    with acting(erp):
        Warehouse.objects.filter(pk=row.pk).update(name="Linz South")

    refused = boss.post(page, {**mine, "position": "9"})

    assert refused.status_code == 409
    assert "Linz South" in refused.content.decode()
    row.refresh_from_db()
    assert row.position != 9


def test_every_form_of_the_back_office_that_can_be_edited_notices():
    request = RequestFactory().get("/admin/")
    request.user = User.objects.create_superuser("boss@nordwind.example", "x", name="Boss")
    editable = {
        model._meta.label: isinstance(page, FreshForm)
        for model, page in admin.site._registry.items()
        if page.has_change_permission(request)
    }

    assert [label for label, notices in editable.items() if not notices] == []
    assert len(editable) >= 7
