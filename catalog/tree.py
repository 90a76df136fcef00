"""The categories as a buyer sees them: with what is in them, and never one of which all is hidden."""

from dataclasses import dataclass

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Count, F, Func, IntegerField, QuerySet, Value
from django.utils.translation import gettext_lazy as _

from accounts.scope import Scope
from catalog.models import Category, Product
from catalog.queries import products_for, visible
from core.errors import NotFound


@dataclass(frozen=True)
class CategoryNode:
    """A category with the number of products in and below it, and its own children."""

    category: Category
    count: int
    depth: int
    children: tuple["CategoryNode", ...]


def categories_for(scope: Scope, products: QuerySet[Product] | None = None) -> list[CategoryNode]:
    """The tree of categories that hold something, with counts. Two statements, beside that of the range.

    products: count these, such as the hits of a search; everything the company can buy otherwise.
    """
    chosen = products_for(scope) if products is None else products
    counted = (
        chosen.order_by().filter(category__isnull=False).values("category_id").annotate(count=Count("pk"))
    )
    counts = {row["category_id"]: row["count"] for row in counted}
    children: dict[int | None, list[Category]] = {}
    for category in Category.objects.without_tree_fields().order_by("position", "name"):
        children.setdefault(category.parent_id, []).append(category)

    def nodes_of(parent_id: int | None, depth: int) -> tuple[CategoryNode, ...]:
        nodes = []
        for category in children.get(parent_id, []):
            inner = nodes_of(category.pk, depth + 1)
            count = counts.get(category.pk, 0) + sum(node.count for node in inner)
            if count:
                nodes.append(CategoryNode(category, count, depth, inner))
        return tuple(nodes)

    return list(nodes_of(None, 0))


def by_category(products: QuerySet[Product]) -> QuerySet[Product]:
    """The products in the order of the taxonomy, and by number within a category. One statement more."""
    ids = [category.pk for category in Category.objects.with_tree_fields()]
    place = Func(
        Value(ids, output_field=ArrayField(BigIntegerField())),
        F("category_id"),
        function="array_position",
        output_field=IntegerField(),
    )
    return products.order_by(place.asc(nulls_last=True), "sku_order", "sku")


def category_by_slug(scope: Scope, slug: str) -> Category:
    """A category by its address, if the company may see something in or below it.

    Raises NotFound, the same for an unknown one and one of which all is hidden (failure bank 57).
    """
    category: Category | None = Category.objects.without_tree_fields().filter(slug=slug).first()
    if category is None or not visible(scope).filter(category__in=below(category)).exists():
        raise NotFound(_("There is no category “%(slug)s”.") % {"slug": slug})
    return category


def all_category_by_slug(slug: str) -> Category:
    """A category by its address, for staff and jobs. Raises Category.DoesNotExist."""
    found: Category = Category.objects.without_tree_fields().get(slug=slug)
    return found


def path_of(category: Category | None) -> list[Category]:
    """A category with its ancestors, the root first. One statement."""
    return [] if category is None else list(Category.objects.ancestors(category, include_self=True))


def below(category: Category) -> QuerySet[Category]:
    """The ids of a category and all below it, for a filter."""
    tree: QuerySet[Category] = Category.objects.descendants(category, include_self=True)
    return tree.values("pk")  # type: ignore[return-value]
