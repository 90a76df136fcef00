"""Who is asked about an approval: by a right that is in force, and in the place of who may and is away now."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Delegation, User
from accounts.seats import seats_of
from accounts.states import Right
from tests.conftest import enrol
from tests.factories.accounts import CompanyFactory, MembershipFactory, lend
from tests.factories.approvals import delegation_of

pytestmark = pytest.mark.django_db


def sitting(company):
    """Who has a seat, and whose it is."""
    return {(seat.user.name, str(seat.instead_of or "")) for seat in seats_of(company.pk)}


@pytest.mark.req("ACC-06")
def test_a_right_that_was_lent_gives_a_seat_until_it_ends(anna, boris):
    lent = lend(anna.user, Right.APPROVE, anna.company, until=timezone.now() + timedelta(hours=1))
    assert sitting(anna.company) == {("Boris", ""), ("Anna", "")}

    lent.valid_until = timezone.now() - timedelta(seconds=1)
    lent.save(update_fields=["valid_until"])

    assert sitting(anna.company) == {("Boris", "")}
    assert seats_of(anna.company.pk, anna.user.pk) == []


@pytest.mark.req("APR-09")
def test_a_deputy_has_a_seat_while_it_lasts_and_the_absent_person_is_there_at_all(anna, boris):
    dora = enrol("Dora", anna.company, "buyer")
    delegation_of(anna.company, boris.user, dora.user)
    assert sitting(anna.company) == {("Boris", ""), ("Dora", "Boris")}

    Delegation.objects.update(ended_at=timezone.now())
    assert sitting(anna.company) == {("Boris", "")}

    Delegation.objects.update(ended_at=None)
    User.objects.filter(pk=boris.user.pk).update(is_active=False)
    assert sitting(anna.company) == set()
    assert seats_of(anna.company.pk, dora.user.pk) == []


@pytest.mark.req("APR-09")
def test_a_deputy_of_the_group_does_not_take_the_place_that_the_absent_person_has_below(acme):
    group = CompanyFactory(number="GROUP")
    acme.parent = group
    acme.save(update_fields=["parent"])
    absent = enrol("Xaver", group, "approver")
    MembershipFactory(user=absent.user, company=acme, roles=["approver"])
    deputy = enrol("Yara", group, "buyer", includes_branches=True)

    delegation_of(group, absent.user, deputy.user)

    assert sitting(group) == {("Xaver", ""), ("Yara", "Xaver")}
    assert sitting(acme) == {("Xaver", "")}
