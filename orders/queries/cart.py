"""The cart as its owner sees it: priced, checked and dated, in a constant number of statements."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from accounts.queries.addresses import ship_to_addresses
from accounts.scope import NOTHING, Scope
from catalog.availability import WarehouseAvailability, availability
from catalog.models import Product, ProductUnit, Warehouse
from catalog.queries import hidden_products
from catalog.rules import check_quantity, conversion, whole_units
from core.errors import DomainError, InvalidValue
from core.money import ZERO, line_net
from orders.models import Cart, CartLine
from orders.queries.restrictions import restricted, wanted_line
from orders.queries.sheet import CartSheet, SheetLine, totals_of_lines
from orders.rules.lines import LineRefusal, check_sellable, not_in_range
from orders.rules.warehouse import Cover, best_warehouse
from pricing.answers import Ask, PriceAnswer
from pricing.queries import context_for, context_to_compute, price_sheet, tax_percents


def cart_for(scope: Scope) -> Cart:
    """The cart of the person in the acting company; an unsaved, empty one if there is none yet."""
    if scope.user_id is None or scope.company_id is None:
        return Cart()
    own = Cart.objects.filter(user_id=scope.user_id, company_id=scope.company_id).first()
    return own or Cart(user_id=scope.user_id, company_id=scope.company_id)


def cart_count(scope: Scope) -> int:
    """How many lines the cart holds, for the frame of every page."""
    if scope.user_id is None or scope.company_id is None:
        return 0
    return CartLine.objects.filter(cart__user_id=scope.user_id, cart__company_id=scope.company_id).count()


def cart_sheet(cart: Cart, scope: Scope) -> CartSheet:
    """Price, stock, notices and totals of a cart, all by the rules that ordering uses (CRT-18).

    A constant number of statements, whatever the number of lines.
    """
    rows = _lines_of(cart)
    hidden = hidden_products(scope, [row.product_id for row in rows])
    shown = [row for row in rows if row.product_id not in hidden]
    answers = price_sheet(context_to_compute(scope), [_ask(row) for row in shown])
    answers |= price_sheet(context_for(NOTHING), [_ask(row) for row in rows if row.product_id in hidden])
    stock = availability([row.product_id for row in shown]) if shown else {}
    percents = known_percents({row.product.tax_code for row in rows})
    warehouse = warehouse_for([(row.product_id, _base(row)) for row in shown], stock)
    left = _left_in(warehouse, stock)
    forbidden = _restrictions(scope, rows, hidden)
    lines = []
    for position, row in enumerate(rows, start=1):
        answer = answers[row.pk]
        price = (
            None if answer.is_on_request else answer.unit_price_for(row.unit.numerator, row.unit.denominator)
        )
        percent = percents.get(row.product.tax_code)
        covered = min(whole_units(row.unit, left[row.product_id]), row.quantity)
        left[row.product_id] -= conversion(row.unit).to_base(covered)
        lines.append(
            SheetLine(
                line=row,
                position=position,
                answer=answer,
                unit_price=price,
                net_amount=None if price is None else line_net(row.quantity, price, currency=scope.currency),
                tax_percent=percent,
                covered=covered,
                stock=tuple(stock.get(row.product_id, ())),
                refusals=(
                    *_refusals(row, position, answer, percent, row.product_id in hidden),
                    *stale_refusals(position, row.product, warehouse, stock),
                    *forbidden.get(position, ()),
                ),
                is_hidden=row.product_id in hidden,
            )
        )
    return CartSheet(cart, tuple(lines), scope.currency, totals_of_lines(lines, scope.currency), warehouse)


def _restrictions(
    scope: Scope, rows: Iterable[CartLine], hidden: frozenset[int]
) -> dict[int, list[LineRefusal]]:
    """What restrictions say against the lines, by position; where goods go is any address of the company yet."""
    wanted = [
        wanted_line(position, row.product, _base(row))
        for position, row in enumerate(rows, start=1)
        if row.product_id not in hidden
    ]
    if scope.company_id is None or not wanted:
        return {}
    found: dict[int, list[LineRefusal]] = {}
    for refusal in restricted(scope.company_id, scope.lineage, wanted, ship_to_addresses(scope)).refusals:
        found.setdefault(refusal.position, []).append(refusal)
    return found


def known_percents(codes: set[str]) -> dict[str, Decimal]:
    """The tax rates of those codes that are known; a line whose code is not is refused, never untaxed."""
    try:
        return tax_percents(codes)
    except InvalidValue as refusal:
        unknown = set(refusal.details["codes"])
    return tax_percents(codes - unknown)


def warehouse_for(
    wants: list[tuple[int, Decimal]], stock: dict[int, list[WarehouseAvailability]]
) -> Warehouse | None:
    """The warehouse that an order ships from: see orders.rules.warehouse.

    wants: (product id, quantity in base units) per line. None without any active warehouse.
    """
    warehouses = {item.pk: item for item in Warehouse.objects.filter(is_active=True)}
    covers = []
    for warehouse in warehouses.values():
        left = _left_in(warehouse, stock)
        lines = []
        for product_id, wanted in wants:
            lines.append((wanted, left[product_id]))
            left[product_id] = max(left[product_id] - wanted, ZERO)
        covers.append(Cover(warehouse.pk, warehouse.position, tuple(lines)))
    best = best_warehouse(covers)
    return warehouses[best] if best is not None else None


def stale_refusals(
    position: int,
    product: Product,
    warehouse: Warehouse | None,
    stock: dict[int, list[WarehouseAvailability]],
) -> list[LineRefusal]:
    """Why a line cannot be ordered by the stock figure of the warehouse it would ship from (INV-11)."""
    return [
        LineRefusal(position, product.sku, row.refusal.code, str(row.refusal))
        for row in stock.get(product.pk, ())
        if warehouse is not None and row.warehouse.pk == warehouse.pk and row.refusal is not None
    ]


def _left_in(
    warehouse: Warehouse | None, stock: dict[int, list[WarehouseAvailability]]
) -> defaultdict[int, Decimal]:
    left: defaultdict[int, Decimal] = defaultdict(Decimal)
    for product_id, rows in stock.items():
        for row in rows:
            if warehouse is not None and row.warehouse.pk == warehouse.pk:
                left[product_id] = row.promised
    return left


def _lines_of(cart: Cart) -> list[CartLine]:
    if cart.pk is None:
        return []
    return list(cart.lines.select_related("product", "unit"))


def _base(row: CartLine) -> Decimal:
    return conversion(row.unit).to_base(row.quantity)


def _ask(row: CartLine) -> Ask:
    return Ask(row.product_id, _base(row), key=row.pk, basket="cart")


def _refusals(
    row: CartLine, position: int, answer: PriceAnswer, percent: Decimal | None, is_hidden: bool
) -> list[LineRefusal]:
    if is_hidden:
        refusal = not_in_range(row.product.sku)
        return [LineRefusal(position, row.product.sku, refusal.code, str(refusal))]
    found = [
        LineRefusal(position, row.product.sku, refusal.code, str(refusal))
        for refusal in line_refusals(row.product, row.unit, row.quantity)
    ]
    if answer.is_on_request:
        text = _("There is no price for it yet: ask for a quote.")
        found.append(LineRefusal(position, row.product.sku, "no_price", str(text)))
    if percent is None:
        text = _("Its tax rate is not known yet: ask your contact in sales.")
        found.append(LineRefusal(position, row.product.sku, "no_tax", str(text)))
    return found


def line_refusals(product: Product, unit: ProductUnit | None, quantity: Decimal) -> list[DomainError]:
    """What speaks against ordering a quantity of a product of the range, the same for cart and order.

    unit: None when the product is no longer sold in it.
    """
    found: list[DomainError] = []
    try:
        check_sellable(product.sku, product.status)
    except DomainError as refusal:
        found.append(refusal)
    if unit is None or not unit.is_active:
        text = _("%(sku)s is no longer sold in this unit: choose another one.") % {"sku": product.sku}
        found.append(InvalidValue(text, field="unit"))
        return found
    try:
        check_quantity(product, unit, quantity)
    except DomainError as refusal:
        found.append(refusal)
    return found
