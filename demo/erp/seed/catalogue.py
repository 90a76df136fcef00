"""Units, categories, products, price lists, warehouses and stock, from the generated catalogue."""

from __future__ import annotations

from demo.catalogue.assortment import products as generated
from demo.catalogue.model import Pack
from demo.company.customers import WAREHOUSES
from demo.company.price_lists import ERP_CATEGORIES, PRICE_LISTS
from demo.erp.lookups import one, today, xml_record

# Tryton keeps factors and rates to twelve decimals (product.uom_conversion_digits); the factor is exact anyhow.
RATE_DIGITS = 12

# On SQLite Tryton checks uniqueness with one nested condition per record: its parser takes fewer than a hundred.
BATCH = 40

NOUNS = {"XBX": ("Box", "b"), "XCT": ("Carton", "ct"), "XPX": ("Pallet", "p")}


def create(model: str, values: list[dict]) -> list[int]:
    """Create many records in few calls and return their ids."""
    from proteus import Model
    from proteus.config import get_config

    proxy, context = Model.get(model)._proxy, get_config().context
    ids: list[int] = []
    for start in range(0, len(values), BATCH):
        ids += proxy.create(values[start : start + BATCH], context)
    return ids


def symbol(pack: Pack) -> str:
    """The ERP's name of a unit: u, b200, ct1000, p48000 (factors are global, so each size is a unit)."""
    return "u" if pack.code == "C62" else f"{NOUNS[pack.code][1]}{pack.pieces}"


def units() -> dict[str, int]:
    """Create one unit of measure for each size of pack; return ids by symbol."""
    unit = xml_record("product.uom", "product", "uom_unit")
    packs = {symbol(pack): pack for product in generated() for pack in product.packs if pack.code != "C62"}
    ordered = sorted(packs.items(), key=lambda item: (item[1].code, item[1].pieces))
    ids = create(
        "product.uom",
        [
            {
                "name": f"{NOUNS[pack.code][0]} of {pack.pieces}",
                "symbol": name,
                "category": unit.category.id,
                "rounding": 1.0,
                "digits": 0,
                "factor": float(pack.pieces),
                "rate": round(1.0 / pack.pieces, RATE_DIGITS),
            }
            for name, pack in ordered
        ],
    )
    return {"u": unit.id, **dict(zip((name for name, _ in ordered), ids, strict=True))}


def categories() -> dict[str, int]:
    """Create the ERP's product categories, parents first; return ids by name."""
    ids: dict[str, int] = {}
    for name, parent in ERP_CATEGORIES.items():
        (ids[name],) = create("product.category", [{"name": name, "parent": ids[parent] if parent else None}])
    return ids


def products(accounts: dict) -> dict[str, int]:
    """Create all products with their units; return product ids by item number."""
    from proteus import Model

    accounting = Model.get("product.category")(
        name="Goods, 20 % VAT",
        accounting=True,
        account_revenue=accounts["revenue"],
        account_expense=accounts["expense"],
    )
    accounting.customer_taxes.append(accounts["vat"])
    accounting.save()
    unit_ids, category_ids = units(), categories()
    values = []
    for product in generated():
        values.append(
            {
                "name": product.part.erp_name,
                "code": product.sku,
                "type": "goods",
                "default_uom": unit_ids["u"],
                "sale_uom": unit_ids[symbol(product.box)],
                "salable": True,
                "list_price": product.list_price,
                "account_category": accounting.id,
                "categories": [("add", [category_ids[product.part.erp_category]])],
                "min_sale_quantity": product.min_quantity,
                "sale_quantity_step": product.step,
                "sale_units": [
                    (
                        "create",
                        [
                            {"uom": unit_ids[symbol(pack)], "code": pack.code, "sequence": place * 10}
                            for place, pack in enumerate(product.packs, 1)
                        ],
                    )
                ],
                "products": [("create", [{"cost_price": product.cost_price}])],
            }
        )
    create("product.template", values)
    skus = [product.sku for product in generated()]
    return ids_by("product.product", "code", [("code", "in", skus)])


def ids_by(model: str, field: str, domain: list) -> dict[str, int]:
    """Return ids by the value of a field, in one read."""
    from proteus import Model
    from proteus.config import get_config

    rows = Model.get(model)._proxy.search_read(domain, 0, None, None, [field], get_config().context)
    return {row[field]: row["id"] for row in rows}


def price_lists(product_ids: dict[str, int]) -> dict[str, int]:
    """Create the price lists with their lines in order; return ids by name."""
    category_ids = ids_by("product.category", "name", [])
    ids: dict[str, int] = {}
    for name, lines in PRICE_LISTS.items():
        (ids[name],) = create(
            "product.price_list",
            [
                {
                    "name": name,
                    "price": "list_price",
                    "lines": [
                        (
                            "create",
                            [
                                {
                                    "sequence": place * 10,
                                    "quantity": float(line.quantity) or None,
                                    "formula": line.formula,
                                    "product": product_ids[line.product] if line.product else None,
                                    "category": category_ids[line.category] if line.category else None,
                                }
                                for place, line in enumerate(lines, 1)
                            ],
                        )
                    ],
                }
            ],
        )
    return ids


def stock(product_ids: dict[str, int]) -> None:
    """Create the second warehouse and count both."""
    from proteus import Model

    Location = Model.get("stock.location")
    main = xml_record("stock.location", "stock", "location_warehouse")
    main.name = WAREHOUSES["WH"]
    main.save()
    east = Location(name=WAREHOUSES["EAST"], code="EAST", type="warehouse")
    for role, code in (("input", "EIN"), ("output", "EOUT"), ("storage", "ESTO")):
        location = Location(name=f"{WAREHOUSES['EAST']} {role}", code=code, type="storage")
        location.save()
        setattr(east, f"{role}_location", location)
    east.lost_found_location = main.lost_found_location
    east.save()
    for code, place in (("WH", main), ("EAST", east)):
        count(
            place.storage_location.id,
            {product_ids[p.sku]: p.stock[code] for p in generated() if p.stock[code]},
        )


def count(storage: int, quantities: dict[int, int | float]) -> str:
    """Count a storage: product ids and pieces; return the number of the count."""
    from proteus import Model

    (id_,) = create(
        "stock.inventory",
        [
            {
                "location": storage,
                "date": today(),
                "lines": [
                    (
                        "create",
                        [
                            {"product": product, "quantity": float(quantity)}
                            for product, quantity in quantities.items()
                        ],
                    )
                ],
            }
        ],
    )
    inventory = Model.get("stock.inventory")(id_)
    inventory.click("confirm")
    return inventory.number


def unit_id(name: str) -> int:
    """Return the id of a unit by its symbol."""
    return one("product.uom", ("symbol", "=", name)).id
