"""A customer that was admitted here is made in a real Tryton once, comes back with its ids, and is echoed nowhere."""

import pytest
from django.utils import timezone

from accounts.actions.admission import Admission, admit_company
from accounts.actions.opening import number_for, place_company, send_company_again
from accounts.models import Address, Company, Registration
from core.models import Case, Event
from integrations.connectors.tryton.writing.customers import write_customer
from integrations.destinations import customers
from integrations.identifiers import all_resolved
from integrations.models import Delivery, System
from integrations.running import run_flow
from tests.factories.registrations import RegistrationFactory
from tests.integrations.conftest import relay

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("tryton"),
    pytest.mark.django_db,
    pytest.mark.req("ACC-11"),
]


def asked(pk, **fields):
    """pk: the ERP of the run remembers customers, so each test's number is another one."""
    return RegistrationFactory(pk=pk, company_name=f"Applicant {pk} GmbH", phone="+43 732 555090", **fields)


def admit(registration, mona, **more):
    """The seed's customers have the same VAT number: it is said that they are others."""
    wanted = Admission(currency="EUR", is_no_double=True, **more)
    admit_company(registration.pk, wanted, version=1, by=mona.actor)
    return number_for(registration)


def parties(shop, number):
    fields = [
        "code",
        "name",
        "tax_identifier.code",
        "customer_payment_term.name",
        "contact_mechanisms.value",
        "addresses.street",
        "addresses.city",
    ]
    return shop.session.rows("party.party", [["code", "=", number]], fields)


def creations(proxy):
    return len(proxy.seen("model.party.party.create"))


def outbound(number):
    return Delivery.objects.filter(event__name="company.admitted", event__company_number=number).count()


def try_again():
    Delivery.objects.filter(state="waiting").update(next_try_at=timezone.now())
    relay()


def test_it_is_made_once_with_all_its_facts_and_the_feed_finds_it_as_it_is(shop, proxy, mona):
    made = asked(71001)
    number = admit(made, mona)
    assert Company.objects.get(number=number).status == "pending"

    relay()
    relay()

    company = Company.objects.get(number=number)
    (party,) = parties(shop, number)
    assert (company.status, company.erp_id) == ("active", str(party["id"]))
    assert party["tax_identifier."]["code"] == made.tax_id
    assert party["customer_payment_term."]["name"]
    assert {row["value"] for row in party["contact_mechanisms."]} == {made.email, "+43 732 555090"}
    assert all_resolved("erp", "customer", str(party["id"])) == number
    made.refresh_from_db()
    assert made.opened_at is not None

    run = run_flow("erp.customers", is_asked=True, is_full=True)
    relay()
    assert run.error == ""
    company.refresh_from_db()
    assert (company.status, company.tax_id, company.email) == ("active", made.tax_id, made.email)
    assert Address.objects.get(company=company).street == "Hafenstraße 9"
    assert (creations(proxy), outbound(number)) == (1, 1)
    assert Event.objects.filter(name="company.opened").count() == 1


def test_a_lost_answer_leads_to_no_second_customer(shop, proxy, mona):
    proxy.spoil("model.party.party.create", "drop_after")
    number = admit(asked(71002), mona)

    relay()
    assert Company.objects.get(number=number).status == "pending"
    proxy.heal()
    try_again()

    assert len(parties(shop, number)) == creations(proxy) == 1
    assert Company.objects.get(number=number).status == "active"


def test_while_the_erp_is_away_it_is_approved_and_waits(shop, proxy, mona, settings):
    there = settings.ERP
    settings.ERP = {**there, "url": "http://127.0.0.1:9"}
    made = asked(71003)
    number = admit(made, mona)

    relay()

    company = Company.objects.get(number=number)
    made.refresh_from_db()
    assert (made.state, company.status, made.erp_trouble) == ("approved", "pending", "")
    assert Delivery.objects.get(event__name="company.admitted").state == "waiting"
    assert not Case.objects.filter(kind="customer_refused").exists()
    settings.ERP = there
    System.objects.filter(key="erp").update(next_probe_at=timezone.now())
    try_again()
    assert Company.objects.get(number=number).status == "active"


def test_a_branch_hangs_below_its_parent_there_as_it_does_here_by_then(shop, proxy, mona):
    parent = Company.objects.filter(parent=None).exclude(erp_id="").order_by("pk").first()
    other = (
        Company.objects.exclude(pk=parent.pk).filter(parent=None).exclude(erp_id="").order_by("pk").first()
    )
    number = admit(asked(71004), mona, parent=other.number)
    place_company(number, parent.number, by=mona.actor)

    relay()
    run_flow("erp.customers", is_asked=True, is_full=True)

    assert Company.objects.get(number=number).parent == parent
    assert Company.objects.get(number=number).status == "active"


def test_where_it_is_hung_while_the_erp_is_at_it_counts(shop, proxy, mona, monkeypatch):
    first, second = Company.objects.filter(parent=None).exclude(erp_id="").order_by("pk")[:2]
    number = admit(asked(71014), mona, parent=first.number)
    moves = iter([second.number, "", second.number])

    def told(wish):
        made = write_customer(wish)
        if (parent := next(moves, None)) is not None:
            place_company(number, parent, by=mona.actor)
        return made

    monkeypatch.setattr(customers, "write_customer", told)
    relay()
    domain = [["from_.code", "=", number]]
    related = shop.session.rows("party.relation.all", domain, ["to.code", "type.name"])
    run_flow("erp.customers", is_asked=True, is_full=True)

    company = Company.objects.get(number=number)
    assert (company.status, company.parent) == ("active", second)
    assert [row["to."]["code"] for row in related] == [second.number]
    assert creations(proxy) == 1


def test_a_branch_waits_for_a_parent_that_is_not_there_yet(shop, proxy, mona):
    upper = asked(71005, country="ZZ")
    first = admit(upper, mona)
    second = admit(asked(71006), mona, parent=first)
    relay()
    assert Company.objects.get(number=second).status == "pending"

    Registration.objects.filter(pk=upper.pk).update(country="DE")
    send_company_again(upper.pk, by=mona.actor)
    relay()
    try_again()

    assert Company.objects.get(number=second).status == Company.objects.get(number=first).status == "active"


def test_what_the_erp_refuses_is_a_case_and_goes_through_when_its_cause_is_gone(shop, proxy, mona):
    made = asked(71007, country="ZZ")
    number = admit(made, mona)

    relay()

    made.refresh_from_db()
    assert "no country ZZ" in made.erp_trouble
    case = Case.objects.get(kind="customer_refused")
    assert (case.subject, case.state) == (f"company:{number}", "open")
    assert creations(proxy) == 0
    Registration.objects.filter(pk=made.pk).update(country="DE")
    send_company_again(made.pk, by=mona.actor)
    relay()
    case.refresh_from_db()
    assert (Company.objects.get(number=number).status, case.state) == ("active", "closed")


def test_a_number_that_is_another_customer_s_there_is_a_matter_for_a_person(shop, proxy, mona):
    made = asked(71008)
    shop.session("party.party.create", [{"name": "Somebody else", "code": number_for(made)}])
    number = admit(made, mona)

    relay()

    made.refresh_from_db()
    assert "is another customer, Somebody else" in made.erp_trouble
    assert Company.objects.get(number=number).status == "pending"
