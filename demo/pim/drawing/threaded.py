"""Screws, bolts, rods and nuts."""

from __future__ import annotations

from demo.catalogue.shapes import ButtonScrew, CountersunkScrew, HexNut, HexScrew, Rod, Shank, SocketScrew
from demo.pim.drawing.pen import Pen, Step, View

Screw = SocketScrew | HexScrew | ButtonScrew | CountersunkScrew

SIDE_WIDTH, SIDE_HEIGHT = 216, 104
SIDE_LEFT, MIDDLE = 62, 106
END_X, END_HEIGHT = 352, 98


def minor(d: float, p: float) -> float:
    """Return the minor diameter of an outside thread (ISO 724: d - 1.2269 P)."""
    return d - 1.2269 * p


def shank(view: View, body: Shank, start: float, stop: float) -> None:
    """Draw the shank from start (under the head) to its end, thread as thin lines."""
    r, core = body.d / 2, minor(body.d, body.p) / 2
    chamfer = r - core
    steps: list[Step] = [("M", start, -r), ("L", stop - chamfer, -r), ("L", stop, -core)]
    view.mirrored(steps, "outline")
    begin = start + min(2 * body.p, (stop - start) / 4) if body.full else stop - body.b
    view.path([("M", stop - chamfer, -r), ("L", stop - chamfer, r)], "thin")
    view.path([("M", begin, -r), ("L", begin, r)], "thin")
    for y in (-core, core):
        view.path([("M", begin, y), ("L", stop, y)], "thin")


def hex_prism(view: View, width: float, s: float, e: float, *, left: bool, right: bool) -> None:
    """Draw a hexagon prism from 0 to width seen at a corner, chamfered at the named ends."""
    half, quarter = e / 2, e / 4
    c = (e - 0.95 * s) / 2 * 0.577
    flat = 0.95 * s / 2
    x1, x2 = (c if left else 0), (width - c if right else width)
    top: list[Step] = [("M", 0, -flat), ("L", x1, -half)] if left else [("M", 0, -half)]
    top += [("L", x2, -half), ("L", width, -flat)] if right else [("L", width, -half)]
    view.mirrored(top, "outline")
    for y in (-quarter, quarter):
        view.path([("M", x1, y), ("L", x2, y)], "open")
    for wanted, at, peak in ((left, x1, 0.0), (right, x2, width)):
        if wanted:
            control = 2 * peak - at
            arcs: list[Step] = [
                ("M", at, -half),
                ("Q", control, -(half + quarter) / 2, at, -quarter),
                ("Q", control, 0, at, quarter),
                ("Q", control, (half + quarter) / 2, at, half),
            ]
            view.path(arcs, "thin")


def socket(view: View, s: float, depth: float) -> None:
    """Draw the hidden hexagon socket that opens at the left end."""
    e = s * 2 / 3**0.5
    tip = depth + e / 2 * 0.35
    view.path(
        [("M", 0, -e / 2), ("L", depth, -e / 2), ("L", tip, 0), ("L", depth, e / 2), ("L", 0, e / 2)],
        "hidden",
    )


def side_of_screw(view: View, screw: Screw) -> float:
    """Draw the side view, head at the left; return the overall length in millimetres."""
    body = screw.shank
    if isinstance(screw, CountersunkScrew):
        rim = (screw.dk - screw.dk_real) / 2
        cone = screw.cone
        shank(view, body, cone, body.l)
        steps: list[Step] = [
            ("M", 0, -screw.dk_real / 2), ("L", rim, -screw.dk_real / 2), ("L", cone, -body.d / 2),
        ]  # fmt: skip
        view.mirrored(steps, "outline")
        socket(view, screw.s, screw.t)
        end = body.l
    else:
        end = screw.k + body.l
        shank(view, body, screw.k, end)
        if isinstance(screw, SocketScrew):
            r, edge = screw.dk / 2, min(0.08 * screw.dk, 0.2 * screw.k)
            head: list[Step] = [
                ("M", screw.k, -r), ("L", edge, -r), ("Q", 0, -r, 0, -r + edge), ("L", 0, r - edge),
                ("Q", 0, r, edge, r), ("L", screw.k, r), ("Z",),
            ]  # fmt: skip
            view.path(head, "outline")
            socket(view, screw.s, screw.t)
        elif isinstance(screw, HexScrew):
            hex_prism(view, screw.k, screw.s, screw.e, left=True, right=False)
        else:
            button_head(view, screw)
    view.axis(0, end)
    return end


def button_head(view: View, screw: ButtonScrew) -> None:
    """Draw the round head of ISO 7380: a flat as wide as the socket needs, then an arc to the rim."""
    flat = screw.s * 0.72
    r, k = screw.dk / 2, screw.k
    # The circle through the rim and the flat, its centre on the axis.
    centre = (k**2 + r**2 - flat**2) / (2 * k)
    radius = (centre**2 + flat**2) ** 0.5
    steps: list[Step] = [
        ("M", k, -r), ("A", radius, 0, 0, 0, -flat), ("L", 0, flat), ("A", radius, 0, 0, k, r), ("Z",),
    ]  # fmt: skip
    view.path(steps, "outline")
    socket(view, screw.s, screw.t)


def end_of_screw(view: View, screw: Screw) -> float:
    """Draw the end view on the head; return its radius in millimetres."""
    if isinstance(screw, HexScrew):
        view.hexagon(screw.s, "outline", corners_up=True)
        view.circle(0, 0, 0.95 * screw.s, "thin")
        view.cross(screw.e / 2)
        return screw.e / 2
    dk = screw.dk_real if isinstance(screw, CountersunkScrew) else screw.dk
    view.circle(0, 0, dk, "outline")
    if isinstance(screw, SocketScrew):
        view.circle(0, 0, dk * 0.88, "thin")
    if isinstance(screw, ButtonScrew):
        view.circle(0, 0, screw.s * 1.44, "thin")
    view.hexagon(screw.s, "hole", corners_up=False)
    view.cross(dk / 2)
    return dk / 2


def head_size(screw: Screw) -> tuple[float, float, float, str, str]:
    """Return height of the view, head height, spanner size, and the letters of the head's dimension."""
    if isinstance(screw, HexScrew):
        return screw.e, screw.k, screw.s, "e", f"e {screw.e:g} min"
    if isinstance(screw, CountersunkScrew):
        return screw.dk_real, screw.cone, screw.s, "dk", f"dk {screw.dk:g} max"
    return screw.dk, screw.k, screw.s, "dk", f"dk {screw.dk:g}"


def screw_sheet(pen: Pen, screw: Screw) -> str:
    """Draw both views with dimensions; return the sentence that describes them."""
    body = screw.shank
    height, k, s, _, head_label = head_size(screw)
    total = body.l if isinstance(screw, CountersunkScrew) else k + body.l
    scale = min(SIDE_WIDTH / total, SIDE_HEIGHT / height)
    left = SIDE_LEFT + (SIDE_WIDTH - total * scale) / 2
    view = View(pen, left, MIDDLE, scale)
    side_of_screw(view, screw)
    end_scale = min(END_HEIGHT / height, max(scale, 78 / height))
    end = View(pen, END_X, MIDDLE, end_scale)
    end_of_screw(end, screw)

    top = view.y(-height / 2)
    bar = top - 22
    if isinstance(screw, CountersunkScrew):
        pen.across(view.x(0), view.x(total), bar, f"l {body.l:g}", edge1=top, edge2=view.y(-body.d / 2))
        angle(view, screw)
    else:
        pen.across(view.x(0), view.x(k), bar, f"k {k:g}", edge1=top, edge2=top)
        pen.across(view.x(k), view.x(total), bar, f"l {body.l:g}", edge1=top, edge2=view.y(-body.d / 2))
    pen.upright(top, view.y(height / 2), left - 24, head_label, edge1=left, edge2=left)
    low = max(view.y(height / 2), view.y(body.d / 2) + 14) + 22
    start = view.x(total - body.b) if not body.full else view.x(k)
    thread_size = f"M{body.d:g} × {body.p:g}"
    words = thread_size if body.full else f"b {body.b:g}"
    edge = view.y(body.d / 2)
    pen.across(start, view.x(total), low, words, edge1=edge, edge2=edge)
    if not body.full:
        pen.label((view.x(k) + start) / 2, edge + 18, thread_size)
    half = s / 2 * end_scale
    reach = END_X + height / 2 * end_scale
    pen.upright(
        MIDDLE - half, MIDDLE + half, reach + 16, f"s {s:g}",
        edge1=END_X + (half * 0.58 if not isinstance(screw, HexScrew) else half * 0.3),
        edge2=END_X + (half * 0.58 if not isinstance(screw, HexScrew) else half * 0.3),
    )  # fmt: skip
    thread = f"thread M{body.d:g}, length {body.l:g}"
    drive = f"{s:g} across flats" if isinstance(screw, HexScrew) else f"hexagon socket {s:g}"
    return f"Side and end view: head {head_label.split()[1]} by {k:g}, {thread}, {drive}"


def angle(view: View, screw: CountersunkScrew) -> None:
    """Mark the 90 degrees of the countersink."""
    x, y = view.x(screw.cone), view.y(screw.dk_real / 2)
    view.pen.label(x + 6, y + 2, "90°", anchor="start")


def screw_thumb(pen: Pen, screw: Screw) -> None:
    """Draw the side view alone, as large as 56 by 40 allows."""
    height, k, *_ = head_size(screw)
    total = screw.shank.l if isinstance(screw, CountersunkScrew) else k + screw.shank.l
    scale = min(48 / total, 30 / height)
    side_of_screw(View(pen, 28 - total * scale / 2, 20, scale), screw)


def end_of_nut(view: View, nut: HexNut) -> None:
    """Draw the nut along its axis: hexagon, chamfer, core hole, three quarters of the thread."""
    view.hexagon(nut.s, "outline", corners_up=True)
    view.circle(0, 0, 0.95 * nut.s, "thin")
    core = (nut.d - 1.0825 * nut.p) / 2
    view.circle(0, 0, 2 * core, "hole")
    r = nut.d / 2
    view.path([("M", 0, -r), ("A", r, 1, 0, r, 0)], "thin")
    view.cross(nut.e / 2)


def nut_sheet(pen: Pen, nut: HexNut) -> str:
    """Draw side and end view of a nut with dimensions."""
    scale = 112 / nut.e
    side = View(pen, 120 - nut.m * scale / 2, MIDDLE, scale)
    hex_prism(side, nut.m, nut.s, nut.e, left=True, right=True)
    core = (nut.d - 1.0825 * nut.p) / 2
    for y in (-core, core):
        side.path([("M", 0, y), ("L", nut.m, y)], "hidden")
    side.axis(0, nut.m)
    end = View(pen, 300, MIDDLE, scale)
    end_of_nut(end, nut)
    top = side.y(-nut.e / 2)
    pen.across(side.x(0), side.x(nut.m), top - 18, f"m {nut.m:g}", edge1=top, edge2=top)
    left = side.x(0)
    pen.upright(top, side.y(nut.e / 2), left - 26, f"e {nut.e:g} min", edge1=left, edge2=left)
    half = nut.s / 2
    bottom = end.y(nut.s * 0.25)
    pen.across(end.x(-half), end.x(half), end.y(nut.e / 2) + 22, f"s {nut.s:g}", edge1=bottom, edge2=bottom)
    pen.label(end.x(half) + 10, end.y(-nut.e / 2) + 6, f"M{nut.d:g} × {nut.p:g}", anchor="start")
    return f"Side and end view: height {nut.m:g}, {nut.s:g} across flats, thread M{nut.d:g}"


def nut_thumb(pen: Pen, nut: HexNut) -> None:
    """Draw the nut along its axis."""
    end_of_nut(View(pen, 28, 20, 30 / nut.e), nut)


def side_of_rod(view: View, rod: Rod, length: float) -> None:
    """Draw two ends of the rod with a break between them; length: drawn millimetres."""
    r, core = rod.d / 2, minor(rod.d, rod.p) / 2
    chamfer = r - core
    gap = length * 0.045
    for sign, outer in ((1, 0.0), (-1, length)):
        inner = length / 2 - sign * gap
        wave = sign * rod.d * 0.14
        steps: list[Step] = [
            ("M", inner, -r), ("L", outer + sign * chamfer, -r), ("L", outer, -core), ("L", outer, core),
            ("L", outer + sign * chamfer, r), ("L", inner, r), ("Q", inner + wave, r / 2, inner, 0),
            ("Q", inner - wave, -r / 2, inner, -r), ("Z",),
        ]  # fmt: skip
        view.path(steps, "outline")
        view.path([("M", outer + sign * chamfer, -r), ("L", outer + sign * chamfer, r)], "thin")
        for y in (-core, core):
            view.path([("M", outer, y), ("L", inner, y)], "thin")
    view.axis(0, length)


def rod_sheet(pen: Pen, rod: Rod) -> str:
    """Draw a rod, shortened, and its end."""
    drawn = rod.d * 5.5
    scale = SIDE_WIDTH / drawn
    view = View(pen, 56, MIDDLE, scale)
    side_of_rod(view, rod, drawn)
    end = View(pen, END_X, MIDDLE, scale * 1.25)
    end.circle(0, 0, rod.d, "outline")
    core = minor(rod.d, rod.p) / 2
    end.path([("M", 0, -core), ("A", core, 1, 0, core, 0)], "thin")
    end.cross(rod.d / 2)
    top = view.y(-rod.d / 2)
    pen.across(view.x(0), view.x(drawn), top - 28, f"l {rod.l:g}", edge1=top, edge2=top)
    right = END_X + rod.d / 2 * scale * 1.25
    reach = rod.d / 2 * scale * 1.25
    pen.upright(
        MIDDLE - reach, MIDDLE + reach, right + 22, f"M{rod.d:g} × {rod.p:g}", edge1=END_X, edge2=END_X
    )
    return f"Side and end view, shortened: thread M{rod.d:g} by {rod.p:g} over the whole length of {rod.l:g}"


def rod_thumb(pen: Pen, rod: Rod) -> None:
    """Draw the rod, shortened."""
    drawn = rod.d * 4
    scale = 48 / drawn
    side_of_rod(View(pen, 4, 20, scale), rod, drawn)
