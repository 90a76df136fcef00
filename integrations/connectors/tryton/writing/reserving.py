"""Second step: the order stands in the ERP as a quotation under our key, at the agreed amounts.

Nothing there counts on a quotation: it allocates no stock and uses no credit. So it can be taken away again.
"""

from django.utils.translation import gettext_lazy as _

from core.days import erp_today
from integrations.connectors.tryton.company import Ground, ground_of
from integrations.connectors.tryton.transport import ErpSaidNo, Tryton, connection
from integrations.connectors.tryton.writing.checking import Checked
from integrations.connectors.tryton.writing.sale import (
    SEQUENCE_STEP,
    TAKEN,
    UNCONFIRMED,
    Row,
    compare,
    differences_of,
    find_sale,
    press,
    refusal_of,
)
from integrations.failures import Broken, Refused, UnknownOutcome
from orders.records import OrderSnapshot

# A stock Tryton may still commit a call that we gave up; its own limit is 60 s.
STOCK_PATIENCE = 65.0


def reserve_order(order: OrderSnapshot, checked: Checked, erp: Tryton | None = None) -> Row:
    """Bring an order to the ERP as a quotation, exactly once; answer with that sale.

    One that was confirmed there by an earlier try is left as it is. Raises Refused when the ERP
    will not take it or computes other amounts, UnknownOutcome when the answer was lost.
    """
    erp = erp or connection()
    ground = ground_of(erp)
    sale = find_sale(erp, ground, order.number)
    if sale and (sale["state"] == "cancelled" or _is_other(order, sale)):
        _discard(erp, ground, sale)
        sale = None
    if sale is None:
        sale = _create(erp, ground, order, checked)
    return quoted(order, sale, erp)


def quoted(order: OrderSnapshot, sale: Row, erp: Tryton) -> Row:
    """The sale as a quotation at the agreed amounts; one that the ERP has taken stays as it is."""
    if sale["state"] == "draft":
        sale = press(erp, ground_of(erp), order.number, sale, "quote")
    if sale["state"] == "quotation":
        compare(order, sale)
    return sale


def release_order(number: str, erp: Tryton | None = None) -> None:
    """Take an order of ours away that the ERP has not confirmed; quiet when it has none.

    It is deleted there: a cancelled one would be the ERP's word that the order is cancelled, while here
    it may only be on hold. Raises Refused when the ERP already works on it.
    """
    erp = erp or connection()
    ground = ground_of(erp)
    sale = find_sale(erp, ground, number)
    if sale is None or sale["state"] == "cancelled":
        return
    if sale["state"] in TAKEN:
        raise already_taken(sale)
    _discard(erp, ground, sale)


def already_taken(sale: Row) -> Refused:
    """The refusal to take back what the ERP works on."""
    return Refused(
        f"The sale is {sale['state']}.",
        cause=_("The ERP already works on the order as %(number)s: it can be taken back only there.")
        % {"number": sale["number"] or sale["id"]},
        code="already_processing",
        evidence={"erp_number": sale["number"], "erp_status": sale["state"]},
    )


def _is_other(order: OrderSnapshot, sale: Row) -> bool:
    """Whether what stands there unconfirmed was made of older data than this order's."""
    return sale["state"] in UNCONFIRMED and bool(differences_of(order, sale))


def _discard(erp: Tryton, ground: Ground, sale: Row) -> None:
    """Remove an order of ours that was never confirmed."""
    for method in {"quotation": ("draft", "delete"), "draft": ("delete",)}.get(sale["state"], ("delete",)):
        try:
            erp.write(f"model.sale.sale.{method}", [sale["id"]], context=ground.context)
        except ErpSaidNo as no:
            raise refusal_of(no) from None


def _create(erp: Tryton, ground: Ground, order: OrderSnapshot, checked: Checked) -> Row:
    values = _sale_values(ground, order, checked)
    try:
        erp.write("model.sale.sale.create", [values], context=ground.context)
    except ErpSaidNo as no:
        # Another try of ours may have been quicker: then the unique key said no.
        sale = find_sale(erp, ground, order.number)
        if sale is None:
            raise refusal_of(no) from None
        return sale
    except UnknownOutcome as lost:
        if not ground.has_portal_key:
            raise UnknownOutcome(lost.reason, retry_after=STOCK_PATIENCE, is_absent=lost.is_absent) from None
        raise
    sale = find_sale(erp, ground, order.number)
    if sale is None:
        raise Broken("The ERP does not find the order that it has just created.")
    return sale


def _sale_values(ground: Ground, order: OrderSnapshot, checked: Checked) -> Row:
    """The sale to create, in one call: Tryton fills nothing in by itself there."""
    values = {
        "company": ground.company_id,
        "party": checked.party,
        "reference": order.number,
        "description": order.po_number or None,
        "comment": order.note or None,
        "currency": checked.currency,
        "warehouse": checked.warehouse,
        "shipment_party": None,
        "shipment_address": int(order.ship_to.erp_id),
        "invoice_address": int(order.bill_to.erp_id),
        "payment_term": checked.payment_term,
        "price_list": checked.price_list,
        "lines": [["create", _line_values(order, checked)]],
    }
    if checked.bill_to:
        values["invoice_party"] = checked.bill_to
    if order.requested_on and order.requested_on > erp_today():
        values["shipping_date"] = order.requested_on
    if ground.has_portal_key:
        values["portal_key"] = order.number
    return values


def _line_values(order: OrderSnapshot, checked: Checked) -> list[Row]:
    return [
        {
            "type": "line",
            "sequence": line.position * SEQUENCE_STEP,
            "product": checked.products[line.sku],
            "quantity": line.quantity,
            "unit": checked.units[line.unit_key],
            "unit_price": (line.unit_price / line.price_unit).normalize(),
            "note": line.note or None,
            "taxes": [["add", checked.taxes[checked.products[line.sku]]]],
        }
        for line in order.lines
    ]
