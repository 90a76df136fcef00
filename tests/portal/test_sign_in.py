"""Signing in: attempts count per person and network, and nobody changes the address that names him."""

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.urls import reverse

pytestmark = pytest.mark.django_db


def try_to_sign_in(client, address, word="not-the-password"):
    return client.post(reverse("account_login"), {"login": address, "password": word})


def test_wrong_passwords_count_for_the_address_that_was_tried_in_any_spelling(anna, clara, client):
    for address in (anna.user.email, anna.user.email.upper(), f" {anna.user.email} ", clara.user.email):
        try_to_sign_in(client, address)

    counted = dict(AccessAttempt.objects.values_list("username", "failures_since_start"))
    assert counted == {anna.user.email: 3, clara.user.email: 1}


def test_an_address_that_was_tried_too_often_is_locked_and_a_colleagues_beside_it_is_not(anna, clara, client):
    for member in (anna, clara):
        member.user.set_password("the-right-one-4711")
        member.user.save()
    try_to_sign_in(client, anna.user.email)
    AccessAttempt.objects.update(failures_since_start=settings.AXES_FAILURE_LIMIT)

    refused = try_to_sign_in(client, anna.user.email.upper(), "the-right-one-4711")

    assert refused.status_code != 302
    assert "_auth_user_id" not in client.session
    assert try_to_sign_in(client, clara.user.email, "the-right-one-4711").status_code == 302


def test_nobody_changes_his_own_address(anna):
    client = anna.signed_in()
    page, before = reverse("account_email"), anna.user.email

    for step in ("action_add", "action_primary"):
        assert client.post(page, {step: "", "email": "somebody@else.example"}).status_code == 404

    assert client.get(page).status_code == 404
    anna.user.refresh_from_db()
    assert anna.user.email == before
