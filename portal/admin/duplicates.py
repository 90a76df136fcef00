"""Customers that may be one, side by side, for the steward: merged, or said to be two (ACC-13, ACC-17)."""

from collections.abc import Collection

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.customers import ALL, memberships_at
from accounts.listing import Counted, counts
from accounts.models import Company
from accounts.queries.companies import all_companies
from integrations.actions.merging import RULES, all_open_pairs, merge_companies, part_companies
from orders.queries.invoices import all_invoices
from orders.queries.orders import all_orders
from portal.admin.customers import customers_for
from portal.admin.pages import admin_page
from portal.admin.refusals import refusing, shown

RIGHT = "accounts.change_membership"
PER_PAGE = 20
# More are not paired at once: what comes after them is shown when some of them are decided.
MOST_PAIRS = 200
MOST_COUNTED = 1000


@shown
def _page(request: HttpRequest) -> HttpResponse:
    pairs = all_open_pairs(limit=MOST_PAIRS + 1)
    page = Paginator(pairs[:MOST_PAIRS], PER_PAGE).get_page(request.GET.get("page"))
    numbers = {number for pair in page for number in (pair.one, pair.other)}
    rows = all_companies().filter(number__in=numbers).prefetch_related("addresses")
    companies = {company.number: company for company in rows}
    holdings = _holdings(companies.values())
    context = {
        "page": page,
        "is_more": len(pairs) > MOST_PAIRS,
        "pairs": [
            {
                "sides": [
                    (companies[number], holdings[companies[number].pk]) for number in (pair.one, pair.other)
                ],
                "rules": ", ".join(str(RULES[rule]) for rule in pair.rules),
                "typed": request.POST.get("reason", "") if _is_posted(request, pair.one, pair.other) else "",
            }
            for pair in page
            if pair.one in companies and pair.other in companies
        ],
    }
    return admin_page(
        request, "admin/accord/accounts/duplicates.html", title=_("Duplicates"), context=context
    )


def _holdings(companies: Collection[Company]) -> dict[int, dict[str, Counted]]:
    """What hangs at each of the companies and would move: people, orders, invoices. One statement."""
    held = {
        "people": memberships_at(ALL).filter(is_active=True),
        "orders": all_orders(),
        "invoices": all_invoices(),
    }
    lists = {
        f"{company.pk}:{name}": rows.filter(company=company)
        for company in companies
        for name, rows in held.items()
    }
    found = counts(lists, most=MOST_COUNTED) if lists else {}
    return {company.pk: {name: found[f"{company.pk}:{name}"] for name in held} for company in companies}


def _merged_words(number: str, into: str) -> str:
    return _(
        "%(number)s is %(into)s now: its people and documents have moved, and its number leads there."
    ) % {
        "number": number,
        "into": into,
    }


def _is_posted(request: HttpRequest, one: str, other: str) -> bool:
    return (request.POST.get("one"), request.POST.get("other")) == (one, other)


@refusing(_page)
def duplicates_page(request: HttpRequest) -> HttpResponse:
    """The open pairs; the steward merges the two or says that they are two."""
    if not request.user.has_perm(RIGHT) or not customers_for(request).is_all:
        raise PermissionDenied
    if request.method != "POST":
        return _page(request)
    one, other = request.POST.get("one", ""), request.POST.get("other", "")
    reason, by = request.POST.get("reason", ""), request.actor  # type: ignore[attr-defined]
    match request.POST.get("do", ""):
        case "keep_one":
            merge_companies(other, one, reason=reason, by=by)
            done = _merged_words(other, one)
        case "keep_other":
            merge_companies(one, other, reason=reason, by=by)
            done = _merged_words(one, other)
        case "part":
            part_companies(one, other, reason=reason, by=by)
            done = _("%(one)s and %(other)s are two customers; they are not shown again.") % {
                "one": one,
                "other": other,
            }
        case _:
            raise Http404
    messages.success(request, done)
    return redirect("admin:accounts_company_duplicates")
