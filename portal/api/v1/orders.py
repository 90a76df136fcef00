"""Orders of the acting company: to read, and to place exactly once."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.scope import Scope
from accounts.states import Right
from core import idempotency
from core.errors import InvalidValue
from orders.actions.direct import DirectLine, DirectOrder
from orders.models import Order
from orders.queries.orders import no_order, order_by_number, orders_for
from orders.queries.view import order_view
from portal.api.request import asking
from portal.api.v1.description import IDEMPOTENCY, PAGING, OrderDetailPage, OrderPage, described
from portal.api.v1.pages import NewestFirst
from portal.api.v1.serializers import OrderDetailOutput, OrderInput, OrderOutput
from portal.usecases.confirm_and_place import order_from_api

KEY = "Idempotency-Key"
LONGEST_KEY = 40


class OrderList(APIView):
    """GET and POST /api/v1/orders/"""

    @described("order_list", OrderPage, refusals=(403, 404), parameters=PAGING)
    def get(self, request: Request) -> Response:
        """The orders that may be seen, as deep as the right to use the API goes, newest first."""
        pages = NewestFirst()
        orders = pages.paginate_queryset(_open_to(asking(request).scope), request, view=self)
        return pages.get_paginated_response(OrderOutput(orders, many=True).data)

    @described(
        "order_place",
        OrderDetailPage,
        status=201,
        refusals=(400, 403, 404, 409, 422),
        parameters=(IDEMPOTENCY,),
        request=OrderInput,
    )
    def post(self, request: Request) -> Response:
        """Place an order; the same Idempotency-Key with the same body answers the same order."""
        key = _key(request)
        order = OrderInput(data=request.data)
        order.is_valid(raise_exception=True)
        asked = asking(request)
        scope, actor = asked.scope, asked.actor
        client = f"user:{actor.user_id}:{scope.company_number}"

        def under_key(place: Callable[[], Order]) -> dict[str, Any]:
            return idempotency.once(client, key, request.data, lambda: {"number": place().number})

        wanted = _wanted(key, order.validated_data)
        answer = order_from_api(scope, wanted, by=actor, under_key=under_key)
        placed = order_by_number(scope, answer["number"])
        return Response(_told(placed, scope), status=status.HTTP_201_CREATED)


class OrderDetail(APIView):
    """GET /api/v1/orders/<number>/"""

    @described("order_detail", OrderDetailPage, refusals=(403, 404))
    def get(self, request: Request, number: str) -> Response:
        """One order with its lines; a foreign one is not found."""
        scope = asking(request).scope
        order = order_by_number(scope, number)
        if order.company_id not in scope.reach(Right.USE_API):
            raise no_order(number)
        return Response(_told(order, scope))


def _open_to(scope: Scope) -> QuerySet[Order]:
    """Orders whose amounts may be read, too: the right to use the API brings prices at its depth (ACC-05)."""
    return orders_for(scope).filter(company__in=scope.reach(Right.USE_API))


def _told(order: Order, scope: Scope) -> dict[str, Any]:
    view = order_view(order, with_invoices=order.company_id in scope.reach(Right.SEE_INVOICES))
    lines = [row.line for row in view.lines]
    return OrderDetailOutput({**vars(view), "lines": lines}).data


def _key(request: Request) -> str:
    key = request.headers.get(KEY, "").strip()
    if not key or len(key) > LONGEST_KEY:
        raise InvalidValue(
            _(
                "Send an Idempotency-Key of up to %(length)s characters: it keeps a repeat from ordering twice."
            )
            % {"length": LONGEST_KEY},
            field=KEY,
        )
    return key


def _wanted(key: str, data: dict[str, Any]) -> DirectOrder:
    return DirectOrder(
        reference=key,
        lines=tuple(
            DirectLine(line["sku"], line["unit"], line["quantity"], line["unit_price"], line["note"])
            for line in data["lines"]
        ),
        ship_to_erp_id=data["ship_to"],
        po_number=data["po_number"],
        note=data["note"],
        requested_on=data["requested_on"],
        cost_centre=data["cost_centre"],
    )
