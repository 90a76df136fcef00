"""Deciding on orders that wait for an approver."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.queries import all_members_with, lineage_of
from accounts.states import Right
from catalog.actions.allocation import release_allocation
from core.actor import Actor, action
from core.errors import InvalidValue
from orders.actions.moves import lock_order, move, record
from orders.actions.place import lock_credit
from orders.actions.review import pass_on
from orders.models import Order, OrderLine
from orders.queries.credit import all_credit_outlook
from orders.rules.approval import check_approver
from orders.rules.credit import check_credit
from orders.states import OrderStatus


@action
def approve_order(order: Order, *, by: Actor, comment: str = "") -> Order:
    """Let a waiting order go on to the ERP.

    The credit is looked at again: the limit may have changed since. Records `order.approved` and
    what `pass_on` records. Raises NotAllowed for one's own order or without the right, WrongState,
    OnHold, OverLimit.
    """
    order = lock_order(order)
    _check_right(order, by)
    lock_credit(lineage_of(order.company_id))
    outlook = all_credit_outlook(order.company, order.gross_amount, without=order.pk)
    check_credit(outlook.figures, order.currency)

    order.credit_decision = outlook.story()
    _decide(order, OrderStatus.RECEIVED, comment, by, ("credit_decision",))
    record("order.approved", order, {"comment": comment}, by=by)
    pass_on(order, by=by)
    return order


@action
def reject_order(order: Order, *, by: Actor, comment: str) -> Order:
    """Refuse a waiting order for good, with a reason for the buyer; stock and credit are free again.

    Records `order.rejected`. Raises as approve_order, and InvalidValue without a comment.
    """
    order = lock_order(order)
    _check_right(order, by)
    if not comment.strip():
        raise InvalidValue(_("Say why, so that the buyer knows what to change."), field="comment")

    _decide(order, OrderStatus.REJECTED, comment, by)
    release_allocation(order.subject, by=by)
    OrderLine.objects.filter(order=order).update(allocated=0, backordered=0)
    record("order.rejected", order, {"comment": comment}, by=by)
    return order


def _check_right(order: Order, by: Actor) -> None:
    approvers = frozenset(user.pk for user in all_members_with(Right.APPROVE, [order.company_id]))
    check_approver(by.user_id, order.placed_by_id, approvers)


def _decide(order: Order, new: OrderStatus, comment: str, by: Actor, fields: tuple[str, ...] = ()) -> None:
    order.decided_by_id = by.user_id
    order.decided_at = timezone.now()
    order.decision_comment = comment.strip()
    columns = ("decided_by", "decided_at", "decision_comment", *fields)
    move(order, new, by=by, reason=comment.strip(), fields=columns)
