"""Filling a cart: each step is checked by the rules that checkout uses again."""

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.scope import Scope
from accounts.states import Right
from catalog.models import Product, ProductUnit
from catalog.queries import hidden_products, product_by_sku, unit_of
from catalog.rules import check_quantity
from core import outbox
from core.actor import Actor, action
from core.changes import assign, differs
from core.errors import InvalidValue, NotAllowed, NotFound, OutOfDate
from orders.models import Cart, CartLine
from orders.rules.lines import check_sellable, not_in_range


@dataclass(frozen=True)
class CartItem:
    """A product to put into the cart: quantity in the unit `unit_key`, the product's default if empty.

    target_price: what the buyer would like to pay per unit, for a request for quote.
    """

    sku: str
    quantity: Decimal
    unit_key: str = ""
    target_price: Decimal | None = None
    note: str = ""


@dataclass(frozen=True)
class LineChange:
    """A cart line as it shall be: quantity in the unit `unit_key`, target price per unit."""

    quantity: Decimal
    unit_key: str
    target_price: Decimal | None = None
    note: str = ""


@dataclass(frozen=True)
class CartDetails:
    """The head of a cart: what goes onto the order or the request made from it."""

    po_number: str = ""
    note: str = ""
    requested_on: date | None = None
    cost_centre: str = ""


@action
def add_line(scope: Scope, item: CartItem, *, by: Actor) -> CartLine:
    """Put a product into the cart; what is there in the same unit becomes more (CRT-01).

    Raises NotFound for what this company may not see, the refusals of check_sellable and
    check_quantity for the quantity there will be.
    """
    cart = _own_cart(scope)
    product = product_by_sku(scope, item.sku)
    unit = unit_of(product, item.unit_key or _default_key(product))
    line = cart.lines.filter(product=product, unit=unit).first()
    quantity = item.quantity + (line.quantity if line else 0)
    _check(product, unit, quantity)

    if line is None:
        line = cart.lines.create(
            product=product,
            unit=unit,
            quantity=quantity,
            target_price=_target(item.target_price),
            note=item.note[:300],
        )
    else:
        _write(line, quantity=quantity)
    _touch(cart)
    _record("line_added", cart, scope, line, by=by)
    return line


@action
def change_line(scope: Scope, line_id: int, change: LineChange, *, by: Actor) -> CartLine:
    """Change quantity, unit, target price and note of a line of the own cart.

    A line that becomes equal to another one in product and unit joins it; one that is so already stays
    untouched. Raises NotFound for another cart's line, NotInRange for a product that the company may no longer
    know of, and the refusals of add_line.
    """
    cart = _own_cart(scope)
    line = _line_of(cart, line_id)
    if hidden_products(scope, [line.product_id]):
        raise not_in_range(line.product.sku)
    unit = unit_of(line.product, change.unit_key)
    twin = cart.lines.filter(product=line.product, unit=unit).exclude(pk=line.pk).first()
    quantity = change.quantity + (twin.quantity if twin else 0)
    _check(line.product, unit, quantity)

    values = {
        "unit": unit,
        "quantity": quantity,
        "target_price": _target(change.target_price),
        "note": change.note[:300],
    }
    if twin:
        twin.delete()
    elif not differs(line, values):
        return line
    _write(line, **values)
    _touch(cart)
    _record("line_changed", cart, scope, line, by=by)
    return line


@action
def remove_line(scope: Scope, line_id: int, *, by: Actor) -> None:
    """Take a line out of the own cart; one that is already gone is fine."""
    cart = _own_cart(scope)
    line = cart.lines.select_related("product", "unit").filter(pk=line_id).first()
    if line is None:
        return
    line.delete()
    _touch(cart)
    line.quantity = Decimal(0)
    _record("line_removed", cart, scope, line, by=by)


@action
def set_details(scope: Scope, details: CartDetails, *, by: Actor) -> Cart:
    """Keep PO number, note, requested date and cost centre with the cart (CRT-06)."""
    cart = _own_cart(scope)
    values = {
        "po_number": details.po_number.strip()[:60],
        "note": details.note.strip(),
        "requested_on": details.requested_on,
        "cost_centre": details.cost_centre.strip()[:30],
    }
    if differs(cart, values):
        assign(cart, values)
        cart.save(update_fields=[*values, "updated_at"])
        _record("details_set", cart, scope, by=by)
    return cart


@action
def clear_cart(scope: Scope, *, by: Actor) -> Cart:
    """Take every line out of the own cart."""
    cart = _own_cart(scope)
    if cart.lines.exists() or cart.po_number or cart.note or cart.requested_on:
        _record("cleared", cart, scope, by=by)
    return empty_cart(cart, by=by)


def lock_cart(cart: Cart, *, token: uuid.UUID | str | None = None) -> Cart:
    """The cart, locked and read again; first step of whatever is made from it.

    token: the filling that the person saw; OutOfDate when the cart has been used meanwhile.
    Belongs inside a transaction.
    """
    cart = Cart.objects.select_for_update(of=("self",), no_key=True).get(pk=cart.pk)
    if token is not None and str(cart.token) != str(token):
        raise OutOfDate(
            _("This cart has already been sent from another window. Open the cart to see what is in it now.")
        )
    return cart


def empty_cart(cart: Cart, *, by: Actor) -> Cart:
    """Leave a locked cart empty under a new token, after its lines became an order or a request."""
    cart.lines.all().delete()
    cart.token = uuid.uuid4()
    cart.po_number, cart.note, cart.requested_on, cart.cost_centre = "", "", None, ""
    cart.save(update_fields=["token", "po_number", "note", "requested_on", "cost_centre", "updated_at"])
    return cart


def _own_cart(scope: Scope) -> Cart:
    if scope.user_id is None or scope.company_id is None:
        raise NotFound(_("You are not a member of any company here."))
    if not (scope.may(Right.BUY) or scope.may(Right.REQUEST_QUOTES)):
        raise NotAllowed(
            _("Your role lets you neither order nor ask for quotes. Ask the administrator of your company."),
            right=str(Right.BUY),
        )
    cart, _created = Cart.objects.get_or_create(user_id=scope.user_id, company_id=scope.company_id)
    return lock_cart(cart)


def _default_key(product: Product) -> str:
    units = [unit for unit in product.units.all() if unit.is_active]
    return next((unit.key for unit in units if unit.is_default), units[0].key if units else "")


def _line_of(cart: Cart, line_id: int) -> CartLine:
    line = cart.lines.select_related("product", "unit").filter(pk=line_id).first()
    if line is None:
        raise NotFound(_("This line is no longer in your cart."))
    return line


def _check(product: Product, unit: ProductUnit, quantity: Decimal) -> None:
    check_sellable(product.sku, product.status)
    check_quantity(product, unit, quantity)


def _target(price: Decimal | None) -> Decimal | None:
    if price is not None and (not price.is_finite() or price < 0):
        raise InvalidValue(_("A target price is an amount per unit, such as 0.52."), field="target_price")
    return price


def _write(line: CartLine, **values: Any) -> None:
    for name, value in values.items():
        setattr(line, name, value)
    line.save(update_fields=list(values))


def _record(change: str, cart: Cart, scope: Scope, line: CartLine | None = None, *, by: Actor) -> None:
    """Record `cart.updated`, under the lock of the cart. line: what it was done to, as it is now."""
    about = (
        {"sku": line.product.sku, "unit_code": line.unit.code, "quantity": str(line.quantity)} if line else {}
    )
    outbox.record(
        "cart.updated",
        subject=f"cart:{cart.token}",
        payload={"cart": str(cart.token), "company": scope.company_number, "change": change, **about},
        by=by,
        company=scope.company_number,
    )


def _touch(cart: Cart) -> None:
    cart.save(update_fields=["updated_at"])
