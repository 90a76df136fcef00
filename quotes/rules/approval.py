"""Who must approve: discount, margin, floor and value, judged line by line and together."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from core.errors import DomainError
from core.money import ZERO
from pricing.rules import discount_percent, margin_percent


class NeedsApproval(DomainError):
    """A second pair of eyes must see this first; `details` name the reasons."""

    code = "needs_approval"


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

    @property
    def discount_percent(self) -> Decimal | None:
        """How far the price lies below the usual one, in percent; None where it cannot be said."""
        return None if self.unit_price is None else discount_percent(self.unit_price, self.usual_price)

    @property
    def margin_percent(self) -> Decimal | None:
        """What of the price is left over its cost, in percent; None where it cannot be said."""
        return None if self.unit_price is None else margin_percent(self.unit_price, self.cost_price)

    @property
    def is_below_floor(self) -> bool:
        """Whether the price is lower than the floor; exactly at it is not (QTE-04)."""
        return (
            self.unit_price is not None
            and self.floor_price is not None
            and self.unit_price < self.floor_price
        )


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

    A figure exactly at its limit is still allowed; percentages count as they are shown, with two
    decimals. A line below its floor always asks. A cost that
    nobody knows asks wherever a margin is demanded: unknown is not enough.
    Source: QTE-04, QTE-06.
    """
    return (
        *_below_floor(figures.lines),
        *_discounts(figures.lines, limits.max_discount_percent),
        *_margin(figures, limits.min_margin_percent),
        *_value(figures.net_amount, limits.max_net_amount),
    )


def _below_floor(lines: Iterable[LineFigures]) -> list[Reason]:
    return [
        Reason(ReasonCode.BELOW_FLOOR, line.floor_price, line.unit_price, line.position, line.sku)
        for line in lines
        if line.is_below_floor
    ]


def _discounts(lines: Iterable[LineFigures], limit: Decimal | None) -> list[Reason]:
    if limit is None:
        return []
    return [
        Reason(ReasonCode.DISCOUNT, limit, line.discount_percent, line.position, line.sku)
        for line in lines
        if line.discount_percent is not None and line.discount_percent > limit
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
    margin = figures.margin_percent
    # A quote that asks for nothing has no percentage, and yet no margin.
    if margin is not None and margin >= limit or not cost:
        return []
    return [Reason(ReasonCode.MARGIN, limit, margin)]


def _value(net_amount: Decimal, limit: Decimal | None) -> list[Reason]:
    if limit is None or net_amount <= limit:
        return []
    return [Reason(ReasonCode.VALUE, limit, net_amount)]
