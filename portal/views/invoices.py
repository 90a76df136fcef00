"""A buyer's invoices and credit notes, as the ERP issued them."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts.states import Right
from core.days import erp_today
from orders.queries.invoices import (
    balance_of,
    invoice_by_number,
    invoice_stretch,
    invoice_view,
    tab_counts,
)
from orders.queries.orders import numbers_seen
from portal.middleware import BuyerRequest
from portal.views.parts import place_in, query_of

PAGE = 25
TABS = [
    ("all", gettext_lazy("All")),
    ("due", gettext_lazy("Due within a week")),
    ("open", gettext_lazy("Open")),
    ("paid", gettext_lazy("Paid")),
    ("credit", gettext_lazy("Credit notes")),
]


@login_required
@require_GET
def invoice_list(request: BuyerRequest) -> HttpResponse:
    """The invoices that may be seen, with what is open (FIN-01, FIN-02)."""
    request.scope.require(Right.SEE_INVOICES)
    text, tab = request.GET.get("q", ""), request.GET.get("tab", "all")
    counts = tab_counts(request.scope)
    page = invoice_stretch(request.scope, place_in(request), text=text, tab=tab, size=PAGE)
    context = {
        "page": page,
        "openable": numbers_seen(
            request.scope, (order.number for invoice in page.rows for order in invoice.orders.all())
        ),
        "query": query_of(q=text, tab=tab),
        "text": text,
        "tab": tab,
        "tabs": [(key, label, counts[key]) for key, label in TABS],
        "balance": balance_of(request.scope),
        "today": erp_today(),
        "shows_company": len(request.scope.reach(Right.SEE_INVOICES)) > 1,
    }
    return render(request, "portal/invoices/list.html", context)


@login_required
@require_GET
def invoice_detail(request: BuyerRequest, number: str) -> HttpResponse:
    """One invoice or credit note with lines, tax, payments and what credits it."""
    invoice = invoice_by_number(request.scope, number)
    view = invoice_view(invoice)
    openable = numbers_seen(request.scope, (order.number for order in view.orders))
    context = {"view": view, "invoice": invoice, "openable": openable}
    with request.scope.amounts_of(invoice.company_id):
        return render(request, "portal/invoices/detail.html", context)
