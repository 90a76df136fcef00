"""Nuts, ISO 4032 and ISO 4035, and washers, ISO 7089 and ISO 7093-1."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from demo.catalogue import dimensions, grades, words
from demo.catalogue.families.screws import advice
from demo.catalogue.grades import Grade
from demo.catalogue.model import Part
from demo.catalogue.shapes import HexNut, Washer


def parts() -> Iterator[Part]:
    """Yield nuts and washers, size by size."""
    for grade, threads in (
        (grades.N8Z, (4, 5, 6, 8, 10, 12, 16, 20)),
        (grades.N10, (6, 8, 10, 12, 16)),
        (grades.NA2, (3, 4, 5, 6, 8, 10, 12, 16, 20)),
    ):
        for d in threads:
            yield nut(d, grade, thin=False)
    for d in (5, 6, 8, 10, 12, 16):
        yield nut(d, grades.N04Z, thin=True)
    for grade, threads in (
        (grades.W200Z, (4, 5, 6, 8, 10, 12, 16, 20)),
        (grades.W300, (6, 8, 10, 12, 16)),
        (grades.WA2, (3, 4, 5, 6, 8, 10, 12, 16, 20)),
    ):
        for d in threads:
            yield washer(d, grade, large=False)
    for grade in (grades.W200Z, grades.WA2):
        for d in (6, 8, 10, 12, 16):
            yield washer(d, grade, large=True)


def nut(d: int, grade: Grade, *, thin: bool) -> Part:
    """A hexagon nut: ISO 4032, or ISO 4035 when thin."""
    m, s, e = dimensions.NUT[d]
    iso, din, edition = ("4035", "DIN 439-2", "2023") if thin else ("4032", "DIN 934", "2023")
    if thin:
        m = dimensions.THIN_NUT[d]
    shape = HexNut(d=d, p=dimensions.PITCH[d], m=m, s=s, e=e)
    weight = words.significant(shape.volume * grade.density)
    noun = "Thin hexagon nut" if thin else "Hexagon nut"
    use = (
        "Use it to lock another nut or where height is scarce; it carries about half the load of a full nut. "
        if thin
        else f"Pair it with screws up to class {'8.8' if grade.suffix == '8Z' else '10.9' if grade.suffix == '10' else 'A2-70'}. "
    )
    return Part(
        sku=f"{iso}-M{d}-{grade.suffix}",
        name=f"{noun} ISO {iso}, M{d}, {grade.label}",
        erp_name=f"{noun} ISO {iso} M{d} {grade.label}",
        description=f"{noun} M{d} to ISO {iso}, {m:g} mm high, for a {s:g} mm spanner. {use}" + advice(grade),
        category="CAT-220" if thin else "CAT-210",
        erp_category="Nuts",
        standard=f"ISO {iso}:{edition}",
        replaces_standard=din,
        customs_code="73181639" if grade.is_stainless else "73181692" if d <= 12 else "73181699",
        origin=("IT", "CZ", "TW")[words.draw(f"{iso}{grade.suffix}{d}", 3)],
        shape=shape,
        drawing=f"iso-{iso}-m{d}",
        weight_g=weight,
        attributes=(
            words.text("standard", "Standard", f"ISO {iso}:{edition}, replaces {din}"),
            words.text("thread", "Thread", f"M{d}", facet=True),
            words.number("pitch", "Pitch", dimensions.PITCH[d], "mm"),
            words.text("thread_tolerance", "Thread tolerance", "6H"),
            words.number("width_across_flats", "Width across flats s", s, "mm", facet=True),
            words.number("nut_height", "Height m", m, "mm"),
            *words.material_attributes(grade),
            words.number("weight", "Weight", weight, "g"),
        ),
        keywords=("hex nut", din),
        material_price=grade.material_price,
        work_price=Decimal("0.0045") * grade.work_factor + Decimal(d) * Decimal("0.0006"),
        grade=grade.label,
        thread=d,
        fits=(
            (
                f"7089-{d}-{'A2' if grade.is_stainless else '300' if grade.suffix == '10' else '200Z'}",
                "Washer, same thread",
            ),
        ),
    )


def washer(d: int, grade: Grade, *, large: bool) -> Part:
    """A plain washer: ISO 7089, or ISO 7093-1 when large."""
    d1, d2, h = (dimensions.LARGE_WASHER if large else dimensions.WASHER)[d]
    iso, din, key = ("7093-1", "DIN 9021", "7093") if large else ("7089", "DIN 125-1 A", "7089")
    shape = Washer(d=d, d1=d1, d2=d2, h=h)
    weight = words.significant(shape.volume * grade.density)
    noun = "Large washer" if large else "Plain washer"
    use = (
        "The wide face spreads the load on sheet metal, wood and slotted holes. "
        if large
        else "It spreads the load and protects the surface under head or nut. "
    )
    limit = "up to class 8.8" if grade.strength_class == "200 HV" else "up to class 10.9"
    return Part(
        sku=f"{key}-{d}-{grade.suffix}",
        name=f"{noun} ISO {iso}, {d}, {grade.label}",
        erp_name=f"{noun} ISO {iso} {d} {grade.label}",
        description=(
            f"{noun} for M{d} to ISO {iso}, {d1:g} × {d2:g} × {h:g} mm, hardness {grade.strength_class}. {use}"
            f"Suitable under screws {'of A2-70' if grade.is_stainless else limit}."
        ),
        category="CAT-240" if large else "CAT-230",
        erp_category="Washers",
        standard=f"ISO {iso}:2000",
        replaces_standard=din,
        customs_code="73182200",
        origin=("DE", "IT")[words.draw(f"{iso}{grade.suffix}{d}", 2)],
        shape=shape,
        drawing=f"iso-{iso}-{d}",
        weight_g=weight,
        attributes=(
            words.text("standard", "Standard", f"ISO {iso}:2000, replaces {din}"),
            words.text("thread", "For thread", f"M{d}", facet=True),
            words.number("hole_diameter", "Hole d1", d1, "mm"),
            words.number("outside_diameter", "Outside diameter d2", d2, "mm"),
            words.number("thickness", "Thickness h", h, "mm"),
            words.text("hardness", "Hardness", grade.strength_class, facet=True),
            words.text("material", "Material", grade.material, facet=True),
            words.text("finish", "Finish", grade.finish, facet=True),
            words.number("weight", "Weight", weight, "g"),
        ),
        keywords=("flat washer", din),
        material_price=grade.material_price,
        work_price=Decimal("0.0022") * grade.work_factor + Decimal(d) * Decimal("0.0002"),
        grade=grade.label,
        thread=d,
    )
