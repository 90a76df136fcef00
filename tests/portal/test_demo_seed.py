"""What the demo's customers see, may buy and have approved is made by the actions; a second seeding changes nothing."""

import json
from decimal import Decimal

import pytest
from django.core.management import call_command

from accounts.applicants import registrations_at, seen_by, similar_to
from accounts.models import Company, Licence, User
from accounts.queries.scopes import scope_for
from catalog.models import Assortment, AssortmentAssignment, ProductRestriction
from core.models import Event
from orders.models import Order
from orders.queries.budget import budget_states
from orders.queries.orders import approvals_for
from portal.demo import people
from tests.factories.accounts import AddressFactory, CompanyFactory
from tests.factories.catalog import CategoryFactory
from tests.factories.orders import sell

PRICES = {"976-M10X1000-A2": "6.184", "6206-2Z": "5.18", "6210-2RS": "11.174", "976-M20X1000-A2": "25.284"}
OVER = {"C1001": "C1000", "C1002": "C1000", "C1010": "C1001"}


@pytest.fixture
def seeded(db, settings, tmp_path):
    """The demo's people, ranges and approvals on bare customers and products, after two seedings."""
    settings.DEMO, settings.VAR_DIR = True, tmp_path
    given = json.loads((settings.BASE_DIR / "demo" / "entitlements.json").read_text(encoding="utf-8"))
    numbers = {place["company"] for person in people() for place in person.get("memberships", [])}
    numbers |= {number for person in people() for number in person.get("looks_after", [])}
    made = {}
    for number in sorted(numbers):
        made[number] = CompanyFactory(number=number, parent=made.get(OVER.get(number, "")))
        AddressFactory(company=made[number], erp_id=f"{number.lower()}-1")
    slugs = {slug for one in given["assortments"] for slug in one["without"]}
    slugs |= {one["required_for"] for one in given["licences"]}
    slugs |= {one["category"] for one in given["restrictions"]}
    for slug in slugs:
        CategoryFactory(slug=slug)
    for sku, price in PRICES.items():
        sell(sku, price)
    for _again in range(2):
        call_command("demo_seed", verbosity=0)
    return made


@pytest.mark.req("ENT-15")
def test_the_demo_has_a_range_a_licence_a_limit_and_a_region_once(seeded):
    alpina = Company.objects.get(number="C3000")
    assert AssortmentAssignment.objects.get().company == alpina
    assert Assortment.objects.get().rules.get().effect == "exclude"
    assert sorted(ProductRestriction.objects.values_list("kind", flat=True)) == [
        "forbidden_place",
        "licence",
        "quantity",
    ]
    assert Licence.objects.count() == 4
    assert Licence.objects.get(company=alpina).valid_until is not None


def scope_of(name, company):
    """The scope of somebody of the demo, by the first name."""
    return scope_for(User.objects.get(email__startswith=f"{name}.").pk, company.pk)


@pytest.mark.req("APR-01", "APR-02", "APR-03", "APR-09", "APR-10")
def test_the_demo_has_a_chain_of_two_steps_a_tight_budget_a_deputy_and_orders_in_each_state_once(seeded):
    department = seeded["C1010"]

    orders = {order.po_number: order for order in Order.objects.all()}
    assert {po: order.status for po, order in orders.items()} == {
        "M-2041": "returned",
        "M-2042": "pending_approval",
        "M-2043": "pending_approval",
    }
    assert list(approvals_for(scope_of("jonas", department))) == [orders["M-2042"]]
    for decider in ("martin", "eva"):
        assert list(approvals_for(scope_of(decider, department))) == [orders["M-2043"]]
    chain = [(step.stage, step.state) for step in orders["M-2043"].approval_requests.get().steps.all()]
    assert chain == [(1, "approved"), (2, "open")]
    quarter = next(
        one for one in budget_states(scope_of("nora", department)) if one.budget.period == "quarter"
    )
    assert (quarter.tone, quarter.figures.left) == ("warn", Decimal("292.44"))
    assert not Event.objects.filter(name="order.received").exists()


@pytest.mark.req("ACC-13")
def test_the_demo_has_a_registration_that_is_checked_and_one_that_looks_like_a_customer(seeded):
    Company.objects.filter(number="C2000").update(name="Brenner Werkzeuge KG", tax_id="ATU68112044")
    lena = User.objects.get(email="lena.brandt@nordwind.example")

    checked, alike = registrations_at(User.objects.get(email="tomas.hoelzl@nordwind.example"))

    assert (checked.tax_answer, checked.tax_name) == ("valid", "Steinach Fördertechnik GmbH")
    assert similar_to(checked) == []
    assert list(registrations_at(lena)) == [alike]
    assert [(item.company.number, item.is_certain) for item in seen_by(lena, similar_to(alike))] == [
        ("C2000", True)
    ]
