"""Deep groove ball bearings, ISO 15; retaining rings, DIN 471 and 472; pins, ISO 8734; keys, DIN 6885-1."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from demo.catalogue import dimensions, grades, words
from demo.catalogue.model import Part
from demo.catalogue.shapes import RING_STEEL, STEEL, Bearing, Key, Pin, Ring

PIN_LENGTHS: dict[int, tuple[int, ...]] = {4: (16, 20), 5: (20, 24), 6: (20, 30), 8: (30, 40), 10: (40,)}
KEY_LENGTHS: dict[int, tuple[int, ...]] = {4: (16,), 5: (20,), 6: (20, 30), 8: (30, 40), 10: (40,), 12: (50,)}


def parts() -> Iterator[Part]:
    """Yield bearings, rings, pins and keys, size by size."""
    for number in dimensions.BEARING:
        yield bearing(number, "2RS")
    for number in dimensions.BEARING:
        if number.startswith("62"):
            yield bearing(number, "2Z")
    for d1 in dimensions.SHAFT_RING:
        yield ring(d1, inside=False)
    for d1 in dimensions.BORE_RING:
        yield ring(d1, inside=True)
    for d, lengths in PIN_LENGTHS.items():
        for length in lengths:
            yield pin(d, length)
    for b, lengths in KEY_LENGTHS.items():
        for length in lengths:
            yield key(b, length)


def bearing(number: str, closure: str) -> Part:
    """A deep groove ball bearing with contact seals (2RS) or metal shields (2Z)."""
    d, outside, width, r = dimensions.BEARING[number]
    shape = Bearing(d=d, outside=outside, width=width, r=r, closure=closure)
    weight = words.significant(shape.volume * STEEL)
    closed = "contact seals of NBR on both sides" if closure == "2RS" else "metal shields on both sides"
    use = (
        "The seals keep dust and splashes out and the grease in; they cost a little speed. "
        if closure == "2RS"
        else "The shields run without contact, for higher speeds in clean surroundings. "
    )
    size = f"{d:g} × {outside:g} × {width:g}"
    return Part(
        sku=f"{number}-{closure}",
        name=f"Deep groove ball bearing {number}-{closure}, {size}",
        erp_name=f"Deep groove ball bearing {number}-{closure} {d:g}x{outside:g}x{width:g}",
        description=(
            f"Single-row deep groove ball bearing {number} with {closed}, {size} mm to ISO 15. "
            f"{use}Greased for life and ready to fit."
        ),
        category="CAT-310" if number.startswith("60") else "CAT-320",
        erp_category="Bearings",
        standard="ISO 15:2017",
        replaces_standard="DIN 625-1",
        customs_code="84821010" if outside <= 30 else "84821090",
        origin=("SK", "IT", "AT")[words.draw(f"bearing{number}", 3)],
        shape=shape,
        drawing=f"iso-15-{number}-{closure.lower()}",
        weight_g=weight,
        attributes=(
            words.text("standard", "Standard", "ISO 15:2017, DIN 625-1"),
            words.text("series", "Series", number[:2], facet=True),
            words.number("bore", "Bore d", d, "mm", facet=True),
            words.number("outside_diameter", "Outside diameter D", outside, "mm", facet=True),
            words.number("width", "Width B", width, "mm"),
            words.number("chamfer", "Chamfer r (min)", r, "mm"),
            words.text(
                "closure",
                "Closure",
                "Seals, both sides (2RS)" if closure == "2RS" else "Shields, both sides (2Z)",
                facet=True,
            ),
            words.text("clearance", "Radial clearance", "Normal (CN)"),
            words.text("material", "Material", "Bearing steel 100Cr6", facet=True),
            words.number("temperature_min", "Lowest temperature", -30, "°C"),
            words.number("temperature_max", "Highest temperature", 100 if closure == "2RS" else 120, "°C"),
            words.number("weight", "Weight", weight, "g"),
        ),
        keywords=("ball bearing", "radial bearing", f"{number}{closure}", f"{number} {closure}", "DIN 625"),
        material_price=Decimal("13.50"),
        work_price=Decimal("0.62") if closure == "2RS" else Decimal("0.55"),
        grade="sealed (2RS)" if closure == "2RS" else "shielded (2Z)",
        fits=(
            (
                f"471-{d:g}X{words.plain(dimensions.SHAFT_RING[int(d)][0]) if int(d) in dimensions.SHAFT_RING else 0}",
                "Ring on its shaft",
            ),
            (
                f"472-{outside:g}X{words.plain(dimensions.BORE_RING[int(outside)][0]) if int(outside) in dimensions.BORE_RING else 0}",
                "Ring in its bore",
            ),
        ),
        instead=f"bearing-{number}",
    )


def ring(d1: int, *, inside: bool) -> Part:
    """A retaining ring: DIN 472 for bores when inside, DIN 471 for shafts otherwise."""
    s, d3, a, b, d2, m, d5 = (dimensions.BORE_RING if inside else dimensions.SHAFT_RING)[d1]
    shape = Ring(d1=d1, s=s, d3=d3, a=a, b=b, d2=d2, m=m, d5=d5, inside=inside)
    weight = words.significant(shape.volume * RING_STEEL)
    din, where, edition = ("472", "bore", "2017") if inside else ("471", "shaft", "2011")
    return Part(
        sku=f"{din}-{d1}X{s:g}",
        name=f"Retaining ring DIN {din}, {d1} × {s:g}, for {where}s",
        erp_name=f"Retaining ring DIN {din} {d1}x{s:g} for {where}s",
        description=(
            f"Retaining ring for {where}s of {d1} mm to DIN {din}, regular type, {s:g} mm thick. "
            f"It sits in a groove of {d2:g} mm diameter and {m:g} mm width and holds bearings and wheels in place. "
            "Fit it with circlip pliers through the two holes."
        ),
        category="CAT-420" if inside else "CAT-410",
        erp_category="Rings, pins and keys",
        standard=f"DIN {din}:{edition}",
        replaces_standard=None,
        customs_code="73182900",
        origin="DE",
        shape=shape,
        drawing=f"din-{din}-{d1}",
        weight_g=weight,
        attributes=(
            words.text("standard", "Standard", f"DIN {din}:{edition}, regular type"),
            words.number(
                "bore" if inside else "shaft_diameter",
                "Bore d1" if inside else "Shaft diameter d1",
                d1,
                "mm",
                facet=True,
            ),
            words.number("thickness", "Thickness s", s, "mm"),
            words.number("free_diameter", "Free diameter d3", d3, "mm"),
            words.number("groove_diameter", "Groove diameter d2", d2, "mm"),
            words.number("groove_width", "Groove width m (min)", m, "mm"),
            words.text("material", "Material", "Spring steel C75S", facet=True),
            words.text("finish", "Finish", "Phosphated, oiled", facet=True),
            words.number("weight", "Weight", weight, "g"),
        ),
        keywords=("circlip", "snap ring", "Seeger ring", "internal" if inside else "external"),
        material_price=Decimal("4.20"),
        work_price=Decimal("0.016") + Decimal(d1) * Decimal("0.0006"),
        grade="phosphated",
    )


def pin(d: int, length: int) -> Part:
    """A hardened parallel pin, ISO 8734 type A."""
    c = dimensions.PIN[d]
    shape = Pin(d=d, l=length, c=c)
    weight = words.significant(shape.volume * STEEL)
    return Part(
        sku=f"8734-{d}X{length}",
        name=f"Parallel pin ISO 8734, {d} m6 × {length}, hardened",
        erp_name=f"Parallel pin ISO 8734 {d}m6x{length} hardened",
        description=(
            f"Hardened and ground parallel pin {d} m6 × {length} to ISO 8734, type A. "
            f"It locates jigs, dies and machine parts to a hundredth; ream the hole to {d} H7 for a press fit."
        ),
        category="CAT-430",
        erp_category="Rings, pins and keys",
        standard="ISO 8734:1997",
        replaces_standard="DIN 6325",
        customs_code="73182900",
        origin="DE",
        shape=shape,
        drawing=f"iso-8734-{d}x{length}",
        weight_g=weight,
        attributes=(
            words.text("standard", "Standard", "ISO 8734:1997 type A, replaces DIN 6325"),
            words.number("pin_diameter", "Diameter d", d, "mm", facet=True),
            words.text("tolerance", "Tolerance", "m6"),
            words.number("length", "Length", length, "mm", facet=True),
            words.number("chamfer", "Chamfer c", c, "mm"),
            words.text("hardness", "Hardness", "550 to 650 HV 30"),
            words.text("material", "Material", "Steel, hardened", facet=True),
            words.text("finish", "Finish", grades.PLAIN, facet=True),
            words.number("weight", "Weight", weight, "g"),
        ),
        keywords=("dowel pin", "locating pin", "DIN 6325"),
        material_price=Decimal("3.40"),
        work_price=Decimal("0.035") + Decimal(d * length) * Decimal("0.0001"),
        grade="hardened",
    )


def key(b: int, length: int) -> Part:
    """A parallel key with round ends, DIN 6885-1 form A."""
    h, t1, t2, over, to = dimensions.KEY[b]
    shape = Key(b=b, h=h, l=length, t1=t1, t2=t2)
    weight = words.significant(shape.volume * STEEL)
    return Part(
        sku=f"6885-{b}X{h:g}X{length}",
        name=f"Parallel key DIN 6885-1 A, {b} × {h:g} × {length}",
        erp_name=f"Parallel key DIN 6885-1 A {b}x{h:g}x{length}",
        description=(
            f"Parallel key with round ends, {b} × {h:g} × {length} mm, to DIN 6885-1 form A, of bright key steel C45+C. "
            f"For shafts over {over} up to {to} mm; the seat is {t1:g} mm deep in the shaft and {t2:g} mm in the hub."
        ),
        category="CAT-440",
        erp_category="Rings, pins and keys",
        standard="DIN 6885-1:2021",
        replaces_standard=None,
        customs_code="73182400",
        origin="DE",
        shape=shape,
        drawing=f"din-6885-{b}x{h:g}x{length}",
        weight_g=weight,
        attributes=(
            words.text("standard", "Standard", "DIN 6885-1:2021 form A"),
            words.number("key_width", "Width b", b, "mm", facet=True),
            words.number("key_height", "Height h", h, "mm"),
            words.number("length", "Length", length, "mm", facet=True),
            words.text("shaft_range", "For shafts", f"over {over} up to {to} mm", facet=True),
            words.number("shaft_seat", "Seat in the shaft t1", t1, "mm"),
            words.number("hub_seat", "Seat in the hub t2", t2, "mm"),
            words.text("material", "Material", "Key steel C45+C", facet=True),
            words.text("finish", "Finish", grades.BRIGHT, facet=True),
            words.number("weight", "Weight", weight, "g"),
        ),
        keywords=("feather key", "shaft key", "machine key"),
        material_price=Decimal("2.90"),
        work_price=Decimal("0.06") + Decimal(length) * Decimal("0.001"),
        grade="C45+C",
    )
