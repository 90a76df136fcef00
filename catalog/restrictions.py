"""Which restrictions bind a company for which products on a day."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.segments import segments_of
from catalog.models import Category, ProductRestriction

# Each product with its category and those above it.
CATEGORIES = """
    WITH RECURSIVE up(product_id, category_id) AS (
        SELECT id, category_id FROM catalog_product WHERE id = ANY(%s) AND category_id IS NOT NULL
        UNION
        SELECT up.product_id, category.parent_id
        FROM up JOIN catalog_category AS category ON category.id = up.category_id
        WHERE category.parent_id IS NOT NULL
    ) SELECT product_id, category_id FROM up
"""


@dataclass(frozen=True)
class Binding:
    """A restriction that binds for one product."""

    restriction: ProductRestriction
    product_id: int


def bindings_for(lineage: Sequence[int], product_ids: Collection[int], on: date) -> list[Binding]:
    """The restrictions that bind a company for these products on a day, oldest first.

    lineage: ids of the company and those above it, nearest first. One statement; one more for the segments
    and one for the categories where a restriction names such.
    """
    if not product_ids or not lineage:
        return []
    rows = (
        ProductRestriction.objects.filter(Q(product_id__in=product_ids) | Q(category_id__isnull=False))
        .filter(Q(company_id__in=lineage) | Q(company=None))
        .exclude(valid_from__gt=on)
        .exclude(valid_until__lte=on)
        .select_related("licence_kind")
        .order_by("pk")
    )
    found = list(rows)
    if any(row.segment for row in found):
        own = segments_of(lineage)
        found = [row for row in found if not row.segment or row.segment in own]
    within = _categories_of(product_ids) if any(row.category_id for row in found) else {}
    return [
        Binding(row, product)
        for row in found
        for product in ([row.product_id] if row.product_id else sorted(within.get(row.category_id, ())))
    ]


def restrictions_on(category: Category, kind: str) -> QuerySet[ProductRestriction]:
    """The restrictions of a kind that name a category."""
    return ProductRestriction.objects.filter(category=category, kind=kind)


def _categories_of(product_ids: Collection[int]) -> dict[int | None, set[int]]:
    """The products in and below each category."""
    with connection.cursor() as cursor:
        cursor.execute(CATEGORIES, [list(product_ids)])
        found: dict[int | None, set[int]] = {}
        for product, category in cursor.fetchall():
            found.setdefault(category, set()).add(product)
        return found
