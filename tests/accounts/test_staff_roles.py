"""Duties of the staff: the matrix, the pairs that nobody may hold, by form, action and shell."""

from datetime import timedelta
from itertools import combinations
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actions.people import Identity, register_person
from accounts.actions.staff import Access, assign_staff_roles, grant_partner_access
from accounts.models import ForbiddenPair, User
from accounts.staff import (
    AREAS,
    AUDITOR,
    DOES,
    FINANCE,
    FORBIDDEN,
    INTEGRATION_ADMIN,
    OPERATOR,
    PARTNER,
    ROLES,
    SALES,
    SALES_MANAGER,
    SEES,
    check_roles,
    install_staff_groups,
    permissions_of,
    roles_of,
)
from core.actor import Actor
from core.errors import InvalidValue, NotAllowed
from core.models import Event
from tests.factories.accounts import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("SEC-12")]
BY = Actor("admin", "Root")
DOCS = Path(__file__).resolve().parents[2] / "docs" / "staff.md"


@pytest.mark.parametrize("pair", list(combinations(sorted(ROLES), 2)))
def test_a_pair_is_refused_by_the_action_and_by_the_database_or_by_neither(pair):
    user = UserFactory(is_staff=True, access_until=timezone.now() + timedelta(days=1))
    first, second = (Group.objects.get(name=name) for name in pair)
    user.groups.add(first)

    if frozenset(pair) not in FORBIDDEN:
        assign_staff_roles(user, pair, by=BY)
        assert roles_of(User.objects.get(pk=user.pk)) == set(pair)
        return
    with pytest.raises(InvalidValue, match="at once"):
        assign_staff_roles(user, pair, by=BY)
    with pytest.raises(IntegrityError), transaction.atomic():
        user.groups.add(second)
    with pytest.raises(IntegrityError), transaction.atomic():
        second.user_set.add(user)
    with pytest.raises(InvalidValue):
        register_person(Identity("new@nordwind.example", "New", tuple(pair)), password="x", by=BY)
    assert roles_of(user) == {pair[0]}
    assert not User.objects.filter(email="new@nordwind.example").exists()


def test_the_duties_that_the_requirement_names_exclude_each_other():
    for pair in (
        {SALES, FINANCE},
        {SALES_MANAGER, FINANCE},
        {OPERATOR, AUDITOR},
        {INTEGRATION_ADMIN, SALES_MANAGER},
    ):
        with pytest.raises(InvalidValue):
            check_roles(pair)
    for role in set(ROLES) - {PARTNER}:
        with pytest.raises(InvalidValue):
            check_roles({PARTNER, role})


def test_a_partner_does_nothing_an_auditor_takes_out_evidence_alone_and_sees_every_area():
    assert set(SEES[AUDITOR]) == set(AREAS)
    assert (DOES[AUDITOR], DOES[PARTNER]) == ({"core.export_evidence"}, set())
    for role in (AUDITOR, PARTNER):
        assert all(".view_" in permission for permission in permissions_of(role) - DOES[role])


def test_groups_hold_exactly_what_the_table_says_whatever_was_changed_by_hand():
    Group.objects.get(name=AUDITOR).permissions.set(Group.objects.get(name=FINANCE).permissions.all())
    ForbiddenPair.objects.all().delete()

    install_staff_groups()

    for role in ROLES:
        held = Group.objects.get(name=role).permissions.select_related("content_type")
        assert {f"{row.content_type.app_label}.{row.codename}" for row in held} == permissions_of(role)
    assert ForbiddenPair.objects.count() == len(FORBIDDEN)


def test_nobody_lets_oneself_in_as_a_partner(otto):
    with pytest.raises(NotAllowed):
        grant_partner_access(otto.user, Access(days=7, customers=(), reason="me"), by=otto.actor)

    assert PARTNER not in roles_of(otto.user)


def test_nobody_gives_roles_to_oneself_and_a_superuser_has_no_duty(otto):
    boss = User.objects.create_superuser("boss@nordwind.example", "x", name="Boss")

    with pytest.raises(NotAllowed):
        assign_staff_roles(otto.user, [OPERATOR], by=otto.actor)
    with pytest.raises(InvalidValue, match="superuser"):
        assign_staff_roles(boss, [SALES], by=BY)

    assert roles_of(boss) == frozenset()
    assert not Event.objects.filter(name="staff.roles_assigned").exists()


def test_roles_are_given_and_taken_and_told(otto):
    user = UserFactory()

    assign_staff_roles(user, [SALES], by=otto.actor)
    assign_staff_roles(user, [SALES], by=otto.actor)
    assign_staff_roles(user, [], by=otto.actor)

    user.refresh_from_db()
    assert (user.is_staff, roles_of(user)) == (False, frozenset())
    told = Event.objects.filter(name="staff.roles_assigned").order_by("id")
    assert [(event.payload["was"], event.payload["roles"]) for event in told] == [
        ([], [SALES]),
        ([SALES], []),
    ]
    assert {event.actor_user_id for event in told} == {otto.user.pk}


def test_the_matrix_in_the_documentation_is_the_table():
    text = DOCS.read_text()

    for area in AREAS:
        marks = " | ".join("sees" if area in SEES[role] else "–" for role in ROLES)
        assert f"| {area} | {marks} |" in text
    for role in ROLES:
        for permission in DOES[role]:
            assert f"`{permission}`" in text
    for pair in FORBIDDEN:
        first, second = sorted(pair, key=ROLES.index)
        assert f"{first} + {second}" in text


def test_the_page_of_the_roles_refuses_a_pair_and_sets_what_is_allowed(client, otto):
    boss = User.objects.create_superuser("boss@nordwind.example", "x", name="Boss")
    user = UserFactory()
    page = f"/admin/accounts/user/{user.pk}/roles/"
    client.force_login(boss, "allauth.account.auth_backends.AuthenticationBackend")

    assert client.get(page).status_code == 200
    refused = client.post(page, {"roles": [SALES, FINANCE]})
    assert (refused.status_code, roles_of(user)) == (422, frozenset())
    assert "at once" in refused.content.decode()
    assert client.post(page, {"roles": [SALES]}).status_code == 302
    assert roles_of(User.objects.get(pk=user.pk)) == {SALES}

    assert otto.signed_in().get(page).status_code == 403
    assert otto.signed_in().post(page, {"roles": [OPERATOR]}).status_code == 403
    assert client.post(f"/admin/accounts/user/{boss.pk}/roles/", {"roles": [SALES]}).status_code == 403
