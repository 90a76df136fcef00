"""The inbox of an approver."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.states import Right
from orders.models import Order
from orders.queries.orders import approvals_for
from orders.rules.approval import approval_text
from portal.middleware import BuyerRequest
from portal.templatetags.accord import money


@login_required
@require_GET
def approval_list(request: BuyerRequest) -> HttpResponse:
    """The orders that wait for this person, the longest waiting first."""
    request.scope.require(Right.APPROVE)
    waiting = [(order, reason_of(order)) for order in approvals_for(request.scope)]
    return render(request, "portal/approvals/list.html", {"waiting": waiting})


def reason_of(order: Order) -> str:
    """Why an order waits, in the reader's language."""
    return approval_text(order.approval_rules, lambda amount: money(amount, order.currency))
