"""An order that is not to be sent yet, held against the ERP by reading alone: would it be taken, at these amounts?"""

from collections import defaultdict
from decimal import Decimal

from django.utils.translation import gettext as _

from integrations.compared import Compared
from integrations.connectors.tryton.company import ground_of
from integrations.connectors.tryton.live import ask_credit, ask_prices
from integrations.connectors.tryton.transport import Tryton, connection
from integrations.connectors.tryton.writing.checking import Checked, check_order
from integrations.connectors.tryton.writing.sale import TAKEN, differences_of, find_sale
from integrations.failures import Refused
from orders.live import AskedLine, LiveQuestion
from orders.records import OrderSnapshot


def compare_order(order: OrderSnapshot, erp: Tryton | None = None) -> list[Compared]:
    """What the ERP says of an order: whether it knows all that it names, what stands there already, prices, credit.

    The price of an accepted quote is what was agreed and is not asked for. Raises CallFailed.
    """
    erp = erp or connection()
    found = [_standing(erp, order)]
    try:
        checked = check_order(order, erp)
    except Refused as refusal:
        return [*found, Compared("known", order.number, is_same=False, why=str(refusal.cause))]
    found.append(Compared("known", order.number, why=_("The ERP knows all that the order names.")))
    question = _question(order, checked)
    if order.origin != "quote":
        found += _prices(order, question, erp)
    return [*found, *_credit(order, question, erp)]


def compare_cancellation(number: str, erp: Tryton | None = None) -> list[Compared]:
    """Whether the ERP would still let go of an order of ours. Raises CallFailed."""
    erp = erp or connection()
    sale = find_sale(erp, ground_of(erp), number)
    state = sale["state"] if sale else _("none there")
    # A confirmed one can still be set back, one that is started only by the ERP's own staff.
    can_go = sale is None or sale["state"] == "confirmed" or sale["state"] not in TAKEN
    return [Compared("order", number, ours=_("cancelled"), theirs=state, is_same=can_go)]


def _standing(erp: Tryton, order: OrderSnapshot) -> Compared:
    sale = find_sale(erp, ground_of(erp), order.number)
    if sale is None:
        return Compared("order", order.number, why=_("The ERP has no order under this number yet."))
    differences = differences_of(order, sale)
    told = "; ".join(f"{one['ours']} / {one['theirs']}" for one in differences[:3])
    return Compared("order", order.number, theirs=sale["state"], is_same=not differences, why=told)


def _question(order: OrderSnapshot, checked: Checked) -> LiveQuestion:
    together: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in order.lines:
        together[line.sku, line.unit_key] += line.quantity
    return LiveQuestion(
        company_number=order.company.number,
        lineage=(order.company.number,),
        currency=order.currency,
        credit_numbers=(order.bill_to_company.number,),
        gross_amount=order.gross_amount,
        lines=tuple(
            AskedLine(
                sku=line.sku,
                unit_key=line.unit_key,
                unit_erp_id=str(checked.units[line.unit_key]),
                quantity=line.quantity,
                quantity_base=line.quantity,
                break_quantity=together[line.sku, line.unit_key],
            )
            for line in order.lines
        ),
    )


def _prices(order: OrderSnapshot, question: LiveQuestion, erp: Tryton) -> list[Compared]:
    heard = ask_prices(question, erp)
    said = {(price.sku, price.unit_key): price.unit_price for price in heard.prices}
    found = []
    for line in order.lines:
        ours, theirs = line.unit_price / line.price_unit, said.get((line.sku, line.unit_key))
        found.append(
            Compared(
                "price",
                f"{line.sku} / {line.unit_key}",
                ours=_plain(ours),
                theirs=_plain(theirs) if theirs is not None else "",
                is_same=None if theirs is None else round(theirs, 6) == round(ours, 6),
                why="" if theirs is not None else _("The ERP names no price."),
            )
        )
    return found


def _credit(order: OrderSnapshot, question: LiveQuestion, erp: Tryton) -> list[Compared]:
    found = []
    for record in ask_credit(question, erp).credit:
        if record.limit_amount is None:
            found.append(Compared("credit", record.company_number, why=_("It has no limit in the ERP.")))
            continue
        free = record.limit_amount - record.used_amount
        enough = order.gross_amount <= free
        asked, left = _plain(order.gross_amount), _plain(free)
        found.append(Compared("credit", record.company_number, ours=asked, theirs=left, is_same=enough))
    return found


def _plain(figure: Decimal) -> str:
    return f"{figure.normalize():f}"
