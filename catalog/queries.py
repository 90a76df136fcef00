"""Reads of the catalogue: what a company may see, how to find it, and what is in stock."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    F,
    FloatField,
    Func,
    IntegerField,
    Prefetch,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.utils.translation import gettext_lazy as _

from accounts.scope import Scope
from catalog import search
from catalog.entitlement import entitled, range_of, within
from catalog.models import (
    Allocation,
    Category,
    Media,
    Product,
    ProductRelation,
    ProductUnit,
    StockLevel,
    Warehouse,
)
from catalog.rules import (
    StaleStock,
    UnknownUnit,
    available,
    check_stock_age,
    promised,
    sku_key,
    still_reserves,
)
from core import freshness
from core.days import erp_today
from core.errors import NotFound
from core.money import ZERO

# A typed part of a number must be this long before the middle of numbers is searched for it.
SHORTEST_MIDDLE = 3

# How near a hit's number is to what was typed: `nearness` of search_products.
EXACT, BEGINS, HOLDS, BY_TEXT = 3, 2, 1, 0

# What the pages of a product show of it and nothing reckons with.
LONG_TEXTS = ("description", "attributes", "keywords", "search")

# A product and a warehouse, by their keys.
Pair = tuple[int, int]


def _visible(scope: Scope) -> QuerySet[Product]:
    """Every product that a scope may know of: published by the PIM and in the company's range.

    The one place where an assortment is restricted; one statement reads which assortments count.
    """
    return entitled(_published(), scope)


def _published() -> QuerySet[Product]:
    return Product.objects.filter(pim_as_of__isnull=False)


def products_for(scope: Scope) -> QuerySet[Product]:
    """The products that the acting company can buy."""
    return _visible(scope).filter(status=Product.Status.ACTIVE).order_by("sku_order", "sku")


def product_by_sku(scope: Scope, sku: str) -> Product:
    """A product with units, media and category; also one that is no longer sold, to say why.

    Raises NotFound, the same for unknown and hidden ones.
    """
    product = with_parts(_visible(scope)).filter(sku=sku).first()
    if product is None:
        raise unknown_product(sku)
    return product


def products_by_sku(scope: Scope, skus: Iterable[str]) -> dict[str, Product]:
    """Products with their units by SKU, as product_by_sku finds them; unknown and hidden ones are left out.

    Two statements, beside that of the range. The long texts are not read.
    """
    products = _visible(scope).filter(sku__in=set(skus)).defer(*LONG_TEXTS)
    return {product.sku: product for product in products.prefetch_related(_units_in_use()).order_by()}


def unknown_product(sku: str) -> NotFound:
    """The refusal of a number that is unknown or hidden."""
    return NotFound(_("There is no product “%(sku)s”.") % {"sku": sku}, sku=sku)


def known_products(scope: Scope, product_ids: Iterable[int]) -> dict[int, Product]:
    """Those of the products that the company may know of, by id, also those no longer sold.

    Without long texts. Two statements.
    """
    known = _visible(scope).filter(pk__in=set(product_ids)).defer(*LONG_TEXTS).order_by()
    return {product.pk: product for product in known}


def hidden_products(scope: Scope, product_ids: Iterable[int]) -> frozenset[int]:
    """Those of the products that the company may not know of. Two statements, none without products."""
    return all_hidden_from(scope.lineage, product_ids)


def all_hidden_from(lineage: Sequence[int], product_ids: Iterable[int]) -> frozenset[int]:
    """As hidden_products, for staff and jobs. lineage: ids of a company and those above it, nearest first."""
    ids = frozenset(product_ids)
    if not ids or not lineage:
        return ids
    seen = within(_published(), range_of(lineage, erp_today())).filter(pk__in=ids)
    return ids - set(seen.values_list("pk", flat=True))


def units_of(product_ids: Iterable[int]) -> dict[int, list[ProductUnit]]:
    """The units that products are sold in now, by product, the one offered first first. One statement."""
    units: dict[int, list[ProductUnit]] = {}
    for unit in ProductUnit.objects.filter(product_id__in=set(product_ids), is_active=True).order_by(
        "-is_default", "numerator"
    ):
        units.setdefault(unit.product_id, []).append(unit)
    return units


def with_parts(products: QuerySet[Product]) -> QuerySet[Product]:
    """The products with category, active units and media, in a fixed number of statements."""
    return products.select_related("category").prefetch_related(
        _units_in_use(),
        Prefetch("media", Media.objects.order_by("position", "pk")),
    )


def _units_in_use() -> "Prefetch[Any]":
    return Prefetch("units", ProductUnit.objects.filter(is_active=True).order_by("-is_default", "numerator"))


def unit_of(product: Product, key: str) -> ProductUnit:
    """A unit that the product is sold in now, by the ERP's name. Raises UnknownUnit."""
    for unit in product.units.all():
        if unit.key == key and unit.is_active:
            return unit
    raise UnknownUnit(
        _("%(sku)s is not sold in “%(unit)s”. Choose one of its units.") % {"sku": product.sku, "unit": key},
        unit=key,
        sku=product.sku,
    )


def related_to(scope: Scope, product: Product, kind: str | None = None) -> list[ProductRelation]:
    """What goes with a product or stands in for it, as far as the company can buy it (PIM-08)."""
    relations = ProductRelation.objects.filter(product=product, other__in=products_for(scope))
    if kind is not None:
        relations = relations.filter(kind=kind)
    others = with_parts(Product.objects.all())
    return list(relations.prefetch_related(Prefetch("other", others)).order_by("kind", "position", "pk"))


def search_products(scope: Scope, text: str, category_slug: str | None = None) -> QuerySet[Product]:
    """The products that a typed text means, best first.

    A whole number wins, also one that is no longer sold; then numbers that begin with the text,
    then numbers that hold it, whatever the dashes and capitals; then texts that hold every word, the
    last one unfinished. Source: failure bank 42.
    """
    key = sku_key(text)
    words = search.ts_query(text)
    found = Q(status=Product.Status.ACTIVE, sku_key__startswith=key)
    if len(key) >= SHORTEST_MIDDLE:
        found |= Q(status=Product.Status.ACTIVE, sku_key__contains=key)
    query = SearchQuery(words, search_type="raw", config=search.LANGUAGE) if words else None
    if query is not None:
        found |= Q(status=Product.Status.ACTIVE, search=query)
    rank = SearchRank(F("search"), query, normalization=Value(0)) if query is not None else Value(0.0)
    products = _visible(scope).filter(found | Q(sku_key=key)) if key else Product.objects.none()
    if category_slug:
        products = products.filter(category__in=below(category_by_slug(scope, category_slug)))
    return products.annotate(
        nearness=Case(
            When(sku_key=key, then=Value(EXACT)),
            When(sku_key__startswith=key, then=Value(BEGINS)),
            When(sku_key__contains=key, then=Value(HOLDS)),
            default=Value(BY_TEXT),
        ),
        rank=Case(When(search=None, then=Value(0.0)), default=rank, output_field=FloatField()),
    ).order_by("-nearness", "-rank", "sku_order", "sku")


def exact_hits(found: QuerySet[Product]) -> list[str]:
    """The SKUs among the hits of search_products that were typed as a whole; two at most."""
    exact = found.filter(nearness=EXACT)  # type: ignore[misc]  # annotated by search_products
    return list(exact.values_list("sku", flat=True)[:2])


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
    if category is None or not _visible(scope).filter(category__in=below(category)).exists():
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


@dataclass(frozen=True)
class WarehouseAvailability:
    """Stock of a product in a warehouse, in the base unit.

    on_hand: the ERP's figure of `as_of`. reserved: ours that it has not deducted. available: what can
    be promised, see catalog.rules.available. is_stale: older than the limit of its flow (INV-11).
    """

    warehouse: Warehouse
    on_hand: Decimal
    reserved: Decimal
    available: Decimal
    as_of: datetime | None
    is_stale: bool

    @property
    def promised(self) -> Decimal:
        """What of it an order may be promised by the warehouse's policy for old figures (INV-11)."""
        return promised(self.available, is_stale=self.is_stale, when_stale=self.warehouse.when_stale)

    @property
    def is_to_confirm(self) -> bool:
        """Whether orders are taken without a promise, because the figure is too old."""
        return self.is_stale and self.warehouse.when_stale == Warehouse.WhenStale.CONFIRM

    @property
    def refusal(self) -> StaleStock | None:
        """Why no order is taken by this figure, None when one is."""
        try:
            check_stock_age(
                is_stale=self.is_stale,
                when_stale=self.warehouse.when_stale,
                warehouse=self.warehouse.name,
            )
        except StaleStock as refusal:
            return refusal
        return None


def availability(product_ids: Iterable[int]) -> dict[int, list[WarehouseAvailability]]:
    """Stock per product and warehouse that ships, in the warehouses' order (INV-01). Three statements.

    A product whose stock nobody has told is not among the keys: unknown is not zero.
    """
    levels = list(
        StockLevel.objects.filter(product_id__in=set(product_ids), warehouse__is_active=True)
        .select_related("warehouse")
        .order_by("warehouse__position", "warehouse__code")
    )
    as_of = figures_of(levels)
    reserved = reserved_by_pair(as_of)
    answer: dict[int, list[WarehouseAvailability]] = {}
    for level in levels:
        pair = (level.product_id, level.warehouse_id)
        held = reserved.get(pair, ZERO)
        answer.setdefault(level.product_id, []).append(
            WarehouseAvailability(
                warehouse=level.warehouse,
                on_hand=level.on_hand,
                reserved=held,
                available=available(level.on_hand, held),
                as_of=as_of[pair],
                is_stale=freshness.is_stale(level.freshness_kind, as_of[pair]),
            )
        )
    return answer


def figures_of(levels: Iterable[StockLevel]) -> dict[Pair, datetime | None]:
    """How old the figure of each product and warehouse is. One statement."""
    read = freshness.read_up_to()
    # What others than the ERP tell comes in files that are not all there is: each row has its own age.
    return {
        (row.product_id, row.warehouse_id): freshness.later(
            row.as_of, read.get("stock") if row.source == "erp" else None
        )
        for row in levels
    }


def reserved_by_pair(figures: Mapping[Pair, datetime | None]) -> dict[Pair, Decimal]:
    """Per product and warehouse, what we hold back that the ERP's figure has not deducted.

    figures: the pairs with the age of their figure. An open allocation always counts; a shipped one
    until a figure is later than its shipment. One statement.
    """
    held = (
        Allocation.objects.filter(product_id__in={product for product, _warehouse in figures})
        .values_list("product_id", "warehouse_id", "counted_at")
        .annotate(total=Sum("quantity"))
    )
    reserved: dict[Pair, Decimal] = {}
    for product, warehouse, counted_at, quantity in held:
        pair = (product, warehouse)
        if still_reserves(counted_at, figures.get(pair)):
            reserved[pair] = reserved.get(pair, ZERO) + quantity
    return reserved


def media_by_reference(scope: Scope, reference: str) -> Media:
    """A picture or document of a product that the company may see. Raises NotFound."""
    media = Media.objects.filter(reference=reference, product__in=_visible(scope)).first()
    if media is None:
        raise NotFound(_("There is no such picture or document."))
    return media


def all_products() -> QuerySet[Product]:
    """Every product, for staff and jobs."""
    return Product.objects.select_related("category")
