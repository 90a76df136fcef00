"""The page of a request: what the buyer asks for, and the two answers to it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.admin.pages import admin_page
from portal.admin.refusals import refusing, shown
from portal.admin.sales.steps import to_quote
from quotes.actions.drafts import start_quote
from quotes.actions.rfqs import decline_rfq
from quotes.queries.desk import desk_of, rfq_at
from quotes.queries.rfq_desk import rfq_desk


@shown
def rfq_page(request: HttpRequest, number: str) -> HttpResponse:
    """A request with its lines at today's prices beside the buyer's wishes."""
    seen = rfq_desk(desk_of(request.user.pk), number)
    context = {"seen": seen, "rfq": seen.rfq, "reason": request.POST.get("reason", "")}
    return admin_page(request, "admin/accord/sales/rfq.html", title=seen.rfq.number, context=context)


@require_POST
@refusing(rfq_page)
def start(request: HttpRequest, number: str) -> HttpResponse:
    """Begin the quote."""
    quote = start_quote(rfq_at(desk_of(request.user.pk), number), by=request.actor)  # type: ignore[attr-defined]
    messages.success(
        request, _("Quote %(number)s begins at the customer's usual prices.") % {"number": quote.number}
    )
    return to_quote(quote.number)


@require_POST
@refusing(rfq_page)
def decline(request: HttpRequest, number: str) -> HttpResponse:
    """Decline with a reason."""
    rfq = rfq_at(desk_of(request.user.pk), number)
    decline_rfq(rfq, reason=request.POST.get("reason", ""), by=request.actor)  # type: ignore[attr-defined]
    messages.success(request, _("Declined. The buyer got an e-mail with the reason."))
    return redirect("admin:quotes_rfq_page", number)
