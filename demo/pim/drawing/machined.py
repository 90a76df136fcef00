"""Washers, bearings, retaining rings, pins and keys."""

from __future__ import annotations

from math import cos, radians, sin

from demo.catalogue.shapes import Bearing, Key, Pin, Ring, Washer
from demo.pim.drawing.pen import Pen, Step, View

MIDDLE = 106


def washer_sheet(pen: Pen, washer: Washer) -> str:
    """Draw section and end view of a washer."""
    scale = 112 / washer.d2
    side = View(pen, 128 - washer.h * scale / 2, MIDDLE, scale)
    r1, r2 = washer.d1 / 2, washer.d2 / 2
    for near, far in ((-r2, -r1), (r1, r2)):
        box: list[Step] = [("M", 0, near), ("L", washer.h, near), ("L", washer.h, far), ("L", 0, far), ("Z",)]
        side.path(box, "outline")
    side.path([("M", 0, -r1), ("L", 0, r1)], "open")
    side.path([("M", washer.h, -r1), ("L", washer.h, r1)], "open")
    side.axis(0, washer.h)
    end = View(pen, 300, MIDDLE, scale)
    end_of_washer(end, washer)
    top = side.y(-r2)
    pen.across(side.x(0), side.x(washer.h), top - 18, f"h {washer.h:g}", edge1=top, edge2=top)
    left, right = side.x(0), side.x(washer.h)
    pen.upright(side.y(-r2), side.y(r2), left - 28, f"d2 {washer.d2:g}", edge1=left, edge2=left)
    pen.upright(side.y(-r1), side.y(r1), right + 26, f"d1 {washer.d1:g}", edge1=right, edge2=right)
    return f"Section and end view: hole {washer.d1:g}, outside {washer.d2:g}, thickness {washer.h:g}"


def end_of_washer(view: View, washer: Washer) -> None:
    """Draw a washer along its axis."""
    view.circle(0, 0, washer.d2, "outline")
    view.circle(0, 0, washer.d1, "hole")
    view.cross(washer.d2 / 2)


def washer_thumb(pen: Pen, washer: Washer) -> None:
    """Draw the washer along its axis."""
    end_of_washer(View(pen, 28, 20, 30 / washer.d2), washer)


def rounded(x1: float, x2: float, y1: float, y2: float, r: float) -> list[Step]:
    """Return a rectangle with rounded corners; y1 above y2."""
    return [
        ("M", x1 + r, y1), ("L", x2 - r, y1), ("Q", x2, y1, x2, y1 + r), ("L", x2, y2 - r),
        ("Q", x2, y2, x2 - r, y2), ("L", x1 + r, y2), ("Q", x1, y2, x1, y2 - r), ("L", x1, y1 + r),
        ("Q", x1, y1, x1 + r, y1), ("Z",),
    ]  # fmt: skip


def bearing_section(view: View, bearing: Bearing) -> None:
    """Draw the section: both rings, a ball above and below, seals or shields at both faces."""
    outer, inner = bearing.outside / 2, bearing.d / 2
    middle, ball, width = bearing.pitch_circle / 2, bearing.ball, bearing.width
    above, below = middle + 0.26 * ball, middle - 0.26 * ball
    r = min(bearing.r, (outer - above) * 0.6)
    for sign in (-1, 1):
        for near, far in ((outer, above), (below, inner)):
            y1, y2 = sorted((sign * near, sign * far))
            view.path(rounded(0, width, y1, y2, r), "dark")
        view.circle(width / 2, sign * middle, ball, "hole")
        for x in (0.08, 0.92):
            style = "open" if bearing.closure == "2RS" else "thin"
            bow = width * (0.035 if x < 0.5 else -0.035)
            y1, y2 = sign * (above + 0.05 * ball), sign * (below - 0.0 * ball)
            view.path(
                [("M", x * width, y1), ("L", x * width + bow, (y1 + y2) / 2), ("L", x * width, y2)], style
            )
    for x in (0.0, width):
        view.path([("M", x, -inner - r), ("L", x, inner + r)], "open")
    view.axis(0, width)


def end_of_bearing(view: View, bearing: Bearing) -> None:
    """Draw the bearing along its axis: the rings and, between them, the closure."""
    middle, ball = bearing.pitch_circle, bearing.ball
    view.circle(0, 0, bearing.outside, "dark")
    view.circle(0, 0, bearing.outside - 2 * bearing.r, "thin")
    view.circle(0, 0, middle + 0.52 * ball, "outline")
    if bearing.closure == "2Z":
        view.circle(0, 0, middle + 0.30 * ball, "thin")
        view.circle(0, 0, middle - 0.30 * ball, "thin")
    else:
        view.circle(0, 0, middle, "thin")
    view.circle(0, 0, middle - 0.52 * ball, "dark")
    view.circle(0, 0, bearing.d + 2 * bearing.r, "thin")
    view.circle(0, 0, bearing.d, "hole")
    view.cross(bearing.outside / 2)


def bearing_sheet(pen: Pen, bearing: Bearing) -> str:
    """Draw section and end view of a bearing."""
    scale = 124 / bearing.outside
    side = View(pen, 132 - bearing.width * scale / 2, 112, scale)
    bearing_section(side, bearing)
    end_of_bearing(View(pen, 312, 112, scale), bearing)
    top = side.y(-bearing.outside / 2)
    pen.across(side.x(0), side.x(bearing.width), top - 16, f"B {bearing.width:g}", edge1=top, edge2=top)
    left, right = side.x(0), side.x(bearing.width)
    pen.upright(top, side.y(bearing.outside / 2), left - 28, f"D {bearing.outside:g}", edge1=left, edge2=left)
    pen.upright(
        side.y(-bearing.d / 2),
        side.y(bearing.d / 2),
        right + 26,
        f"d {bearing.d:g}",
        edge1=right,
        edge2=right,
    )
    return f"Section and end view: bore {bearing.d:g}, outside {bearing.outside:g}, width {bearing.width:g}"


def bearing_thumb(pen: Pen, bearing: Bearing) -> None:
    """Draw the bearing along its axis."""
    end_of_bearing(View(pen, 28, 20, 32 / bearing.outside), bearing)


def ring_outline(ring: Ring) -> list[Step]:
    """Return the ring seen along its axis, gap and lugs at the top.

    The beam is b wide opposite the gap and about half of that beside the lugs: two circles out of centre.
    Outside a shaft the inner edge is the circle of d3 and the lugs stand outwards, inside a bore the reverse.
    """
    sign = -1 if ring.inside else 1
    r = ring.d3 / 2
    shift = 0.24 * ring.b
    other = r + sign * 0.76 * ring.b
    gap, lug = radians(9 if ring.d1 > 20 else 12), ring.a * 1.05 / r
    far = r + sign * ring.a

    def at(radius: float, turn: float, down: float = 0.0) -> tuple[float, float]:
        return radius * sin(turn), down - radius * cos(turn)

    # Where the lug meets the second circle, whose centre lies `shift` lower (higher inside a bore).
    centre = sign * shift
    foot = gap + lug
    right, left = at(other, foot, centre), at(other, -foot, centre)
    sweep = 1
    return [
        ("M", *at(r, gap)), ("L", *at(far, gap * 0.9 if not ring.inside else gap * 1.15)),
        ("A", abs(far), 0, sweep, *at(far, gap + lug * 0.8)), ("L", *right),
        ("A", other, 1, sweep, *left), ("L", *at(far, -gap - lug * 0.8)),
        ("A", abs(far), 0, sweep, *at(far, -gap * 0.9 if not ring.inside else -gap * 1.15)), ("L", *at(r, -gap)),
        ("A", r, 1, 0, *at(r, gap)), ("Z",),
    ]  # fmt: skip


def end_of_ring(view: View, ring: Ring) -> None:
    """Draw the ring along its axis with its two holes."""
    view.path(ring_outline(ring), "outline")
    sign = -1 if ring.inside else 1
    r = ring.d3 / 2
    lug = ring.a * 1.05 / r
    gap = radians(9 if ring.d1 > 20 else 12)
    distance = r + sign * ring.a * 0.58
    for turn in (gap + lug * 0.45, -gap - lug * 0.45):
        view.circle(distance * sin(turn), -distance * cos(turn), ring.d5, "hole")


def ring_size(ring: Ring) -> float:
    """Return the height of the ring with its lugs in millimetres."""
    return ring.d3 if ring.inside else ring.d3 + ring.a + 2 * ring.b


def ring_sheet(pen: Pen, ring: Ring) -> str:
    """Draw side and end view of a retaining ring."""
    scale = 126 / ring_size(ring)
    down = 112 if ring.inside else 114 + (ring.a - ring.b) / 2 * scale * 0.8
    outer = ring.d3 / 2 if ring.inside else ring.d3 / 2 + ring.b
    upper = outer if ring.inside else ring.d3 / 2 + ring.a
    side = View(pen, 116 - ring.s * scale / 2, down, scale)
    box: list[Step] = [("M", 0, -upper), ("L", ring.s, -upper), ("L", ring.s, outer), ("L", 0, outer), ("Z",)]
    side.path(box, "outline")
    if not ring.inside:
        side.path([("M", 0, -outer + 0.5 * ring.b), ("L", ring.s, -outer + 0.5 * ring.b)], "thin")
    side.axis(0, ring.s)
    end = View(pen, 282, down, scale)
    end_of_ring(end, ring)
    end.cross(max(outer, upper))
    top = side.y(-upper)
    pen.across(side.x(0), side.x(ring.s), top - 16, f"s {ring.s:g}", edge1=top, edge2=top)
    # The free diameter across the widest place, the beam at the foot.
    r = ring.d3 / 2
    reach = end.x(max(outer, r)) + 30
    pen.upright(
        end.y(-r), end.y(r), reach, f"d3 {ring.d3:g} free", edge1=end.x(r * 0.5), edge2=end.x(r * 0.35)
    )
    where = "bore" if ring.inside else "shaft"
    pen.label(side.x(ring.s / 2), side.y(outer) + 18, f"for {where} {ring.d1:g}")
    return f"Side and end view: for {where} {ring.d1:g}, thickness {ring.s:g}, free diameter {ring.d3:g}"


def ring_thumb(pen: Pen, ring: Ring) -> None:
    """Draw the ring along its axis."""
    scale = 34 / ring_size(ring)
    down = 20 if ring.inside else 20 + (ring.a - ring.b) / 2 * scale
    end_of_ring(View(pen, 28, down, scale), ring)


def side_of_pin(view: View, pin: Pin) -> None:
    """Draw a pin with a slim chamfer at both ends."""
    r, fall = pin.d / 2, pin.c * 0.268
    view.mirrored(
        [("M", 0, -r + fall), ("L", pin.c, -r), ("L", pin.l - pin.c, -r), ("L", pin.l, -r + fall)], "outline"
    )
    for x in (pin.c, pin.l - pin.c):
        view.path([("M", x, -r), ("L", x, r)], "thin")
    view.axis(0, pin.l)


def pin_sheet(pen: Pen, pin: Pin) -> str:
    """Draw side and end view of a pin."""
    scale = min(216 / pin.l, 90 / pin.d)
    view = View(pen, 62 + (216 - pin.l * scale) / 2, MIDDLE, scale)
    side_of_pin(view, pin)
    bigger = max(scale, 60 / pin.d)
    end = View(pen, 358, MIDDLE, bigger)
    end.circle(0, 0, pin.d, "outline")
    end.circle(0, 0, pin.d - 2 * pin.c * 0.268, "thin")
    end.cross(pin.d / 2)
    top, low = view.y(-pin.d / 2), view.y(pin.d / 2)
    pen.across(view.x(0), view.x(pin.l), top - 26, f"l {pin.l:g}", edge1=top, edge2=top)
    pen.across(view.x(0), view.x(pin.c), low + 26, f"c {pin.c:g}", edge1=low, edge2=low)
    pen.upright(top, low, view.x(0) - 24, f"d {pin.d:g} m6", edge1=view.x(0), edge2=view.x(0))
    return f"Side and end view: diameter {pin.d:g} m6, length {pin.l:g}"


def pin_thumb(pen: Pen, pin: Pin) -> None:
    """Draw the pin from the side."""
    scale = min(48 / pin.l, 28 / pin.d)
    side_of_pin(View(pen, 28 - pin.l * scale / 2, 20, scale), pin)


def plan_of_key(view: View, key: Key) -> None:
    """Draw the key from above: round at both ends."""
    r = key.b / 2
    steps: list[Step] = [
        ("M", r, -r), ("L", key.l - r, -r), ("A", r, 0, 1, key.l - r, r), ("L", r, r), ("A", r, 0, 1, r, -r), ("Z",),
    ]  # fmt: skip
    view.path(steps, "outline")
    view.axis(0, key.l)


def key_sheet(pen: Pen, key: Key) -> str:
    """Draw side view, plan and section of a key."""
    scale = min(200 / key.l, 58 / (key.b + key.h) * 2)
    room = 34
    height = (key.h + key.b) * scale + room
    left = 74 + (200 - key.l * scale) / 2
    upper = View(pen, left, 118 - height / 2 + key.h * scale / 2, scale)
    plan = View(pen, left, 118 + height / 2 - key.b * scale / 2, scale)
    h, b = key.h / 2, key.b / 2
    upper.path([("M", 0, -h), ("L", key.l, -h), ("L", key.l, h), ("L", 0, h), ("Z",)], "outline")
    for x in (b, key.l - b):
        upper.path([("M", x, -h), ("L", x, h)], "thin")
    plan_of_key(plan, key)
    end = View(pen, 350, upper.y0, scale)
    end.path([("M", -b, -h), ("L", b, -h), ("L", b, h), ("L", -b, h), ("Z",)], "outline")
    end.cross(max(b, h))
    top = upper.y(-h)
    pen.across(upper.x(0), upper.x(key.l), top - 18, f"l {key.l:g}", edge1=top, edge2=top)
    pen.upright(upper.y(-h), upper.y(h), end.x(b) + 24, f"h {key.h:g}", edge1=end.x(b), edge2=end.x(b))
    pen.upright(
        plan.y(-b), plan.y(b), left - 24, f"b {key.b:g}", edge1=left + b * scale, edge2=left + b * scale
    )
    return f"Side view, plan and section: width {key.b:g}, height {key.h:g}, length {key.l:g}, round ends"


def key_thumb(pen: Pen, key: Key) -> None:
    """Draw the key from above."""
    scale = min(46 / key.l, 26 / key.b)
    plan_of_key(View(pen, 28 - key.l * scale / 2, 20, scale), key)
