"""Partners: let in for a time and for named customers by somebody else; each request is listed; it ends by itself."""

from datetime import timedelta

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actions.staff import Access, assign_staff_roles, end_partner_access, grant_partner_access
from accounts.models import User
from accounts.staff import PARTNER, roles_of
from core.errors import InvalidValue, NotAllowed
from core.models import AuditEntry
from tests.conftest import Member, employ
from tests.factories.accounts import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("SEC-11")]


@pytest.fixture
def pia(acme, otto):
    user = UserFactory(name="Pia", email="pia@partner.example")
    page = reverse("admin:accounts_user_partner", args=[user.pk])
    asked = {"days": "7", "customers": "ACME", "reason": "Set up EDI"}
    assert otto.signed_in().post(page, asked).status_code == 302
    return Member(User.objects.get(pk=user.pk), None, None, None)


def test_a_partner_sees_the_named_customers_alone_and_every_request_is_listed(pia, acme, other):
    browser = pia.signed_in()

    listed = browser.get(reverse("admin:accounts_company_changelist")).content.decode()
    foreign = browser.get(reverse("admin:accounts_company_change", args=[other.pk]))

    assert "Acme Works" in listed
    assert "Other Ltd" not in listed
    assert foreign.status_code == 404
    entries = AuditEntry.objects.filter(action="partner.requested", user_id=pia.user.pk).order_by("pk")
    assert [(entry.data["path"], entry.data["status"]) for entry in entries] == [
        (reverse("admin:accounts_company_changelist"), 200),
        (reverse("admin:accounts_company_change", args=[other.pk]), 404),
    ]


def test_the_access_ends_by_itself_at_the_next_request(pia):
    browser = pia.signed_in()
    assert browser.get(reverse("admin:index")).status_code == 200

    User.objects.filter(pk=pia.user.pk).update(access_until=timezone.now() - timedelta(seconds=1))

    assert browser.get(reverse("admin:index")).url.startswith(reverse("account_login"))
    assert SESSION_KEY not in browser.session
    assert roles_of(User.objects.get(pk=pia.user.pk)) == frozenset()
    assert AuditEntry.objects.filter(action="partner.refused", user_id=pia.user.pk).count() == 1


def test_it_is_renewed_by_somebody_else_who_may_and_for_a_bounded_time(pia, otto, sam, acme):
    access = Access(10, ("ACME",), "More EDI")

    for person in (pia, sam):
        actor = otto.actor.__class__("admin", "x", user_id=person.user.pk)
        with pytest.raises(NotAllowed):
            grant_partner_access(pia.user, access, by=actor)
    for wrong in (Access(10, (), " "), Access(1000, (), "Long"), Access(10, ("NOBODY",), "Who")):
        with pytest.raises(InvalidValue):
            grant_partner_access(pia.user, wrong, by=otto.actor)
    with pytest.raises(InvalidValue):
        grant_partner_access(sam.user, access, by=otto.actor)
    with pytest.raises(InvalidValue):
        assign_staff_roles(UserFactory(), [PARTNER], by=otto.actor)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=pia.user.pk).update(access_granted_by=pia.user.pk)

    before = pia.user.access_until
    renewed = grant_partner_access(pia.user, access, by=otto.actor)
    assert renewed.access_until > before


def test_somebody_unknown_is_let_in_from_the_list_of_partners(otto, mona, acme, anna):
    page = reverse("admin:accounts_user_partners")
    form = {
        "email": "quinn@partner.example",
        "name": "Quinn",
        "days": "7",
        "customers": "ACME",
        "reason": "EDI",
    }
    browser = otto.signed_in()

    answer = browser.post(page, form)
    again = browser.post(page, {**form, "email": anna.user.email})
    unknown = browser.post(page, {**form, "email": "rob@partner.example", "customers": "NOBODY"})

    assert answer.status_code == 302
    person = User.objects.get(email="quinn@partner.example")
    assert (person.access_customers, person.access_granted_by) == (["ACME"], otto.user)
    assert (roles_of(person), person.has_usable_password()) == ({PARTNER}, False)
    assert "under another e-mail address" in again.content.decode()
    assert unknown.status_code == 422
    assert not User.objects.filter(email="rob@partner.example").exists()
    assert "Quinn" in browser.get(page).content.decode()
    assert mona.signed_in().get(page).status_code == 403


def test_it_is_ended_before_its_time_with_a_reason_and_renewed_with_what_is_known(pia, otto, mona):
    browser, page = pia.signed_in(), reverse("admin:accounts_user_partner", args=[pia.user.pk])
    with pytest.raises(NotAllowed):
        end_partner_access(pia.user, reason="Done", by=mona.actor)
    assert otto.signed_in().post(page, {"do": "end", "why": " "}).status_code == 422
    assert browser.get(reverse("admin:index")).status_code == 200
    shown = otto.signed_in().get(page).content.decode()
    assert 'value="ACME"' in shown
    assert "Set up EDI" in shown

    answer = otto.signed_in().post(page, {"do": "end", "why": "The contract is over"})

    assert answer.status_code == 302
    assert browser.get(reverse("admin:index")).url.startswith(reverse("account_login"))
    entry = AuditEntry.objects.get(action="partner.ended")
    assert (entry.user_id, entry.object_key, entry.data) == (
        otto.user.pk, str(pia.user.pk), {"reason": "The contract is over"},
    )  # fmt: skip
    ended = User.objects.get(pk=pia.user.pk).access_until
    end_partner_access(pia.user, reason="Again", by=otto.actor)
    assert User.objects.get(pk=pia.user.pk).access_until == ended


@pytest.mark.req("SEC-11", "SEC-12")
@pytest.mark.parametrize("way", ["group first", "end taken away", "set by the roles' table"])
def test_nobody_is_a_partner_without_an_end_whoever_writes(way):
    person = UserFactory(
        is_staff=True, access_until=None if way == "group first" else timezone.now() + timedelta(days=1)
    )
    role = Group.objects.get(name=PARTNER)

    def break_it():
        with transaction.atomic():
            if way == "set by the roles' table":
                User.groups.through.objects.create(user_id=person.pk, group_id=role.pk)
            else:
                person.groups.add(role)
            User.objects.filter(pk=person.pk).update(access_until=None)
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(IntegrityError, match="until a day"):
        break_it()

    assert not person.groups.exists()


@pytest.mark.req("SEC-11")
def test_an_end_that_comes_in_the_same_transaction_is_enough():
    person = UserFactory(is_staff=True)

    with transaction.atomic():
        person.groups.add(Group.objects.get(name=PARTNER))
        User.objects.filter(pk=person.pk).update(access_until=timezone.now() + timedelta(days=1))
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    assert person.groups.get().name == PARTNER


@pytest.mark.req("SEC-11", "SEC-12")
def test_the_page_of_roles_does_not_make_a_partner():
    person = employ("Rolf", "Operator")
    root = UserFactory(is_staff=True, is_superuser=True)
    browser = Client()
    browser.force_login(root, "allauth.account.auth_backends.AuthenticationBackend")

    page = browser.post(reverse("admin:accounts_user_roles", args=[person.user.pk]), {"roles": [PARTNER]})

    assert page.status_code in (409, 422)
    assert roles_of(person.user) == {"Operator"}
