"""Rules of the catalogue: what may be bought in which quantity, and what "available" means."""

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import ceil, lcm
from typing import ClassVar, Protocol

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError, InvalidValue
from core.money import ZERO
from core.units import UNITS, Conversion, unit

LARGEST = Decimal("99999999999")
LARGEST_TERM = 2147483647


class Buyable(Protocol):
    """What the quantity rule reads of a product; quantities in the base unit."""

    base_unit: str
    min_quantity: Decimal
    step_quantity: Decimal


class Packed(Protocol):
    """What the rules read of a unit: numerator / denominator base units are one."""

    code: str
    numerator: int
    denominator: int


class QuantityRefused(DomainError):
    """A product cannot be bought in this quantity; `details` hold the nearest that can."""

    code: ClassVar[str] = "quantity"


class BelowMinimum(QuantityRefused):
    """Less than the smallest quantity."""

    code = "min_quantity"


class OffStep(QuantityRefused):
    """Between two steps."""

    code = "step_quantity"


class BrokenPack(QuantityRefused):
    """A part of a unit that is only sold whole."""

    code = "pack_size"


class TooMuch(QuantityRefused):
    """More than any document can hold."""

    code = "max_quantity"


class StaleStock(DomainError):
    """The stock figure is older than its limit, and the warehouse takes no orders by such."""

    code = "stale_stock"


class UnknownUnit(QuantityRefused):
    """The product is not sold in this unit."""

    code = "unknown_unit"


def conversion(packed: Packed) -> Conversion:
    """The exact ratio of a unit to the base unit (UOM-05)."""
    return Conversion(packed.numerator, packed.denominator)


def quantum(product: Buyable, packed: Packed) -> Decimal:
    """The smallest step of a product in a unit, in that unit: 200 pieces in boxes of 100 are 2.

    It is a whole multiple of the product's step and of what the unit can be divided into.
    """
    return _quantum(product.step_quantity, packed.code, packed.numerator, packed.denominator)


def least(product: Buyable, packed: Packed) -> Decimal:
    """The smallest quantity of a product that can be bought in a unit, in that unit."""
    return _at_least(product, packed, Fraction(product.min_quantity))


def check_quantity(product: Buyable, packed: Packed, quantity: Decimal) -> None:
    """Refuse a quantity that cannot be bought; every way into a cart or order asks here.

    quantity: in the unit. Raises BelowMinimum, OffStep, BrokenPack or TooMuch; the message and
    `details` (nearest, in the unit) name what can be bought instead. Source: failure bank 17.
    """
    if not isinstance(quantity, Decimal):
        raise TypeError(f"a quantity is a Decimal, not {type(quantity).__name__}")
    word = unit(packed.code)
    if not quantity.is_finite() or quantity > LARGEST:
        raise TooMuch(_("That is more than one line can hold. Ask us for such a quantity."))
    base = Fraction(quantity) * packed.numerator / packed.denominator
    smallest = least(product, packed)
    if quantity <= 0 or base < Fraction(product.min_quantity):
        raise BelowMinimum(
            _("At least %(least)s %(unit)s.") % {"least": _plain(smallest), "unit": word.symbol},
            nearest=[str(smallest)],
        )
    portion = Fraction(1, 10**word.decimals)
    whole = (Fraction(quantity) / portion).denominator == 1
    if whole and (base / Fraction(product.step_quantity)).denominator == 1:
        return
    above = _at_least(product, packed, base)
    nearest = [value for value in (above - quantum(product, packed), above) if value >= smallest]
    words = {"nearest": _(" or ").join(_plain(value) for value in nearest), "unit": word.symbol}
    details = {"nearest": [str(value) for value in nearest]}
    if not whole:
        raise BrokenPack(_("Only whole units are sold: %(nearest)s %(unit)s.") % words, **details)
    raise OffStep(
        _("Sold in steps of %(step)s: %(nearest)s %(unit)s.")
        % {**words, "step": _plain(quantum(product, packed))},
        **details,
    )


def check_units(base_unit: str, units: Iterable[Packed]) -> None:
    """Refuse conversions that cannot be trusted: missing, zero, unknown, contradicting (UOM-06).

    Raises InvalidValue; `details` hold the `field`.
    """
    ratios: dict[str, tuple[str, Fraction]] = {}
    if base_unit not in UNITS:
        unit(base_unit)
    for packed in units:
        unit(packed.code)
        if max(packed.numerator, packed.denominator) > LARGEST_TERM:
            raise InvalidValue(_("A conversion has a term that is too large."), field="units")
        Conversion(packed.numerator, packed.denominator)
        ratio = Fraction(packed.numerator, packed.denominator)
        key = getattr(packed, "key", packed.code)
        if ratios.setdefault(key, (packed.code, ratio)) != (packed.code, ratio):
            raise InvalidValue(
                _("Unit “%(unit)s” comes twice with different content.") % {"unit": key}, field="units"
            )
        if packed.code == base_unit and ratio != 1:
            raise InvalidValue(
                _("Unit “%(unit)s” is the base unit, yet %(ratio)s of it are one.")
                % {"unit": key, "ratio": ratio},
                field="units",
            )
    if not ratios:
        raise InvalidValue(_("There is no unit to sell it in."), field="units")


def available(on_hand: Decimal, reserved: Decimal) -> Decimal:
    """What can still be promised: physical stock less what is reserved, never below zero (INV-02).

    on_hand: the ERP's figure. reserved: our allocations that this figure has not deducted, see
    `still_reserves`. Same unit. The one definition of "available".
    """
    return max(on_hand - reserved, ZERO)


def promised(free: Decimal, *, is_stale: bool, when_stale: str) -> Decimal:
    """What of the available stock may be promised: all of it, or nothing of a figure that is too old.

    when_stale: the warehouse's policy, "warn", "confirm" or "block". Source: INV-11.
    """
    return ZERO if is_stale and when_stale != "warn" else free


def check_stock_age(*, is_stale: bool, when_stale: str, warehouse: str) -> None:
    """Refuse an order that needs a figure which the warehouse's policy no longer trusts (INV-11)."""
    if is_stale and when_stale == "block":
        raise StaleStock(
            _(
                "The stock figure of %(warehouse)s is too old to order by. Try again when it has been "
                "read anew, or ask for a quote."
            )
            % {"warehouse": warehouse},
            warehouse=warehouse,
        )


def still_reserves(counted_at: datetime | None, figure_as_of: datetime | None) -> bool:
    """Whether an allocation is still to be taken off a stock figure (failure bank 10).

    counted_at: when its goods left, None while they are here. figure_as_of: the age of the figure,
    None when there is none. Only a figure that is later than the shipment has deducted it.
    """
    return counted_at is None or figure_as_of is None or counted_at >= figure_as_of


def whole_units(packed: Packed, quantity_base: Decimal) -> Decimal:
    """How many whole sellable units a base quantity holds: 25 pieces are 2 cases of 12 (UOM-07)."""
    portion = Decimal(10) ** unit(packed.code).decimals
    return conversion(packed).whole_from_base(quantity_base * portion) / portion


def sku_key(text: str) -> str:
    """A part number as it is compared: letters and digits alone, in capitals (failure bank 42)."""
    return re.sub(r"[\W_]", "", text).upper()


def natural_order(text: str) -> str:
    """A text by which part numbers stand as people read them: M8 before M10."""
    return re.sub(r"[0-9]+", lambda digits: digits[0].zfill(8), text.upper())[:200]


# Every row of a list and every line of a cart asks, and few products differ in what is asked.
@lru_cache(maxsize=4096)
def _quantum(step_quantity: Decimal, code: str, numerator: int, denominator: int) -> Decimal:
    ratio = Fraction(numerator, denominator)
    portion = Fraction(1, 10 ** unit(code).decimals)
    step = _common_multiple(Fraction(step_quantity), ratio * portion)
    return _decimal(step / ratio)


def _at_least(product: Buyable, packed: Packed, base: Fraction) -> Decimal:
    return _multiple_from(base, quantum(product, packed), packed.numerator, packed.denominator)


@lru_cache(maxsize=4096)
def _multiple_from(base: Fraction, quantum: Decimal, numerator: int, denominator: int) -> Decimal:
    ratio = Fraction(numerator, denominator)
    step = Fraction(quantum) * ratio
    return _decimal(ceil(base / step) * step / ratio)


def _common_multiple(one: Fraction, other: Fraction) -> Fraction:
    below = lcm(one.denominator, other.denominator)
    return Fraction(lcm(int(one * below), int(other * below)), below)


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
