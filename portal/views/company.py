"""A company seen from inside: the tree of its units, and what its people did."""

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.people import numbers_with_documents, own_company_names, search_activity, unit_rows
from accounts.states import Right
from portal.activity import WORDS, kinds_with, known_of, row_of
from portal.middleware import BuyerRequest
from portal.views.parts import query_of

UNITS, ENTRIES = 100, 50


@login_required
@require_GET
def unit_tree(request: BuyerRequest) -> HttpResponse:
    """The units in view, each below the one it belongs to, with a way to act for those one has rights in (ACC-01)."""
    text = request.GET.get("q", "").strip()
    context = {
        "page": Paginator(unit_rows(request.scope, text=text), UNITS).get_page(request.GET.get("page")),
        "query": urlencode({"q": text} if text else {}) + "&",
        "text": text,
    }
    return render(request, "portal/company/tree.html", context)


@login_required
@require_GET
def activity(request: BuyerRequest) -> HttpResponse:
    """What the people of the companies one looks after did, the newest first; from the log that nobody rewrites."""
    request.scope.require(Right.MANAGE_PEOPLE)
    text = request.GET.get("q", "").strip()
    found = search_activity(request.scope, list(WORDS), text=text, alike=kinds_with(text))
    page = Paginator(found, ENTRIES).get_page(request.GET.get("page"))
    entries = list(page.object_list)
    known = known_of(request.scope, entries)
    numbers = numbers_with_documents(request.scope)
    names = own_company_names(None, request.scope)
    rows = []
    for entry in entries:
        row = {**row_of(entry, known), "unit": names.get(entry.company_number, "")}
        is_seen = entry.company_number in numbers
        if not is_seen and row["document"]:
            row["document"] = row["more"] = ""
        rows.append(row)
    context = {"page": page, "rows": rows, "text": text, "query": query_of(q=text)}
    return render(request, "portal/company/activity.html", context)
