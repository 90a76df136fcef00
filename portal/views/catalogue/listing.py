"""Lists of products: the catalogue, a category, the hits of a search."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.scope import Scope
from catalog import queries
from catalog.facets import Facet, facets_of, filtered
from catalog.models import Category, Product
from core import freshness
from portal.forms.catalogue import ORDERS, SORTS, Chip, ListQuery
from portal.middleware import BuyerRequest
from portal.views.catalogue.offers import Offer, offers_for
from portal.views.parts import wants_part

PER_PAGE = 25
MOST_COLUMNS = 4
WIDEST = 14  # letters of a value that still stand in a column


@dataclass(frozen=True)
class Cell:
    """The value of an attribute column in a row."""

    value: str
    is_number: bool


@dataclass(frozen=True)
class Row:
    """An offer with the values of the table's attribute columns."""

    offer: Offer
    cells: list[Cell]


@dataclass(frozen=True)
class Column:
    """An attribute that the products of a page share."""

    code: str
    name: str
    unit: str
    is_number: bool


@login_required
@require_safe
@vary_on_headers("HX-Request")
def catalogue(request: BuyerRequest) -> HttpResponse:
    """Everything that the company can buy."""
    if ListQuery.of(request.GET).text:
        return redirect(f"{reverse('portal:search')}?{request.GET.urlencode()}")
    return _listing(request, queries.products_for(request.scope), None)


@login_required
@require_safe
@vary_on_headers("HX-Request")
def category(request: BuyerRequest, slug: str) -> HttpResponse:
    """The products of a category and all below it."""
    chosen = queries.category_by_slug(slug)
    return _listing(request, queries.products_for(request.scope), chosen)


@login_required
@require_safe
@vary_on_headers("HX-Request")
def search(request: BuyerRequest) -> HttpResponse:
    """What a typed text means; a whole part number leads to its product at once."""
    asked = ListQuery.of(request.GET)
    if not asked.text:
        return redirect("portal:catalogue")
    found = queries.search_products(request.scope, asked.text)
    exact = queries.exact_hits(found)
    if len(exact) == 1 and not wants_part(request) and not asked.chosen:
        return redirect("portal:product-detail", sku=exact[0])
    chosen = queries.category_by_slug(asked.category) if asked.category else None
    return _listing(request, found, chosen)


def _listing(request: BuyerRequest, products: QuerySet[Product], category: Category | None) -> HttpResponse:
    asked = ListQuery.of(request.GET)
    tree = queries.categories_for(request.scope, products)
    if category is not None:
        products = products.filter(category__in=queries.subtree_ids(category.slug))
    facets = facets_of(products, asked.chosen)
    listed = filtered(products, asked.chosen)
    if asked.sort:
        listed = listed.order_by(*ORDERS[asked.sort])
    elif not asked.text:
        listed = queries.by_category(listed)
    page = Paginator(queries.with_parts(listed), PER_PAGE).get_page(asked.page)
    columns, rows = _table(request.scope, page)
    context = {
        "asked": asked,
        "category": category,
        "path": queries.path_of(category)[:-1],
        "tree": tree,
        "facets": facets,
        "chips": _chips(asked, facets),
        "sorts": {**SORTS, "": _("Best match")}.items() if asked.text else SORTS.items(),
        "page": page,
        "pages_query": f"{asked.encoded()}&" if asked.encoded() else "",
        "columns": columns,
        "rows": rows,
        "title": _title(asked, category),
        "stock_limit": freshness.limit_of("stock"),
        "prices_limit": freshness.limit_of("prices"),
    }
    template = "portal/catalogue/_results.html" if wants_part(request) else "portal/catalogue/list.html"
    return render(request, template, context)


def _title(asked: ListQuery, category: Category | None) -> str:
    if asked.text:
        return _("Results for “%(text)s”") % {"text": asked.text}
    return category.name if category else _("Catalogue")


def _chips(asked: ListQuery, facets: list[Facet]) -> list[Chip]:
    """The choices in force, each with the way to take it back."""
    names = {facet.code: facet for facet in facets}
    chips = []
    for code, values in asked.chosen.items():
        for value in values:
            facet = names.get(code)
            label = f"{facet.name}: {value} {facet.unit}".strip() if facet else value
            chips.append(Chip(label, asked.encoded(without=(code, value))))
    return chips


def _table(scope: Scope, page: Page[Product]) -> tuple[list[Column], list[Row]]:
    """The page's rows, and the attributes worth a column."""
    offers = offers_for(scope, list(page.object_list))
    seen: dict[str, list[dict[str, Any]]] = {}
    for offer in offers:
        for attribute in offer.product.attributes:
            if attribute.get("is_facet"):
                seen.setdefault(attribute["code"], []).append(attribute)
    shared = [code for code, facts in seen.items() if 2 * len(facts) > len(offers) and _tells(facts)]
    columns = [
        Column(
            code,
            seen[code][0]["name"],
            seen[code][0].get("unit", ""),
            all(attribute["value"].replace(".", "", 1).isdigit() for attribute in seen[code]),
        )
        for code in shared[:MOST_COLUMNS]
    ]
    rows = []
    for offer in offers:
        values = {attribute["code"]: attribute["value"] for attribute in offer.product.attributes}
        rows.append(Row(offer, [Cell(values.get(c.code, "–"), c.is_number) for c in columns]))
    return columns, rows


def _tells(facts: list[dict[str, Any]]) -> bool:
    """Whether an attribute tells the rows apart in few words; the name has the long ones."""
    values = {fact["value"] for fact in facts}
    return max(map(len, values)) <= WIDEST and (len(facts) == 1 or len(values) > 1)
