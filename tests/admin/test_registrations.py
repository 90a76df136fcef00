"""The queue of registrations in the back office: who sees it, what stands side by side, and each decision by its button."""

import threading

import pytest
from django.core import mail
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.actions.segments import save_segment
from accounts.models import Company, Invitation, Registration
from tests.conftest import employ
from tests.factories.accounts import CompanyFactory
from tests.factories.registrations import AT_NUMBER, RegistrationFactory
from tests.integrations.conftest import relay
from tests.portal.pages import form_of, text_of

pytestmark = pytest.mark.django_db

LIST = reverse("admin:accounts_registration_changelist")


def page_of(registration, step="page"):
    return reverse(f"admin:accounts_registration_{step}", args=[registration.pk])


@pytest.fixture
def asked(db):
    return RegistrationFactory(
        company_name="Nordlicht GmbH",
        tax_answer="valid",
        tax_name="NORDLICHT GES.M.B.H.",
        tax_consultation="WAPI42",
        tax_answered_at=timezone.now(),
    )


def test_the_queue_shows_age_and_check_and_leads_to_the_page(asked, mona, django_assert_max_num_queries):
    RegistrationFactory(company_name="Not yet", state="unconfirmed", confirmed_at=None)
    RegistrationFactory.create_batch(12)
    browser = mona.signed_in()
    browser.get(LIST)

    with django_assert_max_num_queries(24):
        listed = browser.get(LIST)

    assert "Nordlicht GmbH" in text_of(listed)
    assert "Not yet" not in text_of(listed)
    change = browser.get(reverse("admin:accounts_registration_change", args=[asked.pk]))
    assert (change.status_code, change["Location"]) == (302, page_of(asked))


def test_all_facts_stand_side_by_side(asked, mona):
    CompanyFactory(number="TWIN", name="Nordlicht Alt", tax_id=AT_NUMBER)

    shown = text_of(mona.signed_in().get(page_of(asked)))

    for fact in (
        "Nordlicht GmbH",
        "NORDLICHT GES.M.B.H.",
        "WAPI42",
        AT_NUMBER,
        "Hafenstraße 9",
        "TWIN",
        "VAT number",
    ):
        assert fact in shown


@pytest.mark.req("ACC-16", "SEC-12")
def test_who_may_not_see_it_finds_nothing_and_who_may_not_decide_finds_no_button(
    asked, mona, sam, arno, anna
):
    mine = RegistrationFactory(sales_rep=sam.user)

    assert sam.signed_in().get(page_of(asked)).status_code == 404
    assert sam.signed_in().get(page_of(mine)).status_code == 200
    listed = text_of(sam.signed_in().get(LIST))
    assert "Nordlicht GmbH" not in listed
    assert mine.company_name in listed
    assert anna.signed_in().get(page_of(asked)).status_code in (302, 403)
    auditor = arno.signed_in()
    assert "The sales staff decides on it" in text_of(auditor.get(page_of(asked)))
    for step in ("admit", "reject", "attach", "hand_over", "ask_again", "send_again"):
        answer = auditor.post(
            page_of(asked, step), {"version": 1, "reason": "x", "company": "TWIN", "roles": "buyer"}
        )
        assert answer.status_code in (403, 422)
        assert sam.signed_in().post(page_of(asked, step), {"version": 1, "reason": "x"}).status_code == 404
    asked.refresh_from_db()
    assert asked.state == "waiting"


def test_approving_by_the_button_invites_and_says_that_it_waits_for_the_erp(asked, mona):
    segment = save_segment("group", "new", name="New customers", by=mona.actor)
    group = CompanyFactory(number="GROUP")
    lena = employ("Lena", "Sales")
    browser = mona.signed_in()
    fields = form_of(browser.get(page_of(asked)), page_of(asked, "admit"))

    answer = browser.post(
        page_of(asked, "admit"),
        {**fields, "parent": "GROUP", "segments": segment.pk, "sales_rep": lena.user.pk},
    )

    assert (answer.status_code, answer["Location"]) == (302, page_of(asked))
    company = Company.objects.get(registrations=asked)
    assert (company.parent, company.sales_rep, company.status) == (group, lena.user, "pending")
    assert "Approved, and waiting for the ERP" in text_of(browser.get(page_of(asked)))


@pytest.mark.req("ACC-02")
def test_a_parent_that_cannot_be_one_is_refused_beside_its_field_with_what_was_typed(asked, mona):
    browser = mona.signed_in()
    own = f"N{10000 + asked.pk}"

    for parent, says in ((own, "cannot be its own parent"), ("NOWHERE", "There is no open customer NOWHERE")):
        answer = browser.post(page_of(asked, "admit"), {"version": 1, "parent": parent})
        assert answer.status_code == 422
        assert says in text_of(answer)
        assert form_of(answer, page_of(asked, "admit"))["parent"] == parent

    assert not Company.objects.filter(number=own).exists()


@pytest.mark.req("ACC-02")
def test_a_circle_is_refused_on_the_page_on_which_a_new_customer_is_hung_elsewhere(asked, mona):
    browser = mona.signed_in()
    other = RegistrationFactory(tax_id="DE294718364", country="DE")
    browser.post(page_of(asked, "admit"), {"version": 1})
    browser.post(page_of(other, "admit"), {"version": 1, "parent": f"N{10000 + asked.pk}"})

    answer = browser.post(page_of(asked, "place"), {"parent": f"N{10000 + other.pk}"})

    assert answer.status_code == 422
    assert "that would be a circle" in text_of(answer)
    assert Company.objects.get(registrations=asked).parent is None
    assert browser.post(page_of(other, "place"), {"parent": ""}).status_code == 302
    assert Company.objects.get(registrations=other).parent is None


@pytest.mark.req("ACC-17")
def test_a_double_is_told_before_it_is_made_and_the_manager_may_say_that_it_is_none(asked, mona):
    CompanyFactory(number="TWIN", tax_id=AT_NUMBER)
    browser = mona.signed_in()

    refused = browser.post(page_of(asked, "admit"), {"version": 1})
    assert refused.status_code == 422
    assert "TWIN looks like the same company" in text_of(refused)
    assert not Company.objects.filter(registrations=asked).exists()

    assert browser.post(page_of(asked, "admit"), {"version": 1, "is_no_double": "on"}).status_code == 302
    assert Company.objects.filter(registrations=asked).exists()


@pytest.mark.req("ACC-13")
def test_the_person_is_joined_to_the_customer_of_the_same_number(asked, mona):
    CompanyFactory(number="TWIN", tax_id=AT_NUMBER)
    browser = mona.signed_in()
    shown = browser.get(page_of(asked)).content.decode()
    assert page_of(asked, "attach") in shown

    answer = browser.post(
        page_of(asked, "attach"), {"version": 1, "company": "TWIN", "roles": ["approver", "buyer"]}
    )
    relay()

    assert answer.status_code == 302
    invitation = Invitation.objects.get()
    assert (invitation.company.number, invitation.roles) == ("TWIN", ["approver", "buyer"])
    assert "/join/" in next(one for one in mail.outbox if one.to == [asked.email]).body


def test_a_rejection_sends_the_reason_and_is_over(asked, mona):
    browser = mona.signed_in()
    assert browser.post(page_of(asked, "reject"), {"version": 1, "reason": ""}).status_code == 422

    browser.post(page_of(asked, "reject"), {"version": 1, "reason": "We sell to the trade alone."})
    late = browser.post(page_of(asked, "admit"), {"version": 2})
    relay()

    assert late.status_code == 409
    assert "Mona has decided on it already: rejected" in text_of(late)
    assert "We sell to the trade alone." in next(one for one in mail.outbox if one.to == [asked.email]).body
    assert "We sell to the trade alone." in text_of(browser.get(page_of(asked)))


def test_the_sidebar_counts_what_waits_for_the_person(asked, mona, sam, arno):
    RegistrationFactory(sales_rep=sam.user)

    def waiting(member):
        groups = member.signed_in().get(LIST).context["sidebar_navigation"]
        items = [item for group in groups for item in group["items"]]
        return next(item.get("badge", 0) for item in items if item["link"] == LIST)

    assert (waiting(mona), waiting(sam), waiting(arno)) == (2, 1, 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("ACC-17")
@pytest.mark.parametrize("is_one", [True, False])
def test_two_of_the_staff_at_once_make_one_customer(mona, is_one):
    """is_one: both decide on the same registration; else on two of the same VAT number."""
    one = RegistrationFactory()
    two = one if is_one else RegistrationFactory()
    other = employ("Moritz", "Sales manager")
    start, answers = threading.Barrier(2), []

    def decide(member, registration):
        browser = member.signed_in()
        browser.get(page_of(registration))
        start.wait(timeout=20)
        answers.append(browser.post(page_of(registration, "admit"), {"version": 1}).status_code)
        connection.close()

    threads = [threading.Thread(target=decide, args=pair) for pair in ((mona, one), (other, two))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert sorted(answers) == [302, 409 if is_one else 422]
    assert Company.objects.count() == Invitation.objects.count() == 1
    assert Registration.objects.filter(state="approved").count() == 1
