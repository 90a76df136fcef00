"""The companies that ask to become customers of the demo: made by the actions of a stranger and of the staff."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from accounts.actions.admission import hand_over_registration
from accounts.actions.registrations import (
    Application,
    RegisterWord,
    confirm_registration,
    note_register_word,
    submit_registration,
)
from accounts.applicants import all_registrations_of
from accounts.models import User
from accounts.registrations import pass_of
from core.actor import Actor


def seed_registrations(given: list[dict[str, Any]], users: Mapping[str, User], *, by: Actor) -> None:
    """Let each of them register and confirm, once; what has become of one meanwhile stays.

    given: as demo/registrations.json. by: the job that seeds.
    """
    for one in given:
        asked = Application(**one["typed"])
        if all_registrations_of(asked.email).exists() or asked.email in users:
            continue
        submit_registration(asked, by=by)
        made = confirm_registration(pass_of(str(all_registrations_of(asked.email).get().key)), by=by)
        if "register" in one:
            note_register_word(made.pk, RegisterWord(**one["register"]), at=timezone.now(), by=by)
        if "handed_over" in one:
            manager, to = (users[one["handed_over"][who]] for who in ("by", "to"))
            staff = Actor("admin", str(manager), user_id=manager.pk)
            hand_over_registration(made.pk, to.pk, version=made.version, by=staff)
