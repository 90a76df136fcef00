"""Orders on their way after the ERP was asked: on to it, to be confirmed first, or to a person."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from core.actor import Actor, action
from core.cases import CaseFacts, open_case, settle_cases
from core.logging import get_logger
from core.models import Severity
from orders.actions.live import keep_disagreements
from orders.actions.moves import lock_order, move, record
from orders.actions.received import record_received
from orders.models import Order, OrderLine
from orders.rules.confirm import plain
from orders.rules.live import DIFFERENT, Decision, decisions_of, situation_of
from orders.states import LiveRule, OrderStatus

logger = get_logger(__name__)

REVIEW = "checkout_review"


def pass_on(order: Order, *, by: Actor, lines: Sequence[OrderLine] | None = None) -> None:
    """Send a new or approved order on its way: to the ERP, to be confirmed first, or to a person.

    Records `order.received`; `order.unconfirmed` while the ERP has yet to confirm a price, since it would
    believe the one we send; `order.held` with a case when the policy asks for a review. lines: as for
    snapshot_of.
    """
    decisions = decisions_of(order.live_checks)
    held = [one for one in decisions if one.is_held]
    if held:
        _hold(order, held, by)
    elif any(one.is_unconfirmed_price for one in decisions):
        record("order.unconfirmed", order, {"prices": [one.key for one in decisions if one.is_open]}, by=by)
    else:
        record_received(order, lines, by=by)


def _hold(order: Order, over: list[Decision], by: Actor) -> None:
    cause = _review_cause(over)
    move(order, OrderStatus.ON_HOLD, by=by, reason=cause)
    record("order.held", order, {"reason": cause}, by=by)
    facts = CaseFacts(
        cause=cause,
        promise=_("The buyer sees the order on hold; it has not gone to the ERP."),
        severity=Severity.AT_RISK,
        system="erp",
        company=order.company.number,
        amount=order.gross_amount,
        currency=order.currency,
        evidence={"decisions": [one.to_json() for one in over]},
    )
    open_case(REVIEW, order.subject, facts, by=by)


def _review_cause(over: list[Decision]) -> str:
    first = over[0]
    words = {"kind": first.kind.label, "key": first.key, "ours": first.ours, "theirs": first.theirs}
    if first.theirs is None:
        return _("%(kind)s of %(key)s: the ERP did not answer when the order was placed.") % words
    return _("%(kind)s of %(key)s: the ERP says %(theirs)s, the order was placed with %(ours)s.") % words


@action
def settle_prices(order_number: str, prices: Mapping[str, Decimal], *, by: Actor) -> Order:
    """Keep the ERP's later word on prices that were to be confirmed: the order goes on, or is held.

    prices: the ERP's, by key of the decision. One that is still missing leaves everything as it is. Records
    `order.received` when all are as ordered, `order.held` with a case and the conflict when one is not.
    """
    order = lock_order(order_number)
    decisions = decisions_of(order.live_checks)
    waiting = {one.key for one in decisions if one.is_unconfirmed_price}
    if order.status != OrderStatus.RECEIVED or not waiting or not waiting <= set(prices):
        return order

    settled = [_settled(one, prices[one.key]) if one.is_unconfirmed_price else one for one in decisions]
    order.live_checks = [one.to_json() for one in settled]
    order.save(update_fields=["live_checks"])
    differing = [one for one in settled if one.key in waiting and one.is_held]
    if differing:
        keep_disagreements(differing, document=order.number, by=by)
        _hold(order, differing, by)
    else:
        record_received(order, by=by)
    return order


def _settled(one: Decision, theirs: Decimal) -> Decision:
    situation = situation_of(Decimal(one.kept or 0), theirs, less_is_better=True)
    settled = replace(one, theirs=plain(theirs), settled_at=timezone.now())
    if situation in DIFFERENT:
        return replace(settled, situation=situation, rule=LiveRule.HOLD, ours=one.kept)
    return settled


@action
def hold_unconfirmed(order_number: str, reason: str, *, by: Actor) -> Order:
    """Give an order to a person whose price could not be confirmed at all."""
    order = lock_order(order_number)
    waiting = [one for one in decisions_of(order.live_checks) if one.is_unconfirmed_price]
    if order.status == OrderStatus.RECEIVED and waiting:
        _hold(order, waiting, by)
        logger.warning("checkout.unconfirmed", order=order.number, reason=reason)
    return order


@action
def release_order(order_number: str, *, by: Actor, reason: str) -> Order:
    """Let a held order go to the ERP as it was placed, after somebody has looked. Records `order.received`.

    Raises WrongState unless the order is on hold.
    """
    order = lock_order(order_number)
    move(order, OrderStatus.RECEIVED, by=by, reason=reason)
    record_received(order, by=by)
    settle_cases(order.subject, by=by, reason=_("It was released."), kinds=(REVIEW,))
    return order
