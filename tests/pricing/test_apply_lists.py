"""Price lists, who gets them, tax rates and costs, as the ERP tells them."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from core.errors import NotOwner
from pricing.actions.lists import apply_assignments, apply_costs, apply_price_lists, apply_tax_rates
from pricing.models import ItemCost, PriceList, PriceListAssignment, TaxRate
from pricing.records import AssignmentRecord, CostRecord, PriceListRecord, TaxRateRecord
from tests.factories.catalog import ProductFactory
from tests.factories.pricing import MORNING, PriceListFactory

pytestmark = pytest.mark.django_db


def price_list(code="A", as_of=MORNING, **values):
    told = {"name": f"List {code}", "kind": "list", "currency": "EUR", **values}
    return PriceListRecord(code=code, as_of=as_of, **told)


def given_to(company_number, code="A", **values):
    return AssignmentRecord(price_list_code=code, company_number=company_number, **values)


def counts(applied):
    return applied.new, applied.changed, applied.same, applied.removed, len(applied.rejected)


def test_lists_are_taken_over_once_and_older_news_is_dropped(erp):
    assert counts(apply_price_lists([price_list()], by=erp)) == (1, 0, 0, 0, 0)
    assert counts(apply_price_lists([price_list()], by=erp)) == (0, 0, 1, 0, 0)

    late = price_list(name="Late", as_of=MORNING - timedelta(hours=1))
    assert counts(apply_price_lists([late], by=erp)) == (0, 0, 1, 0, 0)
    assert counts(apply_price_lists([price_list(name="New")], by=erp)) == (0, 1, 0, 0, 0)
    assert PriceList.objects.get().name == "New"


def test_a_list_that_a_full_reading_lacks_goes_out_of_use_and_may_come_back(erp):
    apply_price_lists([price_list("A"), price_list("B")], by=erp)

    assert apply_price_lists([price_list("A")], by=erp, is_full=True).removed == 1
    assert not PriceList.objects.get(code="B").is_active
    assert apply_price_lists([price_list("B")], by=erp).changed == 1
    assert PriceList.objects.get(code="B").is_active


def test_an_empty_full_reading_takes_no_price_away(erp, acme):
    PriceListFactory(code="A", company=acme)

    assert apply_price_lists([], by=erp, is_full=True).removed == 0
    assert apply_assignments([], by=erp, is_full=True).removed == 0
    assert PriceList.objects.get().is_active
    assert PriceListAssignment.objects.get().company == acme


@pytest.mark.req("PRC-01")
def test_assignments_come_change_and_end_and_bad_ones_stop_nobody(erp, acme, other):
    PriceListFactory(code="A", company=acme)

    applied = apply_assignments(
        [
            given_to("OTHER", priority=5, valid_until=date(2027, 1, 1)),
            given_to("NOBODY"),
            given_to("OTHER", code="UNKNOWN"),
        ],
        by=erp,
        is_full=True,
    )

    assert counts(applied) == (1, 0, 0, 1, 2)
    assert {item.field for item in applied.rejected} == {"company_number", "price_list_code"}
    row = PriceListAssignment.objects.get()
    assert (row.company, row.priority, row.valid_until) == (other, 5, date(2027, 1, 1))
    assert counts(apply_assignments([given_to("OTHER")], by=erp)) == (0, 1, 0, 0, 0)


def test_of_an_assignment_told_twice_the_later_counts_and_the_earlier_is_told(erp, acme):
    PriceListFactory(code="A", company=False)

    applied = apply_assignments([given_to("ACME", priority=1), given_to("ACME", priority=2)], by=erp)

    assert counts(applied) == (1, 0, 0, 0, 1)
    assert PriceListAssignment.objects.get().priority == 2


def test_costs_and_tax_rates_follow_the_erp_and_never_go_back_in_time(erp):
    product = ProductFactory(sku="S")
    cost = CostRecord(sku="S", cost_price=Decimal("1.25"), currency="EUR", as_of=MORNING)
    rate = TaxRateRecord(code="reduced", name="VAT 10 %", percent=Decimal(10), as_of=MORNING)
    before = {"as_of": MORNING - timedelta(days=1)}

    assert counts(apply_costs([cost, cost.model_copy(update={"sku": "?"})], by=erp)) == (1, 0, 0, 0, 1)
    assert counts(apply_tax_rates([rate], by=erp)) == (1, 0, 0, 0, 0)
    late_cost = cost.model_copy(update={"cost_price": Decimal(9), **before})
    late_rate = rate.model_copy(update={"percent": Decimal(9), **before})

    assert counts(apply_costs([late_cost], by=erp)) == (0, 0, 1, 0, 0)
    assert counts(apply_tax_rates([late_rate], by=erp)) == (0, 0, 1, 0, 0)
    assert ItemCost.objects.get(product=product).cost_price == Decimal("1.25")
    assert TaxRate.objects.get(code="reduced").percent == Decimal(10)


@pytest.mark.req("INT-02")
def test_nobody_but_the_erp_writes_lists_assignments_costs_and_rates(mona, pim):
    cost = CostRecord(sku="S", cost_price=Decimal(1), currency="EUR", as_of=MORNING)
    rate = TaxRateRecord(code="reduced", name="VAT 10 %", percent=Decimal(10), as_of=MORNING)

    for by in (mona.actor, pim):
        for action, record in (
            (apply_price_lists, price_list()),
            (apply_assignments, given_to(None)),
            (apply_costs, cost),
            (apply_tax_rates, rate),
        ):
            with pytest.raises(NotOwner):
                action([record], by=by)

    assert not PriceList.objects.exists()
    assert not TaxRate.objects.filter(code="reduced").exists()
