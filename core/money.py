"""Amounts of money: one type, one rounding function."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from babel.numbers import get_currency_precision

ZERO = Decimal(0)


@cache
def minor_unit(currency: str) -> Decimal:
    """The smallest amount of a currency (ISO 4217): 0.01 for EUR, 1 for JPY, 0.001 for KWD."""
    return Decimal(1).scaleb(-get_currency_precision(currency))


def round_amount(amount: Decimal, currency: str) -> Decimal:
    """Round half up to the currency's minor unit: the only rounding of amounts there is.

    Used at exactly two points, the net of a line and the tax per rate (design, section 4).
    """
    if not isinstance(amount, Decimal):
        raise TypeError(f"an amount is a Decimal, not {type(amount).__name__}")
    return amount.quantize(minor_unit(currency), rounding=ROUND_HALF_UP)


def line_net(
    quantity: Decimal, unit_price: Decimal, *, price_unit: Decimal = Decimal(1), currency: str
) -> Decimal:
    """The net amount of a line, rounded.

    quantity and price_unit in the same unit; unit_price is for `price_unit` of them
    ("6.2000 per 100"). Source: design, section 4.
    """
    for value in (quantity, unit_price, price_unit):
        if not isinstance(value, Decimal):
            raise TypeError(f"quantities and prices are Decimals, not {type(value).__name__}")
    return round_amount(quantity * unit_price / price_unit, currency)


def is_rounding(one: Decimal, other: Decimal, currency: str, *, parts: int = 1) -> bool:
    """Whether two amounts of one sum differ by no more than another way of rounding explains.

    parts: how many roundings each of them is made of, one minor unit each. Systems that round half to
    even, or the total instead of its lines, agree with us up to this. Source: failure bank 14.
    """
    return abs(one - other) <= minor_unit(currency) * parts


def tax_per_rate(lines: list[tuple[Decimal, Decimal]], currency: str) -> dict[Decimal, Decimal]:
    """Tax of a document: per rate, on the sum of that rate's line nets, rounded.

    lines: (net amount, rate in percent). Returns {rate: tax}. Source: EN 16931, design section 4.
    """
    bases: dict[Decimal, Decimal] = {}
    for net, rate in lines:
        key = rate.normalize()
        bases[key] = bases.get(key, ZERO) + net
    return {rate: round_amount(base * rate / 100, currency) for rate, base in bases.items()}


@dataclass(frozen=True)
class Money:
    """An amount in a currency. Mixing currencies raises; nothing is rounded unasked."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError(f"an amount is a Decimal, not {type(self.amount).__name__}")

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._same(other)

    def rounded(self) -> "Money":
        """The amount in whole minor units."""
        return Money(round_amount(self.amount, self.currency), self.currency)

    def _same(self, other: "Money") -> Decimal:
        if other.currency != self.currency:
            raise ValueError(f"cannot mix {self.currency} and {other.currency}")
        return other.amount

    def __str__(self) -> str:
        return f"{self.currency} {self.amount}"
