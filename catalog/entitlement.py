"""Who sees which product: the one filter of every read of products for a buyer (ENT-01, failure bank 57)."""

from collections.abc import Sequence
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from accounts.customers import Customers
from accounts.scope import Scope
from accounts.segments import segments_of
from catalog.models import Assortment, AssortmentAssignment, AssortmentRule, Product
from catalog.ranges import Given, Range, distance_in, range_on
from core.days import erp_today

# The categories that rules of these assortments name, with all below them.
NAMED_CATEGORIES = """
    WITH RECURSIVE tree(id) AS (
        SELECT category_id FROM catalog_assortmentrule
        WHERE assortment_id = ANY(%s) AND effect = %s AND category_id IS NOT NULL
        UNION SELECT down.id FROM catalog_category AS down JOIN tree ON down.parent_id = tree.id
    ) SELECT id FROM tree
"""


def entitled(products: QuerySet[Product], scope: Scope, on: date | None = None) -> QuerySet[Product]:
    """Those of the products that the acting company may know of, on a day, today unless given.

    One small statement reads which assortments count; the rest is a condition of the products' own
    statement, by sets. An empty scope sees nothing.
    """
    if scope.is_empty:
        return products.none()
    return within(products, range_of(scope.lineage, on or erp_today()))


def range_of(lineage: Sequence[int], on: date) -> Range:
    """What a company may see. lineage: its id and those above it, nearest first. One or two statements."""
    rows = (
        AssortmentAssignment.objects.filter(Q(company_id__in=lineage) | Q(company=None))
        .select_related("assortment", "company")
        .order_by("pk")
    )
    given = list(rows)
    if any(row.segment for row in given):
        own = segments_of(lineage)
        given = [row for row in given if not row.segment or row.segment in own]
    return range_on([_given(row, lineage) for row in given], on)


def assortment_by_code(code: str) -> Assortment | None:
    """An assortment by its code, None when there is none."""
    return Assortment.objects.filter(code=code).first()


def all_givings_to(customers: Customers) -> QuerySet[AssortmentAssignment]:
    """The assignments that whoever meets these customers may see: theirs, and those to no company by name."""
    return AssortmentAssignment.objects.filter(Q(company=None) | customers.of("company"))


def _given(row: AssortmentAssignment, lineage: Sequence[int]) -> Given:
    return Given(
        assortment_id=row.assortment_id,
        code=row.assortment.code,
        name=row.assortment.name,
        covers_all=row.assortment.covers == Assortment.Covers.ALL,
        level=distance_in(lineage, row.company_id, row.segment),
        origin=row.company.number if row.company else row.segment,
        adds=row.adds,
        contract=row.contract,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )


def within(products: QuerySet[Product], seen: Range) -> QuerySet[Product]:
    """The products of a range: put in by a rule or held anyway, and taken out by none."""
    if seen.is_open:
        return products
    if not seen.ids:
        return products.none()
    effects = AssortmentRule.Effect
    if not seen.covers_all:
        products = products.filter(_named(seen.ids, effects.INCLUDE))
    return products.filter(~_named(seen.ids, effects.EXCLUDE))


def _named(assortments: list[int], effect: str) -> Q:
    """The products that rules of these assortments name, themselves or by their category."""
    rules = AssortmentRule.objects.filter(
        assortment_id__in=assortments, effect=effect, product_id=OuterRef("pk")
    )
    categories = RawSQL(NAMED_CATEGORIES, [assortments, effect])  # noqa: S611 - values are parameters
    return Q(Exists(rules)) | Q(category_id__isnull=False, category_id__in=categories)
