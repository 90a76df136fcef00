"""A buyer's orders: found, followed, taken back, decided on."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts.assistance import why_entered
from accounts.states import Right
from core import refusals
from core.errors import InvalidValue, OutOfDate
from orders.actions.approval import reject_order, return_order, stamp_of
from orders.actions.cancel import cancel_order
from orders.models import Order
from orders.queries.approval import may_decide
from orders.queries.budget import named_cost_centre, states_without
from orders.queries.orders import order_by_number, order_stretch, tab_counts
from orders.queries.view import order_view
from orders.states import OrderStatus
from portal.approval_words import budgets_shown, chains_in_words, changes_shown
from portal.forms.orders import CancelForm, DecisionForm, ResubmitForm
from portal.live_words import checked_of, is_unconfirmed, is_under_review
from portal.middleware import BuyerRequest
from portal.usecases import decide
from portal.views.approvals import reason_of
from portal.views.parts import place_in, query_of
from portal.views.replies import post_only

PAGE = 25
TABS = [
    ("all", gettext_lazy("All")),
    ("open", gettext_lazy("Open")),
    ("waiting", gettext_lazy("Waiting for approval")),
    ("trouble", gettext_lazy("In trouble")),
    ("unpaid", gettext_lazy("Not paid")),
    ("done", gettext_lazy("Complete")),
]


@login_required
@require_GET
def order_list(request: BuyerRequest) -> HttpResponse:
    """Orders of the acting company and the branches in view, newest first."""
    text, tab = request.GET.get("q", ""), request.GET.get("tab", "all")
    counts = tab_counts(request.scope)
    context = {
        "page": order_stretch(request.scope, place_in(request), text=text, tab=tab, size=PAGE),
        "query": query_of(q=text, tab=tab),
        "text": text,
        "tab": tab,
        "tabs": [(key, label, counts[key]) for key, label in TABS],
        "shows_company": len(request.scope.reach(Right.SEE_ORDERS)) > 1,
    }
    return render(request, "portal/orders/list.html", context)


@login_required
@require_GET
def order_detail(request: BuyerRequest, number: str) -> HttpResponse:
    """One order with everything known of it."""
    with _opened(request, number) as order:
        return _detail(request, order)


@contextmanager
def _opened(request: BuyerRequest, number: str) -> Iterator[Order]:
    """An order that may be seen, whose amounts are written as far as its company's prices may be."""
    order = order_by_number(request.scope, number)
    with request.scope.amounts_of(order.company_id):
        yield order


def _detail(
    request: BuyerRequest,
    order: Order,
    *,
    changes: OutOfDate | None = None,
    resubmission: ResubmitForm | None = None,
    status: int = 200,
) -> HttpResponse:
    sees_invoices = order.company_id in request.scope.reach(Right.SEE_INVOICES)
    chains = chains_in_words(order)
    decides = may_decide(request.scope, order)
    context = {
        "order": order,
        "entered_why": why_entered(order.entered_by_id, order.company_id, order.placed_at),
        "view": order_view(order, with_invoices=sees_invoices),
        "checked": checked_of(order),
        "is_unconfirmed": is_unconfirmed(order),
        "is_under_review": is_under_review(order),
        "reason": reason_of(order),
        "cost_centre": named_cost_centre(order),
        "chains": chains,
        "seen": stamp_of(chains[0].chain.request) if chains and chains[0].is_open else "",
        "may_cancel": order.company_id in request.scope.reach(Right.BUY),
        "may_decide": decides,
        "budgets": budgets_shown(states_without(order), order) if decides else [],
        "may_see_invoices": sees_invoices,
        "changes": changes_shown(order, changes.details["changes"], changes.details["confirm"])
        if changes
        else None,
        "resubmission": resubmission or _resubmission(request, order),
        "decision": DecisionForm(request.POST if changes else None),
        "cancel": CancelForm(),
    }
    return render(request, "portal/orders/detail.html", context, status=status)


def _resubmission(request: BuyerRequest, order: Order) -> ResubmitForm | None:
    """The form by which the own returned order is submitted again."""
    is_mine = order.placed_by_id == request.actor.buyer_id and request.scope.may(Right.BUY)
    if order.status != OrderStatus.RETURNED or not is_mine or order.company_id != request.scope.company_id:
        return None
    return ResubmitForm(order=order, scope=request.scope)


@login_required
@post_only("portal:order-detail")
def order_approve(request: BuyerRequest, number: str) -> HttpResponse:
    """Let a waiting order go on; what has changed meanwhile is shown first, and taken once it is confirmed."""
    with _opened(request, number) as order:
        request.scope.require_in(Right.APPROVE, order.company_id)
        try:
            order = decide.approve(order, _said(request), scope=request.scope, by=request.actor)
        except OutOfDate as refusal:
            if "confirm" not in refusal.details:
                raise
            refusals.keep(refusal, by=request.actor)
            return _detail(request, order, changes=refusal, status=409)
        if order.status == OrderStatus.PENDING_APPROVAL:
            text = _("Your approval of order %(number)s is kept; it waits for the next approver now.")
        else:
            text = _("Order %(number)s is approved and on its way.")
        messages.success(request, text % {"number": number})
        return redirect("portal:order-detail", number=number)


@login_required
@post_only("portal:order-detail")
def order_reject(request: BuyerRequest, number: str) -> HttpResponse:
    """Refuse a waiting order, with a reason."""
    with _opened(request, number) as order:
        request.scope.require_in(Right.APPROVE, order.company_id)
        said = _said(request)
        reject_order(order, by=request.actor, comment=said.comment, seen=said.seen)
        messages.success(
            request, _("Order %(number)s is rejected; the buyer is told why.") % {"number": number}
        )
        return redirect("portal:order-detail", number=number)


@login_required
@post_only("portal:order-detail")
def order_return(request: BuyerRequest, number: str) -> HttpResponse:
    """Give a waiting order back to its buyer, who changes it and submits it again."""
    with _opened(request, number) as order:
        request.scope.require_in(Right.APPROVE, order.company_id)
        said = _said(request)
        return_order(order, by=request.actor, comment=said.comment, seen=said.seen)
        text = _("Order %(number)s is back with its buyer, with what you said.")
        messages.success(request, text % {"number": number})
        return redirect("portal:order-detail", number=number)


@login_required
@post_only("portal:order-detail")
def order_resubmit(request: BuyerRequest, number: str) -> HttpResponse:
    """Submit a returned order again, with what was changed."""
    with _opened(request, number) as order:
        request.scope.require(Right.BUY)
        form = ResubmitForm(request.POST, order=order, scope=request.scope)
        if not form.is_valid():
            return _detail(request, order, resubmission=form, status=422)
        order = decide.resubmit(order, form.changed(), scope=request.scope, by=request.actor)
        if order.status == OrderStatus.PENDING_APPROVAL:
            text = _("Order %(number)s is submitted again and waits for approval.")
        else:
            text = _("Order %(number)s is submitted again and needs no approval any more.")
        messages.success(request, text % {"number": number})
        return redirect("portal:order-detail", number=number)


def _said(request: BuyerRequest) -> decide.Said:
    return decide.Said(
        comment=_typed(DecisionForm(request.POST), "comment"),
        seen=request.POST.get("seen", ""),
        confirmed=request.POST.get("confirmed", ""),
    )


@login_required
@post_only("portal:order-detail")
def order_cancel(request: BuyerRequest, number: str) -> HttpResponse:
    """Take an order back that the ERP has not confirmed."""
    with _opened(request, number) as order:
        request.scope.require_in(Right.BUY, order.company_id)
        reason = _typed(CancelForm(request.POST), "reason")
        cancel_order(order, by=request.actor, reason=reason)
        messages.success(request, _("Order %(number)s is cancelled.") % {"number": number})
        return redirect("portal:order-detail", number=number)


def _typed(form: Form, name: str) -> str:
    """The text of a field. Raises InvalidValue for one that cannot be taken, so that none is lost."""
    if form.is_valid():
        text: str = form.cleaned_data[name]
        return text
    if form.data.get(name, "").strip():
        raise InvalidValue(" ".join(str(error) for error in form.errors[name]), field=name)
    return ""
