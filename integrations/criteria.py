"""Whom a flow is live for: one entry per criterion; a record or message outside is left as it is (OPS-03)."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Company
from accounts.segments import all_companies_in, all_segment_names
from catalog.models import Category, Product
from orders.models import Order

# The criteria that say which companies something is live for.
OF_COMPANIES = ("company", "segment")
Rollout = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Criterion:
    """One way to say whom a flow is live for.

    choices: the values there are, with their names. widened: values with what lies below them.
    of_records: per record the value it belongs to, None where the criterion says nothing about it.
    """

    label: str | Promise
    choices: Callable[[], list[tuple[str, str]]]
    widened: Callable[[Collection[str]], frozenset[str]]
    of_records: Callable[[Sequence[Any]], list[str | None]]


def _companies() -> list[tuple[str, str]]:
    return list(Company.objects.order_by("name").values_list("number", "name"))


def _with_branches(numbers: Iterable[str]) -> frozenset[str]:
    below = Company.objects.descendants
    roots = Company.objects.filter(number__in=list(numbers))
    return frozenset(branch.number for root in roots for branch in below(root, include_self=True))


def _company_of(records: Sequence[Any]) -> list[str | None]:
    """By its own number, or that of the company whose order it is about."""
    numbers = {_first_order(record) for record in records} - {None}
    rows = Order.objects.filter(number__in=numbers).values_list("number", "company__number")
    owners = dict(rows)
    return [_own_company(record) or owners.get(_first_order(record) or "") for record in records]


def _own_company(record: Any) -> str | None:
    if hasattr(record, "company_number"):
        return record.company_number or None
    return getattr(record, "number", None) if hasattr(record, "parent_number") else None


def _first_order(record: Any) -> str | None:
    numbers = getattr(record, "order_numbers", ())
    return getattr(record, "order_number", None) or (numbers[0] if numbers else None)


def _categories() -> list[tuple[str, str]]:
    return list(Category.objects.order_by("name").values_list("slug", "name"))


def _with_subcategories(slugs: Iterable[str]) -> frozenset[str]:
    below = Category.objects.descendants
    roots = Category.objects.filter(slug__in=list(slugs))
    return frozenset(part.slug for root in roots for part in below(root, include_self=True))


def _category_of(records: Sequence[Any]) -> list[str | None]:
    skus = {record.sku for record in records if hasattr(record, "sku")}
    rows = Product.objects.filter(sku__in=skus).values_list("sku", "category__slug")
    slugs = dict(rows)
    return [slugs.get(record.sku) or "" if hasattr(record, "sku") else None for record in records]


def _segments() -> list[tuple[str, str]]:
    return list(all_segment_names().items())


# The values of a segment stand for the companies in it: by their numbers a record belongs to it or not.
CRITERIA: dict[str, Criterion] = {
    "company": Criterion(_("Company"), _companies, _with_branches, _company_of),
    "segment": Criterion(_("Segment"), _segments, all_companies_in, _company_of),
    "category": Criterion(_("Product category"), _categories, _with_subcategories, _category_of),
}


def inside(records: Sequence[Any], rollout: Rollout) -> list[bool]:
    """Per record whether the flow is live for it; every criterion that says something must agree."""
    answers = [_agrees(records, CRITERIA[key], values) for key, values in rollout.items() if values]
    return reduce(
        lambda one, other: [a and b for a, b in zip(one, other, strict=True)], answers, [True] * len(records)
    )


def _agrees(records: Sequence[Any], criterion: Criterion, values: Sequence[str]) -> list[bool]:
    taken = criterion.widened(values)
    return [value is None or value in taken for value in criterion.of_records(records)]


def companies_inside(rollout: Rollout) -> frozenset[str] | None:
    """The numbers of the companies whose messages go out; None: everybody's."""
    named = [CRITERIA[key].widened(values) for key in OF_COMPANIES if (values := rollout.get(key))]
    return frozenset.intersection(*named) if named else None
