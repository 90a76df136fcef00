"""The frame of every page: sign-in, the company that one acts for, the sections, the error pages."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from tests.conftest import Member
from tests.factories.accounts import CompanyFactory, MembershipFactory

pytestmark = pytest.mark.django_db


def test_the_start_address_leads_a_stranger_to_the_sign_in_page(client):
    response = client.get("/", follow=True)

    assert response.redirect_chain[-1][0] == "/accounts/login/?next=/home/"
    assert "Sign in" in response.content.decode()


def test_a_page_for_buyers_allows_no_inline_script_and_no_foreign_host(anna):
    policy = anna.signed_in().get("/home/").headers["Content-Security-Policy"]

    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["default-src"] == "'none'"


def test_somebody_signs_in_by_e_mail_in_any_case_and_lands_on_the_home_page(anna, client):
    user = anna.user
    user.set_password("a long and quiet word")
    user.save()

    form = {"login": user.email.upper(), "password": "a long and quiet word"}
    response = client.post("/accounts/login/", form, follow=True)

    assert response.redirect_chain[-1][0] == "/home/"
    assert user.name in response.content.decode()


def test_a_wrong_password_says_so_at_the_form_and_signs_nobody_in(anna, client):
    response = client.post("/accounts/login/", {"login": anna.user.email, "password": "wrong"})

    page = response.content.decode()
    assert "ac-note bad" in page
    assert anna.user.email in page
    assert "_auth_user_id" not in client.session


def test_signing_out_asks_first_and_then_leads_to_the_sign_in_page(anna):
    browser = anna.signed_in()

    assert "Sign out?" in browser.get("/accounts/logout/").content.decode()
    assert "_auth_user_id" in browser.session
    assert browser.post("/accounts/logout/").url == "/accounts/login/"
    assert "_auth_user_id" not in browser.session


def test_the_password_page_never_tells_whether_an_address_is_known(anna, client):
    known = client.post("/accounts/password/reset/", {"email": anna.user.email}, follow=True)
    unknown = Client().post("/accounts/password/reset/", {"email": "nobody@x.example"}, follow=True)

    assert known.redirect_chain == unknown.redirect_chain
    assert "Look into your mail" in known.content.decode()
    assert "Look into your mail" in unknown.content.decode()


def _switch(page: str) -> list[tuple[str, str]]:
    """The companies of the switch on a page: number and depth, in their order."""
    rows = []
    for part in page.split('name="company" value="')[1:]:
        rows.append(part.split('"', 1)[0])
    depths = [part.split('"', 1)[0].split()[0] for part in page.split("ac-menu-item ac-depth-")[1:]]
    return list(zip(rows, depths, strict=True))


@pytest.mark.req("ACC-12")
def test_the_switch_shows_the_companies_of_the_person_as_a_tree_and_no_other(anna, acme, other):
    works = CompanyFactory(number="ACME-2", name="Acme Works two", parent=acme)
    CompanyFactory(number="ACME-3", name="Acme, not a member", parent=acme)
    MembershipFactory(user=anna.user, company=works, roles=["buyer"])

    page = anna.signed_in().get("/home/").content.decode()

    assert _switch(page) == [("ACME", "0"), ("ACME-2", "1")]
    assert other.name not in page


@pytest.mark.req("ACC-12")
def test_switching_the_company_changes_what_the_frame_says(anna, acme):
    works = CompanyFactory(number="ACME-2", name="Second site", parent=acme)
    MembershipFactory(user=anna.user, company=works, roles=["buyer"])
    browser = anna.signed_in()

    browser.post("/company/", {"company": "ACME-2"})

    assert "Prices net of VAT, in EUR, for Second site" in browser.get("/home/").content.decode()


def test_nobody_switches_to_a_company_of_others(clara, acme):
    browser = clara.signed_in()

    response = browser.post("/company/", {"company": acme.number})

    assert response.status_code == 404
    assert browser.session["acting_company"] == clara.company.pk


def test_somebody_without_a_company_is_told_whom_to_ask(client, db):
    lonely = User.objects.create_user("lonely@x.example", "pw", name="Lonely")
    client.force_login(lonely, "allauth.account.auth_backends.AuthenticationBackend")

    assert "not a member of any company yet" in client.get("/home/").content.decode()


def test_staff_who_buy_for_nobody_are_led_from_the_first_page_to_the_back_office(client, db):
    seller = User.objects.create_user("seller@x.example", "pw", name="Seller", is_staff=True)
    client.force_login(seller, "allauth.account.auth_backends.AuthenticationBackend")

    assert client.get("/home/").url == reverse("admin:index")


def test_an_unknown_address_is_answered_in_the_look_with_a_way_on(anna):
    response = anna.signed_in().get("/nothing/here/")

    assert response.status_code == 404
    page = response.content.decode()
    assert "There is nothing here for you" in page
    assert 'href="/"' in page


def test_a_refusal_of_a_part_of_a_page_is_shown_above_it_and_leaves_the_form_alone(anna):
    form = {"company": "ACME", "acting_company": "SOMEBODY-ELSE"}

    response = anna.signed_in().post("/company/", form, headers={"HX-Request": "true"})

    assert response.status_code == 409
    assert response["HX-Retarget"] == "#messages"
    page = response.content.decode()
    assert "That page was open for SOMEBODY-ELSE" in page
    assert 'role="alert"' in page
    assert "<html" not in page


@pytest.mark.req("PERF-03")
def test_the_frame_costs_the_same_few_queries_however_many_companies(anna, acme):
    browser = anna.signed_in()

    def statements(companies):
        for _number in range(companies):
            MembershipFactory(user=anna.user, company=CompanyFactory(parent=acme), roles=["buyer"])
        with CaptureQueriesContext(connection) as made:
            browser.get("/home/")
        with CaptureQueriesContext(connection) as kept:
            browser.get("/home/")
        return len(made), len(kept)

    browser.get("/home/")  # the first page of a session notes where it is signed in
    few = statements(1)
    many = statements(8)

    assert many == few
    assert few[1] < few[0] < 30


def test_the_components_page_shows_every_part_and_only_in_development_and_demo(client, settings):
    assert client.get("/dev/components/").status_code == 404

    settings.DEMO = True
    page = client.get("/dev/components/").content.decode()

    for part in ("ac-badge", "ac-qty", "ac-stale", "ac-tl", "ac-opt", "ac-facts", "ac-empty", "ac-pages"):
        assert f'class="{part}' in page
    assert "<c-" not in page


def test_the_people_of_the_demo_stand_on_its_sign_in_page_and_on_no_other(client, settings, tmp_path):
    settings.VAR_DIR = tmp_path
    (tmp_path / "demo").mkdir()
    people = [{"name": "Eva Stein", "email": "eva@x.example", "password": "eva-pw", "does": "buys"}]
    (tmp_path / "demo" / "sign-ins.json").write_text(json.dumps(people))

    assert "eva-pw" not in client.get("/accounts/login/").content.decode()
    settings.DEMO = True
    page = client.get("/accounts/login/").content.decode()

    assert 'data-email="eva@x.example"' in page
    assert 'data-password="eva-pw"' in page


def test_the_back_office_greets_its_people_by_name(sam: Member):
    desk = sam.signed_in().get("/admin/")

    assert desk.status_code == 200
    assert f"Good day, {sam.user.name}" in desk.content.decode()


def test_a_stranger_at_the_back_office_is_led_to_the_one_sign_in_page(client):
    response = client.get("/admin/", follow=True)

    assert response.redirect_chain[-1][0].startswith("/accounts/login/?next=")


def test_a_buyer_is_refused_at_the_back_office(anna: Member):
    response = anna.signed_in().get("/admin/", follow=True)

    assert response.status_code == 403
    assert "Your role does not allow this" in response.content.decode()
