"""Cancelling an order that the ERP has not confirmed."""

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from catalog.actions.allocation import release_allocation
from core.actor import Actor, action
from core.errors import InvalidValue, WrongState
from orders.actions.moves import lock_order, move, record
from orders.actions.submission import close_open_request
from orders.models import Order, OrderLine
from orders.queries.snapshot import snapshot_of
from orders.states import OrderStatus


@action
def cancel_order(order: Order, *, by: Actor, reason: str) -> Order:
    """Take an order back before the ERP has it; stock, credit and budgets are free again (failure bank 45).

    Records `order.cancelled`. Raises WrongState once the ERP has confirmed it: from then on it is
    cancelled there; InvalidValue without a reason.
    """
    order = lock_order(order)
    if order.status == OrderStatus.CONFIRMED:
        raise WrongState(
            _(
                "The ERP has confirmed this order, so it cannot be cancelled here. "
                "Call your contact in sales: what is cancelled there shows here by itself."
            ),
            old=order.status,
        )
    if not reason.strip():
        raise InvalidValue(_("Say why the order is cancelled."), field="reason")

    # Before the rest is cancelled: what is told is what the order was over, not that 0 is left of it.
    snapshot = snapshot_of(order).model_dump(mode="json")
    move(order, OrderStatus.CANCELLED, by=by, reason=reason.strip())
    close_open_request(order)
    cancel_rest(order, by=by)
    record("order.cancelled", order, {"reason": reason.strip(), "order": snapshot}, by=by)
    return order


def cancel_rest(order: Order, *, by: Actor) -> bool:
    """Count what has not been shipped as cancelled and release its stock; tell if anything was left."""
    release_allocation(order.subject, by=by)
    lines = OrderLine.objects.filter(order=order)
    rest = F("ordered") - F("shipped")
    cancelled = lines.filter(shipped__lt=F("ordered")).exclude(cancelled=rest).update(cancelled=rest)
    lines.update(allocated=0, backordered=0)
    return cancelled > 0
