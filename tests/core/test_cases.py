"""Cases: one open per kind and subject, repeats counted, nothing settled without a reason."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection

from core.actor import Actor
from core.cases import CaseFacts, assign_case, ignore_case, note_case, open_case, settle_cases
from core.errors import InvalidValue, WrongState
from core.models import Case

BY = Actor("flow:erp.orders", "Hub")
FACTS = CaseFacts(cause="Over the credit limit", amount=Decimal("12.50"), currency="EUR", company="ACME")


@pytest.mark.req("ORD-07")
@pytest.mark.django_db
def test_a_repeat_is_counted_on_the_open_case_with_the_newest_cause():
    first = open_case("erp_refusal", "order:SO-1", FACTS, by=BY)

    again = open_case("erp_refusal", "order:SO-1", CaseFacts(cause="Product retired"), by=BY)

    assert again.pk == first.pk
    assert (again.times, again.cause, again.opened_at) == (2, "Product retired", first.opened_at)
    assert Case.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_fault_seen_by_ten_workers_at_once_is_one_case():
    def see(_):
        try:
            return open_case("erp_refusal", "order:SO-1", FACTS, by=BY).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        seen = set(pool.map(see, range(10)))

    assert len(seen) == 1
    assert Case.objects.get().times == 10


@pytest.mark.django_db
def test_a_settled_case_stays_and_the_next_fault_opens_a_new_one():
    open_case("erp_refusal", "order:SO-1", FACTS, by=BY)

    assert settle_cases("order:SO-1", by=BY, reason="The ERP took it.") == 1
    assert settle_cases("order:SO-1", by=BY, reason="The ERP took it.") == 0
    new = open_case("erp_refusal", "order:SO-1", FACTS, by=BY)

    old = Case.objects.exclude(pk=new.pk).get()
    assert (old.state, old.closed_reason) == ("closed", "The ERP took it.")
    assert new.state == "open"


@pytest.mark.req("ORD-09")
@pytest.mark.django_db
def test_ignoring_needs_a_reason_and_leaves_a_trace():
    case = open_case("erp_refusal", "order:SO-1", FACTS, by=BY)

    with pytest.raises(InvalidValue):
        ignore_case(case, by=BY, reason="  ")
    case.refresh_from_db()
    assert case.state == "open"

    ignore_case(case, by=BY, reason="Test order of our own.")
    with pytest.raises(WrongState):
        assign_case(case, to=None, by=BY)

    assert list(case.steps.values_list("kind", "reason")) == [
        ("opened", ""),
        ("ignored", "Test order of our own."),
    ]


@pytest.mark.django_db
def test_a_note_without_text_is_refused():
    case = open_case("erp_refusal", "order:SO-1", FACTS, by=BY)

    with pytest.raises(InvalidValue):
        note_case(case, by=BY, text="")

    assert case.steps.count() == 1
