"""Quotes as the buyer sees them, and the three answers to one."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.queries.addresses import ship_to_addresses
from accounts.queries.companies import acting_company
from accounts.states import Right
from orders.queries.credit import credit_outlook
from orders.queries.orders import numbers_seen
from orders.queries.outlook import approval_outlook
from orders.states import OrderStatus
from portal.forms.quotes import AcceptForm, ChangeForm, DeclineForm
from portal.middleware import BuyerRequest
from portal.usecases.confirm_and_place import accept_offer
from portal.views.parts import place_in, query_of
from portal.views.replies import move_on, post_only, show_again
from quotes.actions.answers import decline_quote, request_change, see_quote
from quotes.queries.offers import (
    BuyerQuote,
    answerers_of,
    may_answer,
    may_read,
    quote_counts,
    quote_for_buyer,
    quote_rows,
    quote_stretch,
)
from quotes.queries.rfqs import waiting_rfqs

PER_PAGE = 25


@login_required
def quote_list(request: BuyerRequest) -> HttpResponse:
    """The quotes of the company, newest first, and the requests that wait for one; one's own as the right goes."""
    if not may_read(request.scope):
        request.scope.require(Right.VIEW_PRICES)
    tab = "open" if request.GET.get("tab") == "open" else "all"
    page = quote_stretch(request.scope, place_in(request), tab=tab, size=PER_PAGE)
    counts = quote_counts(request.scope)
    context = {
        "page": page,
        "tab": tab,
        "query": query_of(tab=tab),
        "tabs": [("all", _("All"), counts["all"]), ("open", _("Open"), counts["open"])],
        "rows": quote_rows(page.rows),
        "answerable": {quote.pk for quote in page.rows if may_answer(request.scope, quote.company_id)},
        "rfqs": waiting_rfqs(request.scope),
        "openable": numbers_seen(request.scope, (quote.order_number for quote in page.rows)),
    }
    return render(request, "portal/quotes/list.html", context)


@login_required
def detail(request: BuyerRequest, number: str) -> HttpResponse:
    """The revision that was sent, or an earlier one, with its differences and the answers."""
    asked = request.GET.get("revision", "")
    offer = quote_for_buyer(request.scope, number, int(asked) if asked.isdecimal() else None)
    with request.scope.amounts_of(offer.quote.company_id):
        return render(request, "portal/quotes/detail.html", _context(request, offer))


@login_required
@post_only("portal:quote-detail")
def seen(request: BuyerRequest, number: str) -> HttpResponse:
    """Keep that the buyer has the page before his eyes; reading itself writes nothing."""
    see_quote(request.scope, number, by=request.actor)
    return HttpResponse(status=204)


@login_required
@post_only("portal:quote-detail")
def accept(request: BuyerRequest, number: str) -> HttpResponse:
    """Accept the sent revision: it becomes an order."""
    offer = quote_for_buyer(request.scope, number)
    form = _accept_form(request, request.POST)
    if not form.is_valid():
        return _again(request, offer, accept_form=form)
    revision = form.cleaned_data["revision"]
    order = accept_offer(number, revision, form.choice(), scope=request.scope, by=request.actor)
    told = {
        OrderStatus.PENDING_APPROVAL: _("Accepted. Your order %(order)s waits for your company's approval."),
        OrderStatus.ON_HOLD: _(
            "Accepted. Your order is %(order)s; our sales team looks at it before it goes to our ERP."
        ),
    }.get(OrderStatus(order.status), _("Accepted. Your order is %(order)s; the ERP's confirmation follows."))
    messages.success(request, told % {"order": order.number})
    return move_on(request, "portal:order-detail", order.number)


@login_required
@post_only("portal:quote-detail")
def change(request: BuyerRequest, number: str) -> HttpResponse:
    """Send the offer back, or ask to renew it."""
    offer = quote_for_buyer(request.scope, number)
    form = ChangeForm(request.POST)
    if not form.is_valid():
        return _again(request, offer, change_form=form)
    request_change(request.scope, number, **form.cleaned_data, by=request.actor)
    messages.success(request, _("Sales has your message and answers with a new revision."))
    return move_on(request, "portal:quote-detail", number)


@login_required
@post_only("portal:quote-detail")
def decline(request: BuyerRequest, number: str) -> HttpResponse:
    """Decline the offer for good."""
    offer = quote_for_buyer(request.scope, number)
    form = DeclineForm(request.POST)
    if not form.is_valid():
        return _again(request, offer, decline_form=form)
    decline_quote(request.scope, number, **form.cleaned_data, by=request.actor)
    messages.success(request, _("Declined. Nothing was ordered."))
    return move_on(request, "portal:quote-detail", number)


def _accept_form(request: BuyerRequest, data: Any = None, **more: Any) -> AcceptForm:
    company = acting_company(request.scope)
    addresses = ship_to_addresses(request.scope)
    return AcceptForm(data, addresses=addresses, needs_po_number=company.needs_po_number, **more)


def _context(request: BuyerRequest, offer: BuyerQuote, **bound: forms.Form) -> dict[str, Any]:
    """What the page shows; `bound` are the forms that came back with errors."""
    scope, revision = request.scope, offer.revision
    is_current = revision.number == offer.quote.sent_revision
    is_ours = offer.quote.company_id == scope.company_id
    context: dict[str, Any] = {"offer": offer, "quote": offer.quote, "revision": revision}
    context["is_current"] = is_current
    context["openable"] = numbers_seen(scope, [offer.quote.order_number])
    sees = is_current and is_ours and scope.may(Right.VIEW_PRICES)
    context["may_ask"] = sees and scope.may(Right.REQUEST_QUOTES)
    context["may_accept"] = sees and scope.may(Right.BUY)
    if is_current and offer.is_answerable and not context["may_accept"]:
        context["answerers"] = answerers_of(offer.quote.company)
    if context["may_ask"] or context["may_accept"]:
        initial = {"revision": revision.number}
        ship_to = revision.ship_to.erp_id if revision.ship_to else ""
        chosen = {**initial, "po_number": revision.po_number, "ship_to": ship_to}
        context["accept_form"] = bound.get("accept_form") or _accept_form(request, initial=chosen)
        context["change_form"] = bound.get("change_form") or ChangeForm(initial=initial)
        context["decline_form"] = bound.get("decline_form") or DeclineForm(initial=initial)
    if context["may_accept"] and offer.is_answerable:
        context["credit"] = credit_outlook(scope, revision.gross_amount)
        context["approval"] = approval_outlook(scope, revision.net_amount)
    context["wrong"] = next(iter(bound), "")
    return context


def _again(request: BuyerRequest, offer: BuyerQuote, **bound: forms.Form) -> HttpResponse:
    with request.scope.amounts_of(offer.quote.company_id):
        return show_again(request, "portal/quotes/detail.html", _context(request, offer, **bound))
