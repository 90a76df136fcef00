"""Products as the acting company can buy them: unit, price and stock side by side."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from accounts.scope import Scope
from accounts.states import Right
from catalog.availability import WarehouseAvailability, availability
from catalog.models import Product, ProductUnit
from catalog.rules import check_quantity, conversion, least, quantum
from core.errors import DomainError
from core.money import ZERO, line_net
from portal.templatetags.accord import unit_label
from pricing.answers import Ask, PriceAnswer
from pricing.queries import context_for, price_ladders, price_sheet
from pricing.rules import LadderStep


@dataclass(frozen=True)
class Wish:
    """How much of a product somebody looks at, in a unit. None: the smallest of the first unit."""

    unit_key: str = ""
    quantity: Decimal | None = None


@dataclass(frozen=True)
class Pick:
    """A product in the unit and quantity that somebody looks at, before its price and stock.

    unit: None where it is sold in none. refusal: why the quantity cannot be bought.
    """

    product: Product
    unit: ProductUnit | None
    quantity: Decimal
    refusal: DomainError | None

    @property
    def ask(self) -> Ask | None:
        """What the price sheet is asked; None where there is no unit to buy it in."""
        if self.unit is None:
            return None
        base = conversion(self.unit).to_base(max(self.quantity, ZERO))
        return Ask(self.product.pk, base, key=self.product.pk)

    @property
    def units(self) -> list[tuple[str, str]]:
        """The units it is sold in, as key and label."""
        return [(unit.key, unit_label(unit)) for unit in self.product.units.all()]

    @property
    def is_packed(self) -> bool:
        """Whether the unit holds another quantity than one base unit."""
        return self.unit is not None and self.unit.numerator != self.unit.denominator

    @property
    def is_sold(self) -> bool:
        """Whether it can be put into a cart at all."""
        return self.product.status == Product.Status.ACTIVE and self.unit is not None

    @property
    def quantity_base(self) -> Decimal:
        """The quantity in the base unit."""
        return ZERO if self.unit is None else conversion(self.unit).to_base(self.quantity)

    @property
    def least(self) -> Decimal:
        """The smallest quantity in the unit."""
        return ZERO if self.unit is None else least(self.product, self.unit)

    @property
    def step(self) -> Decimal:
        """The step of the quantity in the unit."""
        return ZERO if self.unit is None else quantum(self.product, self.unit)

    @property
    def thumbnail(self) -> str:
        """The reference of its small picture, else of its drawing; empty when it has none."""
        kinds = {media.kind: media.reference for media in reversed(self.product.media.all())}
        return kinds.get("thumbnail") or kinds.get("drawing") or kinds.get("photo") or ""


@dataclass(frozen=True)
class Offer(Pick):
    """A pick with this company's price and the stock.

    answer: None where the role may not see prices. steps: the company's ladder in base units.
    """

    currency: str
    answer: PriceAnswer | None
    steps: tuple[LadderStep, ...]
    stock: tuple[WarehouseAvailability, ...]
    may_buy: bool

    @property
    def can_add(self) -> bool:
        """Whether this person can put it into the cart."""
        return self.may_buy and self.is_sold

    @property
    def price(self) -> Decimal | None:
        """The price of one of the unit; None on request."""
        if self.answer is None or self.answer.is_on_request or self.unit is None:
            return None
        return self.answer.unit_price_for(self.unit.numerator, self.unit.denominator)

    @property
    def is_on_request(self) -> bool:
        """Whether nobody has named a price: then one asks for a quote (PRC-26)."""
        return self.answer is not None and self.answer.is_on_request

    @property
    def net_amount(self) -> Decimal | None:
        """What the quantity costs, before tax; None on request."""
        return None if self.price is None else line_net(self.quantity, self.price, currency=self.currency)

    @property
    def next_step(self) -> LadderStep | None:
        """The next step of the ladder, above the quantity."""
        return next((step for step in self.steps if step.min_quantity > self.quantity_base), None)

    @property
    def best_stock(self) -> WarehouseAvailability | None:
        """The warehouse that can promise most of it; None when nobody told any stock."""
        return max(self.stock, key=lambda row: (row.promised, row.available), default=None)

    @property
    def is_short(self) -> bool:
        """Whether no warehouse alone has the quantity."""
        best = self.best_stock
        return best is not None and best.promised < self.quantity_base

    @property
    def elsewhere(self) -> Decimal:
        """What the other warehouses have together, in the base unit."""
        best = self.best_stock
        return sum((row.available for row in self.stock if row is not best), ZERO)


@dataclass(frozen=True)
class Prices:
    """This company's prices and ladders of some products, by product id; empty where they may not be seen."""

    answers: Mapping[Hashable, PriceAnswer]
    ladders: Mapping[int, Sequence[LadderStep]]


def offers_for(
    scope: Scope, products: Sequence[Product], wishes: Mapping[str, Wish] | None = None
) -> list[Offer]:
    """The products as offers, in their order; seven statements for any number of them.

    products: with units and media, see catalog.queries.with_parts. wishes: by SKU.
    """
    picks = [picked(product, (wishes or {}).get(product.sku, Wish())) for product in products]
    return offers_of(scope, picks, prices_of(scope, picks))


def picked(product: Product, wish: Wish) -> Pick:
    """The unit and quantity that a wish means, and what speaks against it."""
    units = list(product.units.all())
    if not units:
        return Pick(product, None, ZERO, None)
    unit = next((unit for unit in units if unit.key == wish.unit_key), units[0])
    quantity = least(product, unit) if wish.quantity is None else wish.quantity
    try:
        check_quantity(product, unit, quantity)
    except DomainError as refusal:
        return Pick(product, unit, quantity, refusal)
    return Pick(product, unit, quantity, None)


def prices_of(scope: Scope, picks: Sequence[Pick]) -> Prices:
    """What the picks cost the acting company; four statements for any number of them."""
    if not scope.may(Right.VIEW_PRICES):
        return Prices({}, {})
    context = context_for(scope)
    asks = [pick.ask for pick in picks]
    return Prices(
        price_sheet(context, [ask for ask in asks if ask is not None]),
        price_ladders(context, [pick.product.pk for pick in picks]),
    )


def offers_of(scope: Scope, picks: Sequence[Pick], prices: Prices) -> list[Offer]:
    """The picks as offers, in their order, with the stock of now; three statements for any number of them."""
    stock = availability(pick.product.pk for pick in picks)
    return [
        Offer(
            product=pick.product,
            unit=pick.unit,
            quantity=pick.quantity,
            currency=scope.currency,
            answer=prices.answers.get(pick.product.pk),
            steps=tuple(prices.ladders.get(pick.product.pk, ())),
            stock=tuple(stock.get(pick.product.pk, ())),
            refusal=pick.refusal,
            may_buy=scope.may(Right.BUY) or scope.may(Right.REQUEST_QUOTES),
        )
        for pick in picks
    ]
