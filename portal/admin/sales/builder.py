"""The quote builder: lines beside list, agreement, floor and cost; save, submit, send, revise."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.admin.pages import admin_page
from portal.admin.refusals import refusing, shown
from portal.admin.sales.reasons import reasons_told
from portal.admin.sales.steps import seen_quote, seen_version, to_quote
from portal.forms.builder import PREFIX, Builder
from quotes.actions.approval import request_approval
from quotes.actions.drafts import revise_quote, save_draft, take_back, write_note
from quotes.actions.offers import send_quote, withdraw_quote
from quotes.queries.quote_desk import DeskQuote
from quotes.states import QuoteStatus

TEMPLATE = "admin/accord/sales/quote.html"


@shown
def quote_page(request: HttpRequest, number: str) -> HttpResponse:
    """A quote with everything on it; a draft can be edited. What was posted stays typed."""
    typed = request.POST if f"{PREFIX}-TOTAL_FORMS" in request.POST else None
    return _page(request, seen_quote(request, number), typed)


@shown
def quote_as_saved(request: HttpRequest, number: str) -> HttpResponse:
    """A quote as it is saved now, whatever was posted."""
    return _page(request, seen_quote(request, number), None)


@require_POST
@refusing(quote_page)
def save(request: HttpRequest, number: str) -> HttpResponse:
    """Save the draft; then submit or send it where the button says so."""
    seen = seen_quote(request, number)
    builder = Builder(seen, request.POST)
    if not builder.is_valid():
        messages.error(request, _("Nothing was saved: look at the marked fields."))
        return _page(request, seen, request.POST, status=422)
    quote = save_draft(seen.quote, builder.draft(), by=request.actor)  # type: ignore[attr-defined]
    then = request.POST.get("then", "")
    if then == "submit":
        return submit(request, number, version=quote.version)
    if then == "send":
        return send(request, number, version=quote.version)
    messages.success(request, _("Draft saved."))
    return to_quote(number)


@refusing(quote_as_saved)
def submit(request: HttpRequest, number: str, *, version: int) -> HttpResponse:
    """Ask a manager to approve what was just saved."""
    quote = seen_quote(request, number).quote
    request_approval(quote, version=version, comment=request.POST.get("comment", ""), by=request.actor)  # type: ignore[attr-defined]
    messages.success(request, _("Submitted for approval. The managers got an e-mail."))
    return to_quote(number)


@require_POST
@refusing(quote_as_saved)
def send(request: HttpRequest, number: str, *, version: int | None = None) -> HttpResponse:
    """Send the revision to the buyer."""
    seen = seen_quote(request, number)
    told = seen_version(request) if version is None else version
    quote = send_quote(seen.quote, version=told, by=request.actor)  # type: ignore[attr-defined]
    messages.success(
        request,
        _("Revision %(revision)s is sent to %(buyer)s.")
        % {"revision": quote.sent_revision, "buyer": quote.contact},
    )
    return to_quote(number)


@require_POST
@refusing(quote_as_saved)
def revise(request: HttpRequest, number: str) -> HttpResponse:
    """Make the next revision."""
    seen = seen_quote(request, number)
    quote = revise_quote(seen.quote, version=seen_version(request), by=request.actor)  # type: ignore[attr-defined]
    messages.success(request, _("Revision %(number)s is yours to change.") % {"number": quote.revision})
    return to_quote(number)


@require_POST
@refusing(quote_as_saved)
def back(request: HttpRequest, number: str) -> HttpResponse:
    """Take a revision back from approval."""
    seen = seen_quote(request, number)
    take_back(seen.quote, version=seen_version(request), by=request.actor)  # type: ignore[attr-defined]
    messages.success(request, _("It is a draft again; it needs approval anew."))
    return to_quote(number)


@require_POST
@refusing(quote_as_saved)
def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """Take the offer off the table."""
    seen = seen_quote(request, number)
    withdraw_quote(
        seen.quote,
        version=seen_version(request),
        reason=request.POST.get("reason", ""),
        by=request.actor,  # type: ignore[attr-defined]
    )
    messages.success(request, _("The offer is withdrawn."))
    return to_quote(number)


@require_POST
@refusing(quote_as_saved)
def note(request: HttpRequest, number: str) -> HttpResponse:
    """Keep a note for the staff."""
    seen = seen_quote(request, number)
    write_note(seen.quote, text=request.POST.get("text", ""), by=request.actor)  # type: ignore[attr-defined]
    return to_quote(number)


def _page(request: HttpRequest, seen: DeskQuote, typed: Any, status: int = 200) -> HttpResponse:
    revision = seen.working.revision
    context = {
        "seen": seen,
        "quote": seen.quote,
        "revision": revision,
        "reasons": reasons_told(seen.reasons, seen.quote.currency),
        "builder": Builder(seen, typed) if seen.is_editable else None,
        "is_waiting": seen.status == QuoteStatus.IN_APPROVAL,
        "is_approved": seen.status == QuoteStatus.APPROVED,
        "may_revise": seen.status in (QuoteStatus.SENT, QuoteStatus.CHANGE_REQUESTED, QuoteStatus.EXPIRED),
        "may_withdraw": seen.status
        not in (QuoteStatus.ACCEPTED, QuoteStatus.DECLINED, QuoteStatus.WITHDRAWN),
        "is_maker": request.user.pk in revision.maker_ids,
    }
    return admin_page(request, TEMPLATE, title=seen.quote.number, context=context, status=status)
