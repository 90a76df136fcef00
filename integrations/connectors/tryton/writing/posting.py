"""Third step: the ERP confirms the order and starts it. From then on it is the ERP's."""

import random
import time
from datetime import UTC, datetime
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from integrations.connectors.tryton.company import Ground, ground_of
from integrations.connectors.tryton.transport import ErpSaidNo, Tryton, connection
from integrations.connectors.tryton.writing.reserving import already_taken, quoted
from integrations.connectors.tryton.writing.sale import (
    SEQUENCE_STEP,
    TAKEN,
    UNCONFIRMED,
    Row,
    find_sale,
    press,
    refusal_of,
)
from integrations.failures import Refused, Transient, UnknownOutcome
from integrations.masking import masked
from orders.records import ErpOrderLineRecord, ErpOrderRecord, OrderSnapshot

CONFIRM_TRIES = 3


def post_order(order: OrderSnapshot, erp: Tryton | None = None) -> ErpOrderRecord:
    """Have the reserved order confirmed and started; answer with what the ERP took.

    Its amounts are compared once more: somebody there may have changed it since. Raises Refused
    with the cause in plain words, also when the quotation is gone; UnknownOutcome when the answer
    was lost, Transient when it is to be tried later.
    """
    erp = erp or connection()
    ground = ground_of(erp)
    sale = find_sale(erp, ground, order.number)
    if sale is None or sale["state"] == "cancelled":
        raise Refused(
            "The quotation is gone.",
            cause=_("Somebody took the order's quotation away in the ERP before it was confirmed."),
            code="sale_gone",
        )
    sale = quoted(order, sale, erp)
    if sale["state"] == "quotation":
        sale = _confirm(erp, ground, order, sale)
    if sale["state"] == "confirmed":
        sale = _process(erp, ground, order, sale)
    if sale["state"] not in TAKEN:
        raise Transient(f"The ERP left the order in state {sale['state']}.")
    return _record(order, sale, erp)


def unpost_order(number: str, erp: Tryton | None = None) -> None:
    """Set a confirmed order back there, as long as the ERP has not started it; quiet when it is not confirmed.

    Raises Refused when it has: then only its own staff can take it back.
    """
    erp = erp or connection()
    ground = ground_of(erp)
    sale = find_sale(erp, ground, number)
    if sale is None or sale["state"] in (*UNCONFIRMED, "cancelled"):
        return
    if sale["state"] != "confirmed":
        raise already_taken(sale)
    press(erp, ground, number, sale, "draft")


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
            now = find_sale(erp, ground, order.number)
            if now is not None and now["state"] in TAKEN:
                return now
            raise _why_not_confirmed(erp, ground, order, no) from None
    return find_sale(erp, ground, order.number) or sale


def _process(erp: Tryton, ground: Ground, order: OrderSnapshot, sale: Row) -> Row:
    """Start a confirmed order there: Tryton does so by itself, unless a lock was in its way just then.

    Confirmed it is either way, so no failure of this step is one of the order.
    """
    try:
        erp.write("model.sale.sale.process", [sale["id"]], context=ground.context)
    except (ErpSaidNo, Transient, UnknownOutcome):
        return sale
    return find_sale(erp, ground, order.number) or sale


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
    return refusal_of(no)


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
