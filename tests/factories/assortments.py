"""Assortments for tests: what is put in and taken out, and who is given it."""

from typing import Any

from accounts.models import Company
from catalog.models import Assortment, AssortmentAssignment, AssortmentRule, Category, Product


def assortment(
    code: str, *things: Product | Category, without: tuple[Any, ...] = (), **values: Any
) -> Assortment:
    """An assortment of these products and categories, without those that are taken out again."""
    made = Assortment.objects.create(code=code, name=f"Range {code}", **values)
    for effect, named in (("include", things), ("exclude", without)):
        for thing in named:
            kind = "product" if isinstance(thing, Product) else "category"
            AssortmentRule.objects.create(assortment=made, effect=effect, **{kind: thing})
    return made


def give(made: Assortment, company: Company | None = None, **values: Any) -> AssortmentAssignment:
    """An assortment given to a company, to a segment, or to everybody."""
    return AssortmentAssignment.objects.create(assortment=made, company=company, **values)
