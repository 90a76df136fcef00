"""What may this person do here, and why: the verdict is that of `may`, and what is named as its origin gives it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.customers import explained_meeting
from accounts.models import CompanyRole, Delegation, Membership, User
from accounts.queries.explained import all_explained_rights
from accounts.queries.scopes import may
from accounts.staff import excluded_by
from accounts.states import Right
from tests.conftest import employ, enrol
from tests.factories.accounts import CompanyFactory, lend

pytestmark = [pytest.mark.django_db, pytest.mark.req("ACC-05", "ACC-06")]


@pytest.fixture
def family():
    """A group, its company, that one's branch, a pending sister, a closed one, and one on hold."""
    group = CompanyFactory(number="GROUP", name="Group")
    firm = CompanyFactory(number="FIRM", name="Firm", parent=group)
    states = {"PENDING": "pending", "CLOSED": "closed", "HELD": "on_hold"}
    others = [
        CompanyFactory(number=number, name=number.title(), parent=group, status=status)
        for number, status in states.items()
    ]
    return [group, firm, CompanyFactory(number="BRANCH", name="Branch", parent=firm), *others]


@pytest.fixture
def people(family):
    """Everybody in whom rights come from another source, by name."""
    group, firm, branch, *_others = family
    now = timezone.now()
    found = {
        "above": enrol("Ada", group, "administrator"),
        "above_shallow": enrol("Abe", group, "buyer"),
        "branches": enrol("Bea", firm, "approver", includes_branches=True),
        "weak": enrol("Vera", firm, "viewer"),
        "requester": enrol("Rita", firm, "requester", order_limit=Decimal(0)),
        "ended": enrol("Fred", firm, "buyer", is_active=False),
        "gone": enrol("Gina", firm, "buyer"),
        "delegate": enrol("Dora", firm, "viewer"),
        "composed": enrol("Cora", firm),
        "held": enrol("Hugo", family[5], "buyer"),
        "waiting": enrol("Paul", family[3], "administrator"),
        "shut": enrol("Cleo", family[4], "administrator"),
        "nobody": employ("Nemo"),
    }
    User.objects.filter(pk=found["gone"].user.pk).update(is_active=False)
    role = CompanyRole.objects.create(company=group, name="Lead", grants={"approve": 3, "use_api": 2})
    Membership.objects.get(user=found["composed"].user).own_roles.add(role)
    lend(found["weak"].user, "see_invoices", firm)
    lend(found["weak"].user, "buy", firm, until=now - timedelta(days=1))
    lend(found["nobody"].user, "approve", branch, until=now + timedelta(days=1))
    lend(found["shut"].user, "buy", family[4])
    for who, ahead in (("delegate", -1), ("weak", 1)):
        Delegation.objects.create(
            company=firm, delegator=found["branches"].user, delegate=found[who].user,
            valid_from=now + timedelta(days=ahead), valid_until=now + timedelta(days=5),
        )  # fmt: skip
    return {name: User.objects.get(pk=one.user.pk) for name, one in found.items()}


def test_the_verdict_is_that_of_may_for_every_right_of_everybody_everywhere(family, people):
    asked = 0
    for user in people.values():
        for company in family:
            for verdict in all_explained_rights(user, company).verdicts:
                asked += 1
                assert verdict.is_held is may(user, verdict.right, company), (user, company, verdict)
                gives = [one.depth for one in verdict.giving]
                if verdict.is_held:
                    assert verdict.depth == max(gives), (user, company, verdict)
                    assert verdict.ways == ()
                else:
                    assert verdict.taken or not gives, (user, company, verdict)
                    assert verdict.ways, (user, company, verdict)

    assert asked == len(people) * len(family) * len(Right)


def words_of(user, company, right):
    found = all_explained_rights(user, company)
    verdict = next(one for one in found.verdicts if one.right == right)
    return verdict, [str(one.words) for one in verdict.giving], [str(one.missing) for one in verdict.lacking]


def test_each_source_is_named_as_the_origin(family, people):
    _group, firm, branch, *_others = family

    assert words_of(people["above"], branch, "buy")[1] == ["role “Administrator” in Group, above"]
    assert words_of(people["above_shallow"], branch, "buy")[2] == ["it does not go below Group"]
    assert words_of(people["branches"], branch, "approve")[1] == ["role “Approver” in Firm, above"]
    assert words_of(people["composed"], firm, "approve")[1] == ["role “Lead” in Firm"]
    assert words_of(people["ended"], firm, "buy")[2] == ["the membership is ended"]
    assert words_of(people["gone"], firm, "buy")[2] == ["the person is deactivated"]
    assert words_of(people["weak"], firm, "see_invoices")[1] == ["lent: stands in"]
    assert words_of(people["weak"], firm, "buy")[2] == ["it has ended"]
    assert words_of(people["weak"], firm, "approve")[2] == ["it begins later"]
    assert words_of(people["delegate"], firm, "approve")[1] == ["stands in for Bea"]
    assert words_of(people["nobody"], branch, "approve")[1] == ["staff exception: stands in"]
    assert "Pending is Pending" in str(words_of(people["waiting"], family[3], "buy")[0].taken)
    prices = words_of(people["weak"], firm, "view_prices")[0]
    assert [one.brought_by for one in prices.giving] == ["see_invoices"]


@pytest.mark.req("SEC-12", "ACC-16", "SEC-11")
def test_whose_customers_somebody_of_the_staff_meets_is_explained_as_it_is(acme, other, sam, mona, fiona):
    branch = CompanyFactory(number="ACME-1", parent=acme)
    partner = employ("Pia", "Partner")
    User.objects.filter(pk=partner.user.pk).update(
        access_until=timezone.now() + timedelta(days=1), access_customers=["OTHER"]
    )
    partner.user.refresh_from_db()

    told = {
        (who.user.name, company.number): explained_meeting(who.user, company)
        for who in (sam, mona, fiona, partner, employ("Nemo"))
        for company in (acme, branch, other)
    }

    assert told["Sam", "ACME"] == (True, "looks after this customer")
    assert told["Sam", "ACME-1"][0] is True
    assert told["Sam", "OTHER"][0] is False
    assert told["Mona", "OTHER"] == (True, "as Sales manager, who meets every customer")
    assert told["Fiona", "ACME"][0] is True
    assert told["Pia", "OTHER"] == (True, "the partner's access names this customer")
    assert told["Pia", "ACME"] == (False, "the partner's access does not name it")
    assert told["Nemo", "ACME"] == (False, "no role that meets customers is held")
    assert {other for other, _role, _why in excluded_by({"Finance"})} >= {"Sales", "Operator", "Auditor"}


def test_the_page_is_for_the_own_customers_and_their_people_alone(acme, other, anna, clara, sam, mona):
    page = "/admin/accounts/user/rights/"

    def asked(who, person, company):
        return who.signed_in().get(page, {"person": person.user.email, "company": company.number})

    own = asked(sam, anna, acme)
    assert own.status_code == 200
    assert "role “Buyer” in Acme Works" in own.content.decode()
    assert asked(sam, clara, other).status_code == 422
    assert asked(sam, clara, acme).status_code == 422
    assert asked(mona, clara, other).status_code == 200
    staff = mona.signed_in().get(page, {"person": sam.user.email, "company": "ACME"}).content.decode()
    assert "looks after this customer" in staff
    assert anna.signed_in().get(page).status_code == 302


def test_the_page_reads_in_words_for_buyers_and_for_the_staff(acme, anna, sam, mona):
    page = "/admin/accounts/user/rights/"
    ada = enrol("Ada", acme, "administrator")
    lend(anna.user, "approve", acme, until=timezone.now() + timedelta(days=2))
    browser = mona.signed_in()

    def asked(person):
        answer = browser.get(page, {"person": person.user.email, "company": "ACME"})
        return " ".join(answer.content.decode().split())

    assert "yes, here and below" in asked(ada)
    assert "lent: stands in" in asked(anna)
    staff = asked(sam)
    assert "No member of Acme Works, and no right is lent" in staff
    assert "Rights in this company" not in staff
    assert "<li>act for buyers</li>" in staff
    assert "quotes: make, change" in staff
    assert "Can add" not in staff
    assert "accounts.add_assistance" not in staff
    person = browser.get(f"/admin/accounts/user/{sam.user.pk}/change/").content.decode()
    assert "<b>Sales</b>: those he or she looks after" in person
    assert (
        "Roles of the staff"
        not in browser.get(f"/admin/accounts/user/{anna.user.pk}/change/").content.decode()
    )
