"""The cart as its owner sees it: priced, checked and dated, in a constant number of statements."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from accounts.queries.addresses import ship_to_addresses
from accounts.scope import NOTHING, Scope
from catalog.models import Product, ProductUnit, Warehouse
from catalog.queries import WarehouseAvailability, availability, hidden_products
from catalog.rules import check_quantity, conversion, whole_units
from core.errors import DomainError, InvalidValue
from core.money import ZERO, line_net
from orders.models import Cart, CartLine
from orders.queries.restrictions import restricted, wanted_line
from orders.rules.lines import LineRefusal, check_sellable, not_in_range
from orders.rules.live import Decision, price_key
from orders.rules.shown import ShownLine, digest_of
from orders.rules.totals import Totals, totals_of
from orders.rules.warehouse import Cover, best_warehouse
from orders.states import Situation
from pricing.answers import Ask, PriceAnswer
from pricing.queries import context_for, context_to_compute, price_sheet, tax_percents


@dataclass(frozen=True)
class SheetLine:
    """A cart line with all that is known of it now; quantities in the line's unit.

    unit_price, net_amount: None when the price is on request. covered: what the chosen warehouse
    can ship now, backordered: the rest. stock: per warehouse, in base units. refusals: why the line
    cannot be ordered as it is. is_hidden: the company may no longer know of the product: then there is neither
    name nor price nor stock. said: what the ERP said of the price a moment ago, if it was asked.
    """

    line: CartLine
    position: int
    answer: PriceAnswer
    unit_price: Decimal | None
    net_amount: Decimal | None
    tax_percent: Decimal | None
    covered: Decimal
    stock: tuple[WarehouseAvailability, ...]
    refusals: tuple[LineRefusal, ...]
    said: Decision | None = None
    is_hidden: bool = False

    @property
    def title(self) -> str:
        """The product's name, as far as it may be told."""
        return "" if self.is_hidden else self.product.title

    @property
    def id(self) -> int:
        """The key of the cart line."""
        return self.line.pk

    @property
    def product(self) -> Product:
        """What is wanted."""
        return self.line.product

    @property
    def unit(self) -> ProductUnit:
        """The unit it is wanted in."""
        return self.line.unit

    @property
    def quantity(self) -> Decimal:
        """How much is wanted, in the unit."""
        return self.line.quantity

    @property
    def quantity_base(self) -> Decimal:
        """How much is wanted, in the base unit."""
        return conversion(self.line.unit).to_base(self.line.quantity)

    @property
    def backordered(self) -> Decimal:
        """What cannot ship at once, in the unit."""
        return self.quantity - self.covered

    @property
    def is_orderable(self) -> bool:
        """Whether nothing speaks against ordering the line."""
        return not self.refusals

    def at_price(self, price: Decimal | None) -> "SheetLine":
        """The same line at another price, the ERP's live one; None or the same changes nothing."""
        if price is None or self.unit_price in (None, price):
            return self
        net = line_net(self.quantity, price, currency=self.answer.currency)
        return replace(self, unit_price=price, net_amount=net)

    def shown(self) -> ShownLine:
        """The facts of the line that the buyer consents to."""
        return ShownLine(
            sku=self.product.sku,
            unit_key=self.unit.key,
            quantity=self.quantity,
            unit_price=self.unit_price,
            net_amount=self.net_amount,
            tax_percent=self.tax_percent,
            backordered=self.backordered,
        )


@dataclass(frozen=True)
class CartSheet:
    """A cart with its lines and totals, of the lines that have a price.

    warehouse: the one the order would ship from. digest: the facts as a form carries them.
    """

    cart: Cart
    lines: tuple[SheetLine, ...]
    currency: str
    totals: Totals
    warehouse: Warehouse | None

    @property
    def shown(self) -> list[ShownLine]:
        """The facts that the buyer consents to."""
        return [line.shown() for line in self.lines]

    @property
    def digest(self) -> str:
        """The facts as a short text; see orders.rules.shown."""
        return digest_of(self.shown, self.currency)

    def at_prices(self, prices: Mapping[str, Decimal]) -> "CartSheet":
        """The same cart at these prices, by `price_key`; lines without one keep theirs."""
        lines = tuple(
            line.at_price(prices.get(price_key(line.product.sku, line.unit.key))) for line in self.lines
        )
        return replace(self, lines=lines, totals=_totals(lines, self.currency))

    @property
    def refusals(self) -> list[LineRefusal]:
        """Everything that keeps the cart from being ordered, line by line."""
        return [refusal for line in self.lines for refusal in line.refusals]

    @property
    def is_orderable(self) -> bool:
        """Whether the cart has lines and all of them can be ordered."""
        return bool(self.lines) and not self.refusals

    @property
    def is_said(self) -> bool:
        """Whether the ERP has named a price a moment ago."""
        return any(line.said for line in self.lines)

    @property
    def is_raised(self) -> bool:
        """Whether one of those prices is higher than the page had it before."""
        return any(line.said and line.said.situation == Situation.WORSE for line in self.lines)

    @property
    def backordered_lines(self) -> int:
        """How many lines cannot ship in full at once."""
        return sum(1 for line in self.lines if line.backordered > 0)


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
    return CartSheet(cart, tuple(lines), scope.currency, _totals(lines, scope.currency), warehouse)


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


def _totals(lines: Iterable[SheetLine], currency: str) -> Totals:
    """The totals of the lines that have a price."""
    priced = [(line.net_amount, line.tax_percent or ZERO) for line in lines if line.net_amount is not None]
    return totals_of(priced, currency)


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
