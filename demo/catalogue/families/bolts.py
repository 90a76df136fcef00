"""Hexagon head bolts and screws, ISO 4014 and ISO 4017, and threaded rods, DIN 976-1."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from demo.catalogue import dimensions, grades, words
from demo.catalogue.families.screws import advice, nut_and_washer, thread_attributes
from demo.catalogue.grades import Grade
from demo.catalogue.model import Part
from demo.catalogue.shapes import HexScrew, Rod, Shank

BOLT_LENGTHS: dict[int, tuple[int, ...]] = {
    8: (40, 50, 60, 80), 10: (50, 60, 80, 100), 12: (60, 80, 100), 16: (80, 100, 120), 20: (100, 120),
}  # fmt: skip
SCREW_LENGTHS: dict[int, tuple[int, ...]] = {
    6: (16, 20, 25, 30), 8: (16, 20, 25, 30, 40), 10: (20, 25, 30, 40), 12: (30, 40, 50), 16: (40, 50, 60),
}  # fmt: skip
RODS = (6, 8, 10, 12, 16, 20)


def parts() -> Iterator[Part]:
    """Yield bolts, screws and rods, size by size."""
    for grade, threads in ((grades.S88Z, (8, 10, 12, 16, 20)), (grades.S109Z, (10, 12, 16))):
        for d in threads:
            for length in BOLT_LENGTHS[d]:
                yield hex_screw(d, length, grade, full=False)
    for grade, threads in ((grades.S88Z, (6, 8, 10, 12, 16)), (grades.A270, (6, 8, 10))):
        for d in threads:
            for length in SCREW_LENGTHS[d]:
                yield hex_screw(d, length, grade, full=True)
    for grade in (grades.S48Z, grades.S88Z, grades.A270):
        for d in RODS:
            yield rod(d, grade)


def hex_screw(d: int, length: int, grade: Grade, *, full: bool) -> Part:
    """A hexagon head screw, ISO 4017 when threaded to the head, a bolt, ISO 4014, otherwise."""
    k, s, e = dimensions.HEX_HEAD[d]
    b = dimensions.bolt_thread_length(d, length)
    shank = Shank(d=d, p=dimensions.PITCH[d], b=b, l=length, full=full)
    shape = HexScrew(shank=shank, k=k, s=s, e=e)
    weight = words.significant(shape.volume * grade.density)
    torque = grades.tightening_torque(d, 0.95 * s, grade.yield_strength or 450)
    iso, din, noun = ("4017", "DIN 933", "screw") if full else ("4014", "DIN 931", "bolt")
    extent = "threaded up to the head" if full else f"with a plain shank and {b:g} mm of thread"
    older = (
        " Its width across flats is that of the ISO; DIN 931 and 933 had 17 and 19 mm."
        if d in {10, 12}
        else ""
    )
    return Part(
        sku=f"{iso}-M{d}X{length}-{grade.suffix}",
        name=f"Hexagon head {noun} ISO {iso}, M{d} × {length}, {grade.label}",
        erp_name=f"Hexagon head {noun} ISO {iso} M{d}x{length} {grade.label}",
        description=(
            f"Hexagon head {noun} M{d} × {length} to ISO {iso}, product grade A, {extent}. "
            f"It takes a {s:g} mm spanner.{older} " + advice(grade)
        ),
        category="CAT-130" if full else "CAT-120",
        erp_category="Hexagon bolts",
        standard=f"ISO {iso}:2022",
        replaces_standard=din,
        customs_code="73181575" if grade.is_stainless else "73181588",
        origin=("DE", "CZ", "TW")[words.draw(f"{iso}{grade.suffix}{d}", 3)],
        shape=shape,
        drawing=f"iso-{iso}-m{d}x{length}",
        weight_g=weight,
        attributes=(
            words.text("standard", "Standard", f"ISO {iso}:2022, replaces {din}"),
            *thread_attributes(shank),
            words.number("width_across_flats", "Width across flats s", s, "mm", facet=True),
            words.number("head_height", "Head height k", k, "mm"),
            words.text("drive", "Drive", f"Hexagon {s:g} mm", facet=True),
            *words.material_attributes(grade),
            words.number(
                "tightening_torque", "Tightening torque at µ = 0.12", words.significant(torque, 2), "N·m"
            ),
            words.number("weight", "Weight", weight, "g"),
        ),
        keywords=(f"M{d}x{length}", "hex bolt", "hex screw", "machine bolt", din),
        material_price=grade.material_price,
        work_price=Decimal("0.010") * grade.work_factor + Decimal(d) * Decimal("0.0020"),
        grade=grade.label,
        thread=d,
        fits=nut_and_washer(d, grade),
    )


def rod(d: int, grade: Grade) -> Part:
    """A threaded rod of one metre, DIN 976-1 form A."""
    shape = Rod(d=d, p=dimensions.PITCH[d], l=1000)
    weight = words.significant(shape.volume * grade.density)
    return Part(
        sku=f"976-M{d}X1000-{grade.suffix}",
        name=f"Threaded rod DIN 976-1 A, M{d} × 1000, {grade.label}",
        erp_name=f"Threaded rod DIN 976-1 A M{d}x1000 {grade.label}",
        description=(
            f"Threaded rod M{d}, one metre long, to DIN 976-1 form A, for hanging pipes and ducts and for through bolts. "
            "It may be cut to length; deburr the end before a nut goes on. " + advice(grade)
        ),
        category="CAT-160",
        erp_category="Threaded rods",
        standard="DIN 976-1:2016",
        replaces_standard="DIN 975",
        customs_code="73181535" if grade.is_stainless else "73181542" if grade is grades.S48Z else "73181548",
        origin=("DE", "PL")[words.draw(f"976{grade.suffix}{d}", 2)],
        shape=shape,
        drawing=f"din-976-m{d}",
        weight_g=weight,
        attributes=(
            words.text("standard", "Standard", "DIN 976-1:2016 form A, replaces DIN 975"),
            words.text("thread", "Thread", f"M{d}", facet=True),
            words.number("pitch", "Pitch", dimensions.PITCH[d], "mm"),
            words.text("thread_tolerance", "Thread tolerance", "6g"),
            words.number("length", "Length", 1000, "mm", facet=True),
            *words.material_attributes(grade),
            words.number("weight", "Weight", weight, "g"),
        ),
        keywords=("studding", "threaded bar", "all-thread", "DIN 975"),
        material_price=grade.material_price * Decimal("0.9"),
        work_price=Decimal("0.22") * grade.work_factor + Decimal(d) * Decimal("0.02"),
        grade=grade.label,
        thread=d,
        fits=(
            (f"4032-M{d}-{'A2' if grade.is_stainless else '8Z'}", "Nut, same thread"),
            (f"7093-{d}-{'A2' if grade.is_stainless else '200Z'}", "Large washer, same thread"),
        ),
    )
