"""Segments: who is in them, and that a rule that names one reaches nobody else."""

from decimal import Decimal

import pytest

from accounts.actions.segments import put_in_segment, save_segment, take_out_of_segment
from accounts.models import Segment, SegmentMember
from accounts.queries.lines import lineage_of
from accounts.segments import all_companies_in, all_segments, segments_of, segments_with_origin
from core.actor import Actor
from core.errors import InvalidValue, NotOwner
from integrations.criteria import companies_inside, inside
from pricing.actions.lists import (
    apply_assignments,
    give_list_to_segment,
    take_list_from_segment,
)
from pricing.answers import Ask
from pricing.models import PriceListAssignment
from pricing.queries import context_for_company, price_ladder, price_sheet
from pricing.records import AssignmentRecord
from tests.factories.accounts import AddressFactory, CompanyFactory
from tests.factories.catalog import ProductFactory
from tests.factories.pricing import PriceListFactory, PriceRowFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("ACC-15")]

STAFF = Actor("admin", "Lena")


@pytest.fixture
def tree():
    """A group with a branch and its department, and a stranger, by their numbers."""
    group = CompanyFactory(number="G")
    branch = CompanyFactory(number="G-1", parent=group)
    CompanyFactory(number="G-1-1", parent=branch)
    return {
        company.number: company
        for company in [group, branch, branch.children.get(), CompanyFactory(number="X")]
    }


def segment(key, *companies):
    kind, _colon, code = key.partition(":")
    made = save_segment(kind, code, name=code.title(), by=STAFF)
    for company in companies:
        put_in_segment(made, company, by=STAFF)
    return made


def keys(company):
    return segments_of(lineage_of(company.pk))


def test_a_department_is_in_the_segments_of_its_group_and_says_from_where(tree):
    segment("region:south", tree["G"])
    segment("strategic:key", tree["G-1"])

    assert keys(tree["G"]) == {"region:south"}
    found = segments_with_origin(lineage_of(tree["G-1-1"].pk))
    assert found == {"region:south": tree["G"].pk, "strategic:key": tree["G-1"].pk}
    assert keys(tree["X"]) == set()


def test_the_nearest_company_decides_for_each_kind(tree):
    segment("region:south", tree["G"])
    segment("region:north", tree["G-1"])
    segment("group:oem", tree["G"])
    AddressFactory(company=tree["G"], country="AT")
    AddressFactory(company=tree["G-1"], country="CH")

    assert keys(tree["G"]) == {"region:south", "group:oem", "country:AT"}
    assert keys(tree["G-1-1"]) == {"region:north", "group:oem", "country:CH"}


def test_asked_from_the_segment_the_same_companies_are_in_it(tree):
    segment("region:south", tree["G"])
    segment("region:north", tree["G-1"])
    segment("group:oem", tree["X"])
    AddressFactory(company=tree["G"], country="AT")

    for key in [*all_segments(), "region:none"]:
        asked = {number for number, company in tree.items() if key in keys(company)}
        assert all_companies_in([key]) == asked, key
    assert all_companies_in(["region:north", "group:oem"]) == {"G-1", "G-1-1", "X"}


def test_what_was_taken_out_is_in_it_no_more_and_history_says_so(tree):
    south = segment("region:south", tree["G"])
    put_in_segment(south, tree["G"], by=STAFF)

    take_out_of_segment(south, tree["G"], by=STAFF)

    assert keys(tree["G-1-1"]) == set()
    assert list(SegmentMember.history.values_list("history_type", flat=True)) == ["-", "+"]


@pytest.mark.parametrize(("kind", "code"), [("colour", "red"), ("region", "So uth"), ("region", "")])
def test_an_unfit_segment_is_refused(kind, code):
    with pytest.raises(InvalidValue):
        save_segment(kind, code, name="South", by=STAFF)

    assert not Segment.objects.exists()


def test_segments_are_ours(tree, erp):
    with pytest.raises(NotOwner):
        save_segment("region", "south", name="South", by=erp)


@pytest.fixture
def screw():
    return ProductFactory(sku="4762-M8")


@pytest.fixture
def list_price(screw):
    made = PriceListFactory(code="LP", name="List")
    PriceRowFactory(price_list=made, product=screw, unit_price="1.00")
    return made


@pytest.fixture
def for_the_south(screw):
    made = PriceListFactory(code="SOUTH", name="South", company=False)
    PriceRowFactory(price_list=made, product=screw, unit_price="0.90")
    return made


def prices(screw, companies):
    asks = [Ask(screw.pk, Decimal(1), "it")]
    return {
        number: price_sheet(context_for_company(company), asks)["it"].unit_price
        for number, company in companies.items()
    }


def test_a_list_given_to_a_segment_reaches_only_its_members(tree, screw, list_price, for_the_south):
    segment("region:south", tree["G-1"])

    give_list_to_segment(for_the_south, "region:south", by=STAFF)

    low, usual = Decimal("0.90"), Decimal("1.00")
    assert prices(screw, tree) == {"G": usual, "G-1": low, "G-1-1": low, "X": usual}
    ladder = price_ladder(context_for_company(tree["X"]), screw)
    assert [step.unit_price for step in ladder] == [usual]
    answer = price_sheet(context_for_company(tree["G-1"]), [Ask(screw.pk, Decimal(1), "it")])["it"]
    assert [(item.origin, item.verdict) for item in answer.candidates] == [
        ("region:south", "wins"),
        ("", "outranked"),
    ]

    take_list_from_segment(for_the_south, "region:south", by=STAFF)
    assert set(prices(screw, tree).values()) == {usual}


def test_a_company_s_own_list_of_the_same_kind_comes_before_its_segment_s(
    tree, screw, list_price, for_the_south
):
    segment("region:south", tree["G"])
    give_list_to_segment(for_the_south, "region:south", by=STAFF)
    own = PriceListFactory(code="OWN", company=tree["G-1"])
    PriceRowFactory(price_list=own, product=screw, unit_price="0.95")

    assert prices(screw, tree)["G-1-1"] == Decimal("0.95")
    assert prices(screw, tree)["G"] == Decimal("0.90")


def test_the_erp_s_reading_of_everything_ends_no_list_of_a_segment(tree, erp, list_price, for_the_south):
    segment("region:south", tree["G"])
    give_list_to_segment(for_the_south, "region:south", by=STAFF)

    apply_assignments([AssignmentRecord(price_list_code="LP")], by=erp, is_full=True)

    kept = PriceListAssignment.objects.values_list("price_list__code", "segment")
    assert set(kept) == {("LP", ""), ("SOUTH", "region:south")}


def test_a_list_is_given_to_no_segment_that_there_is_not(for_the_south):
    with pytest.raises(InvalidValue):
        give_list_to_segment(for_the_south, "region:nowhere", by=STAFF)

    assert not PriceListAssignment.objects.exists()


def test_a_flow_rolled_out_to_a_segment_is_live_for_its_members_alone(tree):
    segment("strategic:key", tree["G-1"])

    assert companies_inside({"segment": ["strategic:key"]}) == {"G-1", "G-1-1"}
    assert companies_inside({"segment": ["strategic:key"], "company": ["G-1-1", "X"]}) == {"G-1-1"}
    assert companies_inside({"segment": []}) is None


@pytest.mark.req("OPS-03")
def test_records_of_others_are_left_outside_the_wave_of_a_segment(tree, customer_records):
    segment("strategic:key", tree["G-1"])

    found = inside(customer_records(tree), {"segment": ["strategic:key"]})

    assert dict(zip(tree, found, strict=True)) == {"G": False, "G-1": True, "G-1-1": True, "X": False}


@pytest.fixture
def customer_records():
    from tests.accounts.test_apply_customers import customer

    return lambda tree: [customer(number) for number in tree]
