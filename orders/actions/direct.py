"""Ordering without a cart: another system names products and quantities, and the price it expects."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from accounts.scope import Scope
from accounts.states import Right
from catalog.models import Product, ProductUnit
from catalog.queries import products_by_sku, unit_of, unknown_product
from catalog.rules import conversion
from core import amounts
from core.actor import Actor, action
from core.days import erp_today
from core.errors import DomainError, InvalidValue, OutOfDate
from core.money import line_net
from orders.actions.live import Confirmation
from orders.actions.place import place_order, placed_before
from orders.drafts import DraftLine, OrderDraft
from orders.live import AskedLine
from orders.models import Order
from orders.queries.cart import known_percents
from orders.queries.live import asked_line
from orders.rules.confirm import PricedLine, decide_prices, kept_prices, told_live
from orders.rules.lines import LineRefusal, check_lines
from orders.rules.live import Decision, check_confirmed, price_key
from pricing.answers import Ask, PriceAnswer
from pricing.queries import context_to_compute, price_sheet


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
    """All that a caller decides. reference: the caller's own key of this order, unique per person and company.

    cost_centre: its code, needed where the company has any.
    """

    reference: str
    lines: tuple[DirectLine, ...]
    ship_to_erp_id: str
    po_number: str = ""
    note: str = ""
    requested_on: date | None = None
    cost_centre: str = ""


@dataclass(frozen=True)
class _Wanted:
    line: DirectLine
    product: Product
    unit: ProductUnit


@dataclass(frozen=True)
class PricedWish:
    """A wanted product with our price of one unit, before tax."""

    line: DirectLine
    product: Product
    unit: ProductUnit
    answer: PriceAnswer
    unit_price: Decimal
    tax_percent: Decimal

    @property
    def net_amount(self) -> Decimal:
        """The net of the line at our price."""
        return line_net(self.line.quantity, self.unit_price, currency=self.answer.currency)

    def asked(self) -> AskedLine:
        """What the ERP is asked about it."""
        return asked_line(
            sku=self.product.sku,
            unit_key=self.unit.key,
            unit_erp_id=self.unit.erp_id,
            quantity=self.line.quantity,
            ratio=(self.unit.numerator, self.unit.denominator),
            answer=self.answer,
        )


def direct_ref(by: Actor, company_id: int, reference: str) -> str:
    """What an order of the API is known by: one per person, company and key."""
    return f"{by.user_id}:{company_id}:{reference}"


@action
def order_directly(
    scope: Scope, wanted: DirectOrder, *, by: Actor, live: Confirmation | None = None
) -> Order:
    """Place an order for the acting company from a list of products; a repeat answers the same order.

    Prices come from the price sheet; one that differs from what the caller reckons with refuses
    the whole order. live: what the ERP said just before, see `checkout`; a price that it raises is taken
    only from a caller who reckons with it. Raises NotConfirmed, LinesRefused, OutOfDate, and the refusals of place_order.
    """
    scope.require(Right.BUY)
    assert scope.company_id is not None  # noqa: S101 - an empty scope has no rights
    origin_ref = direct_ref(by, scope.company_id, wanted.reference)
    placed = placed_before("api", origin_ref, scope.company_id)
    if placed is not None:
        return placed
    if wanted.requested_on is not None and wanted.requested_on < erp_today():
        raise InvalidValue(_("The requested date is in the past: choose a later day."), field="requested_on")
    lines = priced_lines(scope, wanted.lines)
    decisions = decided_prices(lines, live)
    check_confirmed(decisions)
    kept = kept_prices(decisions)

    return place_order(
        OrderDraft(
            company_id=scope.company_id,
            origin="api",
            origin_ref=origin_ref,
            lines=tuple(draft_line(line, kept, decisions) for line in lines),
            decisions=(*decisions, *(live.decisions if live else ())),
            ship_to_erp_id=wanted.ship_to_erp_id,
            po_number=wanted.po_number,
            note=wanted.note,
            requested_on=wanted.requested_on,
            cost_centre=wanted.cost_centre,
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


def priced_lines(scope: Scope, lines: tuple[DirectLine, ...]) -> list[PricedWish]:
    """The wanted products with our prices. Raises LinesRefused naming every line without one."""
    return _priced(scope, _found(scope, lines))


def _priced(scope: Scope, wanted: list[_Wanted]) -> list[PricedWish]:
    asks = [
        Ask(item.product.pk, conversion(item.unit).to_base(item.line.quantity), key=nth, basket="order")
        for nth, item in enumerate(wanted)
    ]
    answers = price_sheet(context_to_compute(scope), asks)
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
            price = answers[nth].unit_price_for(item.unit.numerator, item.unit.denominator)
            lines.append(PricedWish(item.line, item.product, item.unit, answers[nth], price, percent))
    check_lines(refusals)
    return lines


def decided_prices(lines: list[PricedWish], live: Confirmation | None) -> list[Decision]:
    """What is decided on the prices after the ERP was asked; nothing if it was not."""
    if live is None:
        return []
    priced = []
    for item in lines:
        asked = item.asked()
        priced.append(
            PricedLine(
                sku=item.product.sku,
                unit_key=item.unit.key,
                break_quantity=asked.break_quantity,
                unit_price=item.unit_price,
                shown=item.line.unit_price,
                as_of=item.answer.as_of,
                is_stale=item.answer.is_stale,
                has_erp_price=asked.has_erp_price,
            )
        )
    return decide_prices(priced, live.answers, live.table)


def draft_line(item: PricedWish, kept: dict[str, Decimal], decisions: list[Decision]) -> DraftLine:
    price = kept.get(price_key(item.product.sku, item.unit.key), item.unit_price)
    # Whoever names no price takes ours: one that the ERP raised has to be named.
    expected = item.unit_price if item.line.unit_price is None else item.line.unit_price
    is_lowered = expected == item.unit_price and any(
        one.is_lowered and one.key == price_key(item.product.sku, item.unit.key) for one in decisions
    )
    if expected != price and not is_lowered and amounts.are_hidden():
        raise OutOfDate(
            _("The price of %(sku)s is another now: nothing was ordered. Look at it and order again.")
            % {"sku": item.product.sku},
            sku=item.product.sku,
        )
    if expected != price and not is_lowered:
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
        tax_percent=item.tax_percent,
        price_story=told_live(item.answer.story(), item.product.sku, item.unit.key, decisions),
        note=item.line.note,
    )
