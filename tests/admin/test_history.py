"""The history of a row in the back office: to be read, and no back door to writing."""

import pytest
from django.urls import reverse

from accounts.models import Licence, LicenceKind, User
from core.models import Refusal
from integrations.models import System

pytestmark = pytest.mark.django_db


@pytest.fixture
def page_of_history(acme):
    """The page of the first version of Acme."""
    return f"/admin/accounts/company/{acme.pk}/history/{acme.history.first().history_id}/"


@pytest.mark.req("INT-02", "SEC-08")
def test_an_old_version_is_shown_and_nobody_writes_by_its_page(acme, page_of_history, sam, mona, otto):
    boss = User.objects.create_superuser("boss@nordwind.example", "x", name="Boss")
    form = {"number": "ACME", "name": "Mine", "status": "closed", "currency": "EUR", "position": "0"}
    versions = acme.history.count()
    for person in (sam, mona, otto):
        browser = person.signed_in()

        assert browser.get(page_of_history).headers["Location"].endswith("/history/")
        browser.post(page_of_history, form)

    browser.force_login(boss, "allauth.account.auth_backends.AuthenticationBackend")
    browser.post(page_of_history, form)

    acme.refresh_from_db()
    assert (acme.name, acme.status) == ("Acme Works", "active")
    assert acme.history.count() == versions
    assert Refusal.objects.filter(code="not_owner").count() == 4


def test_nobody_becomes_a_superuser_by_the_history_of_a_person(sam):
    user = sam.user
    form = {"email": user.email, "name": user.name, "is_superuser": "on", "is_staff": "on", "is_active": "on"}
    page = f"/admin/accounts/user/{user.pk}/history/{user.history.first().history_id}/"

    assert sam.signed_in().post(page, form).status_code == 403

    user.refresh_from_db()
    assert not user.is_superuser


@pytest.mark.req("SEC-08")
def test_what_is_kept_by_hand_has_the_same_page_and_what_has_no_versions_says_so(mona, otto, acme):
    kind = LicenceKind.objects.create(code="G", name="Gas")
    form = {"company": acme.pk, "kind": kind.pk, "number": "4711"}
    browser = mona.signed_in()
    browser.post(reverse("admin:accounts_licence_add"), form)
    system = System.objects.create(key="erp")

    kept = browser.get(reverse("admin:accounts_licence_history", args=[Licence.objects.get().pk]))
    bare = otto.signed_in().get(reverse("admin:integrations_system_history", args=[system.pk]))

    assert "Choose a date" not in kept.content.decode()
    [version] = kept.context["versions"]
    assert (version.who, str(version.kind)) == ("Mona", "made")
    assert "No versions are kept of this" in bare.content.decode()
