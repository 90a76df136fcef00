"""A company registers: nothing is told to the asker, nothing reaches the staff before the address is confirmed."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import signing
from django.utils import timezone

from accounts.actions.registrations import (
    Application,
    RegisterWord,
    ask_silent_registers,
    confirm_registration,
    note_register_silence,
    note_register_word,
    open_registration,
    submit_registration,
)
from accounts.applicants import registrations_at
from accounts.models import Registration
from accounts.registrations import NEXT, SALT, RegistrationState, pass_of
from core.actor import Actor
from core.errors import InvalidValue, NotFound, WrongState
from core.models import Event
from core.states import check_move
from integrations.systems import job_actor
from tests.conftest import employ
from tests.factories.accounts import CompanyFactory, UserFactory
from tests.factories.registrations import FOREIGN, TYPED, RegistrationFactory
from tests.held import Held

pytestmark = pytest.mark.django_db

NOBODY = Actor("portal", "nobody")
ASKED = Application(**TYPED)


def register(**changes):
    """A registration as it was typed, and the word of its link."""
    submit_registration(replace(ASKED, **changes), by=NOBODY)
    made = Registration.objects.latest("pk")
    return made, pass_of(str(made.key))


@pytest.mark.parametrize("old", RegistrationState)
@pytest.mark.parametrize("new", RegistrationState)
def test_the_table_is_the_whole_truth(old, new):
    if new in NEXT[old]:
        check_move(NEXT, old, new)
    else:
        with pytest.raises(WrongState):
            check_move(NEXT, old, new)


def test_before_the_address_is_confirmed_nobody_of_the_staff_sees_it(mona):
    made, _word = register()

    assert (made.state, made.tax_id, made.tax_answer) == ("unconfirmed", "ATU62047136", "form")
    assert not registrations_at(mona.user).exists()
    assert [event.name for event in Event.objects.filter(name__startswith="registration.")] == [
        "registration.submitted"
    ]


def test_the_link_confirms_once_and_then_the_register_is_asked(mona):
    _made, word = register()

    confirmed = confirm_registration(word, by=NOBODY)

    assert (confirmed.state, confirmed.tax_answer) == ("waiting", "asked")
    assert list(registrations_at(mona.user)) == [confirmed]
    told = Event.objects.get(name="registration.confirmed")
    assert told.payload["tax_id"] == "ATU62047136"
    assert "nora" not in str(told.payload).lower()
    with pytest.raises(WrongState):
        confirm_registration(word, by=NOBODY)
    assert Event.objects.filter(name="registration.confirmed").count() == 1


def test_a_number_that_nobody_can_check_is_told_as_such():
    made, word = register(country="US", tax_id=FOREIGN)

    assert made.tax_answer == "uncheckable"
    assert confirm_registration(word, by=NOBODY).tax_answer == "uncheckable"


def test_a_link_that_is_over_forged_or_of_another_kind_opens_nothing():
    made, word = register()
    with pytest.raises(WrongState):
        open_registration(word, now=timezone.now() + timedelta(hours=49))
    for wrong in (word[:-2] + "xx", signing.dumps(str(made.key), salt="accounts.invitation"), "x"):
        with pytest.raises(NotFound):
            open_registration(wrong)
    with pytest.raises(NotFound):
        open_registration(signing.dumps("00000000-0000-4000-8000-000000000000", salt=SALT))

    Registration.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(WrongState):
        confirm_registration(word, by=NOBODY)
    made.refresh_from_db()
    assert made.state == "unconfirmed"
    assert str(made.key) not in word


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.req("SEC-15")
def test_a_link_that_is_followed_while_its_registration_is_forgotten_is_over_and_nothing_worse():
    made, word = register()
    forgets = Held(lambda: Registration.objects.filter(pk=made.pk).delete())
    forgets.step()

    threading.Timer(1.0, forgets.end).start()
    with pytest.raises(WrongState) as refusal:
        confirm_registration(word, by=NOBODY)

    assert "This link is over" in str(refusal.value)
    assert not Registration.objects.exists()


def test_who_can_sign_in_already_leaves_nothing_but_a_mail():
    UserFactory(email="Nora@Nordlicht.example")

    assert submit_registration(ASKED, by=NOBODY) is None

    assert not Registration.objects.exists()
    assert [event.name for event in Event.objects.filter(subject__startswith="registration")] == [
        "registration.known"
    ]


def test_who_waits_already_gets_a_mail_and_no_second_registration():
    _made, word = register()
    _other, later = register()
    confirm_registration(word, by=NOBODY)

    submit_registration(replace(ASKED, email="NORA@nordlicht.example"), by=NOBODY)
    with pytest.raises(WrongState):
        confirm_registration(later, by=NOBODY)

    assert Event.objects.filter(name="registration.repeated").count() == 1
    assert Registration.objects.filter(state="waiting").count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"company_name": " "}, "company_name"),
        ({"street": ""}, "street"),
        ({"country": "A1"}, "country"),
        ({"country": ""}, "country"),
        ({"email": "nora"}, "email"),
        ({"tax_id": "ATU62047137"}, "tax_id"),
        ({"phone": "1" * 41}, "phone"),
        ({"company_name": "Win at https://bad.example"}, "company_name"),
        ({"company_name": "evil.com/pay"}, "company_name"),
        ({"person_name": "Pay at evil.zz/now"}, "person_name"),
        ({"person_name": "evil.com"}, "person_name"),
        ({"person_name": "Nora\nLook at this"}, "person_name"),
    ],
)
def test_what_is_missing_or_wrong_is_refused_at_its_field(wrong, field):
    with pytest.raises(InvalidValue) as refusal:
        submit_registration(replace(ASKED, **wrong), by=NOBODY)

    assert refusal.value.details["field"] == field
    assert not Registration.objects.exists()
    assert not Event.objects.filter(subject__startswith="registration").exists()


def test_the_register_s_word_is_kept_with_time_and_consultation_number():
    waiting = RegistrationFactory(tax_answer="asked")
    by = job_actor("tax-register")
    at = timezone.now()

    note_register_word(waiting.pk, RegisterWord(True, "WAPI1", "Nordlicht", "Linz"), at=at, by=by)

    waiting.refresh_from_db()
    assert (waiting.tax_answer, waiting.tax_answered_at, waiting.tax_consultation) == ("valid", at, "WAPI1")
    assert (waiting.tax_name, waiting.tax_address) == ("Nordlicht", "Linz")
    note_register_silence(waiting.pk, trouble="gone", by=by)
    waiting.refresh_from_db()
    assert waiting.tax_answer == "valid"


def test_a_silent_register_is_asked_again_while_the_registration_waits():
    now = timezone.now()
    long_ago = {"tax_answer": "unreached", "tax_asked_at": now - timedelta(hours=7)}
    silent = RegistrationFactory(**long_ago)
    RegistrationFactory(tax_answer="unreached", tax_asked_at=now - timedelta(hours=5))
    RegistrationFactory(tax_answer="invalid", tax_asked_at=now - timedelta(hours=7))
    RegistrationFactory(state="rejected", **long_ago)
    by = job_actor("registrations")

    assert ask_silent_registers(now, by=by) == 1
    assert ask_silent_registers(now, by=by) == 0

    silent.refresh_from_db()
    assert silent.tax_answer == "asked"
    assert Event.objects.get(name="registration.register_asked").payload["registration"] == silent.pk


@pytest.mark.req("ACC-16", "SEC-12")
def test_managers_see_all_sales_those_handed_over_and_others_none(mona, sam, arno, anna):
    mine, other = RegistrationFactory(sales_rep=sam.user), RegistrationFactory()
    CompanyFactory(sales_rep=sam.user)

    assert set(registrations_at(mona.user)) == set(registrations_at(arno.user)) == {mine, other}
    assert set(registrations_at(sam.user)) == {mine}
    for user in (anna.user, employ("Pia").user):
        assert not registrations_at(user).exists()
