"""A customer whose first administrator never came: seen on its page, and invited anew by the staff (ACC-17)."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from accounts.actions.admission import Admission, admit_company
from accounts.actions.first_administrator import invite_administrator_again
from accounts.actions.invitations import accept_invitation
from accounts.invitations import pass_of
from accounts.models import Company, Invitation, Membership, Registration
from accounts.queries.scopes import scope_for
from accounts.states import Right
from core.actor import Actor
from core.errors import NotAllowed, NotFound, WrongState
from tests.conftest import enrol
from tests.factories.accounts import CompanyFactory
from tests.factories.registrations import RegistrationFactory
from tests.integrations.conftest import relay
from tests.portal.pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.req("ACC-17", "ACC-07")]
NOBODY = Actor("portal", "nobody")


@pytest.fixture
def late(mona):
    """A customer that was let in, and whose only invitation is over."""
    asked = RegistrationFactory(email="nora@nordlicht.example", company_name="Nordlicht GmbH")
    admit_company(asked.pk, Admission(currency="EUR"), version=asked.version, by=mona.actor)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
    return Company.objects.get(name="Nordlicht GmbH")


def page_of(company):
    return reverse("admin:accounts_company_administrator", args=[company.pk])


def test_the_customers_page_says_that_nobody_administers_it_and_the_staff_invites_anew(late, mona):
    browser = mona.signed_in()
    shown = text_of(browser.get(reverse("admin:accounts_company_change", args=[late.pk])))
    assert "No active administrator: nobody of this customer can invite people." in shown
    assert "The invitation of nora@nordlicht.example ended" in shown
    old = Invitation.objects.get()

    browser.post(page_of(late))
    relay()

    new = Invitation.objects.exclude(pk=old.pk).get()
    assert Registration.objects.get().invitation == new
    assert mail.outbox[-1].to == ["nora@nordlicht.example"]
    assert "You are invited to work for Nordlicht GmbH" in mail.outbox[-1].subject
    with pytest.raises(WrongState):
        accept_invitation(pass_of(str(old.key)), name="Nora", password="new-phrase-0815", by=NOBODY)
    nora = accept_invitation(pass_of(str(new.key)), name="Nora", password="new-phrase-0815", by=NOBODY)
    assert Membership.objects.get(user=nora).roles == ["administrator"]
    assert scope_for(nora.pk, late.pk).may(Right.MANAGE_PEOPLE)
    shown = text_of(browser.get(reverse("admin:accounts_company_change", args=[late.pk])))
    assert "No active administrator" not in shown
    assert "Nora (nora@nordlicht.example)" in shown


def test_where_somebody_administers_it_nobody_of_the_staff_invites(acme, mona):
    ada = enrol("Ada", acme, "administrator")
    Invitation.objects.create(company=acme, email="x@acme.example", roles=["administrator"],
                              invited_by=ada.user, expires_at=timezone.now())  # fmt: skip

    page = mona.signed_in().post(page_of(acme))

    assert page.status_code == 409
    assert "can invite people: nobody else needs to" in text_of(page)
    assert Invitation.objects.count() == 1


def test_nor_where_nobody_was_ever_invited(mona):
    company = CompanyFactory()

    shown = text_of(mona.signed_in().get(page_of(company)))

    assert "Nobody was invited to administer it." in shown
    with pytest.raises(WrongState):
        invite_administrator_again(company, by=mona.actor)


def test_only_whoever_decides_on_registrations_and_meets_the_customer_does(late, otto, sam, anna):
    for by, refusal in ((otto.actor, NotAllowed), (anna.actor, NotAllowed), (sam.actor, NotFound)):
        with pytest.raises(refusal):
            invite_administrator_again(late, by=by)
    assert sam.signed_in().get(page_of(late)).status_code == 404
    assert otto.signed_in().get(page_of(late)).status_code == 403

    Company.objects.filter(pk=late.pk).update(sales_rep=sam.user)

    assert invite_administrator_again(late, by=sam.actor).email == "nora@nordlicht.example"
    assert Invitation.objects.filter(withdrawn_at=None).count() == 1


@pytest.mark.req("SEC-13", "ACC-16")
def test_who_manages_from_above_is_not_named_to_who_does_not_meet_that_one(acme, sam):
    head = CompanyFactory(number="HEAD")
    Company.objects.filter(pk=acme.pk).update(parent=head)
    enrol("Vera", head, "administrator", includes_branches=True)

    shown = text_of(sam.signed_in().get(reverse("admin:accounts_company_change", args=[acme.pk])))
    refused = text_of(sam.signed_in().post(page_of(acme)))

    assert "managed from a company above it" in shown
    assert "Vera" not in shown + refused
    assert "vera@" not in shown + refused
