"""The lines of an order that is being made: checked, written, with the stock that is promised to them."""

from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from accounts.scope import Scope
from catalog.actions.allocation import Want, allocate_stock
from catalog.availability import availability
from catalog.models import Product, ProductUnit, Warehouse
from catalog.queries import known_products
from catalog.rules import whole_units
from core import outbox
from core.actor import Actor
from core.errors import InvalidValue
from core.money import line_net
from core.units import Conversion
from orders.drafts import DraftLine, OrderDraft
from orders.models import Order, OrderLine
from orders.queries.cart import line_refusals, stale_refusals, warehouse_for
from orders.rules.lines import LineRefusal, check_lines, not_in_range


def checked_lines(draft: OrderDraft, scope: Scope) -> list[OrderLine]:
    if not draft.lines:
        raise InvalidValue(_("There is nothing to order: the cart is empty."), field="lines")
    ids = {line.product_id for line in draft.lines}
    known = known_products(scope, ids)
    hidden = Product.objects.in_bulk(ids - known.keys()) if ids - known.keys() else {}
    units = {
        (unit.product_id, unit.key): unit
        for unit in ProductUnit.objects.filter(product_id__in=ids, is_active=True).order_by()
    }
    refusals: list[LineRefusal] = []
    lines = []
    for position, line in enumerate(draft.lines, start=1):
        if line.product_id in hidden:
            sku = hidden[line.product_id].sku
            refusal = not_in_range(sku)
            refusals.append(LineRefusal(position, sku, refusal.code, str(refusal)))
            continue
        product = known[line.product_id]
        unit = units.get((product.pk, line.unit_key))
        if unit is not None and line.ratio not in (None, (unit.numerator, unit.denominator)):
            unit = None  # the pack holds something else than was agreed
        found = line_refusals(product, unit, line.quantity)
        refusals += [LineRefusal(position, product.sku, error.code, str(error)) for error in found]
        if unit is not None and not found:
            lines.append(_line(position, line, product, unit, scope.currency))
    check_lines(refusals)
    return lines


def _line(position: int, line: DraftLine, product: Product, unit: ProductUnit, currency: str) -> OrderLine:
    return OrderLine(
        position=position,
        product=product,
        unit=unit,
        sku=product.sku,
        name=line.name or product.title,
        unit_code=unit.code,
        unit_key=unit.key,
        numerator=unit.numerator,
        denominator=unit.denominator,
        unit_price=line.unit_price,
        net_amount=line_net(line.quantity, line.unit_price, currency=currency),
        tax_code=line.tax_code,
        tax_percent=line.tax_percent,
        price_story=line.price_story,
        note=line.note[:300],
        ordered=line.quantity,
    )


def warehouse_of(lines: Sequence[OrderLine]) -> Warehouse:
    stock = availability([line.product_id for line in lines])
    warehouse = warehouse_for([(line.product_id, base_quantity(line)) for line in lines], stock)
    if warehouse is None:
        raise InvalidValue(_("No warehouse ships online orders at the moment: ask your contact in sales."))
    check_lines(
        [
            refusal
            for line in lines
            for refusal in stale_refusals(line.position, line.product, warehouse, stock)
        ]
    )
    return warehouse


def write_lines(order: Order, lines: Sequence[OrderLine], by: Actor) -> None:
    """Write the lines with the stock that is promised to them now (CRT-14, INV-02)."""
    wants = [
        Want(f"{order.subject}/{line.position}", line.product_id, order.warehouse_id, base_quantity(line))
        for line in lines
    ]
    for line, answer in zip(lines, allocate_stock(wants, by=by), strict=True):
        assert line.unit is not None  # noqa: S101 - a line without a unit was refused
        line.order = order
        line.allocated = min(whole_units(line.unit, answer.covered), line.ordered)
        line.backordered = line.ordered - line.allocated
    OrderLine.objects.bulk_create(lines)
    _record_allocated(order, lines, by)


def _record_allocated(order: Order, lines: Sequence[OrderLine], by: Actor) -> None:
    allocated = [
        {
            "position": line.position,
            "sku": line.sku,
            "unit_code": line.unit_code,
            "allocated": str(line.allocated),
            "backordered": str(line.backordered),
        }
        for line in lines
    ]
    payload = {
        "number": order.number,
        "company": order.company.number,
        "warehouse": order.warehouse.code,
        "lines": allocated,
    }
    outbox.record(
        "stock.allocated", subject=order.subject, payload=payload, by=by, company=order.company.number
    )


def base_quantity(line: OrderLine) -> Decimal:
    """How much a line orders, in base units."""
    return Conversion(line.numerator, line.denominator).to_base(line.ordered)
