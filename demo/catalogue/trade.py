"""How the distributor packs, prices and stocks a part."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from demo.catalogue.model import Pack, Part
from demo.catalogue.words import draw, significant, written

BOXES = (1000, 500, 200, 100, 50, 25, 10)
BOX_LIMIT_G = 4200
CARTON_BOXES = (10, 5, 4)
CARTON_LIMIT_G = 20_500
PALLET_CARTONS = (48, 40, 32, 24)
PALLET_LIMIT_G = 860_000
MARKUP = {
    "Socket screws": Decimal("2.30"),
    "Hexagon bolts": Decimal("2.25"),
    "Threaded rods": Decimal("1.95"),
    "Nuts": Decimal("2.40"),
    "Washers": Decimal("2.50"),
    "Bearings": Decimal("2.20"),
    "Rings, pins and keys": Decimal("2.60"),
}
OUT_OF_STOCK = {
    "4762-M16X100-88Z", "4014-M16X120-109Z", "7380-M10X30-109Z", "6208-2Z", "472-62X2", "4032-M20-A2",
}  # fmt: skip
LOW = {
    "4762-M12X80-88Z", "4762-M10X60-129", "4017-M16X60-88Z", "10642-M10X40-109Z", "6210-2RS", "976-M20X1000-A2",
    "6885-12X8X50", "7089-20-A2",
}  # fmt: skip


def packs(part: Part) -> tuple[Pack, ...]:
    """Return piece, box, carton and pallet with their exact content.

    A box holds a round number of pieces that one hand can lift, a carton whole boxes that a person may carry, a
    pallet whole cartons. Rods come by the sleeve and the pallet: no carton holds them.
    """
    weight = float(part.weight_g)
    if part.erp_category == "Threaded rods":
        box = 25 if weight < 700 else 10 if weight < 1500 else 5
        pallet = box * next(n for n in (96, 80, 64, 48, 40, 32) if box * n * weight <= PALLET_LIMIT_G)
        return (
            Pack("C62", 1, "Single rod, taken from the sleeve, ends capped"),
            Pack("XBX", box, f"Cardboard sleeve of {box} rods, {_kilos(box * weight)}"),
            Pack(
                "XPX", pallet, f"Long pallet, 1.2 m, with {pallet // box} sleeves, {_kilos(pallet * weight)}"
            ),
        )
    if part.erp_category == "Bearings":
        box, limit = (10 if weight < 350 else 5), CARTON_LIMIT_G
    else:
        box = next((n for n in BOXES if n * weight <= BOX_LIMIT_G), BOXES[-1])
        limit = CARTON_LIMIT_G
    boxes = next((n for n in CARTON_BOXES if n * box * weight <= limit), CARTON_BOXES[-1])
    carton = box * boxes
    cartons = next((n for n in PALLET_CARTONS if n * carton * weight <= PALLET_LIMIT_G), PALLET_CARTONS[-1])
    pallet = carton * cartons
    single = (
        "Single bearing in its own sealed box"
        if part.erp_category == "Bearings"
        else "Loose pieces, counted from the box into a labelled bag"
    )
    return (
        Pack("C62", 1, single),
        Pack("XBX", box, f"Cardboard box, labelled with lot and GTIN, {_kilos(box * weight)}"),
        Pack("XCT", carton, f"Carton with {boxes} boxes, {_kilos(carton * weight)}"),
        Pack("XPX", pallet, f"Euro pallet with {cartons} cartons, {_kilos(pallet * weight)}"),
    )


def _kilos(grams: float) -> str:
    return f"{written(significant(grams / 1000))} kg"


def cost_price(part: Part) -> Decimal:
    """Return the cost in euros per piece, four decimals: material by weight, and the work."""
    exact = part.weight_g / 1000 * part.material_price + part.work_price
    return exact.quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


def list_price(part: Part) -> Decimal:
    """Return the list price in euros per piece before tax: the cost marked up, to three figures."""
    exact = part.weight_g / 1000 * part.material_price + part.work_price
    return significant(float(exact * MARKUP[part.erp_category])).quantize(Decimal("0.0001"))


def order_steps(part: Part, box: int) -> tuple[int, int]:
    """Return the smallest quantity and the step in pieces.

    Cheap parts are not counted out: whole boxes under four cents, round hundreds or fifties under thirty cents.
    """
    price = list_price(part)
    if price < Decimal("0.04"):
        return box, box
    if price < Decimal("0.30") and box >= 100:
        return (100, 100) if box % 100 == 0 and box > 100 else (50, 50)
    if part.erp_category == "Threaded rods" and price < 3:
        return 5, 5
    return 1, 1


def stock(part: Part, box: int, carton: int) -> dict[str, int]:
    """Return the pieces in each warehouse: WH (Linz, the main one) and EAST (Vienna)."""
    if part.sku in OUT_OF_STOCK:
        return {"WH": 0, "EAST": 0}
    if part.sku in LOW:
        return {"WH": box * (1 + draw(part.sku, 2)) + draw(part.sku, box), "EAST": 0}
    main = carton * (3 + draw(part.sku + "WH", 14)) + box * draw(part.sku + "open", 4)
    east = (
        0
        if draw(part.sku + "EAST", 5) == 0
        else carton * draw(part.sku + "e", 4) + box * (2 + draw(part.sku, 5))
    )
    return {"WH": main, "EAST": east}


def gtin(position: int) -> str:
    """Return a GTIN-13 from the range that GS1 leaves for use inside a company (prefix 20)."""
    body = f"2004620{position:05d}"
    total = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(body))
    return f"{body}{-total % 10}"
