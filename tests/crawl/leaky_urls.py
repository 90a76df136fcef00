"""Addresses that leak on purpose: the crawler must find them."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import path

from orders.actions.cancel import cancel_order
from orders.queries.orders import all_order_by_number
from portal.urls import urlpatterns as ours


@login_required
def shows(_request: HttpRequest, number: str) -> HttpResponse:
    """Anybody's order, to anybody."""
    order = all_order_by_number(number)
    return HttpResponse(f"{order.po_number}: {order.net_amount}")


@login_required
def cancels(request: HttpRequest, number: str) -> HttpResponse:
    """Anybody's order, cancelled by anybody, who is told that there is none."""
    if request.method == "POST":
        cancel_order(all_order_by_number(number), by=request.actor, reason="leak")  # type: ignore[attr-defined]
    return HttpResponse(status=404)


urlpatterns = [
    *ours,
    path("leak/<str:number>/", shows, name="leak-shown"),
    path("leak/<str:number>/cancel/", cancels, name="leak-cancelled"),
]
