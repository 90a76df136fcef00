"""Orders to Tryton: created once under our key, priced as agreed, quoted, compared, confirmed.

Every step first looks how far the order is there, so that any step may be repeated after any loss
(INT-37, INT-38). `portal_key` is unique where the ERP has our module; elsewhere the reference carries our
number, and it is searched before anything is created.
"""

import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.connectors.tryton.company import Ground, ground_of
from integrations.connectors.tryton.transport import ErpSaidNo, Tryton, connection
from integrations.failures import Broken, Refused, Transient, UnknownOutcome
from integrations.masking import masked
from orders.records import ErpOrderLineRecord, ErpOrderRecord, OrderSnapshot, OrderSnapshotLine

Row = dict[str, Any]

UNCONFIRMED = ("draft", "quotation")
TAKEN = ("confirmed", "processing", "done")
# A stock Tryton may still commit a call that we gave up; its own limit is 60 s.
STOCK_PATIENCE = 65.0
# Lines are sent with these sequences, so that the answer can be told apart by position.
SEQUENCE_STEP = 10
CONFIRM_TRIES = 3

SALE_FIELDS = [
    "number",
    "reference",
    "state",
    "untaxed_amount",
    "tax_amount",
    "lines.product.code",
    "lines.quantity",
    "lines.amount",
    "lines.unit_price",
    "lines.unit.symbol",
    "lines.sequence",
    "lines.type",
]


def submit_order(order: OrderSnapshot, erp: Tryton | None = None) -> ErpOrderRecord:
    """Bring an order to the ERP exactly once and have it confirmed; answer with what it took.

    Raises Refused with the cause in plain words when the ERP will not take it, UnknownOutcome when
    the answer was lost, Transient when it is to be tried later.
    """
    erp = erp or connection()
    ground = ground_of(erp)
    sale = _find(erp, ground, order.number)
    if sale and sale["state"] == "cancelled":
        _discard(erp, ground, sale)
        sale = None
    if sale and sale["state"] in UNCONFIRMED and _differences(order, sale):
        _discard(erp, ground, sale)
        sale = None
    if sale is None:
        sale = _create(erp, ground, order)
    if sale["state"] == "draft":
        sale = _press(erp, ground, order, sale, "quote")
    if sale["state"] == "quotation":
        _compare(order, sale)
        sale = _confirm(erp, ground, order, sale)
    if sale["state"] == "confirmed":
        sale = _process(erp, ground, order, sale)
    if sale["state"] not in TAKEN:
        raise Transient(f"The ERP left the order in state {sale['state']}.")
    return _record(order, sale, erp)


def cancel_order(number: str, erp: Tryton | None = None) -> None:
    """Take back an order of ours that the ERP has not confirmed; quiet when it has none.

    Raises Refused when the ERP already works on it.
    """
    erp = erp or connection()
    ground = ground_of(erp)
    sale = _find(erp, ground, number)
    if sale is None or sale["state"] == "cancelled":
        return
    if sale["state"] in TAKEN:
        raise Refused(
            f"The sale is {sale['state']}.",
            cause=_("The order was cancelled here, but the ERP already works on it as %(number)s.")
            % {"number": sale["number"] or sale["id"]},
            code="already_processing",
            evidence={"erp_number": sale["number"], "erp_status": sale["state"]},
        )
    try:
        erp.write("model.sale.sale.cancel", [sale["id"]], context=ground.context)
    except ErpSaidNo as no:
        raise _said_no(no) from None


def _find(erp: Tryton, ground: Ground, number: str) -> Row | None:
    field = "portal_key" if ground.has_portal_key else "reference"
    found = erp.call(
        "model.sale.sale.search_read",
        [[field, "=", number], ["company", "=", ground.company_id]],
        0,
        2,
        [["id", "ASC"]],
        SALE_FIELDS,
        context=ground.context,
    )
    if len(found) > 1:
        raise Broken("The ERP holds this order more than once.")
    return found[0] if found else None


def _create(erp: Tryton, ground: Ground, order: OrderSnapshot) -> Row:
    values = _sale_values(erp, ground, order)
    try:
        erp.write("model.sale.sale.create", [values], context=ground.context)
    except ErpSaidNo as no:
        # Another try of ours may have been quicker: then the unique key said no.
        sale = _find(erp, ground, order.number)
        if sale is None:
            raise _said_no(no) from None
        return sale
    except UnknownOutcome as lost:
        if not ground.has_portal_key:
            raise UnknownOutcome(lost.reason, retry_after=STOCK_PATIENCE, is_absent=lost.is_absent) from None
        raise
    sale = _find(erp, ground, order.number)
    if sale is None:
        raise Broken("The ERP does not find the order that it has just created.")
    return sale


def _sale_values(erp: Tryton, ground: Ground, order: OrderSnapshot) -> Row:
    """The sale to create, in one call: Tryton fills nothing in by itself there."""
    party, bill_to = _party(erp, ground, order.company.number), None
    if order.bill_to_company.number != order.company.number:
        bill_to = _party(erp, ground, order.bill_to_company.number)
    values = {
        "company": ground.company_id,
        "party": party["id"],
        "reference": order.number,
        "description": order.po_number or None,
        "comment": order.note or None,
        "currency": ground.currency_id(order.currency),
        "warehouse": ground.warehouse_id(order.warehouse_code),
        "shipment_party": None,
        "shipment_address": int(order.ship_to.erp_id),
        "invoice_address": int(order.bill_to.erp_id),
        "payment_term": ground.term_id(order.payment_term_code),
        "price_list": party.get("sale_price_list"),
        "lines": [["create", _line_values(erp, ground, order, party)]],
    }
    if bill_to:
        values["invoice_party"] = bill_to["id"]
    if order.requested_on and order.requested_on > datetime.now(UTC).date():
        values["shipping_date"] = order.requested_on
    if ground.has_portal_key:
        values["portal_key"] = order.number
    return values


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


def _line_values(erp: Tryton, ground: Ground, order: OrderSnapshot, party: Row) -> list[Row]:
    products = _products(erp, ground, order.lines)
    units = _units(erp, ground, order.lines)
    taxes: dict[int, list[int]] = {}
    values = []
    for line in order.lines:
        product, unit = products[line.sku], units[line.unit_key]
        if product not in taxes:
            taxes[product] = _taxes(erp, ground, party, product, unit)
        values.append(
            {
                "type": "line",
                "sequence": line.position * SEQUENCE_STEP,
                "product": product,
                "quantity": line.quantity,
                "unit": unit,
                "unit_price": (line.unit_price / line.price_unit).normalize(),
                "note": line.note or None,
                "taxes": [["add", taxes[product]]],
            }
        )
    return values


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


def _press(erp: Tryton, ground: Ground, order: OrderSnapshot, sale: Row, button: str) -> Row:
    """Press a button; when it says no because it was pressed before, the state tells."""
    try:
        erp.write(f"model.sale.sale.{button}", [sale["id"]], context=ground.context)
    except ErpSaidNo as no:
        now = _find(erp, ground, order.number)
        if now is None or now["state"] == sale["state"]:
            raise _said_no(no) from None
        return now
    return _find(erp, ground, order.number) or sale


def _confirm(erp: Tryton, ground: Ground, order: OrderSnapshot, sale: Row) -> Row:
    """Confirm, with a few quick tries: the credit check locks whole tables and gives up at once."""
    for attempt in range(1, CONFIRM_TRIES + 1):
        try:
            erp.write("model.sale.sale.confirm", [sale["id"]], context=ground.context)
            break
        except Transient as busy:
            if attempt == CONFIRM_TRIES or busy.is_absent:
                raise
            time.sleep(random.uniform(0.1, 0.5))  # noqa: S311 -- spreads retries
        except ErpSaidNo as no:
            now = _find(erp, ground, order.number)
            if now is not None and now["state"] in TAKEN:
                return now
            raise _why_not_confirmed(erp, ground, order, no) from None
    return _find(erp, ground, order.number) or sale


def _process(erp: Tryton, ground: Ground, order: OrderSnapshot, sale: Row) -> Row:
    """Start a confirmed order there: Tryton does so by itself, unless a lock was in its way just then.

    Confirmed it is either way, so no failure of this step is one of the order.
    """
    try:
        erp.write("model.sale.sale.process", [sale["id"]], context=ground.context)
    except (ErpSaidNo, Transient, UnknownOutcome):
        return sale
    return _find(erp, ground, order.number) or sale


def _why_not_confirmed(erp: Tryton, ground: Ground, order: OrderSnapshot, no: ErpSaidNo) -> Refused:
    """The refusal in plain words. Its text carries no code, so the ERP's figures are read instead."""
    numbers = {order.company.number, order.bill_to_company.number}
    rows = erp.call(
        "model.party.party.search_read",
        [["code", "in", sorted(numbers)]],
        0,
        None,
        None,
        ["code", "credit_amount", "credit_limit_amount"],
        context=ground.context,
    )
    for row in rows:
        limit, used = row["credit_limit_amount"], row["credit_amount"]
        if limit is None or used + order.net_amount <= limit:
            continue
        return Refused(
            "The credit limit is exceeded.",
            cause=_(
                "%(customer)s would exceed its credit limit in the ERP: limit %(currency)s %(limit)s, "
                "used %(used)s, this order %(order)s net."
            )
            % {
                "customer": row["code"],
                "currency": order.currency,
                "limit": f"{limit:,.2f}",
                "used": f"{used:,.2f}",
                "order": f"{order.net_amount:,.2f}",
            },
            code="credit_limit",
            evidence={
                "customer": row["code"],
                "limit": str(limit),
                "used": str(used),
                "order_net": str(order.net_amount),
                "erp_said": masked(no.text),
            },
        )
    return _said_no(no)


def _said_no(no: ErpSaidNo) -> Refused:
    return Refused(
        f"The ERP said no: {masked(no.text)}",
        cause=_("The ERP refused the order: %(text)s") % {"text": no.text[:200]},
        evidence={"erp_said": masked(no.text)},
    )


def _compare(order: OrderSnapshot, sale: Row) -> None:
    """Hold the ERP's own line amounts against ours before it is confirmed (failure bank 14)."""
    if differences := _differences(order, sale):
        raise Refused(
            "The ERP's amounts differ from ours.",
            cause=_("The ERP computes other amounts than were agreed: %(lines)s.")
            % {"lines": "; ".join(_told(difference) for difference in differences[:3])},
            code="amounts_differ",
            evidence={"lines": differences},
        )


def _told(difference: Row) -> str:
    return _("line %(line)s: agreed %(ours)s, ERP %(theirs)s") % {
        "line": difference["position"],
        "ours": difference["ours"],
        "theirs": difference["theirs"],
    }


def _differences(order: OrderSnapshot, sale: Row) -> list[Row]:
    theirs = {line["sequence"]: line for line in sale["lines."] if line["type"] == "line"}
    found = []
    for line in order.lines:
        other = theirs.pop(line.position * SEQUENCE_STEP, None)
        ours = f"{line.quantity.normalize():f} {line.unit_key} {line.sku} {line.net_amount:.2f}"
        if other is None:
            found.append({"position": line.position, "ours": ours, "theirs": "-"})
            continue
        is_same = (
            Decimal(other["quantity"]) == line.quantity
            and (other["product."] or {}).get("code") == line.sku
            and (other["unit."] or {}).get("symbol") == line.unit_key
            and other["amount"] == line.net_amount
        )
        if not is_same:
            found.append({"position": line.position, "ours": ours, "theirs": _line_text(other)})
    found += [{"position": "+", "ours": "-", "theirs": _line_text(other)} for other in theirs.values()]
    return found


def _line_text(line: Row) -> str:
    product, unit = line["product."] or {}, line["unit."] or {}
    quantity = Decimal(line["quantity"] or 0).normalize()
    return f"{quantity:f} {unit.get('symbol')} {product.get('code')} {line['amount']:.2f}"


def _discard(erp: Tryton, ground: Ground, sale: Row) -> None:
    """Remove an order of ours that was never confirmed, to send it anew."""
    for method in {"quotation": ("draft", "delete"), "draft": ("delete",)}.get(sale["state"], ("delete",)):
        try:
            erp.write(f"model.sale.sale.{method}", [sale["id"]], context=ground.context)
        except ErpSaidNo as no:
            raise _said_no(no) from None


def _record(order: OrderSnapshot, sale: Row, erp: Tryton) -> ErpOrderRecord:
    unit_lines = [line for line in sale["lines."] if line["type"] == "line"]
    return ErpOrderRecord(
        order_number=order.number,
        erp_id=str(sale["id"]),
        erp_number=sale["number"] or "",
        erp_status=sale["state"],
        lines=tuple(
            ErpOrderLineRecord(
                position=line["sequence"] // SEQUENCE_STEP,
                erp_id=str(line["id"]),
                quantity=Decimal(line["quantity"]),
                net_amount=line["amount"],
            )
            for line in unit_lines
        ),
        net_amount=sale["untaxed_amount"],
        tax_amount=sale["tax_amount"],
        as_of=erp.clock or datetime.now(UTC),
    )
