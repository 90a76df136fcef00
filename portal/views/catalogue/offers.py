"""Products as the acting company can buy them: unit, price and stock side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from accounts.scope import Scope
from accounts.states import Right
from catalog.models import Product, ProductUnit
from catalog.queries import WarehouseAvailability, availability
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
class Offer:
    """A product in a unit and quantity, with this company's price and the stock.

    answer: None where the role may not see prices. steps: the company's ladder in base units.
    refusal: why the quantity cannot be bought.
    """

    product: Product
    unit: ProductUnit | None
    quantity: Decimal
    currency: str
    answer: PriceAnswer | None
    steps: tuple[LadderStep, ...]
    stock: tuple[WarehouseAvailability, ...]
    refusal: DomainError | None
    may_buy: bool

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

    @property
    def thumbnail(self) -> str:
        """The reference of its small picture, else of its drawing; empty when it has none."""
        kinds = {media.kind: media.reference for media in reversed(self.product.media.all())}
        return kinds.get("thumbnail") or kinds.get("drawing") or kinds.get("photo") or ""


def offers_for(
    scope: Scope, products: Sequence[Product], wishes: Mapping[str, Wish] | None = None
) -> list[Offer]:
    """The products as offers, in their order; seven statements for any number of them.

    products: with units and media, see catalog.queries.with_parts. wishes: by SKU.
    """
    chosen = {product.pk: _chosen(product, (wishes or {}).get(product.sku, Wish())) for product in products}
    shows_prices = scope.may(Right.VIEW_PRICES)
    context = context_for(scope)
    asks = [
        Ask(product.pk, conversion(unit).to_base(max(quantity, ZERO)), key=product.pk)
        for product in products
        for unit, quantity, _refusal in [chosen[product.pk]]
        if unit is not None
    ]
    answers = price_sheet(context, asks) if shows_prices else {}
    ladders = price_ladders(context, [product.pk for product in products]) if shows_prices else {}
    stock = availability(product.pk for product in products)
    return [
        Offer(
            product=product,
            unit=chosen[product.pk][0],
            quantity=chosen[product.pk][1],
            currency=scope.currency,
            answer=answers.get(product.pk),
            steps=tuple(ladders.get(product.pk, ())),
            stock=tuple(stock.get(product.pk, ())),
            refusal=chosen[product.pk][2],
            may_buy=scope.may(Right.BUY) or scope.may(Right.REQUEST_QUOTES),
        )
        for product in products
    ]


def _chosen(product: Product, wish: Wish) -> tuple[ProductUnit | None, Decimal, DomainError | None]:
    """The unit and quantity that a wish means, and what speaks against it."""
    units = list(product.units.all())
    if not units:
        return None, ZERO, None
    unit = next((unit for unit in units if unit.key == wish.unit_key), units[0])
    quantity = least(product, unit) if wish.quantity is None else wish.quantity
    try:
        check_quantity(product, unit, quantity)
    except DomainError as refusal:
        return unit, quantity, refusal
    return unit, quantity, None
