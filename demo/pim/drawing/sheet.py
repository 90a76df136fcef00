"""The sheet: one SVG document per shape, large with dimensions or small without."""

from __future__ import annotations

from xml.sax.saxutils import escape

from demo.catalogue import shapes
from demo.catalogue.shapes import Shape
from demo.pim.drawing import machined, threaded
from demo.pim.drawing.pen import INK, Pen

WIDTH, HEIGHT = 440, 220
SMALL_WIDTH, SMALL_HEIGHT = 56, 40


def drawing(shape: Shape) -> tuple[str, str]:
    """Return the drawing with dimensions as an SVG document, and the sentence that describes it."""
    pen = Pen()
    match shape:
        case shapes.HexNut():
            title = threaded.nut_sheet(pen, shape)
        case shapes.Rod():
            title = threaded.rod_sheet(pen, shape)
        case shapes.Washer():
            title = machined.washer_sheet(pen, shape)
        case shapes.Bearing():
            title = machined.bearing_sheet(pen, shape)
        case shapes.Ring():
            title = machined.ring_sheet(pen, shape)
        case shapes.Pin():
            title = machined.pin_sheet(pen, shape)
        case shapes.Key():
            title = machined.key_sheet(pen, shape)
        case _:
            title = threaded.screw_sheet(pen, shape)
    return _document(pen, title, WIDTH, HEIGHT), title


def thumbnail(shape: Shape, title: str) -> str:
    """Return the small picture, without dimensions, as an SVG document."""
    pen = Pen(small=True)
    match shape:
        case shapes.HexNut():
            threaded.nut_thumb(pen, shape)
        case shapes.Rod():
            threaded.rod_thumb(pen, shape)
        case shapes.Washer():
            machined.washer_thumb(pen, shape)
        case shapes.Bearing():
            machined.bearing_thumb(pen, shape)
        case shapes.Ring():
            machined.ring_thumb(pen, shape)
        case shapes.Pin():
            machined.pin_thumb(pen, shape)
        case shapes.Key():
            machined.key_thumb(pen, shape)
        case _:
            threaded.screw_thumb(pen, shape)
    return _document(pen, title, SMALL_WIDTH, SMALL_HEIGHT)


def _document(pen: Pen, title: str, width: int, height: int) -> str:
    lettering = f'<g font-family="Inter, system-ui, sans-serif" font-size="12" fill="{INK}">'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img">'
        f"<title>{escape(title)}</title>{lettering}{''.join(pen.parts)}</g></svg>\n"
    )
