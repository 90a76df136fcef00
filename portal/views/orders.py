"""A buyer's orders: found, followed, taken back, decided on."""

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.states import Right
from core.errors import InvalidValue
from orders.actions.approval import approve_order, reject_order, stamp_of
from orders.actions.cancel import cancel_order
from orders.queries.approval import may_decide
from orders.queries.orders import order_by_number, search_orders, tab_counts
from orders.queries.view import order_view
from orders.states import OrderStatus
from portal.approval_words import chains_in_words
from portal.forms.orders import CancelForm, DecisionForm
from portal.live_words import checked_of, is_unconfirmed, is_under_review
from portal.middleware import BuyerRequest
from portal.views.approvals import reason_of

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
    orders = search_orders(request.scope, text=text, tab=tab)
    counts = tab_counts(request.scope)
    context = {
        "page": Paginator(orders, PAGE).get_page(request.GET.get("page")),
        "query": urlencode({key: value for key, value in (("q", text), ("tab", tab)) if value}) + "&",
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
    order = order_by_number(request.scope, number)
    sees_invoices = request.scope.may(Right.SEE_INVOICES)
    chains = chains_in_words(order)
    context = {
        "order": order,
        "view": order_view(order, with_invoices=sees_invoices),
        "checked": checked_of(order),
        "is_unconfirmed": is_unconfirmed(order),
        "is_under_review": is_under_review(order),
        "reason": reason_of(order),
        "chains": chains,
        "seen": stamp_of(chains[0].chain.request) if chains and chains[0].is_open else "",
        "may_cancel": request.scope.may(Right.BUY),
        "may_decide": may_decide(request.scope, order),
        "may_see_invoices": sees_invoices,
        "decision": DecisionForm(),
        "cancel": CancelForm(),
    }
    return render(request, "portal/orders/detail.html", context)


@login_required
@require_POST
def order_approve(request: BuyerRequest, number: str) -> HttpResponse:
    """Let a waiting order go on."""
    order = order_by_number(request.scope, number)
    request.scope.require(Right.APPROVE)
    comment = _typed(DecisionForm(request.POST), "comment")
    order = approve_order(order, by=request.actor, comment=comment, seen=request.POST.get("seen", ""))
    if order.status == OrderStatus.PENDING_APPROVAL:
        text = _("Your approval of order %(number)s is kept; it waits for the next approver now.")
    else:
        text = _("Order %(number)s is approved and on its way.")
    messages.success(request, text % {"number": number})
    return redirect("portal:order-detail", number=number)


@login_required
@require_POST
def order_reject(request: BuyerRequest, number: str) -> HttpResponse:
    """Refuse a waiting order, with a reason."""
    order = order_by_number(request.scope, number)
    request.scope.require(Right.APPROVE)
    comment = _typed(DecisionForm(request.POST), "comment")
    reject_order(order, by=request.actor, comment=comment, seen=request.POST.get("seen", ""))
    messages.success(request, _("Order %(number)s is rejected; the buyer is told why.") % {"number": number})
    return redirect("portal:order-detail", number=number)


@login_required
@require_POST
def order_cancel(request: BuyerRequest, number: str) -> HttpResponse:
    """Take an order back that the ERP has not confirmed."""
    order = order_by_number(request.scope, number)
    request.scope.require(Right.BUY)
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
