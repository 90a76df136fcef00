"""The public page on which a company registers: one answer for everybody, nothing typed is lost, and it can be closed."""

import pytest
from django.core import mail
from django.core.cache import cache
from django.urls import reverse

from accounts.actions.admission import Admission, admit_company
from accounts.models import Membership, Registration, User
from tests.factories.accounts import CompanyFactory, UserFactory
from tests.factories.registrations import AT_NUMBER, TYPED, RegistrationFactory
from tests.integrations.conftest import relay
from tests.portal.pages import form_of, text_of

pytestmark = pytest.mark.django_db

PAGE, THANKS = reverse("portal:register"), reverse("portal:register-thanks")


@pytest.fixture(autouse=True)
def _fresh_limits():
    cache.clear()
    yield
    cache.clear()


def mails_to(address):
    return [letter for letter in mail.outbox if letter.to == [address]]


def path_in(letter, start):
    link = next(word for word in letter.body.split() if start in word)
    return start + link.split(start)[1]


def test_a_stranger_registers_confirms_and_is_let_in(client, mona):
    assert "Register your company" in text_of(client.get(reverse("account_login")))
    fields = form_of(client.get(PAGE), PAGE)
    answer = client.post(PAGE, {**fields, **TYPED})
    assert (answer.status_code, answer["Location"]) == (302, THANKS)
    assert "confirm your address" in text_of(client.get(THANKS))
    relay()
    assert not mails_to(mona.user.email)

    path = path_in(mails_to("nora@nordlicht.example")[0], "/register/confirm/")
    for _look in range(2):
        assert "Confirm your address" in text_of(client.get(path))
    assert Registration.objects.get().state == "unconfirmed"
    assert "is with us" in text_of(client.post(path))
    assert client.post(path).status_code == client.get(path).status_code == 404
    relay()
    made = Registration.objects.get()
    assert f"/admin/accounts/registration/{made.pk}/page/" in mails_to(mona.user.email)[0].body

    admit_company(made.pk, Admission(currency="EUR"), version=made.version, by=mona.actor)
    relay()
    join = path_in(mails_to("nora@nordlicht.example")[-1], "/join/")
    client.post(join, {"name": "Nora", "password": "a-quite-long-pass-4711"})
    home = client.get(reverse("portal:home"))

    assert home.context["scope"].company_number == f"N{10000 + made.pk}"
    assert Membership.objects.get(user__email="nora@nordlicht.example").roles == ["administrator"]
    assert "prices, quotes and orders come" in text_of(home)


def test_the_answer_never_tells_who_is_known_here(client, mona):
    UserFactory(email="known@nordlicht.example")
    RegistrationFactory(email="waits@nordlicht.example")
    CompanyFactory(name=TYPED["company_name"], tax_id=AT_NUMBER)
    answers = []
    for name in ("new", "known", "waits"):
        answer = client.post(PAGE, {**TYPED, "email": f"{name}@nordlicht.example"})
        answers.append((answer.status_code, answer["Location"], answer.content))
    thanks = {text_of(client.get(THANKS)) for _time in range(3)}
    relay()

    assert len(set(answers)) == 1
    assert len(thanks) == 1
    known, waits = mails_to("known@nordlicht.example"), mails_to("waits@nordlicht.example")
    assert "can sign in with us already" in known[0].body
    assert "/register/confirm/" not in known[0].body + waits[0].body
    assert "We have a registration of it" in waits[0].body
    assert "/register/confirm/" in mails_to("new@nordlicht.example")[0].body
    assert Registration.objects.filter(state="unconfirmed").count() == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"company_name": ""}, "Enter the name of your company."),
        ({"country": ""}, "Choose the country of your company."),
        ({"tax_id": "ATU62047137"}, "begins with AT"),
        ({"tax_id": "DE294718364"}, "another country (DE)"),
        ({"email": "nora@"}, "Enter an e-mail address such as"),
        ({"postal_code": ""}, "Enter the postal code."),
        ({"wish": "x" * 2001}, "at most 2000 characters"),
        ({"person_name": "www.bad.example"}, "without the address of a page"),
    ],
)
def test_an_error_says_what_to_do_and_loses_nothing(client, wrong, says):
    typed = {**TYPED, **wrong}
    answer = client.post(PAGE, typed)

    assert answer.status_code == 422
    assert says in text_of(answer)
    assert "What you typed is kept" in text_of(answer)
    kept = form_of(answer, PAGE)
    assert {name: kept[name].strip() for name in typed if name != "country"} == {
        name: value for name, value in typed.items() if name != "country"
    }
    if typed["country"]:
        assert '<option value="AT" selected' in answer.content.decode()
    assert not Registration.objects.exists()


def test_all_that_is_wrong_is_told_at_once(client):
    shown = text_of(client.post(PAGE, {**TYPED, "tax_id": "DE294718364", "city": "", "email": "nora@"}))

    for says in ("another country (DE)", "Enter the city.", "Enter an e-mail address such as"):
        assert says in shown


def test_where_the_operator_names_a_page_about_data_its_use_is_agreed_to(client, settings):
    settings.PRIVACY_URL = "https://nordwind.example/privacy"

    refused = client.post(PAGE, TYPED)
    assert "Tick this box" in text_of(refused)
    assert "https://nordwind.example/privacy" in refused.content.decode()
    assert not Registration.objects.exists()

    assert client.post(PAGE, {**TYPED, "agreed": "on"}).status_code == 302
    assert Registration.objects.get().agreed_at is not None


def test_a_closed_registration_is_not_there_at_all(client, settings):
    settings.REGISTRATION_OPEN = False

    assert client.get(PAGE).status_code == client.post(PAGE, TYPED).status_code == 404
    assert client.get(THANKS).status_code == 404
    assert client.get(reverse("portal:register-confirm", args=["x"])).status_code == 404
    assert PAGE not in client.get(reverse("account_login")).content.decode()
    assert not Registration.objects.exists()


def test_too_many_from_one_network_are_asked_to_wait_and_lose_nothing(client):
    for number in range(10):
        assert client.post(PAGE, {**TYPED, "email": f"n{number}@nordlicht.example"}).status_code == 302

    answer = client.post(PAGE, TYPED)

    assert answer.status_code == 429
    assert "try again in ten minutes" in text_of(answer)
    assert form_of(answer, PAGE)["company_name"] == TYPED["company_name"]
    assert Registration.objects.count() == 10


def test_nobody_fills_somebody_s_box_and_the_page_says_nothing_of_it(client):
    for spelling in ("nora", "NORA", "nora", "Nora", "nora"):
        answer = client.post(PAGE, {**TYPED, "email": f"{spelling}@nordlicht.example"})
        assert (answer.status_code, answer["Location"]) == (302, THANKS)
    relay()

    assert len([letter for letter in mail.outbox if letter.to[0].lower() == "nora@nordlicht.example"]) == 3


def test_the_page_sets_no_script_of_a_stranger_and_works_without_any(client):
    page = client.get(PAGE).content.decode()

    assert "captcha" not in page.lower()
    assert 'src="http' not in page
    assert f'action="{PAGE}"' in page
    assert not User.objects.exists()
