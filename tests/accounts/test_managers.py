"""Who is whose manager: a member of the company or above, never in a circle (APR-01, APR-10)."""

import pytest

from accounts.actions.managers import name_manager, name_manager_for
from accounts.models import Membership
from core.errors import InvalidValue, NotAllowed, NotFound, OutOfDate
from core.models import AuditEntry
from tests.conftest import employ, enrol, permit
from tests.factories.accounts import CompanyFactory
from tests.portal.pages import form_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def unit():
    """A branch of a group."""
    return CompanyFactory(number="U1", parent=CompanyFactory(number="G1"))


@pytest.fixture
def ada(unit):
    """Administers the branch."""
    return enrol("Ada", unit, "administrator")


def row(member):
    """The membership of somebody, as stored."""
    return Membership.objects.get(user=member.user, company=member.company)


def named(member, manager, by):
    """Name a manager as the page would."""
    one = row(member)
    return name_manager(one, manager and manager.user.pk, version=one.version, by=by.actor)


@pytest.mark.req("APR-10")
def test_a_manager_is_of_the_company_or_above_and_can_be_taken_away(unit, ada):
    nora, head = enrol("Nora", unit, "buyer"), enrol("Head", unit.parent, "approver")
    stranger = enrol("Clara", CompanyFactory(), "approver")

    named(nora, head, ada)
    with pytest.raises(InvalidValue):
        named(nora, stranger, ada)

    assert row(nora).manager == head.user
    named(nora, None, ada)
    assert row(nora).manager is None
    told = list(
        AuditEntry.objects.filter(action="manager.named").order_by("pk").values_list("data", flat=True)
    )
    assert [one["manager"] for one in told] == [head.user.pk, None]


@pytest.mark.req("APR-01")
def test_nobody_is_above_oneself_however_long_the_way(unit, ada):
    nora, jonas, head = (
        enrol("Nora", unit, "buyer"),
        enrol("Jonas", unit, "approver"),
        enrol("Head", unit.parent, "approver"),
    )
    boss = enrol("Boss", unit.parent, "administrator")
    named(nora, jonas, ada)
    named(jonas, head, ada)

    for member, manager, by in ((nora, nora, ada), (head, nora, boss), (head, jonas, boss)):
        with pytest.raises(InvalidValue):
            named(member, manager, by)

    assert row(head).manager is None


@pytest.mark.req("ACC-07")
def test_a_manager_is_named_by_who_manages_people_there_and_from_what_was_shown(unit, ada, clara):
    nora, jonas = enrol("Nora", unit, "buyer"), enrol("Jonas", unit, "approver")

    with pytest.raises(NotFound):
        named(nora, jonas, clara)
    with pytest.raises(NotAllowed):
        named(nora, jonas, jonas)
    with pytest.raises(OutOfDate):
        name_manager(row(nora), jonas.user.pk, version=99, by=ada.actor)

    assert row(nora).manager is None


@pytest.mark.req("SEC-12")
def test_the_staff_names_one_with_the_right_and_a_reason(unit):
    nora, jonas = enrol("Nora", unit, "buyer"), enrol("Jonas", unit, "approver")
    seller, chief = employ("Sam", "Sales"), employ("Mona", "Sales manager")

    for by, reason in ((seller, "asked by Jonas"), (chief, " ")):
        with pytest.raises((NotAllowed, InvalidValue)):
            name_manager_for(row(nora), jonas.user.pk, version=1, reason=reason, by=by.actor)
    assert row(nora).manager is None
    name_manager_for(row(nora), jonas.user.pk, version=1, reason="asked by phone", by=chief.actor)

    assert row(nora).manager == jonas.user
    assert AuditEntry.objects.get(action="manager.named").data["reason"] == "asked by phone"


@pytest.mark.req("ACC-16", "SEC-12")
def test_whoever_meets_only_the_own_customers_names_no_manager_at_others(unit):
    nora, jonas = enrol("Nora", unit, "buyer"), enrol("Jonas", unit, "approver")
    seller = employ("Sam", "Sales")
    permit(seller, "accounts.change_membership")

    with pytest.raises(NotFound):
        name_manager_for(row(nora), jonas.user.pk, version=1, reason="asked by phone", by=seller.actor)

    assert row(nora).manager is None
    unit.sales_rep = seller.user
    unit.save(update_fields=["sales_rep"])
    name_manager_for(row(nora), jonas.user.pk, version=1, reason="asked by phone", by=seller.actor)
    assert row(nora).manager == jonas.user


@pytest.mark.req("APR-10")
def test_the_page_offers_who_may_approve_and_keeps_the_choice(unit, ada):
    nora, jonas = enrol("Nora", unit, "buyer"), enrol("Jonas", unit, "approver")
    page = f"/company/people/{row(nora).pk}/"
    browser = ada.signed_in()
    form = form_of(browser.get(page), f"{page}manager/")

    told = text_of(browser.post(f"{page}manager/", {**form, "manager": str(jonas.user.pk)}, follow=True))

    assert row(nora).manager == jonas.user
    assert "Jonas is the manager of Nora." in told
    assert browser.post(f"{page}manager/", {**form, "manager": str(nora.user.pk)}).status_code in (409, 422)
    assert jonas.signed_in().post(f"{page}manager/", form).status_code == 403


@pytest.mark.req("APR-10", "SEC-12")
def test_the_back_office_names_one_for_a_customer_and_says_why(unit):
    nora, jonas = enrol("Nora", unit, "buyer"), enrol("Jonas", unit, "approver")
    page = f"/admin/accounts/user/{nora.user.pk}/managers/"
    browser = employ("Mona", "Sales manager").signed_in()
    form = form_of(browser.get(page), having="member")

    assert browser.post(page, {**form, "manager": str(jonas.user.pk), "reason": ""}).status_code == 422
    told = text_of(
        browser.post(page, {**form, "manager": str(jonas.user.pk), "reason": "asked"}, follow=True)
    )

    assert "The manager of Nora is named." in told
    assert row(nora).manager == jonas.user
    assert browser.post(page, {**form, "manager": "", "reason": "again"}).status_code == 409
    for person in (employ("Sam", "Sales"), employ("Rudi", "Auditor")):
        assert person.signed_in().post(page, {**form, "reason": "x"}).status_code == 403
