"""The bodies of the parts: their dimensions in millimetres and the volume that follows from them.

Dimensions are floats because they feed geometry and drawings alone; weights and money leave as Decimal.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, radians, sqrt, tan

STEEL = 7.85e-3  # g/mm3
STAINLESS = 7.93e-3  # A2, X5CrNi18-10
RING_STEEL = 7.85e-3


def disc(diameter: float) -> float:
    """Return the area of a circle."""
    return pi / 4 * diameter**2


def hexagon(width_across_flats: float) -> float:
    """Return the area of a regular hexagon."""
    return sqrt(3) / 2 * width_across_flats**2


def pitch_diameter(d: float, p: float) -> float:
    """Return d2 = d - 0.6495 P (ISO 724): threaded lengths weigh about as much as a bar of this diameter."""
    return d - 0.6495 * p


@dataclass(frozen=True, kw_only=True)
class Shank:
    """d, p: thread and pitch; b: thread length; l: nominal length; full: threaded up to the head."""

    d: float
    p: float
    b: float
    l: float  # noqa: E741 - the letter of the standards
    full: bool

    @property
    def thread_length(self) -> float:
        """The threaded length; on a full thread the run-out below the head is not counted."""
        return self.l if self.full else self.b

    def volume(self, length: float) -> float:
        """Volume of the shank below the head, `length` long."""
        threaded = min(length, self.thread_length)
        return disc(pitch_diameter(self.d, self.p)) * threaded + disc(self.d) * (length - threaded)


@dataclass(frozen=True, kw_only=True)
class SocketScrew:
    """Cylinder head with hexagon socket, ISO 4762: dk, k head; s socket; t its depth."""

    shank: Shank
    dk: float
    k: float
    s: float
    t: float

    @property
    def volume(self) -> float:
        return disc(self.dk) * self.k - hexagon(self.s) * self.t + self.shank.volume(self.shank.l)


@dataclass(frozen=True, kw_only=True)
class HexScrew:
    """Hexagon head, ISO 4014 and ISO 4017: k height, s across flats, e across corners (min)."""

    shank: Shank
    k: float
    s: float
    e: float

    @property
    def volume(self) -> float:
        # The chamfer at 30 degrees takes about one percent of the head.
        return hexagon(self.s) * self.k * 0.99 + self.shank.volume(self.shank.l)


@dataclass(frozen=True, kw_only=True)
class ButtonScrew:
    """Button head with hexagon socket, ISO 7380-1."""

    shank: Shank
    dk: float
    k: float
    s: float
    t: float

    @property
    def volume(self) -> float:
        # A spherical cap over the bearing face.
        cap = pi * self.k / 6 * (3 * (self.dk / 2) ** 2 + self.k**2)
        return cap - hexagon(self.s) * self.t + self.shank.volume(self.shank.l)


@dataclass(frozen=True, kw_only=True)
class CountersunkScrew:
    """Countersunk head at 90 degrees with hexagon socket, ISO 10642; l includes the head.

    dk: theoretical diameter (max) at the sharp edge, dk_real: smallest actual diameter.
    """

    shank: Shank
    dk: float
    dk_real: float
    k: float
    s: float
    t: float

    @property
    def cone(self) -> float:
        """Height of the cone from the shank to the theoretical edge, at 90 degrees."""
        return (self.dk - self.shank.d) / 2

    @property
    def volume(self) -> float:
        r1, r2 = self.dk_real / 2, self.shank.d / 2
        slope = r1 - r2
        head = pi / 3 * slope * (r1**2 + r1 * r2 + r2**2) + disc(self.dk_real) * (self.cone - slope)
        return head - hexagon(self.s) * self.t + self.shank.volume(self.shank.l - self.cone)


@dataclass(frozen=True, kw_only=True)
class HexNut:
    """Hexagon nut, ISO 4032 and ISO 4035: m height (max), s across flats, e across corners (min)."""

    d: float
    p: float
    m: float
    s: float
    e: float

    @property
    def volume(self) -> float:
        return (hexagon(self.s) * 0.985 - disc(pitch_diameter(self.d, self.p))) * self.m


@dataclass(frozen=True, kw_only=True)
class Washer:
    """Flat washer: d thread it is for, d1 hole, d2 outside, h thickness."""

    d: float
    d1: float
    d2: float
    h: float

    @property
    def volume(self) -> float:
        return (disc(self.d2) - disc(self.d1)) * self.h


@dataclass(frozen=True, kw_only=True)
class Rod:
    """Threaded rod, DIN 976-1 form A."""

    d: float
    p: float
    l: float  # noqa: E741

    @property
    def volume(self) -> float:
        return disc(pitch_diameter(self.d, self.p)) * self.l


@dataclass(frozen=True, kw_only=True)
class Bearing:
    """Deep groove ball bearing, ISO 15: bore d, outside diameter D, width B, chamfer r (min)."""

    d: float
    outside: float
    width: float
    r: float
    closure: str

    @property
    def ball(self) -> float:
        """Diameter of the balls: three tenths of the sum of the section's height, as is usual in these series."""
        return 0.3 * (self.outside - self.d)

    @property
    def pitch_circle(self) -> float:
        """Diameter of the circle of the ball centres."""
        return (self.outside + self.d) / 2

    @property
    def balls(self) -> int:
        """How many balls fit when the bearing is filled by displacing the rings (186 degrees)."""
        return int(pi * self.pitch_circle * 186 / 360 / self.ball) + 1

    @property
    def volume(self) -> float:
        # Rings and balls fill two thirds of the envelope.
        return (disc(self.outside) - disc(self.d)) * self.width * 0.67


@dataclass(frozen=True, kw_only=True)
class Ring:
    """Retaining ring, DIN 471 (outside a shaft) or DIN 472 (inside a bore).

    d1 shaft or bore, s thickness, d3 free diameter, a lug height (max), b width of the beam,
    d2 and m: diameter and width of the groove, d5 holes (min).
    """

    d1: float
    s: float
    d3: float
    a: float
    b: float
    d2: float
    m: float
    d5: float
    inside: bool

    @property
    def volume(self) -> float:
        # The beam grows thinner towards the lugs; these make up for most of it.
        middle = self.d3 - self.b if self.inside else self.d3 + self.b
        return pi * middle * 0.9 * self.b * 0.86 * self.s


@dataclass(frozen=True, kw_only=True)
class Pin:
    """Parallel pin, ISO 8734 type A: d, length l, chamfer c."""

    d: float
    l: float  # noqa: E741
    c: float

    @property
    def volume(self) -> float:
        # Both ends: a cone frustum at 15 degrees of length c.
        small = self.d - 2 * self.c * tan(radians(15))
        frustum = pi * self.c / 12 * (self.d**2 + self.d * small + small**2)
        return disc(self.d) * (self.l - 2 * self.c) + 2 * frustum


@dataclass(frozen=True, kw_only=True)
class Key:
    """Parallel key, DIN 6885-1 form A (round ends): b wide, h high, l long; t1, t2 seat in shaft and hub."""

    b: float
    h: float
    l: float  # noqa: E741
    t1: float
    t2: float

    @property
    def volume(self) -> float:
        return ((self.l - self.b) * self.b + disc(self.b)) * self.h


Shape = (
    SocketScrew
    | HexScrew
    | ButtonScrew
    | CountersunkScrew
    | HexNut
    | Washer
    | Rod
    | Bearing
    | Ring
    | Pin
    | Key
)
