"""Changes of master data: prices, stock, terms, limits, units, and what is retired."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from demo.erp.lookups import (
    credit_summary,
    one,
    party_of,
    price_list_of,
    product_of,
    warehouse_of,
    xml_record,
)
from demo.erp.seed.catalogue import count, create
from demo.erp.seed.customers import APPROVAL


def change_price(
    price_list: str,
    formula: str,
    product: str | None = None,
    category: str | None = None,
    quantity: float | None = None,
) -> dict:
    """Set the formula of a price-list line; a line that is not there is added before all others."""
    record = price_list_of(price_list)

    def is_wanted(line) -> bool:
        return (
            (line.product and line.product.code) == product
            and (line.category and line.category.name) == category
            and (line.quantity or 0) == (quantity or 0)
        )

    line = next(filter(is_wanted, record.lines), None)
    old = line and line.formula
    if line is None:
        # The first match wins, so a new line goes before the others.
        line = record.lines.new(sequence=min((row.sequence or 0 for row in record.lines), default=10) - 1)
        line.product = product_of(product) if product else None
        line.category = one("product.category", ("name", "=", category)) if category else None
        line.quantity = float(quantity) if quantity else None
    line.formula = formula
    record.save()
    return {
        "price_list": price_list,
        "product": product,
        "category": category,
        "quantity": quantity,
        "old": old,
        "new": formula,
    }


def change_list_price(product: str, price: str | float) -> dict:
    """Change the list price of a product, in euros per piece."""
    template = product_of(product).template
    template.list_price = Decimal(str(price))
    template.save()
    return {"product": product, "list_price": str(template.list_price)}


def change_stock(product: str, quantity: float, warehouse: str = "WH") -> dict:
    """Correct the stock of a product by a count, in pieces."""
    number = count(warehouse_of(warehouse).storage_location.id, {product_of(product).id: quantity})
    return {"inventory": number, "product": product, "warehouse": warehouse, "quantity": float(quantity)}


def change_terms(customer: str, terms: str) -> dict:
    """Give a customer other payment terms: immediate, net30, net60."""
    record = party_of(customer)
    record.customer_payment_term = one("account.invoice.payment_term", ("name", "=", terms))
    record.save()
    return {"customer": customer, "terms": terms}


def change_sale_units(product: str, minimum: float | None = None, step: float | None = None) -> dict:
    """Change the smallest quantity and the step of a product, in pieces."""
    template = product_of(product).template
    if minimum is not None:
        template.min_sale_quantity = Decimal(str(minimum))
    if step is not None:
        template.sale_quantity_step = Decimal(str(step))
    template.save()
    return {
        "product": product,
        "minimum": str(template.min_sale_quantity),
        "step": str(template.sale_quantity_step),
    }


def credit_limit(customer: str, amount: str | float | None) -> dict:
    """Set a customer's credit limit in euros; `none` takes it away."""
    record = party_of(customer)
    record.credit_limit_amount = None if amount in (None, "none") else Decimal(str(amount))
    record.save()
    return credit_summary(record)


def require_approval(customer: str, required: int | bool = True) -> dict:
    """Ask for an approval of a customer's orders, or no more: by the category of its record."""
    record = party_of(customer)
    wanted = [one("party.category", ("name", "=", APPROVAL))] if required else []
    kept = [category for category in record.categories if category.name != APPROVAL]
    while record.categories:
        record.categories.pop()
    record.categories.extend([*kept, *wanted])
    record.save()
    return {"customer": customer, "required": bool(required)}


def show_licence(
    customer: str,
    kind: str,
    number: str,
    until: str | None = None,
    withdrawn: int | bool = False,
    gone: int | bool = False,
) -> dict:
    """Note that a customer has shown a licence, its last day, that it was withdrawn; or take it off the record."""
    from proteus import Model

    party = party_of(customer)
    Licence = Model.get("party.licence")
    found = Licence.find([("party", "=", party.id), ("kind", "=", kind), ("number", "=", number)])
    if gone:
        Licence.delete(found)
        return {"customer": customer, "number": number, "gone": True}
    row = found[0] if found else Licence(party=party, kind=kind, number=number)
    row.valid_to = date.fromisoformat(until) if until else None
    row.withdrawn = bool(withdrawn)
    row.save()
    return {"customer": customer, "number": number, "until": until, "withdrawn": bool(withdrawn)}


def change_contact(customer: str, type: str, value: str) -> dict:
    """Change a customer's general phone or e-mail address."""
    record = party_of(customer)
    ways = [way for way in record.contact_mechanisms if way.type == type and not way.invoice]
    if ways:
        ways[0].value = value
        ways[0].save()
    else:
        record.contact_mechanisms.new(type=type, value=value)
        record.save()
    return {"customer": customer, "type": type, "value": value}


def retire_product(product: str, active: int | bool = False) -> dict:
    """Take a product out of the catalogue, or back in."""
    from proteus import Model
    from proteus.config import get_config

    with get_config().set_context(active_test=False):
        record = one("product.product", ("code", "=", product))
        template = Model.get("product.template")(record.template.id)
        template.active = bool(active)
        template.save()
    return {"product": product, "active": bool(active)}


def retire_customer(customer: str, active: int | bool = False) -> dict:
    """Close a customer's record, or open it again."""
    from proteus.config import get_config

    with get_config().set_context(active_test=False):
        record = party_of(customer)
        record.active = bool(active)
        record.save()
    return {"customer": customer, "active": bool(active)}


def add_products(count: int = 1000, prefix: str = "BULK") -> dict:
    """Import many plain products; those already there are kept."""
    from proteus import Model
    from proteus.config import get_config

    Product = Model.get("product.product")
    known = {
        row["code"]
        for row in Product._proxy.search_read(
            [("code", "like", f"{prefix}-%")], 0, None, None, ["code"], get_config().context
        )
    }
    unit = xml_record("product.uom", "product", "uom_unit")
    accounting = one("product.category", ("accounting", "=", True))
    values = [
        {
            "name": f"{prefix.title()} product {i}",
            "code": code,
            "type": "goods",
            "default_uom": unit.id,
            "sale_uom": unit.id,
            "salable": True,
            "list_price": Decimal(i % 97 + 1) / 10,
            "account_category": accounting.id,
            "sale_units": [("create", [{"uom": unit.id, "code": "C62", "sequence": 10}])],
            "products": [("create", [{}])],
        }
        for i in range(1, count + 1)
        if (code := f"{prefix}-{i:05}") not in known
    ]
    if values:
        create("product.template", values)
    return {"added": len(values), "count": count}
