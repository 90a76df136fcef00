"""What nobody gives in a company: roles of somebody else's, roles above the own rights, a place to the staff."""

import pytest

from accounts.actions.granting import Place
from accounts.actions.invitations import accept_invitation, invite_member
from accounts.actions.members import end_membership, restore_membership
from accounts.actions.roles import compose_role
from accounts.invitations import pass_of
from accounts.models import CompanyRole, Invitation, Membership
from core.errors import InvalidValue, NotAllowed, WrongState
from tests.conftest import employ, enrol

pytestmark = [pytest.mark.django_db, pytest.mark.req("ACC-07")]


@pytest.fixture
def ada(acme):
    """Administers the company."""
    return enrol("Ada", acme, "administrator")


@pytest.fixture
def lead(acme):
    """Manages people, and sees nothing of their orders."""
    lead = enrol("Lead", acme, "viewer")
    role = CompanyRole.objects.create(
        company=acme, name="Lead", grants={"manage_people": 2, "view_prices": 2}
    )
    Membership.objects.get(user=lead.user).own_roles.add(role)
    return lead


def test_a_role_of_another_company_is_not_given(acme, other, ada):
    foreign = CompanyRole.objects.create(company=other, name="Looks", grants={"view_prices": 2})

    with pytest.raises(InvalidValue) as refusal:
        invite_member(acme, "new@acme.example", "Nina", Place(own_roles=(foreign.pk,)), by=ada.actor)

    assert refusal.value.details["field"] == "own_roles"
    assert not Invitation.objects.exists()


def test_a_role_above_the_own_rights_is_not_cut_down_to_them(acme, lead):
    buys = CompanyRole.objects.create(company=acme, name="Buys", grants={"buy": 2})

    with pytest.raises(NotAllowed):
        compose_role(acme, "Buys", {"view_prices": 2}, role=buys, by=lead.actor)

    buys.refresh_from_db()
    assert buys.grants == {"buy": 2}


def test_a_place_above_the_own_rights_is_not_given_back(acme, ada, lead):
    gone = enrol("Gus", acme, "buyer")
    membership = Membership.objects.get(user=gone.user)
    end_membership(membership, by=ada.actor)

    with pytest.raises(NotAllowed):
        restore_membership(membership, by=lead.actor)

    membership.refresh_from_db()
    assert not membership.is_active


def test_somebody_of_the_staff_joins_no_customer(acme, ada):
    sam = employ("Sam", "Sales")
    made = invite_member(acme, sam.user.email, "Sam", Place(roles=("buyer",)), by=ada.actor)

    with pytest.raises(WrongState):
        accept_invitation(pass_of(str(made.key)), user=sam.user, by=sam.actor)

    assert not Membership.objects.filter(user=sam.user).exists()
