"""An order of ours as Tryton holds it: found by our key, compared with what was agreed.

`portal_key` is unique where the ERP has our module; elsewhere the reference carries our number, and it is
searched before anything is created.
"""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.money import is_rounding
from integrations.connectors.tryton.company import Ground
from integrations.connectors.tryton.transport import ErpSaidNo, Tryton
from integrations.failures import Broken, Refused
from integrations.masking import masked
from orders.records import OrderSnapshot

Row = dict[str, Any]

UNCONFIRMED = ("draft", "quotation")
TAKEN = ("confirmed", "processing", "done")
# Lines are sent with these sequences, so that the answer can be told apart by position.
SEQUENCE_STEP = 10

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


def find_sale(erp: Tryton, ground: Ground, number: str) -> Row | None:
    """The sale under one of our order numbers, None when the ERP has none.

    Raises Broken when it holds several: which of them is meant is for a person to say.
    """
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


def press(erp: Tryton, ground: Ground, number: str, sale: Row, button: str) -> Row:
    """Press a button; when it says no because it was pressed before, the state tells."""
    try:
        erp.write(f"model.sale.sale.{button}", [sale["id"]], context=ground.context)
    except ErpSaidNo as no:
        now = find_sale(erp, ground, number)
        if now is None or now["state"] == sale["state"]:
            raise refusal_of(no) from None
        return now
    return find_sale(erp, ground, number) or sale


def refusal_of(no: ErpSaidNo) -> Refused:
    """What the ERP said no with, as a refusal of the order."""
    return Refused(
        f"The ERP said no: {masked(no.text)}",
        cause=_("The ERP refused the order: %(text)s") % {"text": no.text[:200]},
        evidence={"erp_said": masked(no.text)},
    )


def compare(order: OrderSnapshot, sale: Row) -> None:
    """Hold the ERP's own line amounts against ours before it is confirmed (failure bank 14)."""
    if differences := differences_of(order, sale):
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


def differences_of(order: OrderSnapshot, sale: Row) -> list[Row]:
    """The lines in which the ERP's sale is another than the order: {position, ours, theirs}."""
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
            # Tryton rounds half to even: a cent of rounding is no other amount.
            and is_rounding(other["amount"], line.net_amount, order.currency)
        )
        if not is_same:
            found.append({"position": line.position, "ours": ours, "theirs": _line_text(other)})
    found += [{"position": "+", "ours": "-", "theirs": _line_text(other)} for other in theirs.values()]
    return found


def _line_text(line: Row) -> str:
    product, unit = line["product."] or {}, line["unit."] or {}
    quantity = Decimal(line["quantity"] or 0).normalize()
    return f"{quantity:f} {unit.get('symbol')} {product.get('code')} {line['amount']:.2f}"
