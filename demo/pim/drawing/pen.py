"""The pen: collects SVG elements; a view maps millimetres to the sheet."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import cos, pi, sin
from xml.sax.saxutils import escape

INK = "#22303b"
BODY = "#f1f4f6"
THIN = "#51606c"
DIMENSION = "#76838f"
AXIS = "#2f80d0"

Step = tuple[str | float, ...]

STYLES = {
    "outline": f'fill="{BODY}" stroke="{INK}" stroke-width="1.5" stroke-linejoin="round"',
    "open": f'fill="none" stroke="{INK}" stroke-width="1.5" stroke-linejoin="round" stroke-linecap="round"',
    "hole": f'fill="#ffffff" stroke="{INK}" stroke-width="1.5" stroke-linejoin="round"',
    "dark": f'fill="#dbe2e8" stroke="{INK}" stroke-width="1.2" stroke-linejoin="round"',
    "thin": f'fill="none" stroke="{THIN}" stroke-width="0.8"',
    "hidden": f'fill="none" stroke="{THIN}" stroke-width="0.9" stroke-dasharray="4 2.5"',
    "axis": f'fill="none" stroke="{AXIS}" stroke-width="0.8" stroke-dasharray="9 2.5 2 2.5"',
    "dimension": f'fill="none" stroke="{DIMENSION}" stroke-width="0.8"',
    "arrow": f'fill="{DIMENSION}" stroke="none"',
}
SMALL = {
    "outline": f'fill="{BODY}" stroke="{INK}" stroke-width="1.1" stroke-linejoin="round"',
    "open": f'fill="none" stroke="{INK}" stroke-width="1.1" stroke-linejoin="round"',
    "hole": f'fill="#ffffff" stroke="{INK}" stroke-width="1.1" stroke-linejoin="round"',
    "dark": f'fill="#dbe2e8" stroke="{INK}" stroke-width="0.9" stroke-linejoin="round"',
    "thin": f'fill="none" stroke="{THIN}" stroke-width="0.6"',
    "hidden": f'fill="none" stroke="{THIN}" stroke-width="0.6" stroke-dasharray="1.8 1.2"',
    "axis": f'fill="none" stroke="{AXIS}" stroke-width="0.6" stroke-dasharray="4 1.4 1 1.4"',
}


def px(value: float) -> str:
    """Write a coordinate with at most one decimal."""
    return f"{round(value, 1) + 0:g}"


@dataclass
class Pen:
    """Collects what is drawn, in sheet units; a small pen draws thumbnails and leaves dimensions out."""

    small: bool = False
    parts: list[str] = field(default_factory=list)

    def path(self, data: str, style: str) -> None:
        """Add a path of sheet coordinates."""
        styles = SMALL if self.small else STYLES
        if style in styles:
            self.parts.append(f'<path d="{data}" {styles[style]}/>')

    def circle(self, x: float, y: float, r: float, style: str) -> None:
        """Add a circle in sheet coordinates."""
        styles = SMALL if self.small else STYLES
        self.parts.append(f'<circle cx="{px(x)}" cy="{px(y)}" r="{px(r)}" {styles[style]}/>')

    def label(self, x: float, y: float, words: str, *, turned: bool = False, anchor: str = "middle") -> None:
        """Write a label; turned reads from below."""
        if self.small:
            return
        turn = f' transform="rotate(-90 {px(x)} {px(y)})"' if turned else ""
        self.parts.append(
            f'<text x="{px(x)}" y="{px(y)}" text-anchor="{anchor}"{turn}>{escape(words)}</text>'
        )

    def arrow(self, x: float, y: float, dx: float, dy: float) -> None:
        """Add an arrow head whose tip is at x, y and which points along dx, dy (unit vector)."""
        if self.small:
            return
        bx, by = x - 7 * dx, y - 7 * dy
        self.path(
            f"M{px(x)} {px(y)}L{px(bx - 2.2 * dy)} {px(by + 2.2 * dx)}L{px(bx + 2.2 * dy)} {px(by - 2.2 * dx)}Z",
            "arrow",
        )

    def across(self, x1: float, x2: float, y: float, words: str, *, edge1: float, edge2: float) -> None:
        """Dimension between two x at height y; edge: where the extension lines begin."""
        if self.small:
            return
        beyond = 4 if y > edge1 else -4
        for x, edge in ((x1, edge1), (x2, edge2)):
            gap = 2 if y > edge else -2
            self.path(f"M{px(x)} {px(edge + gap)}V{px(y + beyond)}", "dimension")
        room = x2 - x1
        if room >= 18:
            self.path(f"M{px(x1)} {px(y)}H{px(x2)}", "dimension")
            self.arrow(x1, y, -1, 0)
            self.arrow(x2, y, 1, 0)
        else:
            self.path(f"M{px(x1 - 14)} {px(y)}H{px(x2 + 14)}", "dimension")
            self.arrow(x1, y, 1, 0)
            self.arrow(x2, y, -1, 0)
        if room >= 6.6 * len(words) or room >= 18 and len(words) * 6.2 <= room + 8:
            self.label((x1 + x2) / 2, y - 4.5, words)
        else:
            self.label((x1 + x2) / 2, y - 6, words)

    def upright(self, y1: float, y2: float, x: float, words: str, *, edge1: float, edge2: float) -> None:
        """Dimension between two y at x; edge: where the extension lines begin."""
        if self.small:
            return
        beyond = 4 if x > edge1 else -4
        for y, edge in ((y1, edge1), (y2, edge2)):
            gap = 2 if x > edge else -2
            self.path(f"M{px(edge + gap)} {px(y)}H{px(x + beyond)}", "dimension")
        if y2 - y1 >= 18:
            self.path(f"M{px(x)} {px(y1)}V{px(y2)}", "dimension")
            self.arrow(x, y1, 0, -1)
            self.arrow(x, y2, 0, 1)
        else:
            self.path(f"M{px(x)} {px(y1 - 14)}V{px(y2 + 14)}", "dimension")
            self.arrow(x, y1, 0, 1)
            self.arrow(x, y2, 0, -1)
        side = 1 if x > edge1 else -1
        self.label(x + (15 if side > 0 else -7), (y1 + y2) / 2, words, turned=True)


@dataclass(frozen=True)
class View:
    """A view of the part: origin on the sheet and scale in sheet units per millimetre."""

    pen: Pen
    x0: float
    y0: float
    scale: float

    def x(self, mm: float) -> float:
        """Sheet x of a length along the axis."""
        return self.x0 + mm * self.scale

    def y(self, mm: float) -> float:
        """Sheet y of a distance below the axis."""
        return self.y0 + mm * self.scale

    def path(self, steps: list[Step], style: str) -> None:
        """Draw steps like ("M", x, y), ("L", x, y), ("Q", cx, cy, x, y), ("A", r, large, sweep, x, y), ("Z",)."""
        words: list[str] = []
        for letter, *numbers in steps:
            values = [float(n) for n in numbers]
            if letter == "A":
                r = px(values[0] * self.scale)
                place = f"{px(self.x(values[3]))} {px(self.y(values[4]))}"
                words.append(f"A{r} {r} 0 {values[1]:g} {values[2]:g} {place}")
            else:
                pairs = zip(values[::2], values[1::2], strict=True)
                words.append(str(letter) + " ".join(f"{px(self.x(a))} {px(self.y(b))}" for a, b in pairs))
        self.pen.path("".join(words), style)

    def mirrored(self, steps: list[Step], style: str) -> None:
        """Draw steps and their mirror image below the axis, closed into one body."""
        below = [
            (s[0], *[-float(n) if i % 2 else float(n) for i, n in enumerate(s[1:])]) for s in reversed(steps)
        ]
        body: list[Step] = [*steps, *[("L", *s[1:]) for s in below], ("Z",)]
        self.path(body, style)

    def circle(self, x: float, y: float, diameter: float, style: str) -> None:
        """Draw a circle."""
        self.pen.circle(self.x(x), self.y(y), diameter / 2 * self.scale, style)

    def axis(self, x1: float, x2: float) -> None:
        """Draw the centre line along the axis, 10 units beyond both ends."""
        more = 3 if self.pen.small else 10
        self.pen.path(f"M{px(self.x(x1) - more)} {px(self.y0)}H{px(self.x(x2) + more)}", "axis")

    def cross(self, radius: float) -> None:
        """Draw the centre lines of an end view."""
        more = 3 if self.pen.small else 9
        reach = radius * self.scale + more
        self.pen.path(
            f"M{px(self.x0 - reach)} {px(self.y0)}H{px(self.x0 + reach)}M{px(self.x0)} {px(self.y0 - reach)}V{px(self.y0 + reach)}",
            "axis",
        )

    def hexagon(self, across_flats: float, style: str, *, corners_up: bool) -> None:
        """Draw a regular hexagon around the origin."""
        r = across_flats / 3**0.5
        turn = pi / 6 if corners_up else 0
        corners = [(r * cos(turn + i * pi / 3), r * sin(turn + i * pi / 3)) for i in range(6)]
        first, *rest = corners
        self.path([("M", *first), *[("L", *c) for c in rest], ("Z",)], style)
