"""The one place where an order's status changes."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from core import outbox
from core.actor import Actor
from core.models import Event, trace
from core.states import check_move
from orders.actions.reserve import settle_budgets
from orders.models import Order, OrderMove
from orders.queries.snapshot import told
from orders.rules.facts import ParentMissing
from orders.states import NEXT, OrderStatus


def lock_order(order: Order | str) -> Order:
    """The order, locked and read again; first step of every change. order: it or its number."""
    number = order if isinstance(order, str) else order.number
    return (
        Order.objects.select_for_update(of=("self",), no_key=True)
        .select_related(
            "company", "placed_by", "bill_to_company", "payment_term", "warehouse", "ship_to_address"
        )
        .get(number=number)
    )


def hold_still(number: str) -> None:
    """Lock an order, if there is one, before what hangs on it: its process, its cases and its messages.

    Whoever writes several of them begins here, so that no two wait for each other.
    """
    Order.objects.select_for_update(of=("self",), no_key=True).filter(number=number).first()


def find_order(number: str) -> Order:
    """As lock_order, for a number from outside. Raises ParentMissing when it is not ours."""
    try:
        return lock_order(number)
    except Order.DoesNotExist:
        raise ParentMissing(
            _("There is no order %(number)s here.") % {"number": number}, order=number
        ) from None


def move(
    order: Order, new: OrderStatus, *, by: Actor, reason: str = "", fields: tuple[str, ...] = ()
) -> None:
    """Move a locked order's status along its table and keep who did it and why (ORD-01, ORD-21).

    Its budgets follow: what it weighed is given back or spent. fields: other columns that are saved in the same write. Raises WrongState.
    """
    old = order.status
    check_move(NEXT, old, new)
    order.status = new
    order.save(update_fields=["status", *fields])
    keep_move(order, old, by=by, reason=reason)
    settle_budgets(order, by=by)


def keep_move(order: Order, old: str, *, by: Actor, reason: str = "") -> None:
    """Write down that an order came to its status from `old`, "" for a new one."""
    OrderMove.objects.create(order=order, old=old, new=order.status, reason=reason, **trace(by))


def record(
    name: str, order: Order, details: dict[str, Any] | None = None, *, by: Actor, **options: Any
) -> Event:
    """Write an event of an order: what every one carries, and its details."""
    return outbox.record(
        name,
        subject=order.subject,
        payload={**told(order), **(details or {})},
        by=by,
        company=order.company.number,
        **options,
    )
