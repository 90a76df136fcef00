"""How numbers and names of parts are written, once for all families."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256

from demo.catalogue.grades import Grade
from demo.catalogue.model import Attribute


def plain(number: float) -> str:
    """Write a dimension without trailing zeros: 30, 1.25, 0.8."""
    return f"{number:g}"


def significant(number: float, digits: int = 3) -> Decimal:
    """Round to significant digits and return a Decimal in plain notation (16.9, 0.412, 1250)."""
    exact = Decimal(repr(number))
    step = Decimal(1).scaleb(exact.adjusted() - digits + 1)
    rounded = exact.quantize(step, rounding=ROUND_HALF_UP)
    return rounded.quantize(Decimal(1)) if step > 1 else rounded.normalize() + 0


def written(number: Decimal) -> str:
    """Write a Decimal without exponent and trailing zeros."""
    return f"{number.normalize():f}"


def draw(key: str, options: int) -> int:
    """Return a number below `options` that depends on the key alone."""
    return int.from_bytes(sha256(key.encode()).digest()[:8], "big") % options


def text(code: str, name: str, value: str, *, facet: bool = False) -> Attribute:
    """An attribute in words."""
    return Attribute(code, name, value, is_facet=facet)


def number(code: str, name: str, value: float | Decimal, unit: str, *, facet: bool = False) -> Attribute:
    """An attribute with a figure and its unit."""
    figure = written(value) if isinstance(value, Decimal) else plain(value)
    return Attribute(code, name, figure, unit, is_number=True, is_facet=facet)


def material_attributes(grade: Grade) -> list[Attribute]:
    """Strength class, strengths, material and finish, in the order of every sheet."""
    rows = [text("strength_class", "Strength class", grade.strength_class, facet=True)]
    if grade.tensile:
        rows.append(number("tensile_strength", "Tensile strength", grade.tensile, "MPa"))
    if grade.yield_strength:
        rows.append(number("yield_strength", "Yield strength", grade.yield_strength, "MPa"))
    rows.append(text("material", "Material", grade.material, facet=True))
    rows.append(text("finish", "Finish", grade.finish, facet=True))
    return rows
