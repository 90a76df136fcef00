"""Products as a company may see them, with their units, relations and media."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.scope import Scope
from catalog.entitlement import entitled, range_of, within
from catalog.models import Media, Product, ProductRelation, ProductUnit
from catalog.rules import UnknownUnit
from core.days import erp_today
from core.errors import NotFound

# What the pages of a product show of it and nothing reckons with.
LONG_TEXTS = ("description", "attributes", "keywords", "search")


def visible(scope: Scope) -> QuerySet[Product]:
    """Every product that a scope may know of: published by the PIM and in the company's range.

    The one place where an assortment is restricted; one statement reads which assortments count.
    """
    return entitled(_published(), scope)


def _published() -> QuerySet[Product]:
    return Product.objects.filter(pim_as_of__isnull=False)


def products_for(scope: Scope) -> QuerySet[Product]:
    """The products that the acting company can buy."""
    return visible(scope).filter(status=Product.Status.ACTIVE).order_by("sku_order", "sku")


def product_by_sku(scope: Scope, sku: str) -> Product:
    """A product with units, media and category; also one that is no longer sold, to say why.

    Raises NotFound, the same for unknown and hidden ones.
    """
    product = with_parts(visible(scope)).filter(sku=sku).first()
    if product is None:
        raise unknown_product(sku)
    return product


def products_by_sku(scope: Scope, skus: Iterable[str]) -> dict[str, Product]:
    """Products with their units by SKU, as product_by_sku finds them; unknown and hidden ones are left out.

    Two statements, beside that of the range. The long texts are not read.
    """
    products = visible(scope).filter(sku__in=set(skus)).defer(*LONG_TEXTS)
    return {product.sku: product for product in products.prefetch_related(_units_in_use()).order_by()}


def unknown_product(sku: str) -> NotFound:
    """The refusal of a number that is unknown or hidden."""
    return NotFound(_("There is no product “%(sku)s”.") % {"sku": sku}, sku=sku)


def known_products(scope: Scope, product_ids: Iterable[int]) -> dict[int, Product]:
    """Those of the products that the company may know of, by id, also those no longer sold.

    Without long texts. Two statements.
    """
    known = visible(scope).filter(pk__in=set(product_ids)).defer(*LONG_TEXTS).order_by()
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


def media_by_reference(scope: Scope, reference: str) -> Media:
    """A picture or document of a product that the company may see. Raises NotFound."""
    media = Media.objects.filter(reference=reference, product__in=visible(scope)).first()
    if media is None:
        raise NotFound(_("There is no such picture or document."))
    return media


def all_products() -> QuerySet[Product]:
    """Every product, for staff and jobs."""
    return Product.objects.select_related("category")
