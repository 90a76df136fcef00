"""Screws with a hexagon socket: ISO 4762, ISO 7380-1, ISO 10642."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from demo.catalogue import dimensions, grades, words
from demo.catalogue.grades import Grade
from demo.catalogue.model import Attribute, Part
from demo.catalogue.shapes import ButtonScrew, CountersunkScrew, Shank, SocketScrew

SOCKET_LENGTHS: dict[int, tuple[int, ...]] = {
    3: (8, 10, 12, 16, 20),
    4: (10, 12, 16, 20, 25, 30),
    5: (10, 12, 16, 20, 25, 30, 40),
    6: (12, 16, 20, 25, 30, 40, 50),
    8: (16, 20, 25, 30, 40, 50, 60),
    10: (20, 25, 30, 40, 50, 60, 80),
    12: (25, 30, 40, 50, 60, 80),
    16: (40, 50, 60, 80, 100),
}
SOCKET_GRADES: tuple[tuple[Grade, tuple[int, ...], tuple[int, ...]], ...] = (
    # grade, threads, lengths (none named: all that the thread has)
    (grades.S88Z, (4, 5, 6, 8, 10, 12, 16), ()),
    (grades.A270, (3, 4, 5, 6, 8), (10, 16, 20, 30)),
    (grades.S129, (6, 8, 10, 12), (20, 30, 40, 60)),
    (grades.S109, (8, 10), (25, 30, 40, 50)),
    (grades.S88ZN, (8,), (20, 25, 30, 40)),
)
BUTTON_LENGTHS: dict[int, tuple[int, ...]] = {
    4: (8, 10, 16), 5: (10, 16, 20), 6: (10, 16, 20, 25), 8: (16, 20, 25, 30), 10: (20, 30),
}  # fmt: skip
COUNTERSUNK_LENGTHS: dict[int, tuple[int, ...]] = {
    4: (10, 16, 20), 5: (12, 16, 20), 6: (16, 20, 25), 8: (20, 25, 30), 10: (25, 30, 40),
}  # fmt: skip


def parts() -> Iterator[Part]:
    """Yield the socket screws, size by size."""
    for grade, threads, lengths in SOCKET_GRADES:
        for d in threads:
            for length in SOCKET_LENGTHS[d]:
                if not lengths or length in lengths:
                    yield socket_screw(d, length, grade)
    for grade in (grades.S0109Z, grades.A270_REDUCED):
        for d, lengths in BUTTON_LENGTHS.items():
            for length in lengths:
                if grade is grades.S0109Z or (d < 10 and length < 25):
                    yield button_screw(d, length, grade)
    for grade in (grades.S0109Z, grades.A270_REDUCED):
        for d, lengths in COUNTERSUNK_LENGTHS.items():
            for length in lengths:
                if grade is grades.S0109Z or d < 8:
                    yield countersunk_screw(d, length, grade)


def thread_attributes(shank: Shank) -> list[Attribute]:
    """Thread, pitch, length and how far it is threaded."""
    rows = [
        words.text("thread", "Thread", f"M{shank.d:g}", facet=True),
        words.number("pitch", "Pitch", shank.p, "mm"),
        words.text("thread_tolerance", "Thread tolerance", "6g"),
        words.number("length", "Length", shank.l, "mm", facet=True),
    ]
    if shank.full:
        rows.append(words.text("thread_extent", "Threaded", "Full length"))
    else:
        rows.append(words.number("thread_length", "Thread length", shank.b, "mm"))
    return rows


def nut_and_washer(d: int, grade: Grade) -> tuple[tuple[str, str], ...]:
    """What goes with a screw: a nut of the class that holds it, a washer of the hardness it needs."""
    nut = "A2" if grade.is_stainless else "10" if grade.tensile and grade.tensile > 1000 else "8Z"
    washer = "A2" if grade.is_stainless else "300" if grade.tensile and grade.tensile > 1000 else "200Z"
    return (f"4032-M{d}-{nut}", "Nut, same thread"), (f"7089-{d}-{washer}", "Washer, same thread")


def advice(grade: Grade) -> str:
    """One true sentence about where the grade belongs."""
    if grade.is_stainless:
        return "Stainless steel A2 resists weather and fresh water; use A4 near the sea or with chlorides."
    if grade.finish == grades.ZINC:
        return "The zinc coating protects in dry rooms and in transport; outdoors choose stainless steel."
    if grade.finish == grades.NICKEL:
        return "Zinc-nickel withstands 720 hours of salt spray without red rust, far longer than plain zinc."
    return "The oiled black surface protects for storage only."


def socket_screw(d: int, length: int, grade: Grade) -> Part:
    """A socket head cap screw, ISO 4762."""
    b, dk, k, s, t = dimensions.SOCKET[d]
    shank = Shank(d=d, p=dimensions.PITCH[d], b=b, l=length, full=length <= dimensions.SOCKET_FULL[d])
    shape = SocketScrew(shank=shank, dk=dk, k=k, s=s, t=t)
    torque = grades.tightening_torque(d, 0.95 * dk, grade.yield_strength or 450)
    weight = words.significant(shape.volume * grade.density)
    extent = "threaded up to the head" if shank.full else f"threaded over {b:g} mm"
    return Part(
        sku=f"4762-M{d}X{length}-{grade.suffix}",
        name=f"Socket head cap screw ISO 4762, M{d} × {length}, {grade.label}",
        erp_name=f"Socket head cap screw ISO 4762 M{d}x{length} {grade.label}",
        description=(
            f"Socket head cap screw M{d} × {length} to ISO 4762, {extent}. "
            f"The cylinder head of {dk:g} mm needs little room and is tightened with a {s:g} mm hexagon key. "
            + advice(grade)
        ),
        category="CAT-110",
        erp_category="Socket screws",
        standard="ISO 4762:2004",
        replaces_standard="DIN 912",
        customs_code="73181562" if grade.is_stainless else "73181568",
        origin=("IT", "DE", "TW")[words.draw(f"4762{grade.suffix}{d}", 3)],
        shape=shape,
        drawing=f"iso-4762-m{d}x{length}",
        weight_g=weight,
        attributes=(
            words.text("standard", "Standard", "ISO 4762:2004, replaces DIN 912"),
            *thread_attributes(shank),
            words.number("head_diameter", "Head diameter dk", dk, "mm"),
            words.number("head_height", "Head height k", k, "mm"),
            words.text("drive", "Drive", f"Hexagon socket {s:g} mm", facet=True),
            *words.material_attributes(grade),
            words.number(
                "tightening_torque", "Tightening torque at µ = 0.12", words.significant(torque, 2), "N·m"
            ),
            words.number("weight", "Weight", weight, "g"),
        ),
        keywords=(f"M{d}x{length}", "Allen screw", "Allen bolt", "hexagon socket", "DIN 912", "cap screw"),
        material_price=grade.material_price,
        work_price=Decimal("0.014") * grade.work_factor + Decimal(d) * Decimal("0.0024"),
        grade=grade.label,
        thread=d,
        fits=nut_and_washer(d, grade),
    )


def button_screw(d: int, length: int, grade: Grade) -> Part:
    """A button head screw, ISO 7380-1."""
    dk, k, s, t = dimensions.BUTTON[d]
    shank = Shank(d=d, p=dimensions.PITCH[d], b=length, l=length, full=True)
    shape = ButtonScrew(shank=shank, dk=dk, k=k, s=s, t=t)
    weight = words.significant(shape.volume * grade.density)
    return Part(
        sku=f"7380-M{d}X{length}-{grade.suffix}",
        name=f"Button head screw ISO 7380-1, M{d} × {length}, {grade.label}",
        erp_name=f"Button head screw ISO 7380-1 M{d}x{length} {grade.label}",
        description=(
            f"Button head screw M{d} × {length} to ISO 7380-1 with a {s:g} mm hexagon socket, full thread. "
            f"The flat round head of {dk:g} mm leaves no edge to catch on, on covers and guards for instance. "
            f"Class {grade.strength_class} means reduced loadability because of the head's shape. "
            + advice(grade)
        ),
        category="CAT-140",
        erp_category="Socket screws",
        standard="ISO 7380-1:2022",
        replaces_standard=None,
        customs_code="73181562" if grade.is_stainless else "73181568",
        origin=("IT", "TW")[words.draw(f"7380{grade.suffix}{d}", 2)],
        shape=shape,
        drawing=f"iso-7380-1-m{d}x{length}",
        weight_g=weight,
        attributes=(
            words.text("standard", "Standard", "ISO 7380-1:2022"),
            *thread_attributes(shank),
            words.number("head_diameter", "Head diameter dk", dk, "mm"),
            words.number("head_height", "Head height k", k, "mm"),
            words.text("drive", "Drive", f"Hexagon socket {s:g} mm", facet=True),
            *words.material_attributes(grade),
            words.number("weight", "Weight", weight, "g"),
        ),
        keywords=(f"M{d}x{length}", "button head", "round head", "hexagon socket", "Allen screw"),
        material_price=grade.material_price,
        work_price=Decimal("0.016") * grade.work_factor + Decimal(d) * Decimal("0.0024"),
        grade=grade.label,
        thread=d,
        fits=nut_and_washer(d, grade),
    )


def countersunk_screw(d: int, length: int, grade: Grade) -> Part:
    """A countersunk screw with hexagon socket, ISO 10642."""
    dk, dk_real, k, s, t = dimensions.COUNTERSUNK[d]
    shank = Shank(d=d, p=dimensions.PITCH[d], b=length, l=length, full=True)
    shape = CountersunkScrew(shank=shank, dk=dk, dk_real=dk_real, k=k, s=s, t=t)
    weight = words.significant(shape.volume * grade.density)
    return Part(
        sku=f"10642-M{d}X{length}-{grade.suffix}",
        name=f"Countersunk socket screw ISO 10642, M{d} × {length}, {grade.label}",
        erp_name=f"Countersunk socket screw ISO 10642 M{d}x{length} {grade.label}",
        description=(
            f"Countersunk screw M{d} × {length} to ISO 10642 with a {s:g} mm hexagon socket; "
            "the length includes the head. "
            "The 90° head sits flush in its countersink and centres the part as it is tightened. "
            f"Class {grade.strength_class} means reduced loadability because of the head's shape. "
            + advice(grade)
        ),
        category="CAT-150",
        erp_category="Socket screws",
        standard="ISO 10642:2019",
        replaces_standard="DIN 7991",
        customs_code="73181562" if grade.is_stainless else "73181568",
        origin=("IT", "TW")[words.draw(f"10642{grade.suffix}{d}", 2)],
        shape=shape,
        drawing=f"iso-10642-m{d}x{length}",
        weight_g=weight,
        attributes=(
            words.text("standard", "Standard", "ISO 10642:2019, replaces DIN 7991"),
            *thread_attributes(shank),
            words.number("head_diameter", "Head diameter dk (theoretical)", dk, "mm"),
            words.number("head_angle", "Head angle", 90, "°"),
            words.text("drive", "Drive", f"Hexagon socket {s:g} mm", facet=True),
            *words.material_attributes(grade),
            words.number("weight", "Weight", weight, "g"),
        ),
        keywords=(f"M{d}x{length}", "flat head", "countersunk", "hexagon socket", "DIN 7991", "Allen screw"),
        material_price=grade.material_price,
        work_price=Decimal("0.017") * grade.work_factor + Decimal(d) * Decimal("0.0024"),
        grade=grade.label,
        thread=d,
        fits=((f"4032-M{d}-{'A2' if grade.is_stainless else '10'}", "Nut, same thread"),),
    )
