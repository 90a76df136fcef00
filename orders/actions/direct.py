"""Ordering without a cart: another system names products and quantities, and the price it expects."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.scope import Scope
from accounts.states import Right
from catalog.models import Product, ProductUnit
from catalog.queries import products_by_sku, unit_of, unknown_product
from catalog.rules import conversion
from core.actor import Actor
from core.days import erp_today
from core.errors import DomainError, InvalidValue, OutOfDate
from orders.actions.place import DraftLine, OrderDraft, place_order, placed_before
from orders.models import Order
from orders.queries.cart import known_percents
from orders.rules.lines import LineRefusal, check_lines
from pricing.answers import Ask, PriceAnswer
from pricing.queries import context_for, price_sheet


@dataclass(frozen=True)
class DirectLine:
    """A wanted product. unit_price: what the caller reckons with per unit, None to take ours."""

    sku: str
    unit_key: str
    quantity: Decimal
    unit_price: Decimal | None = None
    note: str = ""


@dataclass(frozen=True)
class DirectOrder:
    """All that a caller decides. reference: the caller's own key of this order, unique per person."""

    reference: str
    lines: tuple[DirectLine, ...]
    ship_to_erp_id: str
    po_number: str = ""
    note: str = ""
    requested_on: date | None = None


@dataclass(frozen=True)
class _Wanted:
    line: DirectLine
    product: Product
    unit: ProductUnit


@transaction.atomic
def order_directly(scope: Scope, wanted: DirectOrder, *, by: Actor) -> Order:
    """Place an order for the acting company from a list of products; a repeat answers the same order.

    Prices come from the price sheet; one that differs from what the caller reckons with refuses
    the whole order. Raises LinesRefused, OutOfDate, and the refusals of place_order.
    """
    scope.require(Right.BUY)
    assert scope.company_id is not None  # noqa: S101 - an empty scope has no rights
    origin_ref = f"{by.user_id}:{wanted.reference}"
    placed = placed_before("api", origin_ref, scope.company_id)
    if placed is not None:
        return placed
    if wanted.requested_on is not None and wanted.requested_on < erp_today():
        raise InvalidValue(_("The requested date is in the past: choose a later day."), field="requested_on")
    lines = _priced(scope, _found(scope, wanted.lines))

    return place_order(
        OrderDraft(
            company_id=scope.company_id,
            origin="api",
            origin_ref=origin_ref,
            lines=tuple(lines),
            ship_to_erp_id=wanted.ship_to_erp_id,
            po_number=wanted.po_number,
            note=wanted.note,
            requested_on=wanted.requested_on,
        ),
        by=by,
    )


def _found(scope: Scope, lines: tuple[DirectLine, ...]) -> list[_Wanted]:
    """The product and unit of each line. Raises LinesRefused naming every line without one."""
    products = products_by_sku(scope, {line.sku for line in lines})
    found, refusals = [], []
    for position, line in enumerate(lines, start=1):
        try:
            if line.sku not in products:
                raise unknown_product(line.sku)
            product = products[line.sku]
            unit = unit_of(product, line.unit_key)
        except DomainError as refusal:
            refusals.append(LineRefusal(position, line.sku, refusal.code, str(refusal)))
        else:
            found.append(_Wanted(line, product, unit))
    check_lines(refusals)
    return found


def _priced(scope: Scope, wanted: list[_Wanted]) -> list[DraftLine]:
    asks = [
        Ask(item.product.pk, conversion(item.unit).to_base(item.line.quantity), key=nth, basket="order")
        for nth, item in enumerate(wanted)
    ]
    answers = price_sheet(context_for(scope), asks)
    percents = known_percents({item.product.tax_code for item in wanted})
    refusals, lines = [], []
    for nth, item in enumerate(wanted):
        percent = percents.get(item.product.tax_code)
        if answers[nth].is_on_request:
            text = _("There is no price for it yet: ask for a quote.")
            refusals.append(LineRefusal(nth + 1, item.product.sku, "no_price", str(text)))
        elif percent is None:
            text = _("Its tax rate is not known yet: ask your contact in sales.")
            refusals.append(LineRefusal(nth + 1, item.product.sku, "no_tax", str(text)))
        else:
            lines.append(_draft_line(item, answers[nth], percent))
    check_lines(refusals)
    return lines


def _draft_line(item: _Wanted, answer: PriceAnswer, percent: Decimal) -> DraftLine:
    price = answer.unit_price_for(item.unit.numerator, item.unit.denominator)
    expected = item.line.unit_price
    if expected is not None and expected != price:
        raise OutOfDate(
            _("%(sku)s costs %(now)s now, not %(expected)s: nothing was ordered. Ask for the price again.")
            % {"sku": item.product.sku, "now": price, "expected": expected},
            sku=item.product.sku,
            expected=str(expected),
            now=str(price),
        )
    return DraftLine(
        product_id=item.product.pk,
        unit_key=item.unit.key,
        quantity=item.line.quantity,
        unit_price=price,
        tax_code=item.product.tax_code,
        tax_percent=percent,
        price_story=answer.story(),
        note=item.line.note,
    )
