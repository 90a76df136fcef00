"""The one function that writes how far an order is: counters, states, and its end."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from catalog.actions.allocation import release_allocation
from core.actor import Actor
from core.cases import CaseFacts, open_case, settle_cases
from core.models import Severity
from orders.actions.moves import move, record
from orders.models import Order, OrderLine
from orders.queries.standing import Standing, standing_of
from orders.rules.standing import LineProgress, is_complete
from orders.states import OrderStatus, PaymentStatus

OVER_SHIPPED = "over_shipped"


@dataclass(frozen=True)
class Words:
    """The ERP's latest word on delivery and invoices."""

    delivery: str
    invoice: str


def set_standing(order: Order, *, by: Actor, words: Words | None = None) -> Order:
    """Write counters and states of a locked order from its movement rows.

    words: the ERP's own states when they have just come; the stored ones otherwise. What was
    shipped beyond the order is kept and opens a case (SHP-08). Only what differs is written.
    """
    words = words or Words(order.delivery_status, order.invoice_status)
    lines = list(order.lines.order_by("position"))
    standing = standing_of(order, lines, words.delivery, words.invoice)
    _write_lines(lines, standing)
    _write_states(order, standing)
    _watch_over_shipped(order, lines, by)
    return order


def close_if_complete(order: Order, *, by: Actor) -> bool:
    """End a locked order of which nothing is left to do, after its news has been told; tell if so."""
    if order.status != OrderStatus.CONFIRMED:
        return False
    lines = [progress_of(line) for line in order.lines.all()]
    if not is_complete(lines, PaymentStatus(order.payment_status)):
        return False
    close_order(order, by=by)
    return True


def progress_of(line: OrderLine) -> LineProgress:
    """A stored line as the rules read it."""
    return LineProgress(line.ordered, line.cancelled, line.shipped, line.invoiced)


def close_order(order: Order, *, by: Actor) -> Order:
    """End a locked order of which nothing is left to do; what stock it still holds is free."""
    move(order, OrderStatus.CLOSED, by=by)
    release_allocation(order.subject, by=by)
    record("order.closed", order, by=by)
    return order


def _write_lines(lines: list[OrderLine], standing: Standing) -> None:
    changed = []
    for line in lines:
        counters = standing.lines[line.pk]
        differing = {name: value for name, value in counters.items() if getattr(line, name) != value}
        for name, value in differing.items():
            setattr(line, name, value)
        if differing:
            changed.append(line)
    if changed:
        OrderLine.objects.bulk_update(changed, list(standing.names), batch_size=500)


def _write_states(order: Order, standing: Standing) -> None:
    differing = {name: value for name, value in standing.states.items() if getattr(order, name) != value}
    if not differing:
        return
    for name, value in differing.items():
        setattr(order, name, value)
    order.save(update_fields=list(differing))


def _watch_over_shipped(order: Order, lines: list[OrderLine], by: Actor) -> None:
    over = [line for line in lines if line.shipped > line.ordered - line.cancelled]
    if not over:
        settle_cases(
            order.subject,
            by=by,
            reason=_("No line is shipped beyond the order any more."),
            kinds=(OVER_SHIPPED,),
        )
        return
    first = over[0]
    cause = _("Line %(position)s: %(shipped)s shipped, %(due)s ordered.") % {
        "position": first.position,
        "shipped": f"{first.shipped.normalize():f}",
        "due": f"{(first.ordered - first.cancelled).normalize():f}",
    }
    facts = CaseFacts(
        cause=cause,
        promise=_("The buyer gets more than was ordered and may be invoiced for it."),
        severity=Severity.AT_RISK,
        system=by.system,
        company=order.company.number,
        amount=order.gross_amount,
        currency=order.currency,
        evidence={
            "lines": [
                {
                    "position": line.position,
                    "sku": line.sku,
                    "ordered": str(line.ordered),
                    "cancelled": str(line.cancelled),
                    "shipped": str(line.shipped),
                }
                for line in over
            ]
        },
    )
    open_case(OVER_SHIPPED, order.subject, facts, by=by)
