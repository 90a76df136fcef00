"""A customer that was let in on its way into the ERP: opened once, below whom it hangs, and what is sent again."""

from decimal import Decimal
from importlib import import_module

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.actions.admission import Admission, admit_company
from accounts.actions.erp import apply_credit, apply_customers
from accounts.actions.opening import (
    note_company_opened,
    note_company_refused,
    number_for,
    place_company,
    send_company_again,
    sent_as,
)
from accounts.models import Company, CreditAccount, Invitation, Registration
from accounts.queries.credit import credit_of
from accounts.records import CreditRecord
from core.errors import InvalidValue, NotAllowed, NotFound, OutOfDate, WrongState
from core.models import AuditEntry, Event
from integrations.destinations.customers import send
from integrations.systems import Message, flow_actor
from orders.queries.credit import all_credit_outlook
from tests.accounts.test_apply_customers import address, customer
from tests.factories.accounts import CompanyFactory, PaymentTermFactory
from tests.factories.registrations import PLAIN, RegistrationFactory
from tests.orders.test_ended_meanwhile import Running

pytestmark = pytest.mark.django_db


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


def test_a_customer_hangs_below_none_that_trades_in_another_currency(pair, mona):
    upper, _lower = pair
    CompanyFactory(number="SWISS", currency="CHF")

    with pytest.raises(InvalidValue, match="currency"):
        place_company(upper, "SWISS", by=mona.actor)

    assert Company.objects.get(number=upper).parent is None


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


@pytest.mark.req("ACC-17", "CRT-09")
def test_one_that_was_admitted_before_there_was_a_first_limit_has_one_of_zero(asked, mona):
    admit_company(asked.pk, PLAIN, version=1, by=mona.actor)
    older = CompanyFactory(number="N1", status="pending", erp_id="")
    CompanyFactory(number="N2", status="pending", erp_id="", parent=older)
    CreditAccount.objects.all().delete()
    first = import_module("accounts.migrations.0029_first_limits").FIRST

    for _time in range(2):
        with connection.cursor() as cursor:
            cursor.execute(first)

    assert dict(CreditAccount.objects.values_list("company__number", "limit_amount")) == {
        number_for(asked): 0,
        "N1": 0,
    }


@pytest.mark.req("ACC-17", "CRT-09")
def test_and_gets_it_at_the_latest_when_it_is_sent_again(asked, mona):
    admit_company(asked.pk, PLAIN, version=1, by=mona.actor)
    CreditAccount.objects.all().delete()
    Registration.objects.update(erp_trouble="No payment term")

    send_company_again(asked.pk, by=mona.actor)

    assert CreditAccount.objects.get().limit_amount == 0
    told = Event.objects.filter(name="company.admitted").order_by("-pk")[0].payload
    assert Decimal(told["credit_limit_amount"]) == 0


@pytest.mark.req("ACC-11")
def test_the_erp_s_answer_about_another_place_than_it_hangs_at_now_changes_nothing(asked, mona, erp):
    parent = CompanyFactory(number="P")
    admit_company(asked.pk, PLAIN, version=1, by=mona.actor)
    number, at = number_for(asked), timezone.now()
    sent = sent_as(Company.objects.get(number=number))
    place_company(number, "P", by=mona.actor)

    with pytest.raises(OutOfDate):
        note_company_opened(number, erp_number=number, erp_id="77", at=at, sent=sent, by=erp)

    company = Company.objects.get(number=number)
    assert (company.status, company.erp_id, company.parent) == ("pending", "", parent)
    sent = sent_as(company)
    note_company_opened(number, erp_number=number, erp_id="77", at=at, sent=sent, by=erp)
    assert Company.objects.get(number=number).status == "active"
