"""The approval page: what a manager decides on, and the decision."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.admin.pages import admin_page
from portal.admin.refusals import refusing, shown
from portal.admin.sales.reasons import kept_reasons_told
from portal.admin.sales.steps import seen_quote, seen_version, to_quote
from quotes.actions.approval import approve_quote, return_quote
from quotes.actions.offers import send_quote
from quotes.queries.desk import desk_of


@shown
def approval_page(request: HttpRequest, number: str) -> HttpResponse:
    """A revision that waits for approval: reasons, figures, what changed since the buyer saw it."""
    seen = seen_quote(request, number)
    if seen.pending is None:
        return to_quote(number)
    desk = desk_of(request.user.pk)
    context = {
        "seen": seen,
        "quote": seen.quote,
        "revision": seen.working.revision,
        "approval": seen.pending,
        "reasons": kept_reasons_told(seen.pending.reasons, seen.quote.currency),
        "rows": seen.changes(),
        "change": seen.total_change(),
        "credit": seen.credit,
        "is_manager": desk.is_manager,
        "is_maker": desk.user_id in seen.working.revision.maker_ids,
        "comment": request.POST.get("comment", ""),
    }
    title = _("Approve %(number)s?") % {"number": seen.quote.number}
    return admin_page(request, "admin/accord/sales/approval.html", title=title, context=context)


@require_POST
@refusing(approval_page)
def approve(request: HttpRequest, number: str) -> HttpResponse:
    """Approve, and send at once where the button says so."""
    seen = seen_quote(request, number)
    quote = approve_quote(
        seen.quote,
        version=seen_version(request),
        comment=request.POST.get("comment", ""),
        by=request.actor,  # type: ignore[attr-defined]
    )
    if request.POST.get("then") == "send":
        return _send(request, number, version=quote.version)
    messages.success(request, _("Approved. %(person)s sends it.") % {"person": quote.owner})
    return redirect("admin:index")


@require_POST
@refusing(approval_page)
def give_back(request: HttpRequest, number: str) -> HttpResponse:
    """Return it to its maker."""
    seen = seen_quote(request, number)
    quote = return_quote(
        seen.quote,
        version=seen_version(request),
        comment=request.POST.get("comment", ""),
        by=request.actor,  # type: ignore[attr-defined]
    )
    messages.success(request, _("Returned to %(person)s.") % {"person": quote.owner})
    return redirect("admin:index")


@refusing(approval_page)
def _send(request: HttpRequest, number: str, *, version: int) -> HttpResponse:
    quote = send_quote(seen_quote(request, number).quote, version=version, by=request.actor)  # type: ignore[attr-defined]
    messages.success(request, _("Approved and sent to %(buyer)s.") % {"buyer": quote.contact})
    return redirect("admin:index")
