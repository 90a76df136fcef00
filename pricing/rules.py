"""The arithmetic of prices: what a unit costs, how low a price may go, what a ladder means."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal, localcontext

UNIT_PRICE_STEP = Decimal("0.000001")
PERCENT_STEP = Decimal("0.01")
HUNDRED = Decimal(100)


def unit_price_of(
    unit_price: Decimal, *, price_unit: Decimal, numerator: int, denominator: int = 1
) -> Decimal:
    """The price of one unit of `numerator / denominator` base units, to six places, half up.

    unit_price: for price_unit base units. The ratio stays whole until the one rounding: a box of
    200 at 6.20 per 100 costs 12.40. Source: UOM-05, UOM-08, failure bank 15.
    """
    _only_decimals(unit_price, price_unit)
    with localcontext() as context:
        context.prec = 50
        exact = unit_price * numerator / (price_unit * denominator)
        return exact.quantize(UNIT_PRICE_STEP, rounding=ROUND_HALF_UP)


def floor_of(cost: Decimal | None, *, margin_percent: Decimal) -> Decimal | None:
    """The lowest price that still leaves the margin, in the unit of `cost`; None without a cost.

    Rounded up to six places, so that a price at the floor has the margin. Source: QTE-04.
    """
    if cost is None:
        return None
    _only_decimals(cost, margin_percent)
    with localcontext() as context:
        context.prec = 50
        exact = cost / (1 - margin_percent / HUNDRED)
        return exact.quantize(UNIT_PRICE_STEP, rounding=ROUND_CEILING)


def margin_percent(price: Decimal, cost: Decimal | None) -> Decimal | None:
    """How much of a price is left after its cost, in percent; None where it cannot be said.

    price, cost: for the same quantity and in the same currency.
    """
    if cost is None or not price:
        return None
    _only_decimals(price, cost)
    return ((price - cost) / price * HUNDRED).quantize(PERCENT_STEP, rounding=ROUND_HALF_UP)


def discount_percent(price: Decimal, reference: Decimal | None) -> Decimal | None:
    """How far a price lies below a reference, in percent; negative above it, None without one."""
    if not reference:
        return None
    _only_decimals(price, reference)
    return ((reference - price) / reference * HUNDRED).quantize(PERCENT_STEP, rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class LadderStep:
    """From min_quantity base units on, inclusive, price_unit of them cost unit_price."""

    min_quantity: Decimal
    unit_price: Decimal
    price_unit: Decimal = Decimal(1)
    list_code: str = ""
    kind: str = ""

    def unit_price_for(self, numerator: int, denominator: int = 1) -> Decimal:
        """The price of a unit of that many base units, to six places."""
        return unit_price_of(
            self.unit_price, price_unit=self.price_unit, numerator=numerator, denominator=denominator
        )


def step_for(steps: Sequence[LadderStep], quantity: Decimal) -> LadderStep | None:
    """The step that a base quantity reaches: the highest whose bound it meets, None below all."""
    reached = [step for step in steps if step.min_quantity <= quantity]
    return max(reached, key=lambda step: step.min_quantity, default=None)


def combined_ladder(ladders: Sequence[Sequence[LadderStep]]) -> list[LadderStep]:
    """One ladder of several, the first that has a step for a quantity wins it.

    ladders: by rank, the winner first. Steps that do not change the price are left out.
    """
    bounds = sorted({step.min_quantity for steps in ladders for step in steps})
    combined: list[LadderStep] = []
    for bound in bounds:
        reached = (step_for(steps, bound) for steps in ladders)
        winner = next(step for step in reached if step is not None)
        if not combined or _price_of(winner) != _price_of(combined[-1]):
            combined.append(
                LadderStep(bound, winner.unit_price, winner.price_unit, winner.list_code, winner.kind)
            )
    return combined


def rising_steps(steps: Sequence[LadderStep]) -> list[LadderStep]:
    """The steps that cost more than the one before: whoever buys more, pays more.

    steps: of one list, one product and one day. Source: failure bank 16.
    """
    ordered = sorted(steps, key=lambda step: step.min_quantity)
    return [
        after
        for before, after in zip(ordered, ordered[1:], strict=False)
        if after.unit_price * before.price_unit > before.unit_price * after.price_unit
    ]


def _price_of(step: LadderStep) -> Decimal:
    return step.unit_price / step.price_unit


def _only_decimals(*values: object) -> None:
    for value in values:
        if not isinstance(value, Decimal):
            raise TypeError(f"prices and quantities are Decimals, not {type(value).__name__}")
