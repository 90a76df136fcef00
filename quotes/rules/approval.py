"""Who must approve: discount, margin, floor and value, judged line by line and together."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from core.money import ZERO

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class LineFigures:
    """What a line is judged by. Prices per the line's unit, None where there is none."""

    position: int
    sku: str
    quantity: Decimal
    unit_price: Decimal | None
    net_amount: Decimal
    list_price: Decimal | None = None
    contract_price: Decimal | None = None
    floor_price: Decimal | None = None
    cost_price: Decimal | None = None

    @property
    def usual_price(self) -> Decimal | None:
        """What the company pays without the quote: its agreement's price, else the list's."""
        return self.list_price if self.contract_price is None else self.contract_price


@dataclass(frozen=True)
class Limits:
    """When a second pair of eyes is needed; an empty limit does not ask (QTE-06)."""

    version: int = 0
    max_discount_percent: Decimal | None = None
    min_margin_percent: Decimal | None = None
    max_net_amount: Decimal | None = None


class ReasonCode(StrEnum):
    """Why a revision needs approval."""

    BELOW_FLOOR = "below_floor"
    DISCOUNT = "discount"
    MARGIN = "margin"
    COST_UNKNOWN = "cost_unknown"
    VALUE = "value"


@dataclass(frozen=True)
class Reason:
    """One rule that asks for approval: its limit, the figure that breaks it, and where.

    position and sku are of the line, None and "" for the whole quote. value: None where the
    figure cannot be told, such as the margin on nothing.
    """

    code: ReasonCode
    limit: Decimal | None
    value: Decimal | None
    position: int | None = None
    sku: str = ""

    def as_json(self) -> dict[str, str | int | None]:
        """The reason as it is kept with the approval: decimals as strings."""
        return {
            "code": self.code.value,
            "limit": None if self.limit is None else str(self.limit),
            "value": None if self.value is None else str(self.value),
            "position": self.position,
            "sku": self.sku,
        }


def discount_percent(price: Decimal | None, usual: Decimal | None) -> Decimal | None:
    """How much below the usual price a price is, in percent; negative when above it.

    None where either is unknown or the usual price is nothing. Not rounded.
    """
    if price is None or not usual:
        return None
    return (usual - price) / usual * HUNDRED


def margin_percent(price: Decimal | None, cost: Decimal | None) -> Decimal | None:
    """What of a price is left over its cost, in percent of the price. Not rounded.

    None where either is unknown or the price is nothing. Also for net amount and summed cost.
    """
    if not price or cost is None:
        return None
    return (price - cost) / price * HUNDRED


@dataclass(frozen=True)
class QuoteFigures:
    """The lines of a revision, with what follows from them together."""

    lines: tuple[LineFigures, ...]

    @property
    def net_amount(self) -> Decimal:
        """The sum of the line nets."""
        return sum((line.net_amount for line in self.lines), ZERO)

    @property
    def cost_amount(self) -> Decimal | None:
        """What all lines cost us; None as soon as one line's cost is unknown."""
        costs = [line.quantity * line.cost_price for line in self.lines if line.cost_price is not None]
        return sum(costs, ZERO) if len(costs) == len(self.lines) else None

    @property
    def margin_percent(self) -> Decimal | None:
        """The margin of the whole quote, None where it cannot be told."""
        return margin_percent(self.net_amount, self.cost_amount)


def approval_reasons(figures: QuoteFigures, limits: Limits) -> tuple[Reason, ...]:
    """Every rule that asks for approval, lines first; none means that it may be sent as it is.

    A price exactly at a limit is still allowed. A line below its floor always asks. A cost that
    nobody knows asks wherever a margin is demanded: unknown is not enough.
    Source: QTE-04, QTE-06.
    """
    return (
        *_below_floor(figures.lines),
        *_discounts(figures.lines, limits.max_discount_percent),
        *_margin(figures, limits.min_margin_percent),
        *_value(figures.net_amount, limits.max_net_amount),
    )


def is_below_floor(price: Decimal | None, floor: Decimal | None) -> bool:
    """Whether a price is lower than its floor; exactly at the floor is not."""
    return price is not None and floor is not None and price < floor


def _below_floor(lines: Iterable[LineFigures]) -> list[Reason]:
    return [
        Reason(ReasonCode.BELOW_FLOOR, line.floor_price, line.unit_price, line.position, line.sku)
        for line in lines
        if is_below_floor(line.unit_price, line.floor_price)
    ]


def _discounts(lines: Iterable[LineFigures], limit: Decimal | None) -> list[Reason]:
    if limit is None:
        return []
    found = [(line, discount_percent(line.unit_price, line.usual_price)) for line in lines]
    return [
        Reason(ReasonCode.DISCOUNT, limit, percent, line.position, line.sku)
        for line, percent in found
        if percent is not None and percent > limit
    ]


def _margin(figures: QuoteFigures, limit: Decimal | None) -> list[Reason]:
    if limit is None:
        return []
    cost = figures.cost_amount
    if cost is None:
        return [
            Reason(ReasonCode.COST_UNKNOWN, limit, None, line.position, line.sku)
            for line in figures.lines
            if line.cost_price is None
        ]
    # Multiplied out: a quote that asks for nothing has no percentage, and yet no margin.
    if (figures.net_amount - cost) * HUNDRED >= limit * figures.net_amount:
        return []
    return [Reason(ReasonCode.MARGIN, limit, figures.margin_percent)]


def _value(net_amount: Decimal, limit: Decimal | None) -> list[Reason]:
    if limit is None or net_amount <= limit:
        return []
    return [Reason(ReasonCode.VALUE, limit, net_amount)]
