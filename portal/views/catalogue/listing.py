"""Lists of products: the catalogue, a category, the hits of a search."""

import secrets
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
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
from catalog.hits import exact_hits, search_products
from catalog.models import Category, Product
from catalog.tree import below, by_category, categories_for, category_by_slug, path_of
from core import freshness
from portal.features import ages_of
from portal.forms.catalogue import ORDERS, SORTS, Chip, ListQuery
from portal.kept import CONTENTS, LISTS, PRICES, kept, names, with_token, wording
from portal.middleware import BuyerRequest
from portal.views.catalogue.offers import Pick, Prices, Wish, offers_of, picked, prices_of
from portal.views.catalogue.rows import Article, Cell, article_of, rows_of, written
from portal.views.parts import wants_part
from pricing.queries import next_policy_at

PER_PAGE = 25
MOST_COLUMNS = 4
UNSHOWN = ("description", "keywords", "search")  # of a product in a list
WIDEST = 14  # letters of a value that still stand in a column

# Stands for the rows in the content of a list; nobody outside of this process knows it.
ROWS_HERE = secrets.token_urlsafe(48)


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
class Content:
    """What the catalogue's content alone decides of a list: all but the prices and the stock in its rows.

    html: the list with ROWS_HERE in the place of its rows. articles: of the picks, in their order.
    """

    title: str
    html: str
    picks: tuple[Pick, ...]
    articles: tuple[Article, ...]


@dataclass(frozen=True)
class Priced:
    """The prices of a list. until: when they change by time alone, None while they do not."""

    prices: Prices
    until: datetime | None


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
        request,
        lambda: Listed(queries.products_for(request.scope), category_by_slug(request.scope, slug)),
    )


@login_required
@require_safe
@vary_on_headers("HX-Request")
def search(request: BuyerRequest) -> HttpResponse:
    """What a typed text means; a whole part number leads to its product at once."""
    asked = ListQuery.of(request.GET)
    if not asked.text:
        return redirect("portal:catalogue")
    found = search_products(request.scope, asked.text)
    exact = exact_hits(found)
    if len(exact) == 1 and not wants_part(request) and not asked.chosen:
        return redirect("portal:product-detail", sku=exact[0])
    return _listing(
        request,
        lambda: Listed(found, category_by_slug(request.scope, asked.category) if asked.category else None),
    )


def _listing(request: BuyerRequest, listed: Callable[[], Listed]) -> HttpResponse:
    results: Results = kept(
        _key(request), lambda: _results(request, listed), lambda results: results.until, shelf=LISTS
    )
    html = mark_safe(with_token(request, results.html))  # noqa: S308 - rendered by the list's template
    if wants_part(request):
        return HttpResponse(html)
    return render(request, "portal/catalogue/list.html", {"title": results.title, "results": html})


def _whose(request: BuyerRequest) -> Scope:
    """Whose a list is: the people of a company who may the same share it."""
    return replace(request.scope, user_id=None, membership_id=None)


def _key(request: BuyerRequest) -> tuple[Hashable, ...]:
    """All that a list is made of: what was asked, the scope with its rights, the words, the state of the data."""
    state = names(request, "content", "range", "prices", "stock", "ages", "people")
    return ("list", request.path, request.GET.urlencode(), _whose(request), wording(), state)


def _results(request: BuyerRequest, listed: Callable[[], Listed]) -> Results:
    """The list of now. Only what has changed is made anew: the content, the prices, rows that show another value."""
    now = timezone.now()
    content = _content(request, listed)
    priced = _priced(request, content.picks)
    offers = offers_of(request.scope, content.picks, priced.prices)
    rows = rows_of(
        offers,
        content.articles,
        company=request.scope.mark,
        has_quotes="quotes" in ages_of(request).features,
    )
    turns = [freshness.turns_at("stock", row.as_of, now=now) for offer in offers for row in offer.stock]
    until = min((turn for turn in [priced.until, *turns] if turn is not None), default=None)
    return Results(content.title, content.html.replace(ROWS_HERE, written(rows)), until)


def _priced(request: BuyerRequest, picks: Sequence[Pick]) -> Priced:
    """The prices of the picks for the acting company, kept until a price, an age or the company has changed."""
    key = (
        _whose(request),
        tuple(pick.ask or pick.product.pk for pick in picks),
        wording(),
        names(request, "prices", "ages", "people", "range"),
    )

    def read() -> Priced:
        now = timezone.now()
        prices = prices_of(request.scope, picks)
        turns = [freshness.turns_at("prices", answer.as_of, now=now) for answer in prices.answers.values()]
        known = [turn for turn in [next_policy_at(now), *turns] if turn is not None]
        return Priced(prices, min(known, default=None))

    priced: Priced = kept(key, read, lambda priced: priced.until, shelf=PRICES)
    return priced


def _content(request: BuyerRequest, listed: Callable[[], Listed]) -> Content:
    """The list without its rows, and what stands in them beside price and stock, kept until the content changes."""
    key = (
        request.path,
        request.GET.urlencode(),
        _whose(request),
        wording(),
        names(request, "content", "range"),
    )
    content: Content = kept(key, lambda: _read_content(request, listed()), shelf=CONTENTS)
    return content


def _read_content(request: BuyerRequest, listed: Listed) -> Content:
    asked, category, products = ListQuery.of(request.GET), listed.category, listed.products
    tree = categories_for(request.scope, products)
    if category is not None:
        products = products.filter(category__in=below(category))
    facets = facets_of(products, asked.chosen)
    shown = filtered(products, asked.chosen)
    if asked.sort:
        shown = shown.order_by(*ORDERS[asked.sort])
    elif not asked.text:
        shown = by_category(shown)
    page = Paginator(queries.with_parts(shown).defer(*UNSHOWN), PER_PAGE).get_page(asked.page)
    picks = tuple(picked(product, Wish()) for product in page.object_list)
    columns, cells = _table(picks)
    title = _title(asked, category)
    context = {
        "asked": asked,
        "category": category,
        "path": path_of(category)[:-1],
        "tree": tree,
        "facets": facets,
        "chips": _chips(asked, facets),
        "sorts": {**SORTS, "": _("Best match")}.items() if asked.text else SORTS.items(),
        "page": page,
        "pages_query": f"{asked.encoded()}&" if asked.encoded() else "",
        "columns": columns,
        "rows": ROWS_HERE if picks else "",
        "title": title,
    }
    return Content(
        title=title,
        html=render_to_string("portal/catalogue/_results.html", context, request),
        picks=picks,
        articles=tuple(article_of(*both) for both in zip(picks, cells, strict=True)),
    )


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


def _table(picks: Sequence[Pick]) -> tuple[list[Column], list[tuple[Cell, ...]]]:
    """The attributes worth a column, and their values in each row."""
    seen: dict[str, list[dict[str, Any]]] = {}
    for pick in picks:
        for attribute in pick.product.attributes:
            if attribute.get("is_facet"):
                seen.setdefault(attribute["code"], []).append(attribute)
    shared = [code for code, facts in seen.items() if 2 * len(facts) > len(picks) and _tells(facts)]
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
    for pick in picks:
        values = {attribute["code"]: attribute["value"] for attribute in pick.product.attributes}
        rows.append(tuple(Cell(values.get(c.code, "–"), c.is_number) for c in columns))
    return columns, rows


def _tells(facts: list[dict[str, Any]]) -> bool:
    """Whether an attribute tells the rows apart in few words; the name has the long ones."""
    values = {fact["value"] for fact in facts}
    return max(map(len, values)) <= WIDEST and (len(facts) == 1 or len(values) > 1)
