"""The acting company: kept on the server, repeated in each form, checked on each request."""

import pytest
from django.contrib.auth import SESSION_KEY
from django.urls import reverse

from accounts.models import User
from tests.factories.accounts import MembershipFactory


@pytest.fixture
def two_companies(anna, other):
    MembershipFactory(user=anna.user, company=other)
    return anna


@pytest.mark.req("ACC-12")
def test_switching_changes_the_company_that_every_page_shows(two_companies, other):
    browser = two_companies.signed_in()

    answer = browser.post(reverse("portal:company-switch"), {"company": "OTHER"}, follow=True)

    assert answer.status_code == 200
    assert answer.context["scope"].company_id == other.pk


@pytest.mark.req("ACC-12", "SEC-13")
def test_a_company_that_one_is_no_member_of_is_like_one_that_does_not_exist(anna, other):
    browser = anna.signed_in()

    foreign = browser.post(reverse("portal:company-switch"), {"company": "OTHER"})
    unknown = browser.post(reverse("portal:company-switch"), {"company": "NOBODY"})

    assert foreign.status_code == unknown.status_code == 404
    assert browser.session["acting_company"] == anna.company.pk


def test_a_form_of_a_stale_tab_is_refused_and_nothing_is_done(two_companies, acme, other):
    browser = two_companies.signed_in()

    answer = browser.post(reverse("portal:company-switch"), {"company": "OTHER", "acting_company": "OTHER"})

    assert answer.status_code == 409
    assert b"Nothing was done" in answer.content
    assert "open for Other Ltd (OTHER), but you now act for Acme Works (ACME)" in answer.content.decode()
    assert browser.session["acting_company"] == acme.pk


@pytest.mark.req("ACC-12")
def test_a_member_who_was_put_out_is_signed_out_at_the_next_request_and_falls_back_to_nobody(two_companies):
    browser = two_companies.signed_in()
    two_companies.user.memberships.filter(company__number="ACME").update(is_active=False)

    answer = browser.get(reverse("portal:home"))

    assert answer.url.startswith(reverse("account_login"))
    assert SESSION_KEY not in browser.session
    assert "has ended" in browser.get(answer.url).content.decode()


@pytest.mark.req("ACC-12")
def test_a_deactivated_person_is_signed_out(anna):
    browser = anna.signed_in()
    anna.user.is_active = False
    anna.user.save(update_fields=["is_active"])

    answer = browser.get(reverse("portal:home"))

    assert answer.status_code == 302
    assert answer.url.startswith(reverse("account_login"))


def test_what_a_signed_in_person_sees_is_never_kept_by_a_shared_cache(anna):
    answer = anna.signed_in().get(reverse("portal:home"))

    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Correlation-Id"]


def test_a_stranger_is_led_to_the_sign_in_page(client):
    answer = client.get("/", follow=True)

    assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))
    assert answer.status_code == 200


@pytest.mark.django_db
def test_nobody_signs_up_alone(client):
    client.post(
        reverse("account_signup"),
        {"email": "x@y.example", "password1": "pass-phrase-4711", "password2": "pass-phrase-4711"},
    )

    assert not User.objects.filter(email="x@y.example").exists()


def test_the_portal_forbids_inline_scripts_and_foreign_hosts(anna):
    policy = anna.signed_in().get(reverse("portal:home"))["Content-Security-Policy"]

    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
