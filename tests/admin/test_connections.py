"""Companies' own sign-ins in the back office: who sets them up, what is refused where, and what is never shown."""

import re

import pytest
from django.urls import reverse

from accounts.models import SignInConnection, SignInIdentity
from core.models import AuditEntry
from tests.conftest import employ, enrol
from tests.portal.issuing import connect

pytestmark = [pytest.mark.django_db, pytest.mark.req("ACC-12")]
LIST = "/admin/accounts/signinconnection/"


@pytest.fixture
def ida(db):
    return employ("Ida", "Integration admin")


def typed(company, **more):
    return {
        "company": company.pk,
        "name": "Works ID",
        "key": "works-id",
        "issuer": "https://id.acme.example",
        "client_id": "accord",
        "secret_name": "SIGN_IN_SECRET_ACME",
        "domains": "ACME.example\n@acme.test, acme.example",
        "newcomers": "invited",
        "second_factor": "told",
        "is_active": "on",
        **more,
    }


def test_an_integration_admin_sets_one_up_and_sees_whether_the_secret_is_there_and_never_the_secret(
    acme, ida, settings
):
    settings.SIGN_IN_SECRETS = {"SIGN_IN_SECRET_ACME": "word-4711"}
    browser = ida.signed_in()

    answer = browser.post(f"{LIST}add/", typed(acme))

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    made = SignInConnection.objects.get()
    assert [one.domain for one in made.domains.all()] == ["acme.example", "acme.test"]
    assert AuditEntry.objects.get(action="sign_in.connected").user_id == ida.user.pk
    page = browser.get(f"{LIST}{made.pk}/change/").content.decode()
    assert "/sign-in/company/works-id/" in page
    assert "word-4711" not in page + browser.get(LIST).content.decode()
    assert "there" in browser.get(LIST).content.decode()
    settings.SIGN_IN_SECRETS = {}
    assert "missing" in browser.get(LIST).content.decode()


@pytest.mark.req("SEC-03")
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"secret_name": "hunter2-the-secret-itself"}, "secret_name"),
        ({"secret_name": "DATABASE_URL"}, "secret_name"),
        ({"domains": "gmail.com"}, "domains"),
        ({"domains": "not a domain"}, "domains"),
        ({"key": "Works/ID"}, "key"),
        ({"issuer": "ftp://id.acme.example"}, "issuer"),
        ({"issuer": "https://id.acme.example?x=1"}, "issuer"),
        ({"newcomers": "enrol"}, "newcomer_roles"),
    ],
)
def test_what_could_not_be_meant_is_said_at_its_field(acme, ida, wrong, field):
    answer = ida.signed_in().post(f"{LIST}add/", typed(acme, **wrong))

    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert not SignInConnection.objects.exists()


def test_production_takes_no_issuer_without_tls(acme, ida, settings):
    settings.LOCAL = False

    answer = ida.signed_in().post(f"{LIST}add/", typed(acme, issuer="http://id.acme.example"), secure=True)

    assert "issuer" in answer.context["adminform"].form.errors


def test_a_change_keeps_issuer_key_and_company_whatever_is_posted(acme, other, ida):
    made = connect(acme, "https://id.acme.example")
    posted = typed(
        other, issuer="https://evil.example", key="another", is_only_way="on", domains="acme.example"
    )

    answer = ida.signed_in().post(f"{LIST}{made.pk}/change/", posted)

    made.refresh_from_db()
    assert answer.status_code == 302
    assert (made.issuer, made.key, made.company) == ("https://id.acme.example", "works-id", acme)
    assert made.is_only_way


def test_a_link_is_taken_away_by_the_action_which_ends_the_persons_sessions(acme, ida, anna):
    made = connect(acme, "https://id.acme.example")
    identity = SignInIdentity.objects.create(connection=made, user=anna.user, subject="s-1")
    browser = anna.signed_in()
    assert browser.get("/home/").status_code == 200

    page = reverse("admin:accounts_signinidentity_delete", args=[identity.pk])
    ida.signed_in().post(page, {"post": "yes"})

    assert not SignInIdentity.objects.exists()
    assert browser.get("/home/").status_code == 302
    assert AuditEntry.objects.filter(action="identity.unlinked", user_id=ida.user.pk).count() == 1


@pytest.mark.req("SEC-12")
@pytest.mark.parametrize("role", ["Sales", "Finance", "Partner"])
def test_who_has_nothing_to_do_with_it_does_not_see_it(acme, role):
    connect(acme, "https://id.acme.example")

    assert employ("Pat", role).signed_in().get(LIST).status_code in (302, 403)


def test_a_sales_manager_sees_it_and_changes_nothing(acme, mona):
    made = connect(acme, "https://id.acme.example")
    browser = mona.signed_in()

    assert "id.acme.example" in browser.get(LIST).content.decode()
    page = browser.get(f"{LIST}{made.pk}/change/").content.decode()
    assert re.search(r"[Dd]omains\b.{0,400}?>\s*acme\.example\s*<", page, re.DOTALL)
    assert browser.post(f"{LIST}{made.pk}/change/", typed(acme, name="Mine")).status_code == 403
    assert browser.post(f"{LIST}add/", typed(acme, key="second")).status_code == 403
    assert SignInConnection.objects.get().name == "Works ID"


def test_the_companys_administrator_sees_it_on_the_page_of_people_and_others_do_not(acme, other):
    connect(acme, "https://id.acme.example")
    ada, olga = enrol("Ada", acme, "administrator"), enrol("Olga", other, "administrator")

    shown = ada.signed_in().get("/company/people/").content.decode()
    foreign = olga.signed_in().get("/company/people/").content.decode()

    assert "id.acme.example" in shown
    assert "Newcomers need an invitation." in shown
    assert "id.acme.example" not in foreign
