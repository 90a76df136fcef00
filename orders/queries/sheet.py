"""A cart with all that is known of it now: its lines, their prices and stock, and what speaks against them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from catalog.availability import WarehouseAvailability
from catalog.models import Product, ProductUnit, Warehouse
from catalog.rules import conversion
from core.money import ZERO, line_net
from orders.models import Cart, CartLine
from orders.rules.lines import LineRefusal
from orders.rules.live import Decision, price_key
from orders.rules.shown import ShownLine, digest_of
from orders.rules.totals import Totals, totals_of
from orders.states import Situation
from pricing.answers import PriceAnswer


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
        return replace(self, lines=lines, totals=totals_of_lines(lines, self.currency))

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


def totals_of_lines(lines: Iterable[SheetLine], currency: str) -> Totals:
    """The totals of the lines that have a price."""
    priced = [(line.net_amount, line.tax_percent or ZERO) for line in lines if line.net_amount is not None]
    return totals_of(priced, currency)
