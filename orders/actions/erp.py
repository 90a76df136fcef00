"""The ERP's word about an order as a whole: taken, refused, and how far it says it is.

Every action may be repeated, and comes to the same end in any order.
"""

from typing import Any

from django.utils.translation import gettext as _

from core import ownership
from core.actor import Actor, action
from orders.actions.cancel import cancel_rest
from orders.actions.comparison import compare_with_answer, open_order_case
from orders.actions.moves import find_order, lock_order, move, record
from orders.actions.received import record_received
from orders.actions.reserve import lock_budgets_of, settle_budgets
from orders.actions.standing import Words, close_if_complete, set_standing
from orders.models import Order, OrderLine
from orders.queries.snapshot import snapshot_of
from orders.records import ErpOrderRecord, OrderStatusRecord
from orders.rules.standing import is_older
from orders.states import OrderStatus, Outcome

WAITING = (OrderStatus.RECEIVED, OrderStatus.ON_HOLD)
CONTRADICTION = "erp_contradiction"


@action
def confirm_order(order_number: str, answer: ErpOrderRecord, *, by: Actor) -> Order:
    """Keep the ERP's answer to a submitted order: its number, and what it took of each line.

    A repeat changes nothing. A second, different ERP order, an answer for an order that is not
    waiting for one, and other quantities or amounts than were sent are kept as a case. Records
    `order.confirmed`. Source: CRT-16, ORD-04.
    """
    ownership.check(by, "orders.Order", ["erp_id", "erp_number", "confirmed_at"])
    order = lock_order(order_number)
    if order.erp_id == answer.erp_id:
        return order
    if order.erp_id or order.status not in WAITING:
        _contradicts(order, answer, by)
        if order.erp_id:
            return order

    columns = _take_over(order, answer)
    _confirm_lines(order, answer)
    if order.status in WAITING:
        move(order, OrderStatus.CONFIRMED, by=by, fields=columns)
        record("order.confirmed", order, by=by, occurred_at=answer.as_of)
        compare_with_answer(order, answer, by=by)
    else:
        order.save(update_fields=list(columns))
    set_standing(order, by=by)
    close_if_complete(order, by=by)
    return order


@action
def hold_order(order_number: str, reason: str, *, by: Actor) -> Order:
    """Stop an order that the ERP has refused; what it said is the reason. Records `order.held`.

    An order that is held already, or no longer waits for the ERP, stays as it is.
    """
    order = lock_order(order_number)
    if order.status != OrderStatus.RECEIVED:
        return order

    move(order, OrderStatus.ON_HOLD, by=by, reason=reason)
    record("order.held", order, {"reason": reason}, by=by)
    return order


@action
def resend_order(order_number: str, *, by: Actor, reason: str = "") -> Order:
    """Send a held order to the ERP again, with what it needs as it is now. Records `order.resent`.

    Raises WrongState unless the order is on hold.
    """
    order = lock_order(order_number)
    move(order, OrderStatus.RECEIVED, by=by, reason=reason)
    record_received(order, by=by, name="order.resent")
    return order


@action
def apply_order_status(news: OrderStatusRecord, *, by: Actor) -> Outcome:
    """Take over the ERP's own states of an order; older news is dropped (failure bank 32).

    An order that the ERP has cancelled is cancelled here as far as it was not shipped. Raises
    ParentMissing for a number that is not ours.
    """
    ownership.check(by, "orders.Order", ["erp_status", "delivery_status", "invoice_status"])
    order = find_order(news.order_number)
    if order.erp_version and is_older(news.version, order.erp_version):
        return Outcome.OLDER
    words = Words(news.delivery_status, news.invoice_status)
    values: dict[str, Any] = {
        "erp_status": news.erp_status,
        "erp_number": news.erp_number or order.erp_number,
        "erp_version": news.version,
    }
    changed = {name: value for name, value in values.items() if getattr(order, name) != value}
    before = (order.status, order.delivery_status, order.invoice_status, order.payment_status)
    known = order.erp_status

    if changed:
        for name, value in changed.items():
            setattr(order, name, value)
        order.erp_as_of = news.as_of
        order.save(update_fields=[*changed, "erp_as_of"])
    if news.is_cancelled and order.status in (*WAITING, OrderStatus.CONFIRMED):
        _cancelled_there(order, by, news)
    set_standing(order, by=by, words=words)

    if "erp_status" in changed and known:
        details = {"erp_status": news.erp_status, "was": known}
        record("order.changed", order, details, by=by, occurred_at=news.as_of)
    close_if_complete(order, by=by)
    after = (order.status, order.delivery_status, order.invoice_status, order.payment_status)
    return Outcome.CHANGED if changed or before != after else Outcome.SAME


def _take_over(order: Order, answer: ErpOrderRecord) -> tuple[str, ...]:
    order.erp_id = answer.erp_id
    order.erp_number = answer.erp_number
    order.erp_status = answer.erp_status
    order.erp_as_of = answer.as_of
    order.confirmed_at = answer.as_of
    return ("erp_id", "erp_number", "erp_status", "erp_as_of", "confirmed_at")


def _confirm_lines(order: Order, answer: ErpOrderRecord) -> None:
    taken = {line.position: line for line in answer.lines}
    lines = [line for line in order.lines.all() if line.position in taken]
    for line in lines:
        line.erp_id = taken[line.position].erp_id
        line.confirmed = taken[line.position].quantity
    OrderLine.objects.bulk_update(lines, ["erp_id", "confirmed"], batch_size=500)


def _contradicts(order: Order, answer: ErpOrderRecord, by: Actor) -> None:
    cause = (
        _("The ERP has a second order for it: %(new)s besides %(old)s.")
        if order.erp_id
        else _("The ERP took the order as %(new)s, but here it is %(status)s.")
    ) % {"new": answer.erp_number, "old": order.erp_number, "status": order.get_status_display().lower()}
    evidence = {"erp_number": answer.erp_number, "erp_id": answer.erp_id, "status": order.status}
    open_order_case(CONTRADICTION, order, cause, evidence, by=by)


def _cancelled_there(order: Order, by: Actor, news: OrderStatusRecord) -> None:
    """What the ERP cancelled is cancelled; what it had shipped stays, and the order with it."""
    reason = _("Cancelled in the ERP.")
    lock_budgets_of(order)
    has_rest = cancel_rest(order, by=by)
    if order.lines.filter(shipped__gt=0).exists():
        if has_rest:
            record("order.changed", order, {"reason": reason}, by=by, occurred_at=news.as_of)
            settle_budgets(order, by=by)
        return
    if order.status in WAITING:
        reason = _("Cancelled in the ERP before it was confirmed.")
    move(order, OrderStatus.CANCELLED, by=by, reason=reason)
    snapshot = snapshot_of(order).model_dump(mode="json")
    details = {"reason": reason, "order": snapshot}
    record("order.cancelled", order, details, by=by, occurred_at=news.as_of)
