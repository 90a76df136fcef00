"""What the demo's customers see and may buy is made by the actions, and a second seeding changes nothing."""

import json

import pytest
from django.core.management import call_command

from accounts.models import Company, Licence
from catalog.models import Assortment, AssortmentAssignment, ProductRestriction
from portal.demo import people
from tests.factories.accounts import CompanyFactory
from tests.factories.catalog import CategoryFactory


@pytest.mark.django_db
@pytest.mark.req("ENT-15")
def test_the_demo_has_a_range_a_licence_a_limit_and_a_region_once(settings, tmp_path):
    settings.DEMO, settings.VAR_DIR = True, tmp_path
    given = json.loads((settings.BASE_DIR / "demo" / "entitlements.json").read_text(encoding="utf-8"))
    numbers = {place["company"] for person in people() for place in person.get("memberships", [])}
    numbers |= {number for person in people() for number in person.get("looks_after", [])}
    for number in numbers:
        CompanyFactory(number=number)
    slugs = {slug for one in given["assortments"] for slug in one["without"]}
    slugs |= {one["required_for"] for one in given["licences"]}
    slugs |= {one["category"] for one in given["restrictions"]}
    for slug in slugs:
        CategoryFactory(slug=slug)

    for _again in range(2):
        call_command("demo_seed", verbosity=0)

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
