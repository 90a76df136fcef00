"""Requests for quote: made of the cart, looked at, taken back."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.queries.addresses import ship_to_addresses
from accounts.states import Right
from orders.queries.cart import cart_for, cart_sheet
from portal.forms.rfqs import RfqForm
from portal.middleware import BuyerRequest
from portal.views.replies import move_on, post_only, show_again
from quotes.actions.rfqs import cancel_rfq, submit_rfq
from quotes.queries.rfqs import rfq_by_number, rfq_sheet


@login_required
def create(request: BuyerRequest) -> HttpResponse:
    """Ask for a quote on what is in the cart (QTE-01)."""
    request.scope.require(Right.REQUEST_QUOTES)
    cart = cart_for(request.scope)
    form = RfqForm(request.POST or None, cart=cart, addresses=ship_to_addresses(request.scope))
    if request.method == "POST" and form.is_valid():
        rfq = submit_rfq(cart, form.draft(), scope=request.scope, by=request.actor)
        messages.success(request, _("Your request %(number)s is with sales.") % {"number": rfq.number})
        return move_on(request, "portal:rfq-detail", rfq.number)
    sheet = cart_sheet(cart, request.scope)
    context = {
        "form": form,
        "sheet": sheet,
        "rows": [(line, *form.fields_of(line.line)) for line in sheet.lines],
    }
    if form.is_bound:
        return show_again(request, "portal/rfqs/create.html", context)
    return render(request, "portal/rfqs/create.html", context)


@login_required
def detail(request: BuyerRequest, number: str) -> HttpResponse:
    """A request of the company, and where it is."""
    rfq = rfq_by_number(request.scope, number)
    context = {"rfq": rfq, "sheet": rfq_sheet(request.scope, rfq)}
    with request.scope.amounts_of(rfq.company_id):
        return render(request, "portal/rfqs/detail.html", context)


@login_required
@post_only("portal:rfq-detail")
def cancel(request: BuyerRequest, number: str) -> HttpResponse:
    """Take a request back."""
    rfq = cancel_rfq(request.scope, number, by=request.actor)
    messages.success(request, _("Request %(number)s is cancelled.") % {"number": rfq.number})
    return move_on(request, "portal:rfq-detail", rfq.number)
