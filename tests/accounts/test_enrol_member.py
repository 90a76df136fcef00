"""Members: roles that exist, one membership per person and company, a fact that is recorded."""

import pytest

from accounts.actions.people import Invitation, enrol_member
from accounts.models import Membership
from core.actor import acting
from core.errors import InvalidValue
from core.models import Event
from tests.factories.accounts import UserFactory


@pytest.mark.parametrize("roles", [(), ("owner",), ("buyer", "king")])
def test_only_roles_that_exist_are_given(acme, anna, roles):
    user = UserFactory()

    with pytest.raises(InvalidValue):
        enrol_member(acme, Invitation(user, roles), by=anna.actor)

    assert not Membership.objects.filter(user=user).exists()
    assert not Event.objects.exists()


@pytest.mark.req("SEC-08")
def test_the_history_of_a_membership_names_the_person_and_the_door(acme, anna):
    user = UserFactory()

    with acting(anna.actor):
        enrol_member(acme, Invitation(user, ("buyer",)), by=anna.actor)

    change = Membership.objects.get(user=user).history.get()
    assert (change.history_user, change.actor_label, change.channel) == (anna.user, "Anna", "portal")
    assert change.on_behalf_of == "ACME"


def test_enrolling_again_changes_the_membership_there_is(acme, anna):
    user = UserFactory()

    enrol_member(acme, Invitation(user, ("buyer",)), by=anna.actor)
    enrol_member(acme, Invitation(user, ("approver",), includes_branches=True), by=anna.actor)

    membership = Membership.objects.get(user=user)
    assert (membership.roles, membership.includes_branches) == (["approver"], True)
    assert list(Event.objects.values_list("name", "subject", "sequence")) == [
        ("member.enrolled", "company:ACME", 1),
        ("member.enrolled", "company:ACME", 2),
    ]
