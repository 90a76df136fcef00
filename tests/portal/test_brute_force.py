"""Guessing is bounded at every door: passwords, codes, recovery codes, invitations, resets; and nobody locks others out."""

import re

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from axes.models import AccessAttempt
from django.contrib.auth import SESSION_KEY
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.actions.granting import Place
from accounts.actions.invitations import invite_member
from accounts.invitations import pass_of
from tests.conftest import enrol
from tests.portal.mailing import let_mails_out
from tests.portal.test_security import WORD, code_of

pytestmark = [pytest.mark.django_db, pytest.mark.req("ACC-12")]
HERE, ELSEWHERE = "203.0.113.7", "198.51.100.9"


@pytest.fixture(autouse=True)
def fresh(settings):
    cache.clear()
    settings.TRUSTED_PROXIES = 0


def try_password(email, word, at=HERE):
    browser = Client(REMOTE_ADDR=at)
    return browser, browser.post(reverse("account_login"), {"login": email, "password": word})


def is_in(browser):
    return SESSION_KEY in browser.session


def words_of(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def test_after_some_wrong_passwords_the_right_one_is_refused_there_in_words_that_say_what_to_do(anna):
    for _attempt in range(5):
        try_password(anna.user.email, "wrong-wrong-wrong")

    browser, answer = try_password(anna.user.email, WORD)

    assert not is_in(browser)
    assert "this sign-in rests for five minutes here. Wait, or choose a new password." in words_of(answer)


def test_whoever_guesses_locks_neither_the_person_elsewhere_nor_a_colleague_beside(anna, boris):
    for _attempt in range(8):
        try_password(anna.user.email, "wrong-wrong-wrong")

    assert not is_in(try_password(anna.user.email, WORD)[0])
    assert is_in(try_password(anna.user.email, WORD, at=ELSEWHERE)[0])
    assert is_in(try_password(boris.user.email, WORD)[0])


def test_patient_guessing_is_counted_over_a_longer_time_too(anna, settings):
    for _attempt in range(settings.AXES_FAILURE_LIMIT):
        cache.clear()
        _browser, answer = try_password(anna.user.email, "wrong-wrong-wrong")

    cache.clear()
    browser, answer = try_password(anna.user.email, WORD)

    assert not is_in(browser)
    assert answer.status_code == 429
    assert "It still works from elsewhere." in words_of(answer)
    assert is_in(try_password(anna.user.email, WORD, at=ELSEWHERE)[0])
    assert AccessAttempt.objects.get(ip_address=HERE).username == anna.user.email


def test_many_addresses_from_one_place_are_too_many(acme):
    people = [enrol(f"P{nth}", acme, "buyer").user for nth in range(32)]

    answers = [try_password(person.email, "wrong-wrong-wrong")[1].status_code for person in people]

    assert answers[0] == 200
    assert answers[-1] == 429


def test_the_codes_of_a_second_factor_are_not_guessed(anna):
    secret = generate_totp_secret()
    TOTP.activate(anna.user, secret)
    browser, _answer = try_password(anna.user.email, WORD)
    for nth in range(5):
        browser.post(reverse("mfa_authenticate"), {"code": f"{nth:06d}"})

    answer = browser.post(reverse("mfa_authenticate"), {"code": code_of(secret)})

    assert not is_in(browser)
    assert "Wait" in words_of(answer)
    other, _answer = try_password(anna.user.email, WORD, at=ELSEWHERE)
    other.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert not is_in(other)


def test_nor_are_recovery_codes_with_which_the_codes_count_together(anna):
    secret = generate_totp_secret()
    TOTP.activate(anna.user, secret)
    codes = RecoveryCodes.activate(anna.user).generate_codes()
    browser, _answer = try_password(anna.user.email, WORD)
    for nth in range(5):
        browser.post(reverse("mfa_authenticate"), {"code": f"{nth:08x}"})

    browser.post(reverse("mfa_authenticate"), {"code": codes[0]})

    assert not is_in(browser)
    cache.clear()
    browser.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert is_in(browser)


def test_nor_is_the_password_guessed_once_more_in_an_open_session(anna):
    browser, _answer = try_password(anna.user.email, WORD)
    for _attempt in range(10):
        browser.post(reverse("account_reauthenticate"), {"password": "wrong-wrong-wrong"})

    browser.post(reverse("account_reauthenticate"), {"password": WORD})

    assert browser.get(reverse("mfa_activate_totp")).status_code == 302


def test_links_of_invitations_are_not_guessed_and_a_right_one_opens_all_the_same(acme, anna):
    ada = enrol("Ada", acme, "administrator")
    invitation = invite_member(acme, "new@acme.example", "New", Place(roles=("buyer",)), by=ada.actor)
    right = pass_of(invitation.key)
    guesses = [f"{right[:-1]}{'x' if right[-1] != 'x' else 'y'}", "x", f"{invitation.key}"] * 5
    browser = Client(REMOTE_ADDR=HERE)

    answers = [browser.get(reverse("portal:join", args=[guess])).status_code for guess in guesses]

    assert set(answers[:10]) == {404}
    assert set(answers[10:]) == {429}
    assert browser.get(reverse("portal:join", args=[right])).status_code == 200


def test_mails_with_links_are_sent_a_few_times_an_hour_and_their_keys_are_not_guessed(anna, mailoutbox):
    browser = Client(REMOTE_ADDR=HERE)
    for _attempt in range(8):
        browser.post(reverse("account_reset_password"), {"email": anna.user.email})
    let_mails_out()
    assert len(mailoutbox) == 5

    link = reverse("account_reset_password_from_key", args=["1", "set-password"])
    keys = [browser.post(link, {"password1": "x"}).status_code for _nth in range(12)]

    assert keys[0] == 200
    assert keys[-1] == 429


def test_the_page_says_what_to_do_when_it_was_tried_too_often(anna):
    browser = Client(REMOTE_ADDR=HERE)
    for _attempt in range(12):
        answer = browser.post(reverse("account_reset_password"), {"email": anna.user.email})

    assert answer.status_code == 429
    assert "wait a few minutes and try again" in words_of(answer)
