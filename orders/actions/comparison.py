"""What the ERP took of an order, held against what was sent: rounding is noted, anything more becomes a case."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from core import conflicts, ownership
from core.actor import Actor, action
from core.cases import CaseFacts, open_case
from core.conflicts import Disagreement
from core.models import Severity
from core.money import is_rounding
from orders.models import Order, OrderLine
from orders.records import ErpOrderLineRecord, ErpOrderRecord

Pair = tuple[str, str, str, Any, Any]


@action
def compare_with_answer(order: Order, answer: ErpOrderRecord, *, by: Actor) -> None:
    """Log each figure of which both say different things, with its winner; open a case unless it is rounding.

    What is confirmed of a line is the ERP's word. What the order costs is ours: the buyer's price holds.
    Systems that round half to even, or totals instead of lines, differ by a minor unit for each
    rounded part; that stops nobody. Source: failure bank 14, INT-03.
    """
    lines = list(order.lines.order_by("position"))
    taken = {line.position: line for line in answer.lines}
    differing = [
        _told(line, taken.get(line.position))
        for line in lines
        if not _is_as_sent(line, taken.get(line.position), order.currency)
    ]
    rates = len({line.tax_percent for line in lines})
    sums = (("net_amount", len(lines)), ("tax_amount", len(lines) + rates))
    other = [name for name, parts in sums if not _is_same_sum(order, answer, name, parts)]
    if differing or other:
        evidence = {
            "erp_number": answer.erp_number,
            "net_amount": {"ours": str(order.net_amount), "erp": str(answer.net_amount)},
            "tax_amount": {"ours": str(order.tax_amount), "erp": str(answer.tax_amount)},
            "lines": differing,
        }
        is_tax_alone = other == ["tax_amount"] and not differing
        open_order_case("order_differs", order, _cause(order, answer, is_tax_alone), evidence, by=by)
    rule = "owner" if differing or other else "rounding"
    conflicts.note_all((_decided(pair, rule) for pair in _pairs(order, lines, answer)), by=by)


def open_order_case(kind: str, order: Order, cause: str, evidence: dict[str, Any], *, by: Actor) -> None:
    """Open a case about what the ERP says of an order; the buyer goes on seeing it as it was placed."""
    facts = CaseFacts(
        cause=cause,
        promise=_("The buyer sees the order as it was placed."),
        severity=Severity.AT_RISK,
        system=by.system,
        company=order.company.number,
        amount=order.gross_amount,
        currency=order.currency,
        evidence=evidence,
    )
    open_case(kind, order.subject, facts, by=by)


def _is_as_sent(line: OrderLine, there: ErpOrderLineRecord | None, currency: str) -> bool:
    if there is None or there.quantity != line.ordered:
        return False
    return is_rounding(there.net_amount, line.net_amount, currency)


def _is_same_sum(order: Order, answer: ErpOrderRecord, name: str, parts: int) -> bool:
    said = getattr(answer, name)
    return said is None or is_rounding(said, getattr(order, name), order.currency, parts=parts)


def _told(line: OrderLine, there: ErpOrderLineRecord | None) -> dict[str, Any]:
    return {
        "position": line.position,
        "sku": line.sku,
        "ours": [str(line.ordered), str(line.net_amount)],
        "erp": [str(there.quantity), str(there.net_amount)] if there else None,
    }


def _cause(order: Order, answer: ErpOrderRecord, is_tax_alone: bool) -> str:
    if is_tax_alone:
        text = _("The ERP reckons with VAT of %(currency)s %(there)s, we told the buyer %(ours)s.")
        there, ours = answer.tax_amount, order.tax_amount
    else:
        text = _("The ERP took the order as %(currency)s %(there)s net, we sent %(currency)s %(ours)s.")
        there, ours = answer.net_amount, order.net_amount
    return text % {"currency": order.currency, "there": there, "ours": ours}


def _pairs(order: Order, lines: list[OrderLine], answer: ErpOrderRecord) -> Iterator[Pair]:
    """(model, key, field, ours, theirs) of each figure that differs."""
    taken = {line.position: line for line in answer.lines}
    pairs: list[Pair] = [
        ("orders.Order", order.number, "net_amount", order.net_amount, answer.net_amount),
    ]
    if answer.tax_amount is not None:
        pairs.append(("orders.Order", order.number, "tax_amount", order.tax_amount, answer.tax_amount))
    for line in lines:
        there, key = taken.get(line.position), f"{order.number}/{line.position}"
        pairs.append(("orders.OrderLine", key, "confirmed", line.ordered, there.quantity if there else None))
        if there is not None:
            pairs.append(("orders.OrderLine", key, "net_amount", line.net_amount, there.net_amount))
    yield from (pair for pair in pairs if pair[3] != pair[4])


def _decided(pair: Pair, rule: str) -> Disagreement:
    """The owner's word holds (`core.ownership`)."""
    model, key, field, ours, theirs = pair
    erp_wins = ownership.owner_of(model, field) == ownership.ERP
    return Disagreement(
        model=model,
        key=key,
        field=field,
        kept=theirs if erp_wins else ours,
        refused=ours if erp_wins else theirs,
        winner="erp" if erp_wins else "us",
        loser="us" if erp_wins else "erp",
        rule=rule,
    )
