"""The staff decides on a registration: once, by who may, on what was shown; and nothing is made twice."""

import pytest

from accounts.actions.admission import (
    Admission,
    admit_company,
    ask_register_again,
    attach_person,
    hand_over_registration,
    reject_registration,
)
from accounts.actions.invitations import accept_invitation
from accounts.actions.opening import number_for
from accounts.actions.segments import save_segment
from accounts.applicants import similar_to
from accounts.invitations import pass_of
from accounts.models import Company, Invitation, Membership, Registration
from accounts.queries.scopes import scope_for
from accounts.segments import segments_of
from accounts.states import Right
from core.actor import Actor
from core.errors import InvalidValue, NotAllowed, NotFound, OutOfDate, WrongState
from core.models import AuditEntry, Event
from tests.conftest import employ
from tests.factories.accounts import AddressFactory, CompanyFactory, PaymentTermFactory
from tests.factories.registrations import AT_NUMBER, PLAIN, RegistrationFactory

pytestmark = pytest.mark.django_db

NOBODY = Actor("portal", "nobody")


def nothing_happened(asked):
    asked.refresh_from_db()
    assert (asked.state, asked.company, asked.invitation) == ("waiting", None, None)
    assert not Company.objects.filter(number=number_for(asked)).exists()
    assert not Invitation.objects.exists()
    assert not Event.objects.filter(name__in=["company.admitted", "registration.approved"]).exists()


def test_an_approved_one_is_a_pending_customer_with_an_invited_administrator(asked, mona):
    PaymentTermFactory(code="net60", net_days=60)
    PaymentTermFactory(code="at once", net_days=0)
    south = save_segment("region", "south", name="South", by=mona.actor)
    lena = employ("Lena", "Sales")

    admit_company(
        asked.pk,
        Admission(currency="EUR", segments=(south.pk,), sales_rep=lena.user.pk),
        version=1,
        by=mona.actor,
    )

    company = Company.objects.get(number=number_for(asked))
    assert (company.status, company.name, company.tax_id) == ("pending", "Nordlicht GmbH", AT_NUMBER)
    assert (company.sales_rep, company.erp_id) == (lena.user, "")
    assert "region:south" in segments_of([company.pk])
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.roles) == ("nora@nordlicht.example", ["administrator"])
    told = Event.objects.get(name="company.admitted").payload
    assert (told["company_number"], told["payment_term_code"], told["parent_number"]) == (
        company.number,
        "at once",
        "",
    )
    assert AuditEntry.objects.get(action="registration.approved").user_id == mona.user.pk

    person = accept_invitation(
        pass_of(str(invitation.key)), name="Nora", password="a-quite-long-pass-4711", by=NOBODY
    )
    scope = scope_for(person.pk, company.pk)
    assert scope.may(Right.MANAGE_PEOPLE)
    assert not scope.may(Right.VIEW_PRICES)


def test_who_has_decided_is_told_to_whoever_comes_later(asked, mona):
    admit_company(asked.pk, PLAIN, version=1, by=mona.actor)

    for late in (
        lambda: admit_company(asked.pk, PLAIN, version=1, by=mona.actor),
        lambda: admit_company(asked.pk, PLAIN, version=2, by=mona.actor),
        lambda: reject_registration(asked.pk, "No", version=2, by=mona.actor),
        lambda: attach_person(asked.pk, "X", ["buyer"], version=2, by=mona.actor),
        lambda: hand_over_registration(asked.pk, None, version=2, by=mona.actor),
    ):
        with pytest.raises(WrongState) as refusal:
            late()
        assert "Mona has decided on it already: approved" in str(refusal.value)

    assert Company.objects.filter(registrations=asked).count() == 1
    assert Invitation.objects.count() == 1


def test_what_somebody_else_has_touched_is_looked_at_again(asked, mona):
    hand_over_registration(asked.pk, mona.user.pk, version=1, by=mona.actor)

    with pytest.raises(OutOfDate):
        admit_company(asked.pk, PLAIN, version=1, by=mona.actor)

    nothing_happened(asked)


def test_a_rejection_needs_a_reason_and_tells_it(asked, mona):
    with pytest.raises(InvalidValue):
        reject_registration(asked.pk, "  ", version=1, by=mona.actor)
    nothing_happened(asked)

    reject_registration(asked.pk, "We deliver to businesses alone.", version=1, by=mona.actor)

    told = Event.objects.get(name="registration.rejected").payload
    assert told["reason"] == "We deliver to businesses alone."
    assert told["person"]["email"] == "nora@nordlicht.example"
    assert not Company.objects.exists()


@pytest.mark.req("SEC-12", "ACC-16")
def test_only_the_sales_staff_decides_and_sales_on_what_was_handed_over(
    asked, mona, sam, otto, fiona, arno, anna
):
    for by in (otto, fiona, arno, anna):
        with pytest.raises(NotAllowed):
            admit_company(asked.pk, PLAIN, version=1, by=by.actor)
    with pytest.raises(NotFound):
        admit_company(asked.pk, PLAIN, version=1, by=sam.actor)
    with pytest.raises(NotFound):
        hand_over_registration(asked.pk, sam.user.pk, version=1, by=sam.actor)
    nothing_happened(asked)

    hand_over_registration(asked.pk, sam.user.pk, version=1, by=mona.actor)
    with pytest.raises(NotAllowed):
        hand_over_registration(asked.pk, None, version=2, by=sam.actor)
    admit_company(asked.pk, PLAIN, version=2, by=sam.actor)

    assert Company.objects.get(number=number_for(asked)).sales_rep == sam.user


@pytest.mark.req("ACC-13", "ACC-17")
def test_a_customer_that_is_there_already_is_made_anew_by_the_steward_alone(asked, mona, sam):
    twin = CompanyFactory(number="TWIN", tax_id="ATU 6204 7136", sales_rep=sam.user)
    hand_over_registration(asked.pk, sam.user.pk, version=1, by=mona.actor)

    for by in (sam, mona):
        with pytest.raises(InvalidValue) as refusal:
            admit_company(asked.pk, PLAIN, version=2, by=by.actor)
        assert "TWIN looks like the same company" in str(refusal.value)
    meant = Admission(currency="EUR", is_no_double=True)
    with pytest.raises(NotAllowed):
        admit_company(asked.pk, meant, version=2, by=sam.actor)
    nothing_happened(asked)

    admit_company(asked.pk, meant, version=2, by=mona.actor)
    assert Company.objects.get(number=number_for(asked)).parent_id != twin.pk


@pytest.mark.req("ACC-13")
def test_the_customers_that_look_the_same_are_found_by_the_rules_for_doubles(asked):
    CompanyFactory(number="A", tax_id=AT_NUMBER)
    both = CompanyFactory(number="B", name="NORDLICHT Gmbh")
    AddressFactory(company=both, street="Hafenstr. 9", postal_code="4020", country="AT")
    CompanyFactory(number="C", name="Nordlicht")
    near = CompanyFactory(number="D", name="Neighbour")
    AddressFactory(company=near, street="Hafenstr. 9", postal_code="4020", country="AT")
    CompanyFactory(number="E", tax_id=AT_NUMBER, status="rejected")

    found = [(item.company.number, item.rules, item.is_certain) for item in similar_to(asked)]

    assert found == [("A", ("tax_id",), True), ("B", ("name", "address"), True), ("C", ("name",), False)]


def test_a_double_that_is_somebody_else_s_customer_is_not_named_to_sales(asked, mona, sam):
    CompanyFactory(number="FOREIGN", tax_id=AT_NUMBER)
    hand_over_registration(asked.pk, sam.user.pk, version=1, by=mona.actor)

    with pytest.raises(InvalidValue) as refusal:
        admit_company(asked.pk, PLAIN, version=2, by=sam.actor)

    assert "A customer of somebody else" in str(refusal.value)
    assert "FOREIGN" not in str(refusal.value)


@pytest.mark.req("ACC-13", "ACC-17")
def test_the_person_of_a_customer_that_is_there_is_invited_into_it_and_nothing_is_made(asked, mona):
    twin = CompanyFactory(number="TWIN", tax_id=AT_NUMBER)

    attach_person(asked.pk, "TWIN", ["buyer", "finance"], version=1, by=mona.actor)

    invitation = Invitation.objects.get()
    assert (invitation.company, invitation.roles) == (twin, ["buyer", "finance"])
    assert not Event.objects.filter(name="company.admitted").exists()
    asked.refresh_from_db()
    assert (asked.state, asked.company) == ("approved", twin)
    accept_invitation(pass_of(str(invitation.key)), name="Nora", password="a-quite-long-pass-4711", by=NOBODY)
    assert Membership.objects.get(company=twin).roles == ["buyer", "finance"]


@pytest.mark.req("SEC-12", "ACC-17")
@pytest.mark.parametrize("role", ["administrator", "approver"])
def test_sales_let_nobody_in_who_decides_for_the_customer(asked, mona, sam, role):
    CompanyFactory(number="TWIN", tax_id=AT_NUMBER, sales_rep=sam.user)
    hand_over_registration(asked.pk, sam.user.pk, version=1, by=mona.actor)

    with pytest.raises(NotAllowed):
        attach_person(asked.pk, "TWIN", ["buyer", role], version=2, by=sam.actor)

    assert not Invitation.objects.exists()
    attach_person(asked.pk, "TWIN", ["buyer"], version=2, by=sam.actor)
    assert Invitation.objects.get().roles == ["buyer"]


@pytest.mark.parametrize(
    ("number", "roles", "field"),
    [
        ("OTHERS", ["buyer"], "company"),
        ("GONE", ["buyer"], "company"),
        ("TWIN", [], "roles"),
        ("TWIN", ["king"], "roles"),
        ("SHUT", ["buyer"], "company"),
    ],
)
def test_nobody_is_joined_to_a_company_of_another_tax_id_or_without_a_role(asked, mona, number, roles, field):
    CompanyFactory(number="TWIN", tax_id=AT_NUMBER)
    CompanyFactory(number="SHUT", tax_id=AT_NUMBER, status="closed")
    CompanyFactory(number="OTHERS", tax_id="DE294718364")

    with pytest.raises(InvalidValue) as refusal:
        attach_person(asked.pk, number, roles, version=1, by=mona.actor)

    assert refusal.value.details["field"] == field
    nothing_happened(asked)


@pytest.mark.req("ACC-02")
def test_the_form_refuses_an_own_and_a_dangling_parent(asked, mona, sam):
    CompanyFactory(number="SHUT", status="closed")
    wrong = {
        number_for(asked): "its own parent",
        "NOWHERE": "no open customer NOWHERE",
        "SHUT": "no open customer SHUT",
    }

    for parent, says in wrong.items():
        with pytest.raises(InvalidValue) as refusal:
            admit_company(asked.pk, Admission(currency="EUR", parent=parent), version=1, by=mona.actor)
        assert says in str(refusal.value)
        assert refusal.value.details["field"] == "parent"

    nothing_happened(asked)


@pytest.mark.req("ACC-02")
def test_sales_hang_nothing_below_somebody_else_s_customer(asked, mona, sam):
    CompanyFactory(number="FOREIGN")
    hand_over_registration(asked.pk, sam.user.pk, version=1, by=mona.actor)

    with pytest.raises(InvalidValue):
        admit_company(asked.pk, Admission(currency="EUR", parent="FOREIGN"), version=2, by=sam.actor)

    nothing_happened(asked)


def test_a_branch_trades_in_its_parent_s_currency_and_takes_its_terms(asked, mona):
    parent = CompanyFactory(number="GROUP", currency="CHF")

    admit_company(asked.pk, Admission(currency="EUR", parent=" GROUP "), version=1, by=mona.actor)

    company = Company.objects.get(number=number_for(asked))
    assert (company.parent, company.currency) == (parent, "CHF")
    told = Event.objects.get(name="company.admitted").payload
    assert (told["parent_number"], told["payment_term_code"]) == ("GROUP", "")


def test_the_register_is_asked_again_once_however_often_somebody_clicks(asked, mona):
    for _time in range(2):
        ask_register_again(asked.pk, by=mona.actor)

    assert Event.objects.filter(name="registration.register_asked").count() == 1
    other = RegistrationFactory(country="US", tax_id="123456789", tax_answer="uncheckable")
    with pytest.raises(WrongState):
        ask_register_again(other.pk, by=mona.actor)
    assert Registration.objects.get(pk=other.pk).tax_answer == "uncheckable"
