"""Units of measure: UN/ECE Rec 20 and Rec 21 codes, and exact conversion between them."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.errors import InvalidValue


@dataclass(frozen=True)
class Unit:
    """A unit that the product knows. code: Rec 20, or X and the Rec 21 code for packages."""

    code: str
    symbol: str | Promise
    name: str | Promise
    decimals: int = 0


UNITS: dict[str, Unit] = {
    unit.code: unit
    for unit in (
        Unit("C62", _("pc"), _("piece")),
        Unit("XBX", _("box"), _("box")),
        Unit("XCT", _("carton"), _("carton")),
        Unit("XPX", _("pallet"), _("pallet")),
        Unit("SET", _("set"), _("set")),
        Unit("PR", _("pair"), _("pair")),
        Unit("MTR", _("m"), _("metre"), 3),
        Unit("KGM", _("kg"), _("kilogram"), 3),
        Unit("LTR", _("l"), _("litre"), 3),
    )
}


def unit(code: str) -> Unit:
    """The unit of a code. Raises InvalidValue naming an unknown code (UOM-09)."""
    try:
        return UNITS[code]
    except KeyError:
        raise InvalidValue(
            _("Unknown unit code “%(code)s”: map it to a UN/ECE code first.") % {"code": code},
            unit=code,
        ) from None


@dataclass(frozen=True)
class Conversion:
    """How many base units one unit is: an exact ratio of integers (UOM-05).

    Raises InvalidValue for zero or negative terms (UOM-06).
    """

    numerator: int
    denominator: int = 1

    def __post_init__(self) -> None:
        if self.numerator <= 0 or self.denominator <= 0:
            raise InvalidValue(
                _("A conversion needs two positive whole numbers, not %(ratio)s.")
                % {"ratio": f"{self.numerator}/{self.denominator}"},
                numerator=self.numerator,
                denominator=self.denominator,
            )

    def to_base(self, quantity: Decimal) -> Decimal:
        """Quantity in this unit -> quantity in the base unit."""
        return quantity * self.numerator / self.denominator

    def from_base(self, quantity: Decimal) -> Decimal:
        """Quantity in the base unit -> quantity in this unit; exact or as a long decimal."""
        return quantity * self.denominator / self.numerator

    def whole_from_base(self, quantity: Decimal) -> Decimal:
        """How many whole units a base quantity holds: 25 pieces are 2 cases of 12 (UOM-07)."""
        return self.from_base(quantity).to_integral_value(rounding="ROUND_FLOOR")
