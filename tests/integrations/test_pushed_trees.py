"""A customer that is pushed with a parent that cannot be one is refused and reported; the tree stays as it was (ACC-02)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Company
from core.models import Case
from integrations.models import InboxMessage
from tests.factories.accounts import CompanyFactory
from tests.factories.integrations import Sender
from tests.integrations.pushed import INBOUND, LATER, SECRET, message, work

pytestmark = [pytest.mark.django_db, pytest.mark.req("ACC-02")]


@pytest.fixture
def sender(client, settings):
    settings.INBOUND = INBOUND
    return Sender(client, SECRET)


@pytest.fixture
def tree(db):
    """UPPER, with LOWER below it."""
    upper = CompanyFactory(number="UPPER")
    return upper, CompanyFactory(number="LOWER", parent=upper)


def pushed(company, parent, version="1"):
    data = {
        "number": company.number,
        "name": company.name,
        "parent_number": parent,
        "status": "active",
        "currency": "EUR",
        "payment_term_code": company.payment_term.code,
        "erp_id": company.erp_id,
        "as_of": LATER.isoformat(),
        "addresses": [],
    }
    return message("customer", version, **data)


def let_wait():
    """So long that a person is asked."""
    InboxMessage.objects.update(received_at=timezone.now() - timedelta(hours=1), next_try_at=timezone.now())
    work()


def test_an_own_parent_is_reported_at_once(sender, tree):
    upper, _lower = tree

    sender.push(pushed(upper, "UPPER"))
    work()

    told = InboxMessage.objects.get()
    assert (told.state, told.reason) == (
        "quarantined",
        "parent_number: the customer is named as its own parent.",
    )
    assert Case.objects.get().kind == "quarantined"
    assert Company.objects.get(number="UPPER").parent is None


@pytest.mark.parametrize(
    ("parent", "says"),
    [("LOWER", "Its parents lead back to itself."), ("NOWHERE", "The parent is not known here")],
)
def test_a_circle_and_a_dangling_parent_wait_for_what_may_come_and_are_reported(sender, tree, parent, says):
    upper, lower = tree

    sender.push(pushed(upper, parent))
    work()
    assert InboxMessage.objects.get().state == "parked"
    let_wait()

    case = Case.objects.get()
    assert (case.kind, case.subject) == ("orphan", "customer:UPPER")
    assert says in case.cause
    assert Company.objects.get(number="UPPER").parent is None
    assert Company.objects.get(number="LOWER").parent == upper


def test_a_circle_that_a_later_message_opens_is_taken(sender, tree):
    upper, lower = tree

    sender.push(pushed(upper, "LOWER"))
    work()
    sender.push(pushed(lower, None, "2"))
    work()
    let_wait()

    assert Company.objects.get(number="UPPER").parent == lower
    assert Company.objects.get(number="LOWER").parent is None
