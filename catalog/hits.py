"""Finding products by what somebody types: by number, by its beginning or middle, by words."""

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import Case, F, FloatField, Q, QuerySet, Value, When

from accounts.scope import Scope
from catalog import search
from catalog.models import Product
from catalog.queries import visible
from catalog.rules import sku_key
from catalog.tree import below, category_by_slug

# A typed part of a number must be this long before the middle of numbers is searched for it.
SHORTEST_MIDDLE = 3
# How near a hit's number is to what was typed: `nearness` of search_products.
EXACT, BEGINS, HOLDS, BY_TEXT = 3, 2, 1, 0


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
    products = visible(scope).filter(found | Q(sku_key=key)) if key else Product.objects.none()
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
