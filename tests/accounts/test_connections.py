"""Whom a company's provider lets in, by the actions alone; the way through the pages is tests/portal/test_company_sign_in.py."""

import pytest

from accounts.actions.connections import Draft, enter_by_connection, save_connection
from accounts.actions.members import Place, end_membership, invite_member
from accounts.models import Membership, User
from accounts.vouching import Claims
from core.actor import Actor
from core.errors import NotAllowed
from tests.conftest import enrol


@pytest.mark.req("ACC-07", "ACC-12")
def test_an_invitation_of_somebody_who_was_dismissed_opens_nothing_at_the_provider_either(acme):
    nobody = Actor("portal", "nobody")
    draft = Draft("acme", "Acme", "https://id.acme.example", "accord", ("acme.example",))
    connection = save_connection(acme, draft, by=nobody)
    ada, olga = (enrol(name, acme, "administrator") for name in ("Ada", "Olga"))
    invite_member(acme, "second@acme.example", "Ada", Place(roles=("administrator",)), by=ada.actor)
    end_membership(Membership.objects.get(user=ada.user), by=olga.actor)

    with pytest.raises(NotAllowed):
        enter_by_connection(connection, Claims("sub-1", "second@acme.example", True, "Ada", False), by=nobody)

    assert not User.objects.filter(email="second@acme.example").exists()
