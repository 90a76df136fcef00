"""Whom a company's provider lets in, by the actions alone; the way through the pages is tests/portal/test_company_sign_in.py."""

import pytest
from django.db import transaction

from accounts.actions.connections import Draft, enter_by_connection, save_connection
from accounts.actions.granting import Place
from accounts.actions.invitations import accept_invitation, invite_member
from accounts.actions.members import end_membership
from accounts.invitations import pass_of
from accounts.models import Invitation, Membership, User
from accounts.vouching import Claims
from core.actor import Actor
from core.errors import DomainError, NotAllowed, WrongState
from tests.conftest import enrol
from tests.factories.accounts import CompanyFactory
from tests.orders.test_ended_meanwhile import Running


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


@pytest.mark.req("ACC-12", "SEC-13")
def test_the_only_way_is_not_left_by_an_invitation_into_another_company(acme, other, anna, clara):
    nobody = Actor("portal", "nobody")
    draft = Draft("acme", "Acme ID", "https://id.acme.example", "accord", ("acme.example",), is_only_way=True)
    save_connection(acme, draft, by=nobody)
    elsewhere = invite_member(other, anna.user.email, "Anna", Place(roles=("buyer",)), by=clara.actor)
    branch = CompanyFactory(number="ACME-1", parent=acme)
    lead = enrol("Lead", acme, "administrator")
    within = invite_member(branch, anna.user.email, "Anna", Place(roles=("buyer",)), by=lead.actor)

    with pytest.raises(WrongState, match="Acme ID alone"):
        accept_invitation(pass_of(elsewhere.key), user=anna.user, by=anna.actor)
    accept_invitation(pass_of(within.key), user=anna.user, by=anna.actor)

    places = Membership.objects.filter(user=anna.user)
    assert {place.company.number for place in places} == {"ACME", "ACME-1"}


def invited(company, by):
    invite_member(company, "second@acme.example", "Ada", Place(roles=("administrator",)), by=by.actor)
    return Invitation.objects.get(company=company)


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("ACC-07", "ACC-12")
@pytest.mark.parametrize("way", ["provider", "link"])
def test_nobody_slips_in_while_whoever_invited_is_being_dismissed_further_up(acme, way):
    nobody = Actor("portal", "nobody")
    draft = Draft("acme", "Acme", "https://id.acme.example", "accord", ("acme.example",))
    connection = save_connection(acme, draft, by=nobody)
    branch = CompanyFactory(number="ACME-1", parent=acme)
    ada, olga = (enrol(name, acme, "administrator") for name in ("Ada", "Olga"))
    word = pass_of(invited(branch, ada).key)
    claims = Claims("sub-1", "second@acme.example", True, "Ada", False)
    ways = {
        "provider": lambda: enter_by_connection(connection, claims, by=nobody),
        "link": lambda: accept_invitation(word, name="Ada", password="a-quite-long-pass-4711", by=nobody),
    }

    with transaction.atomic():
        end_membership(Membership.objects.get(user=ada.user), by=olga.actor)
        entering = Running(ways[way])
        assert entering.waits()

    assert isinstance(entering.done(), DomainError)
    assert not User.objects.filter(email="second@acme.example").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("ACC-07", "ACC-12")
@pytest.mark.parametrize("way", ["provider", "link"])
def test_of_two_ways_in_at_once_one_makes_the_person_and_the_other_says_so(acme, other, clara, way):
    nobody = Actor("portal", "nobody")
    draft = Draft("acme", "Acme", "https://id.acme.example", "accord", ("acme.example",))
    connection = save_connection(acme, draft, by=nobody)
    here, there = invited(acme, enrol("Ada", acme, "administrator")), invited(other, clara)
    claims = Claims("sub-1", "second@acme.example", True, "Ada", False)

    def by_link(one):
        return accept_invitation(pass_of(one.key), name="Ada", password="a-quite-long-pass-4711", by=nobody)

    ways = {
        "provider": lambda: enter_by_connection(connection, claims, by=nobody),
        "link": lambda: by_link(here),
    }
    with transaction.atomic():
        by_link(there)
        second = Running(ways[way])
        assert second.waits()

    assert isinstance(second.done(), DomainError)
    assert Membership.objects.get(user__email="second@acme.example").company == other
