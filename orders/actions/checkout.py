"""Ordering what is in the cart, at exactly what the buyer was shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.actions.holding import hold_access
from accounts.assistance import acting_by
from accounts.scope import NOTHING
from accounts.states import Right
from core import amounts
from core.actor import Actor, action
from core.days import erp_today
from core.errors import InvalidValue, NotFound, OutOfDate
from orders.actions.cart import empty_cart, lock_cart
from orders.actions.live import Confirmation
from orders.actions.place import place_order
from orders.drafts import DraftLine, OrderDraft
from orders.models import Cart, Order
from orders.queries.cart import cart_sheet
from orders.queries.live import price_decisions
from orders.queries.sheet import CartSheet, SheetLine
from orders.rules.confirm import kept_prices, told_live
from orders.rules.lines import check_lines
from orders.rules.live import Decision, check_confirmed, price_key
from orders.rules.shown import Difference, differences


@dataclass(frozen=True)
class CheckoutChoice:
    """What the buyer decided on the checkout page, and what the page had shown.

    token: the cart's filling, shown_digest: CartSheet.digest, both carried by the form.
    """

    token: str
    shown_digest: str
    ship_to_erp_id: str
    po_number: str = ""
    note: str = ""
    requested_on: date | None = None
    cost_centre: str = ""


@action
def checkout(
    cart: Cart,
    choice: CheckoutChoice,
    *,
    by: Actor,
    live: Confirmation | None = None,
    is_asked: bool = True,
) -> Order:
    """Turn the cart into an order; whatever is submitted twice answers the same order (CRT-15).

    Prices, tax and stock are asked again under the cart's lock: anything that differs from what was
    shown refuses the order and names the differences (failure bank 18). live: what the ERP said just
    before; its prices are judged here by the policy, and hold where it says so. is_asked: False when the
    ERP should have been asked and was not, since the cart could not be ordered: then it is not, even if it
    has become fit meanwhile. Empties the cart.
    Raises OutOfDate, NotConfirmed, NotFound for somebody else's cart, and the refusals of place_order.
    """
    if by.user_id is None or cart.user_id != by.user_id:
        raise NotFound(_("There is no such cart."))
    if cart.pk is None:  # nothing was ever put into it
        raise InvalidValue(_("There is nothing to order: the cart is empty."), field="lines")
    hold_access(by.buyer_id, cart.company_id)
    cart = lock_cart(cart)
    placed = Order.objects.filter(
        origin="cart", origin_ref=choice.token, company_id=cart.company_id, placed_by_id=by.buyer_id
    ).first()
    if placed is not None:
        return placed
    cart = lock_cart(cart, token=choice.token)
    acting = acting_by(by, cart.company_id)
    scope = acting.scope if acting else NOTHING
    scope.require(Right.BUY)
    sheet = cart_sheet(cart, scope)
    check_lines(sheet.refusals)
    if sheet.lines and not is_asked:
        raise OutOfDate(
            _("Your cart has changed meanwhile, so nothing was ordered: look at it and order again.")
        )
    decisions = price_decisions(sheet, live.answers, live.table, choice.shown_digest) if live else []
    check_confirmed(decisions)
    sheet = sheet.at_prices(kept_prices(decisions))
    check_shown(choice.shown_digest, sheet, decisions, live.told if live else frozenset())
    if choice.requested_on is not None and choice.requested_on < erp_today():
        raise InvalidValue(_("The requested date is in the past: choose a later day."), field="requested_on")

    decided = (*decisions, *(live.decisions if live else ()))
    order = place_order(_draft(cart, sheet, choice, decided), by=by)
    empty_cart(cart, by=by)
    return order


def check_shown(
    shown_digest: str,
    sheet: CartSheet,
    decisions: Sequence[Decision] = (),
    told: frozenset[tuple[str, str]] = frozenset(),
) -> None:
    """Refuse what differs from what was shown. Raises OutOfDate; `details["lines"]` says what.

    told: facts that may differ by the policy, as (SKU, field); a price that the ERP lowered is one.
    """
    lowered = {(one.key, "unit_price") for one in decisions if one.is_lowered}
    found = [
        item
        for item in differences(shown_digest, sheet.shown, sheet.currency)
        if (item.sku, item.field) not in told
        and (price_key(item.sku, item.unit_key), item.field) not in lowered
    ]
    if found:
        raise OutOfDate(
            _("Something has changed since this page was opened, so nothing was ordered: %(changes)s")
            % {"changes": "; ".join(_told(item) for item in found[:5])},
            lines=[_json(item) for item in found],
        )


LABELS = {
    "quantity": _("quantity"),
    "unit_price": _("price"),
    "tax_percent": _("VAT"),
    "backordered": _("not in stock"),
    "currency": _("currency"),
}


def _told(item: Difference) -> str:
    if item.field == "line":
        text = _("%(sku)s was added") if item.now else _("%(sku)s was removed")
        return str(text % {"sku": item.sku})
    if item.field == "unit_price" and amounts.are_hidden():
        return str(_("%(sku)s: the price is another now") % {"sku": item.sku})
    words = {
        "sku": item.sku,
        "what": LABELS[item.field],
        "shown": item.shown or "–",
        "now": item.now or "–",
    }
    return str(_("%(sku)s: %(what)s was %(shown)s, is %(now)s") % words)


def _json(item: Difference) -> dict[str, Any]:
    if item.field == "unit_price" and amounts.are_hidden():
        return {"sku": item.sku, "field": item.field}
    return {"sku": item.sku, "field": item.field, "shown": item.shown, "now": item.now}


def _draft(
    cart: Cart, sheet: CartSheet, choice: CheckoutChoice, decisions: tuple[Decision, ...]
) -> OrderDraft:
    return OrderDraft(
        company_id=cart.company_id,
        origin="cart",
        origin_ref=choice.token,
        lines=tuple(_line(line, decisions) for line in sheet.lines),
        decisions=decisions,
        ship_to_erp_id=choice.ship_to_erp_id,
        po_number=choice.po_number,
        note=choice.note,
        requested_on=choice.requested_on,
        cost_centre=choice.cost_centre,
    )


def _line(line: SheetLine, decisions: Sequence[Decision]) -> DraftLine:
    assert line.unit_price is not None  # noqa: S101 - check_lines has refused lines without
    assert line.tax_percent is not None  # noqa: S101
    return DraftLine(
        product_id=line.product.pk,
        unit_key=line.unit.key,
        quantity=line.quantity,
        unit_price=line.unit_price,
        tax_code=line.product.tax_code,
        tax_percent=line.tax_percent,
        price_story=told_live(line.answer.story(), line.product.sku, line.unit.key, decisions),
        note=line.line.note,
    )
