"""Second factors, sessions and passwords: set up, asked for by a company, signed out elsewhere, attempts bounded."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from allauth.mfa.totp.internal.auth import (
    TOTP,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.contrib.auth import SESSION_KEY
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import Company
from core.models import AuditEntry, Event
from integrations.models import SentMail
from tests.conftest import Browser, enrol
from tests.factories.accounts import CompanyFactory
from tests.portal.mailing import let_mails_out

pytestmark = [pytest.mark.django_db, pytest.mark.req("ACC-12")]
WORD = "pass-phrase-4711"
SECURITY = "/security/"


def sign_in(user, **more):
    browser = Browser(**more)
    answer = browser.post(reverse("account_login"), {"login": user.email, "password": WORD})
    return browser, answer


def code_of(secret):
    return f"{hotp_value(secret, next(yield_hotp_counters_from_time())):06d}"


def set_up_app(browser):
    """Set up an authenticator app on the pages; its secret."""
    browser.post(reverse("account_reauthenticate"), {"password": WORD})
    made = browser.get(reverse("mfa_activate_totp")).context["form"].secret
    browser.post(reverse("mfa_activate_totp"), {"code": code_of(made)})
    return made


@pytest.fixture
def secret(anna):
    made = generate_totp_secret()
    TOTP.activate(anna.user, made)
    return made


def test_a_second_factor_is_asked_for_at_sign_in_and_a_wrong_code_does_not_pass(anna, secret):
    browser, answer = sign_in(anna.user)

    assert answer.url.startswith(reverse("mfa_authenticate"))
    assert SESSION_KEY not in browser.session
    page = browser.get(answer.url)
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert browser.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
    assert SESSION_KEY not in browser.session
    browser.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert browser.session[SESSION_KEY] == str(anna.user.pk)


def test_the_secret_is_not_in_the_database_as_it_is(anna, secret):
    kept = Authenticator.objects.get(user=anna.user)

    assert secret not in str(kept.data)
    assert kept.wrap().validate_code(code_of(secret))


def test_somebody_sets_up_an_app_and_gets_recovery_codes_each_of_which_works_once(anna):
    browser, _answer = sign_in(anna.user)
    assert browser.get(reverse("mfa_activate_totp")).url.startswith(reverse("account_reauthenticate"))
    browser.post(reverse("account_reauthenticate"), {"password": WORD})
    page = browser.get(reverse("mfa_activate_totp"))
    made = page.context["form"].secret

    browser.post(reverse("mfa_activate_totp"), {"code": code_of(made)})

    assert Authenticator.objects.filter(user=anna.user, type="totp").exists()
    codes = Authenticator.objects.get(user=anna.user, type="recovery_codes").wrap().get_unused_codes()
    assert len(codes) == 10
    shown = browser.get(SECURITY).content.decode()
    assert "10 are left" in shown
    for attempt, passes in ((codes[0], True), (codes[0], False)):
        other, _answer = sign_in(anna.user)
        other.post(reverse("mfa_authenticate"), {"code": attempt})
        assert (SESSION_KEY in other.session) is passes


@pytest.mark.parametrize("path", ["mfa_add_webauthn", "mfa_activate_totp", "account_change_password"])
def test_the_pages_of_security_run_no_script_that_stands_in_them(anna, path):
    browser, _answer = sign_in(anna.user)
    browser.post(reverse("account_reauthenticate"), {"password": WORD})

    page = browser.get(reverse(path))

    assert page.status_code == 200
    for tag in page.content.decode().split("<script")[1:]:
        head = tag.split(">", 1)[0]
        assert "src=" in head or 'type="application/json"' in head


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("SEC-13")
def test_a_company_that_asks_for_it_lets_nobody_in_without_and_a_branch_asks_likewise(acme, anna):
    branch = CompanyFactory(number="ACME-1", parent=acme)
    dora = enrol("Dora", branch, "buyer")
    ada = enrol("Ada", acme, "administrator")
    browsers = [anna.signed_in(), dora.signed_in()]
    assert [browser.get("/orders/").status_code for browser in browsers] == [200, 200]

    TOTP.activate(ada.user, generate_totp_secret())
    ada.signed_in().post("/security/second-factor/", {"required": "1", "acting_company": "ACME"})

    assert Company.objects.get(pk=acme.pk).requires_second_factor
    assert Event.objects.filter(name="company.second_factor_required", actor_user=ada.user).count() == 1
    for browser in browsers:
        for path in ("/home/", "/orders/", "/cart/", "/catalogue/", "/media/none.svg"):
            assert browser.get(path).url == SECURITY, path
        assert browser.get("/api/v1/orders/").status_code == 403
        assert browser.post("/cart/lines/", {"sku": "S", "quantity": "1"}).url == SECURITY
        assert browser.get(SECURITY).status_code == 200
    set_up_app(browsers[0])
    assert browsers[0].get("/orders/").status_code == 200
    assert browsers[1].get("/orders/").url == SECURITY


@pytest.mark.req("SEC-13", "ACC-12")
def test_what_a_company_asks_for_is_not_taken_back_by_who_signed_in_without(acme):
    ada = enrol("Ada", acme, "administrator")
    Company.objects.filter(pk=acme.pk).update(requires_second_factor=True)
    browser = ada.signed_in()
    wish = {"required": "0", "acting_company": "ACME"}

    refused = browser.post("/security/second-factor/", wish)
    assert refused.url == SECURITY
    assert Company.objects.get(pk=acme.pk).requires_second_factor

    secret = generate_totp_secret()
    TOTP.activate(ada.user, secret)
    assert browser.post("/security/second-factor/", wish).url.startswith(reverse("account_login"))
    assert Company.objects.get(pk=acme.pk).requires_second_factor
    browser, there = sign_in(ada.user)
    browser.post(there.url, {"code": code_of(secret)})
    browser.post("/security/second-factor/", wish)
    assert not Company.objects.get(pk=acme.pk).requires_second_factor


@pytest.mark.req("SEC-13", "ACC-12")
def test_who_has_no_second_factor_asks_nobody_for_one_and_is_led_to_the_own_first(acme):
    browser = enrol("Ada", acme, "administrator").signed_in()

    page = browser.get(SECURITY).content.decode()
    answer = browser.post("/security/second-factor/", {"required": "1", "acting_company": "ACME"})

    assert "Set up your own second factor first" in page
    assert f'href="{reverse("mfa_activate_totp")}"' in page
    assert "Ask everybody for it" not in page
    assert answer.status_code == 409
    assert not Company.objects.get(pk=acme.pk).requires_second_factor
    assert browser.get("/home/").status_code == 200


def test_only_whoever_manages_people_lets_a_company_ask(acme, anna):
    answer = anna.signed_in().post("/security/second-factor/", {"required": "1", "acting_company": "ACME"})

    assert answer.status_code in (302, 403)
    assert not Company.objects.get(pk=acme.pk).requires_second_factor


def test_one_other_session_or_all_others_end_at_their_next_request(anna, clara):
    here, *others = [sign_in(anna.user, HTTP_USER_AGENT=f"Browser {nth}")[0] for nth in range(4)]
    foreign, _answer = sign_in(clara.user)
    for browser in (here, *others, foreign):
        browser.get("/home/")
    sessions = here.get(SECURITY).context["sessions"]
    assert {session.user_agent for session in sessions} == {f"Browser {nth}" for nth in range(4)}
    one = next(session for session in sessions if session.user_agent == "Browser 1")

    assert foreign.post("/security/sessions/end/", {"session": one.pk}).status_code == 404
    here.post("/security/sessions/end/", {"session": one.pk})
    alive = [browser.get("/home/").status_code for browser in (here, *others)]
    assert alive == [200, 302, 200, 200]
    here.post("/security/sessions/end/")
    assert [browser.get("/home/").status_code for browser in (here, *others, foreign)] == [
        200,
        302,
        302,
        302,
        200,
    ]


def test_a_changed_password_ends_every_other_session(anna):
    here, there = sign_in(anna.user)[0], sign_in(anna.user)[0]
    new = "another-word-8842"

    asked = {"oldpassword": WORD, "password1": new, "password2": new}
    here.post(reverse("account_change_password"), asked)

    anna.user.refresh_from_db()
    assert anna.user.check_password(new)
    assert here.get("/home/").status_code == 200
    assert there.get("/home/").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_with_the_first_second_factor_every_session_without_one_ends_but_the_one_it_is_set_up_in(anna, clara):
    here, there = sign_in(anna.user)[0], sign_in(anna.user)[0]
    foreign = sign_in(clara.user)[0]
    assert [browser.get("/home/").status_code for browser in (here, there, foreign)] == [200, 200, 200]

    secret = set_up_app(here)

    assert [browser.get("/home/").status_code for browser in (here, there, foreign)] == [200, 302, 200]
    assert len(here.get(SECURITY).context["sessions"]) == 1
    entries = AuditEntry.objects.filter(object_key=str(anna.user.pk), user_id=anna.user.pk)
    assert {"second_factor.added", "sessions.ended"} <= {entry.action for entry in entries}
    signed_in, _answer = sign_in(anna.user)
    signed_in.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert signed_in.get("/home/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_further_factor_ends_no_session_that_has_shown_one(anna):
    here = sign_in(anna.user)[0]
    secret = set_up_app(here)
    cache.clear()
    there, answer = sign_in(anna.user)
    there.post(answer.url, {"code": code_of(secret)})

    request = Client().get("/accounts/login/").wsgi_request
    request.session = here.session
    request.user = anna.user
    added = Authenticator.objects.create(user=anna.user, type="webauthn", data={})
    authenticator_added.send(Authenticator, request=request, user=anna.user, authenticator=added)

    assert [browser.get("/home/").status_code for browser in (here, there)] == [200, 200]


def test_when_it_is_asked_for_a_session_without_the_factor_one_has_ends_at_its_next_request(
    acme, anna, secret
):
    before = anna.signed_in()
    ada = enrol("Ada", acme, "administrator")
    TOTP.activate(ada.user, generate_totp_secret())
    assert before.get("/orders/").status_code == 200

    ada.signed_in().post("/security/second-factor/", {"required": "1", "acting_company": "ACME"})

    answer = before.get("/orders/?page=2")
    assert answer.url == f"{reverse('account_login')}?next=%2Forders%2F%3Fpage%3D2"
    assert SESSION_KEY not in before.session
    after, there = sign_in(anna.user)
    after.post(there.url, {"code": code_of(secret)})
    assert after.get("/orders/").status_code == 200


def test_a_session_that_showed_a_factor_which_is_gone_now_is_asked_for_a_new_one(acme, anna, secret):
    acme.requires_second_factor = True
    acme.save(update_fields=["requires_second_factor"])
    browser, there = sign_in(anna.user)
    browser.post(there.url, {"code": code_of(secret)})
    assert browser.get("/orders/").status_code == 200

    Authenticator.objects.filter(user=anna.user).delete()

    assert browser.get("/orders/").url == SECURITY


def test_the_back_office_asks_the_staff_for_a_second_factor_where_it_is_set_so(mona, settings):
    settings.STAFF_SECOND_FACTOR = True
    browser = mona.signed_in()

    assert browser.get("/admin/").url == SECURITY
    assert browser.get(SECURITY).status_code == 200
    secret = generate_totp_secret()
    TOTP.activate(mona.user, secret)
    assert browser.get("/admin/").url.startswith(reverse("account_login"))
    again, there = sign_in(mona.user)
    again.post(there.url, {"code": code_of(secret)})
    assert again.get("/admin/").status_code == 200


def test_a_password_chosen_by_the_mailed_link_ends_every_session(anna, mailoutbox):
    browsers = [sign_in(anna.user)[0] for _nth in range(2)]
    stranger = Client()
    stranger.post(reverse("account_reset_password"), {"email": anna.user.email})
    let_mails_out()
    link = re.search(r"http://\S+(/accounts/password/reset/key/\S+)", mailoutbox[0].body)[1]
    form = stranger.get(link, follow=True)
    new = "another-word-8842"

    stranger.post(form.request["PATH_INFO"], {"password1": new, "password2": new})

    anna.user.refresh_from_db()
    assert anna.user.check_password(new)
    assert [browser.get("/home/").status_code for browser in browsers] == [302, 302]


def test_a_mail_server_that_is_down_tells_nobody_who_is_known_here(anna, settings, mailoutbox):
    works = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    answers = {
        (answer.status_code, answer.url)
        for email in (anna.user.email, "nobody@acme.example")
        for answer in [Client().post(reverse("account_reset_password"), {"email": email})]
    }

    assert answers == {(302, reverse("account_reset_password_done"))}
    assert [event.payload["user"] for event in Event.objects.filter(name="password.forgotten")] == [
        anna.user.pk
    ]
    settings.EMAIL_BACKEND = works
    let_mails_out()
    assert [mail.to for mail in mailoutbox] == [[anna.user.email]]
    link = re.search(r"/accounts/password/reset/key/\S+", mailoutbox[0].body)[0]
    for kept in (SentMail, Event):
        assert link not in str(list(kept.objects.values())), kept


@pytest.mark.parametrize("kind", ["mfa_activate_totp", "mfa_add_webauthn"])
def test_a_reset_that_a_stranger_asks_for_bars_nobody_from_a_second_factor(anna, kind):
    Client().post(reverse("account_reset_password"), {"email": anna.user.email})
    EmailAddress.objects.get_or_create(user=anna.user, email=anna.user.email, verified=False)
    browser, _answer = sign_in(anna.user)
    browser.post(reverse("account_reauthenticate"), {"password": WORD})

    page = browser.get(reverse(kind))

    assert page.status_code == 200
    set_up_app(browser)
    assert Authenticator.objects.filter(user=anna.user, type=Authenticator.Type.TOTP).exists()
