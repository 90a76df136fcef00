"""The cart: filled, changed, and handed on to checkout or to a request for quote."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.states import Right
from catalog.models import ProductUnit, Warehouse
from catalog.queries import units_of
from catalog.rules import least, quantum
from core import freshness
from core.errors import InvalidValue
from orders.actions import cart as actions
from orders.queries.cart import cart_for, cart_sheet
from orders.queries.sheet import SheetLine
from portal.forms.cart import ChangeForm, DetailsForm, LineForm, first_error
from portal.middleware import BuyerRequest
from portal.templatetags.accord import qty, unit_label
from portal.views.replies import move_on, post_only

F = TypeVar("F", bound=forms.Form)


@dataclass(frozen=True)
class Row:
    """A line of the cart with what its fields need: the units to choose from, least and step.

    warehouse: the one the order would ship from.
    """

    line: SheetLine
    sold_in: list[ProductUnit]
    warehouse: Warehouse | None

    @property
    def units(self) -> list[tuple[str, str]]:
        """The units to choose from; the line's own also when it is out of use."""
        known = [(unit.key, unit_label(unit)) for unit in self.sold_in]
        own = (self.line.unit.key, unit_label(self.line.unit))
        return known if own in known else [own, *known]

    @property
    def least(self) -> Decimal:
        """The smallest quantity in the line's unit."""
        return least(self.line.product, self.line.unit)

    @property
    def step(self) -> Decimal:
        """The step of the quantity in the line's unit."""
        return quantum(self.line.product, self.line.unit)

    @property
    def is_packed(self) -> bool:
        """Whether the unit holds another quantity than one base unit."""
        return self.line.unit.numerator != self.line.unit.denominator

    @property
    def has_wish(self) -> bool:
        """Whether target price or note say something."""
        return self.line.line.target_price is not None or bool(self.line.line.note)

    @property
    def is_to_confirm(self) -> bool:
        """Whether the stock figure is too old to promise from, and the order is taken all the same."""
        return any(row.is_to_confirm for row in self.line.stock if row.warehouse == self.warehouse)

    @property
    def stock_as_of(self) -> datetime | None:
        """The age of the oldest stock figure behind the line."""
        return min((figure.as_of for figure in self.line.stock if figure.as_of), default=None)


@login_required
@require_safe
def cart_detail(request: BuyerRequest) -> HttpResponse:
    """The lines with price, stock and what speaks against them, and the ways on."""
    return render(request, "portal/cart/detail.html", _context(request))


@login_required
@post_only("portal:cart")
def line_add(request: BuyerRequest) -> HttpResponse:
    """Put a product into the cart from wherever it is shown; `then=cart` opens the cart."""
    form = _valid(LineForm(request.POST))
    line = actions.add_line(request.scope, form.item(), by=request.actor)
    told = _("In your cart: %(quantity)s × %(unit)s of %(sku)s") % {
        "quantity": qty(line.quantity),
        "unit": unit_label(line.unit),
        "sku": line.product.sku,
    }
    if request.htmx and "then" not in request.POST:
        return render(request, "portal/cart/_added.html", {"line": line, "told": told, "oob": True})
    messages.success(request, told)
    return move_on(request, "portal:cart" if request.POST.get("then") == "cart" else _back(request))


@login_required
@post_only("portal:cart")
def line_change(request: BuyerRequest, line_id: int) -> HttpResponse:
    """Change quantity, unit, target price or note of a line; zero takes it out."""
    form = _valid(ChangeForm(request.POST))
    change = form.change()
    if change.quantity == 0:
        actions.remove_line(request.scope, line_id, by=request.actor)
    else:
        actions.change_line(request.scope, line_id, change, by=request.actor)
    return _answer(request)


@login_required
@post_only("portal:cart")
def line_remove(request: BuyerRequest, line_id: int) -> HttpResponse:
    """Take a line out."""
    actions.remove_line(request.scope, line_id, by=request.actor)
    return _answer(request)


@login_required
@post_only("portal:cart")
def details_set(request: BuyerRequest) -> HttpResponse:
    """Keep PO number, date and note with the cart; `then` leads on to what is made from it."""
    form = _valid(DetailsForm(request.POST))
    actions.set_details(request.scope, form.details(), by=request.actor)
    return _answer(request)


@login_required
@post_only("portal:cart")
def cart_clear(request: BuyerRequest) -> HttpResponse:
    """Take every line out."""
    actions.clear_cart(request.scope, by=request.actor)
    return _answer(request)


def _answer(request: BuyerRequest) -> HttpResponse:
    if request.htmx:
        return render(request, "portal/cart/_sheet.html", {**_context(request), "oob": True})
    return redirect("portal:cart")


def _context(request: BuyerRequest) -> dict[str, object]:
    cart = cart_for(request.scope)
    sheet = cart_sheet(cart, request.scope)
    details = {"po_number": cart.po_number, "requested_on": cart.requested_on, "note": cart.note}
    units = units_of([line.product.pk for line in sheet.lines])
    return {
        "cart": cart,
        "sheet": sheet,
        "rows": [Row(line, units.get(line.product.pk, []), sheet.warehouse) for line in sheet.lines],
        "details": DetailsForm(initial=details),
        "prices_as_of": min((line.answer.as_of for line in sheet.lines if line.answer.as_of), default=None),
        "prices_limit": freshness.limit_of("prices"),
        "stock_limit": freshness.limit_of("stock"),
        "can_order": request.scope.may(Right.BUY),
        "can_ask": request.scope.may(Right.REQUEST_QUOTES),
        "on_request": sum(1 for line in sheet.lines if line.unit_price is None and not line.is_hidden),
        "open_lines": [line for line in sheet.lines if not line.is_orderable],
    }


def _valid(form: F) -> F:
    if not form.is_valid():
        raise InvalidValue(first_error(form), fields=list(form.errors))
    return form


def _back(request: BuyerRequest) -> str:
    """The page that the form stood on, if it is one of ours."""
    address = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(address, {request.get_host()}, request.is_secure()):
        return address
    return "portal:cart"
