"""Who asked and was not let in is forgotten in time, in every table; whoever was let in can be erased like anybody."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.actions.admission import Admission, admit_company, reject_registration
from accounts.actions.invitations import accept_invitation
from accounts.actions.registrations import Application, confirm_registration, submit_registration
from accounts.invitations import pass_of as invitation_pass
from accounts.models import Invitation, Registration
from accounts.registrations import pass_of
from core.actor import Actor
from core.models import Event
from integrations.actions.applicants import forget_registrations
from integrations.actions.personal import erase_person, export_person
from integrations.models import Delivery, SentMail
from tests.factories.accounts import UserFactory
from tests.factories.registrations import TYPED
from tests.integrations.conftest import relay

pytestmark = [pytest.mark.django_db, pytest.mark.req("SEC-15")]

NOBODY = Actor("portal", "nobody")
LATER = timezone.now() + timedelta(days=100)


def asked(name, *, is_confirmed=True):
    submit_registration(Application(**{**TYPED, "email": f"{name}@nordlicht.example"}), by=NOBODY)
    made = Registration.objects.latest("pk")
    return confirm_registration(pass_of(str(made.key)), by=NOBODY) if is_confirmed else made


def named(word):
    """Where a word still stands."""
    return {
        "registrations": Registration.objects.filter(email__icontains=word).count(),
        "events": sum(word in str(event.payload) for event in Event.objects.all()),
        "mails": sum(word in f"{mail.to} {mail.text} {mail.html}" for mail in SentMail.objects.all()),
    }


def test_unconfirmed_and_rejected_ones_are_forgotten_and_nobody_else(mona):
    asked("unsure", is_confirmed=False)
    rejected = asked("rejected")
    reject_registration(rejected.pk, "No", version=2, by=mona.actor)
    asked("waits")
    UserFactory(email="known@nordlicht.example")
    submit_registration(Application(**{**TYPED, "email": "known@nordlicht.example"}), by=NOBODY)
    relay()
    before = {name: named(name) for name in ("unsure", "rejected", "waits", "known")}
    assert all(sum(found.values()) for found in before.values())

    assert forget_registrations(LATER, most=100) == 0
    Delivery.objects.all().delete()
    assert forget_registrations(timezone.now() - timedelta(days=1), most=100) == 0
    assert forget_registrations(LATER, most=100) == 3
    assert forget_registrations(LATER, most=100) == 0

    gone = {"registrations": 0, "events": 0, "mails": 0}
    assert named("unsure") == named("rejected") == gone
    assert named("waits") == before["waits"]
    assert named("known") == {**before["known"], "events": 0}
    rejected.refresh_from_db()
    assert (rejected.state, rejected.reason, rejected.person_name, rejected.wish) == (
        "rejected",
        "No",
        "",
        "",
    )


def test_whoever_was_let_in_is_handed_out_and_erased_with_the_registration(mona, otto):
    made = asked("nora")
    admit_company(made.pk, Admission(currency="EUR"), version=2, by=mona.actor)
    relay()
    word = invitation_pass(str(Invitation.objects.get().key))
    person = accept_invitation(word, name="Nora Licht", password="a-quite-long-pass-4711", by=NOBODY)

    told = export_person(person, by=otto.actor)
    assert told["registrations"][0]["wish"] == TYPED["wish"]
    erase_person(person, by=otto.actor)

    assert named("nora@") == {"registrations": 0, "events": 0, "mails": 0}
    made.refresh_from_db()
    assert (made.state, made.phone, made.wish) == ("approved", "", "")
    assert "Nora" not in str(list(Registration.history.values()))
