"""A price in words: the ladder in the units that one buys, and why the price is what it is."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from catalog.models import ProductUnit
from portal.templatetags.accord import qty, unit
from portal.views.catalogue.offers import Offer
from pricing.answers import Candidate
from pricing.models import PriceKind
from pricing.rules import LadderStep, discount_percent, step_for


@dataclass(frozen=True)
class Rung:
    """A step of the ladder in the units that the product is sold in; None where a unit is too large."""

    step: LadderStep
    holds: str
    prices: list[Decimal | None]
    saves: Decimal | None
    is_on: bool

    @property
    def least(self) -> Decimal:
        """From how many base units on it counts; a ladder that begins at none begins at one."""
        return max(self.step.min_quantity, Decimal(1))


@dataclass(frozen=True)
class Reason:
    """One source of prices: what it says of this product, and why it counts or does not."""

    name: str
    verdict: str
    text: str
    price: Decimal | None
    valid_until: date | None


def rungs_of(offer: Offer, units: list[ProductUnit]) -> list[Rung]:
    """The company's ladder with a column per unit; a unit that holds more than the step is left out."""
    reached = step_for(offer.steps, offer.quantity_base)
    rungs = []
    for step in offer.steps:
        above = next((other for other in offer.steps if other.min_quantity > step.min_quantity), None)
        rungs.append(
            Rung(
                step=step,
                holds=_holds(step, units),
                prices=[_price_in(packed, step, above) for packed in units],
                saves=_saves(step, offer.steps[0]),
                is_on=step is reached,
            )
        )
    return rungs


def _price_in(packed: ProductUnit, step: LadderStep, above: LadderStep | None) -> Decimal | None:
    """The step's price of a unit; None when one unit already reaches the next step."""
    content = Decimal(packed.numerator) / Decimal(packed.denominator)
    if above is not None and content >= above.min_quantity:
        return None
    return step.unit_price_for(packed.numerator, packed.denominator)


def _saves(step: LadderStep, first: LadderStep) -> Decimal | None:
    saved = discount_percent(step.unit_price_for(1), first.unit_price_for(1))
    return saved if saved else None


def _holds(step: LadderStep, units: list[ProductUnit]) -> str:
    """The largest unit of which the step is a whole number, in words: "5 cartons"."""
    for packed in sorted(units, key=lambda packed: packed.numerator / packed.denominator, reverse=True):
        count = step.min_quantity * packed.denominator / packed.numerator
        if packed.numerator > packed.denominator and count >= 1 and count == count.to_integral_value():
            return f"{qty(count)} {unit(packed.code, count)}"
    return ""


def reasons_of(offer: Offer) -> list[Reason]:
    """Every source of prices, best first, with its verdict in words (PRC-10)."""
    if offer.answer is None or offer.unit is None:
        return []
    return [_reason(candidate, offer) for candidate in offer.answer.candidates]


def _reason(candidate: Candidate, offer: Offer) -> Reason:
    kind = str(PriceKind(candidate.kind).label)
    packed = offer.unit
    price = candidate.unit_price_for(packed.numerator, packed.denominator) if packed else None
    return Reason(
        name=f"{kind}: {candidate.list_name}",
        verdict=candidate.verdict,
        text=_verdict(candidate, offer),
        price=price,
        valid_until=candidate.valid_until,
    )


def _verdict(candidate: Candidate, offer: Offer) -> str:
    winner = offer.answer.winner if offer.answer else None
    if candidate.verdict == "no_price":
        return _("Not used: it has no price for this product and quantity.")
    if candidate.verdict == "outranked" and winner is not None:
        first = str(PriceKind(winner.kind).label)
        return _("Not used: %(first)s goes before it.") % {"first": first}
    return _("Used: the first in the order of sources that has a price.")
