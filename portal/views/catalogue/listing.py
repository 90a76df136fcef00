"""Lists of products: the catalogue, a category, the hits of a search."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.scope import Scope
from catalog import queries
from catalog.facets import Facet, facets_of, filtered
from catalog.models import Category, Product
from core import freshness
from portal.forms.catalogue import ORDERS, SORTS, Chip, ListQuery
from portal.kept import LISTS, TOKEN, kept, names, with_token, wording
from portal.middleware import BuyerRequest
from portal.views.catalogue.offers import Offer, offers_for
from portal.views.parts import wants_part
from pricing.queries import next_policy_at

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


@dataclass(frozen=True)
class Listed:
    """What a list shows, before its filters: the products, and the category that was chosen."""

    products: QuerySet[Product]
    category: Category | None


@dataclass(frozen=True)
class Results:
    """A written list. until: when an age in it changes by time alone, None while none does."""

    title: str
    html: str
    until: datetime | None


@login_required
@require_safe
@vary_on_headers("HX-Request")
def catalogue(request: BuyerRequest) -> HttpResponse:
    """Everything that the company can buy."""
    if ListQuery.of(request.GET).text:
        return redirect(f"{reverse('portal:search')}?{request.GET.urlencode()}")
    return _listing(request, lambda: Listed(queries.products_for(request.scope), None))


@login_required
@require_safe
@vary_on_headers("HX-Request")
def category(request: BuyerRequest, slug: str) -> HttpResponse:
    """The products of a category and all below it."""
    return _listing(
        request, lambda: Listed(queries.products_for(request.scope), queries.category_by_slug(slug))
    )


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
    return _listing(
        request,
        lambda: Listed(found, queries.category_by_slug(asked.category) if asked.category else None),
    )


def _listing(request: BuyerRequest, listed: Callable[[], Listed]) -> HttpResponse:
    results: Results = kept(
        _key(request), lambda: _results(request, listed()), lambda results: results.until, shelf=LISTS
    )
    html = mark_safe(with_token(request, results.html))  # noqa: S308 - rendered by the list's template
    if wants_part(request):
        return HttpResponse(html)
    return render(request, "portal/catalogue/list.html", {"title": results.title, "results": html})


def _key(request: BuyerRequest) -> tuple[Hashable, ...]:
    """All that a list is made of: what was asked, the scope with its rights, the words, the state of the data.

    The people of a company who may the same share it.
    """
    whose = replace(request.scope, user_id=None, membership_id=None)
    state = names(request, "content", "prices", "stock", "ages", "people")
    return ("list", request.path, request.GET.urlencode(), whose, wording(), state)


def _results(request: BuyerRequest, listed: Listed) -> Results:
    now = timezone.now()
    asked, category, products = ListQuery.of(request.GET), listed.category, listed.products
    tree = queries.categories_for(request.scope, products)
    if category is not None:
        products = products.filter(category__in=queries.subtree_ids(category.slug))
    facets = facets_of(products, asked.chosen)
    shown = filtered(products, asked.chosen)
    if asked.sort:
        shown = shown.order_by(*ORDERS[asked.sort])
    elif not asked.text:
        shown = queries.by_category(shown)
    page = Paginator(queries.with_parts(shown), PER_PAGE).get_page(asked.page)
    columns, rows = _table(request.scope, page)
    title = _title(asked, category)
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
        "title": title,
        "stock_limit": freshness.limit_of("stock"),
        "prices_limit": freshness.limit_of("prices"),
        "csrf_token": TOKEN,
    }
    html = render_to_string("portal/catalogue/_results.html", context, request)
    return Results(title, html, _until([row.offer for row in rows], now))


def _until(offers: list[Offer], now: datetime) -> datetime | None:
    """When the rows change by time alone: a figure turns stale, an age grows, a policy comes into force.

    now: the moment before they were read, so that nothing that happened meanwhile is missed.
    """
    figures = [("prices", offer.answer.as_of) for offer in offers if offer.answer]
    figures += [("stock", row.as_of) for offer in offers for row in offer.stock]
    turns = [next_policy_at(now), *(freshness.turns_at(kind, as_of, now=now) for kind, as_of in figures)]
    return min((turn for turn in turns if turn is not None), default=None)


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
