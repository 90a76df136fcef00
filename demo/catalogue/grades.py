"""Strength classes, materials and finishes, with what they mean for strength, weight and cost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import pi, sqrt

from demo.catalogue.dimensions import CLEARANCE, PITCH
from demo.catalogue.shapes import STAINLESS, STEEL, pitch_diameter


@dataclass(frozen=True)
class Grade:
    """One choice of strength class, material and finish.

    suffix: end of the item number; label: end of the name; tensile, yield_strength: MPa, None where the
    standard gives none; material_price: euros per kg; work_factor: how much dearer the making is.
    """

    suffix: str
    label: str
    strength_class: str
    material: str
    finish: str
    density: float
    material_price: Decimal
    work_factor: Decimal
    tensile: int | None = None
    yield_strength: int | None = None

    @property
    def is_stainless(self) -> bool:
        """Whether it is an austenitic steel (customs tariff and advice differ)."""
        return self.density == STAINLESS


ZINC = "Zinc, 5 µm, blue passivated"
NICKEL = "Zinc-nickel, 8 µm, transparent passivated"
PLAIN = "Plain, oiled"
BRIGHT = "Plain"
TEMPERED = "Steel, quenched and tempered"
A2 = "Stainless steel A2 (1.4301)"


def _steel(suffix: str, label: str, strength: str, finish: str, price: str, work: str, *limits: int) -> Grade:
    material = "Steel" if strength in {"4.8", "8", "04"} else TEMPERED
    tensile, yielding = (limits + (None, None))[:2]
    return Grade(
        suffix, label, strength, material, finish, STEEL, Decimal(price), Decimal(work), tensile, yielding
    )


def _stainless(strength: str, tensile: int | None = 700, yielding: int | None = 450) -> Grade:
    return Grade(
        "A2",
        f"{strength}",
        strength,
        A2,
        BRIGHT,
        STAINLESS,
        Decimal("7.60"),
        Decimal("1.35"),
        tensile,
        yielding,
    )


S88Z = _steel("88Z", "8.8 zinc plated", "8.8", ZINC, "2.15", "1.00", 800, 640)
S88ZN = _steel("88ZN", "8.8 zinc-nickel plated", "8.8", NICKEL, "2.60", "1.25", 800, 640)
S109 = _steel("109", "10.9 plain", "10.9", PLAIN, "2.30", "1.15", 1040, 940)
S109Z = _steel("109Z", "10.9 zinc plated", "10.9", ZINC, "2.45", "1.25", 1040, 940)
S129 = _steel("129", "12.9 plain", "12.9", PLAIN, "2.55", "1.30", 1220, 1100)
S0109Z = _steel("109Z", "010.9 zinc plated", "010.9", ZINC, "2.45", "1.20")
S48Z = _steel("48Z", "4.8 zinc plated", "4.8", ZINC, "1.70", "1.00", 420, 340)
A270 = _stainless("A2-70")
A270_REDUCED = _stainless("A2-070", None, None)

N8Z = _steel("8Z", "class 8 zinc plated", "8", ZINC, "2.00", "1.00")
N10 = _steel("10", "class 10 plain", "10", PLAIN, "2.20", "1.20")
N04Z = _steel("04Z", "class 04 zinc plated", "04", ZINC, "2.05", "1.05")
NA2 = _stainless("A2-70", None, None)

W200Z = _steel("200Z", "200 HV zinc plated", "200 HV", ZINC, "1.75", "1.00")
W300 = _steel("300", "300 HV plain", "300 HV", PLAIN, "2.00", "1.25")
WA2 = Grade("A2", "A2 200 HV", "200 HV", A2, BRIGHT, STAINLESS, Decimal("6.80"), Decimal("1.30"))


def tightening_torque(d: int, head_bearing: float, yield_strength: int, friction: float = 0.12) -> float:
    """Return the tightening torque in N·m for 90 percent use of the yield strength.

    head_bearing: outside diameter of the bearing face under the head in mm; friction: the same in thread and under
    the head. Source: VDI 2230-1, equations for MA and for FM at combined stress.
    """
    p = PITCH[d]
    d2 = pitch_diameter(d, p)
    d3 = d - 1.2269 * p
    d0 = (d2 + d3) / 2
    area = pi / 4 * d0**2
    lever = p / (pi * d2) + 1.155 * friction
    force = 0.9 * yield_strength * area / sqrt(1 + 3 * (1.5 * d2 / d0 * lever) ** 2)
    middle = (head_bearing + CLEARANCE[d]) / 2
    return force * (0.159 * p + 0.577 * d2 * friction + middle / 2 * friction) / 1000
