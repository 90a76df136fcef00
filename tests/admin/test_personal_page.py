"""Erasing somebody in the back office takes the right, the address typed once more, and a tick."""

import json

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.req("SEC-15")
def test_a_person_is_erased_after_both_confirmations_and_by_whoever_has_the_right_alone(anna, otto, sam):
    page = f"/admin/accounts/user/{anna.user.pk}/personal-data/"
    said = {"erase": "1", "address": anna.user.email, "is_sure": "on"}
    browser = otto.signed_in()

    assert browser.get(page).status_code == 200
    assert sam.signed_in().post(page, said).status_code == 403
    for missing in ("address", "is_sure"):
        assert browser.post(page, {**said, missing: ""}).status_code == 422
    assert browser.post(page, {**said, "address": "other@acme.example"}).status_code == 422
    anna.user.refresh_from_db()
    assert anna.user.is_active

    assert browser.post(page, said).status_code == 302
    anna.user.refresh_from_db()
    assert (anna.user.is_active, anna.user.name) == (False, f"Person {anna.user.pk} (erased)")


@pytest.mark.req("SEC-15")
def test_the_file_holds_the_person(anna, otto):
    answer = otto.signed_in().post(f"/admin/accounts/user/{anna.user.pk}/personal-data/", {"export": "1"})

    assert json.loads(answer.content)["person"]["email"] == anna.user.email
    assert "attachment" in answer["Content-Disposition"]
