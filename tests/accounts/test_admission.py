"""The staff decides on a registration: once, by who may, on what was shown; and nothing is made twice."""

from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.actions.admission import (
    Admission,
    admit_company,
    ask_register_again,
    attach_person,
    hand_over_registration,
    reject_registration,
)
from accounts.actions.erp import apply_credit, apply_customers
from accounts.actions.members import accept_invitation
from accounts.actions.opening import (
    note_company_opened,
    note_company_refused,
    number_for,
    place_company,
    send_company_again,
)
from accounts.actions.segments import save_segment
from accounts.applicants import similar_to
from accounts.invitations import pass_of
from accounts.models import Company, Invitation, Membership, Registration
from accounts.queries.credit import credit_of
from accounts.queries.scopes import scope_for
from accounts.records import CreditRecord
from accounts.segments import segments_of
from accounts.states import Right
from core.actor import Actor
from core.errors import InvalidValue, NotAllowed, NotFound, OutOfDate, WrongState
from core.models import AuditEntry, Event
from integrations.destinations.customers import send
from integrations.systems import Message, flow_actor
from orders.queries.credit import all_credit_outlook
from tests.accounts.test_apply_customers import address, customer
from tests.conftest import employ
from tests.factories.accounts import AddressFactory, CompanyFactory, PaymentTermFactory
from tests.factories.registrations import AT_NUMBER, RegistrationFactory
from tests.orders.test_ended_meanwhile import Running

pytestmark = pytest.mark.django_db

PLAIN = Admission(currency="EUR")
NOBODY = Actor("portal", "nobody")


@pytest.fixture
def asked(db):
    """A registration that waits."""
    return RegistrationFactory(company_name="Nordlicht GmbH", email="nora@nordlicht.example")


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


def test_the_erp_s_word_opens_the_customer_once(asked, mona, erp):
    admit_company(asked.pk, PLAIN, version=1, by=mona.actor)
    number, at = number_for(asked), timezone.now()

    for _time in range(2):
        note_company_opened(number, erp_number=number, erp_id="77", at=at, by=erp)

    company = Company.objects.get(number=number)
    asked.refresh_from_db()
    assert (company.status, company.erp_id, asked.opened_at) == ("active", "77", at)
    assert Event.objects.filter(name="company.opened").count() == 1


@pytest.mark.req("ACC-17", "CRT-09")
@pytest.mark.parametrize("limit", ["0", "2500"])
def test_before_the_erp_has_spoken_of_credit_the_first_limit_holds(asked, mona, erp, limit):
    admit_company(asked.pk, Admission(currency="EUR", credit_limit=Decimal(limit)), version=1, by=mona.actor)
    number = number_for(asked)
    note_company_opened(number, erp_number=number, erp_id="77", at=timezone.now(), by=erp)

    company = Company.objects.get(number=number)
    fits, exceeds = (all_credit_outlook(company, Decimal(limit) + more).verdict.rule for more in (0, 1))
    assert (fits, exceeds) == ("within_limit", "over_limit")
    told = Event.objects.get(name="company.admitted").payload
    assert Decimal(told["credit_limit_amount"]) == Decimal(limit)

    word = CreditRecord(
        company_number=number,
        currency="EUR",
        limit_amount=Decimal(90000),
        used_amount=Decimal(0),
        as_of=timezone.now(),
    )
    apply_credit([word], by=erp)
    assert credit_of(company).limit_amount == 90000


@pytest.mark.req("ACC-17")
def test_a_branch_shares_the_limit_and_one_taken_off_its_group_has_no_credit(asked, mona):
    CompanyFactory(number="G1", currency="EUR", erp_id="5")
    admit_company(asked.pk, Admission("EUR", parent="G1", credit_limit=Decimal(5)), version=1, by=mona.actor)
    number = number_for(asked)
    assert Event.objects.get(name="company.admitted").payload["credit_limit_amount"] is None

    place_company(number, "", by=mona.actor)
    assert credit_of(Company.objects.get(number=number)).limit_amount == 0

    place_company(number, "G1", by=mona.actor)
    assert credit_of(Company.objects.get(number=number)).account is None


def test_the_erp_may_give_a_number_of_its_own(asked, mona, erp):
    admit_company(asked.pk, PLAIN, version=1, by=mona.actor)

    note_company_opened(number_for(asked), erp_number="C9000", erp_id="77", at=timezone.now(), by=erp)

    asked.refresh_from_db()
    assert (asked.company.number, asked.company.status) == ("C9000", "active")


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


@pytest.fixture
def pair(mona):
    """Two customers that were let in and that the ERP does not know: the second hangs below the first."""
    one, two = RegistrationFactory(tax_id="ATU70128364"), RegistrationFactory(tax_id="DE294718364")
    admit_company(one.pk, PLAIN, version=1, by=mona.actor)
    admit_company(two.pk, Admission(currency="EUR", parent=number_for(one)), version=1, by=mona.actor)
    return number_for(one), number_for(two)


@pytest.mark.req("ACC-02")
def test_hanging_a_customer_elsewhere_never_makes_a_circle_nor_lets_it_dangle(pair, mona, anna):
    upper, lower = pair
    wrong = {lower: "would be a circle", upper: "its own parent", "NOWHERE": "no open customer"}

    for parent, says in wrong.items():
        with pytest.raises(InvalidValue) as refusal:
            place_company(upper, parent, by=mona.actor)
        assert says in str(refusal.value)
    with pytest.raises(NotAllowed):
        place_company(upper, "", by=anna.actor)

    assert Company.objects.get(number=upper).parent is None
    place_company(lower, "", by=mona.actor)
    place_company(upper, lower, by=mona.actor)
    assert Company.objects.get(number=upper).parent.number == lower
    assert AuditEntry.objects.filter(action="company.placed").count() == 2


def test_what_the_erp_knows_is_hung_elsewhere_there(pair, mona, erp):
    upper, lower = pair
    Company.objects.filter(number=lower).update(erp_id="5")

    with pytest.raises(WrongState):
        place_company(lower, "", by=mona.actor)
    with pytest.raises(NotFound):
        place_company("ACME", "", by=mona.actor)


def test_nothing_is_sent_again_that_was_not_refused(asked, mona):
    admit_company(asked.pk, PLAIN, version=1, by=mona.actor)

    with pytest.raises(WrongState):
        send_company_again(asked.pk, by=mona.actor)

    assert Event.objects.filter(name="company.admitted").count() == 1


def test_the_register_is_asked_again_once_however_often_somebody_clicks(asked, mona):
    for _time in range(2):
        ask_register_again(asked.pk, by=mona.actor)

    assert Event.objects.filter(name="registration.register_asked").count() == 1
    other = RegistrationFactory(country="US", tax_id="123456789", tax_answer="uncheckable")
    with pytest.raises(WrongState):
        ask_register_again(other.pk, by=mona.actor)
    assert Registration.objects.get(pk=other.pk).tax_answer == "uncheckable"


def test_the_flow_alone_opens_a_customer(asked, mona):
    admit_company(asked.pk, PLAIN, version=1, by=mona.actor)
    number = number_for(asked)

    note_company_opened(
        number, erp_number=number, erp_id="9", at=timezone.now(), by=flow_actor("erp.customers-out")
    )

    assert Company.objects.get(number=number).status == "active"


@pytest.mark.req("SEC-13", "ACC-10")
@pytest.mark.parametrize(
    ("name", "tax_id", "status"),
    [
        ("Somebody Else AG", "DE294718364", "pending"),
        ("Somebody Else AG", "", "pending"),
        ("NORDLICHT", "", "active"),
        ("Nordlicht Holding", "ATU 62047136", "active"),
    ],
)
def test_another_customer_of_the_erp_with_the_same_number_is_not_taken_for_the_one_that_was_admitted(
    asked, mona, name, tax_id, status
):
    PaymentTermFactory(code="net30", net_days=30)
    admit_company(asked.pk, PLAIN, version=1, by=mona.actor)
    told = customer(
        number_for(asked),
        name=name,
        tax_id=tax_id,
        payment_term_code="net30",
        as_of=timezone.now(),
        addresses=(address("991"),),
    )

    applied = apply_customers([told], by=flow_actor("erp.customers"))

    company = Company.objects.get(number=number_for(asked))
    assert (company.status, company.erp_id) == (status, "" if status == "pending" else told.erp_id)
    assert [item.field for item in applied.rejected] == (["number"] if status == "pending" else [])
    assert company.addresses.count() == (0 if status == "pending" else 1)


def test_a_number_that_the_erp_has_given_away_already_is_told(asked, mona):
    CompanyFactory(number=number_for(asked), name="Somebody Else AG", tax_id="DE294718364")

    with pytest.raises(WrongState, match="another customer's number"):
        admit_company(asked.pk, PLAIN, version=1, by=mona.actor)

    asked.refresh_from_db()
    assert (asked.state, asked.company) == ("waiting", None)
    assert not Invitation.objects.exists()


def test_one_that_the_feed_of_the_erp_was_faster_to_tell_of_is_opened_all_the_same_and_once(asked, mona):
    admit_company(asked.pk, PLAIN, version=1, by=mona.actor)
    number = number_for(asked)
    Company.objects.filter(number=number).update(status="active", erp_id="77", as_of=timezone.now())
    message = Message.of(Event.objects.get(name="company.admitted"), attempts=2)

    send(message)
    send(message)

    asked.refresh_from_db()
    assert asked.opened_at is not None
    assert Event.objects.filter(name="company.opened", company_number=number).count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_sent_again_and_what_comes_back_of_it_do_not_wait_for_each_other_in_a_circle(asked, mona):
    admit_company(asked.pk, PLAIN, version=1, by=mona.actor)
    Registration.objects.filter(pk=asked.pk).update(erp_trouble="no country")
    number = number_for(asked)

    with transaction.atomic():
        Company.objects.select_for_update(no_key=True).get(number=number)
        again = Running(lambda: send_company_again(asked.pk, by=mona.actor))
        assert again.waits()
        note_company_refused(number, "no country", by=flow_actor("erp.customers-out"))

    assert not isinstance(again.done(), Exception)
    assert Event.objects.filter(name="company.admitted").count() == 2
