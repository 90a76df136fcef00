"""Checkout: the last look at a cart, and the order made from it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.queries.addresses import ship_to_addresses
from accounts.queries.billing import billing_of
from accounts.queries.companies import acting_company
from accounts.states import Right
from core.freshness import is_stale
from orders.actions.cart import CartDetails, set_details
from orders.live import LivePrice
from orders.models import Cart
from orders.queries.cart import cart_for, cart_sheet
from orders.queries.credit import credit_outlook
from orders.queries.live import cart_as_heard
from orders.queries.outlook import approval_outlook
from orders.queries.sheet import CartSheet
from orders.states import OrderStatus
from portal.forms.checkout import CheckoutForm, sealed_facts
from portal.middleware import BuyerRequest
from portal.usecases.confirm_and_place import is_connected, order_cart

SHIP_TO, HEARD = "ship_to", "heard"


@login_required
@require_http_methods(["GET", "POST"])
def checkout_detail(request: BuyerRequest) -> HttpResponse:
    """Show what would be ordered, on which terms, and order it (CRT-07, CRT-09, CRT-15)."""
    request.scope.require(Right.BUY)
    cart = cart_for(request.scope)
    if request.method == "POST":
        return _order(request, cart)
    sheet = _sheet(request, cart)
    if not sheet.lines:
        messages.info(request, _("Your cart is empty: there is nothing to order."))
        return redirect("portal:cart")
    return _page(request, sheet, _form(request, sheet))


def _sheet(request: BuyerRequest, cart: Cart) -> CartSheet:
    """The cart at the prices that hold: the ERP's where it named one a moment ago."""
    sheet = cart_sheet(cart, request.scope)
    return cart_as_heard(sheet, acting_company(request.scope), _heard(request, cart))


def _order(request: BuyerRequest, cart: Cart) -> HttpResponse:
    form = _form(request, None, request.POST)
    if not form.is_valid():
        sheet = _sheet(request, cart)
        return _page(request, sheet, form, status=422) if sheet.lines else redirect("portal:order-list")
    choice = form.choice()
    if str(cart.token) == choice.token:
        # Kept before anything can be refused, so that nothing typed is lost.
        details = CartDetails(choice.po_number, choice.note, choice.requested_on, choice.cost_centre)
        set_details(request.scope, details, by=request.actor)
        request.session[SHIP_TO] = choice.ship_to_erp_id
    order = order_cart(
        cart,
        choice,
        scope=request.scope,
        by=request.actor,
        heard=_heard(request, cart),
        remember=lambda prices: _remember(request, cart, prices),
    )
    request.session.pop(HEARD, None)
    if order.status == OrderStatus.PENDING_APPROVAL:
        text = _("Order %(number)s is placed and waits for approval.")
    elif order.status == OrderStatus.ON_HOLD:
        text = _("Order %(number)s is received. Our sales team looks at it before it goes to our ERP.")
    else:
        text = _("Order %(number)s is received. You are told when our ERP has confirmed it.")
    messages.success(request, text % {"number": order.number})
    return redirect("portal:order-detail", number=order.number)


def _heard(request: BuyerRequest, cart: Cart) -> tuple[LivePrice, ...]:
    """The prices that the ERP named when this cart was refused a moment ago."""
    kept = request.session.get(HEARD, {})
    if kept.get("token") != str(cart.token):
        return ()
    prices = tuple(LivePrice.model_validate(one) for one in kept["prices"])
    return tuple(price for price in prices if not is_stale("prices", price.as_of))


def _remember(request: BuyerRequest, cart: Cart, prices: tuple[LivePrice, ...]) -> None:
    kept = [price.model_dump(mode="json") for price in prices]
    request.session[HEARD] = {"token": str(cart.token), "prices": kept}


def _form(request: BuyerRequest, sheet: CartSheet | None, data: Any = None) -> CheckoutForm:
    addresses = list(ship_to_addresses(request.scope))
    initial = {}
    if sheet is not None:
        known = [address.erp_id for address in addresses]
        last = request.session.get(SHIP_TO)
        initial = {
            "token": str(sheet.cart.token),
            "shown": sealed_facts(sheet.digest),
            "ship_to": last if last in known else next(iter(known), ""),
            "po_number": sheet.cart.po_number,
            "requested_on": sheet.cart.requested_on,
            "note": sheet.cart.note,
            "cost_centre": sheet.cart.cost_centre,
        }
    return CheckoutForm(
        data,
        initial=initial,
        scope=request.scope,
        addresses=addresses,
        needs_po=acting_company(request.scope).needs_po_number,
    )


def _page(request: BuyerRequest, sheet: CartSheet, form: CheckoutForm, status: int = 200) -> HttpResponse:
    company = acting_company(request.scope)
    context = {
        "is_asked": is_connected(),
        "patience": settings.LIVE_CHECK_SECONDS,
        "sheet": sheet,
        "form": form,
        "company": company,
        "billing": billing_of(company),
        "addresses": ship_to_addresses(request.scope),
        "chosen": form["ship_to"].value(),
        "credit": credit_outlook(request.scope, sheet.totals.gross_amount),
        "approval": approval_outlook(
            request.scope,
            sheet.totals.net_amount,
            product_ids=[line.product.pk for line in sheet.lines],
            ship_to=form["ship_to"].value() or "",
            cost_centre=(form["cost_centre"].value() or "") if "cost_centre" in form.fields else "",
        ),
        "token": str(sheet.cart.token),
    }
    return render(request, "portal/checkout/detail.html", context, status=status)
