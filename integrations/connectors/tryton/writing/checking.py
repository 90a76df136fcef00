"""First step: does the ERP know all that the order names? Nothing is written there."""

from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict

from integrations.connectors.tryton.company import Ground, ground_of
from integrations.connectors.tryton.transport import Tryton, connection
from integrations.connectors.tryton.writing.sale import Row
from integrations.failures import Refused
from orders.records import OrderSnapshot, OrderSnapshotLine


class Checked(BaseModel):
    """The ERP's ids of what an order names; kept with the step, so that the next needs not ask again.

    bill_to: None when the customer pays itself. products by SKU, units by our key, taxes by product id.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    party: int
    price_list: int | None
    bill_to: int | None
    currency: int
    warehouse: int
    payment_term: int | None
    products: dict[str, int]
    units: dict[str, int]
    taxes: dict[int, list[int]]


def check_order(order: OrderSnapshot, erp: Tryton | None = None) -> Checked:
    """Find customer, products and units of an order in the ERP; answer with their ids there.

    Raises Refused with the cause in plain words when one is missing or not sold any more.
    """
    erp = erp or connection()
    ground = ground_of(erp)
    party = _party(erp, ground, order.company.number)
    bill_to = party
    if order.bill_to_company.number != order.company.number:
        bill_to = _party(erp, ground, order.bill_to_company.number)
    products = _products(erp, ground, order.lines)
    units = _units(erp, ground, order.lines)
    return Checked(
        party=party["id"],
        price_list=party.get("sale_price_list"),
        bill_to=bill_to["id"] if bill_to is not party else None,
        currency=ground.currency_id(order.currency),
        warehouse=ground.warehouse_id(order.warehouse_code),
        payment_term=ground.term_id(order.payment_term_code),
        products=products,
        units=units,
        taxes={
            products[line.sku]: _taxes(erp, ground, party, products[line.sku], units[line.unit_key])
            # One question per product; of two lines with the same one the first decides.
            for line in {line.sku: line for line in reversed(order.lines)}.values()
        },
    )


def _party(erp: Tryton, ground: Ground, number: str) -> Row:
    found: list[Row] = erp.call(
        "model.party.party.search_read",
        [["code", "=", number]],
        0,
        1,
        None,
        ["code", "sale_price_list"],
        context=ground.context,
    )
    if not found:
        raise Refused(
            "The customer is not found.",
            cause=_("The ERP has no active customer %(number)s.") % {"number": number},
            code="customer_unknown",
            evidence={"customer": number},
        )
    return found[0]


def _products(erp: Tryton, ground: Ground, lines: Sequence[OrderSnapshotLine]) -> dict[str, int]:
    wanted = {line.sku for line in lines}
    rows = erp.call(
        "model.product.product.search_read",
        [["code", "in", sorted(wanted)], ["salable", "=", True]],
        0,
        None,
        None,
        ["code"],
        context=ground.context,
    )
    found = {row["code"]: row["id"] for row in rows}
    if missing := sorted(wanted - set(found)):
        raise Refused(
            "A product is not sold any more.",
            cause=_("The ERP no longer sells %(skus)s.") % {"skus": ", ".join(missing)},
            code="product_retired",
            evidence={"skus": missing},
        )
    return found


def _units(erp: Tryton, ground: Ground, lines: Sequence[OrderSnapshotLine]) -> dict[str, int]:
    wanted = {line.unit_key for line in lines}
    rows = erp.call(
        "model.product.uom.search_read",
        [["symbol", "in", sorted(wanted)]],
        0,
        None,
        None,
        ["symbol"],
        context=ground.context,
    )
    found = {row["symbol"]: row["id"] for row in rows}
    if missing := sorted(wanted - set(found)):
        raise Refused(
            "A unit is not known.",
            cause=_("The ERP no longer knows the unit %(units)s.") % {"units": ", ".join(missing)},
            code="unit_unknown",
            evidence={"units": missing},
        )
    return found


def _taxes(erp: Tryton, ground: Ground, party: Row, product: int, unit: int) -> list[int]:
    """The taxes of a line as the ERP itself would fill them in; without asking there would be none."""
    line = {
        "id": -1,
        "type": "line",
        "product": product,
        "quantity": Decimal(1),
        "unit": unit,
        "unit_price": None,
        "taxes": [],
        "_parent_sale.id": -1,
        "_parent_sale.company": ground.company_id,
        "_parent_sale.party": party["id"],
        "_parent_sale.invoice_party": None,
        "_parent_sale.currency": ground.main_currency_id,
        "_parent_sale.price_list": None,
        "_parent_sale.sale_date": None,
        "_parent_sale.warehouse": None,
        "_parent_sale.shipment_party": None,
    }
    changes = erp.call("model.sale.line.on_change", line, ["product", "quantity"], context=ground.context)
    taxes = changes.get("taxes") or []
    if isinstance(taxes, dict):
        return [row["id"] for _index, row in taxes.get("add", [])]
    return list(taxes)
