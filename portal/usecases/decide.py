"""Deciding on orders and submitting them again, after the ERP has been asked once, bounded in time."""

from collections.abc import Iterable
from dataclasses import dataclass

from accounts.scope import Scope
from core.actor import Actor
from core.errors import DomainError
from integrations import live
from orders.actions.approval import approve_order, reject_order, return_order
from orders.actions.direct import priced_lines
from orders.actions.live import Confirmation, take_in
from orders.actions.resubmit import Resubmission, asked_lines, resubmit_order
from orders.live import LiveQuestion
from orders.models import Order
from orders.queries.approval import is_last_stage, may_decide
from orders.queries.live import waiting_question
from orders.queries.orders import order_by_number
from orders.states import OrderStatus
from portal.usecases.confirm_and_place import direct_question


@dataclass(frozen=True)
class Said:
    """What an approver says. seen: the state of the approval that the page showed; confirmed: of new prices."""

    comment: str = ""
    seen: str = ""
    confirmed: str = ""


def approve(order: Order, said: Said, *, scope: Scope, by: Actor) -> Order:
    """Approve an order; before the last step the ERP is asked for price, stock and credit (APR-07).

    Raises as approve_order, and NotConfirmed where the policy demands a word that did not come.
    """
    confirmed = None
    if may_decide(scope, order) and is_last_stage(order):
        confirmed = _heard(waiting_question(order), order, by)
    return approve_order(
        order, by=by, comment=said.comment, seen=said.seen, confirmed=said.confirmed, live=confirmed
    )


def resubmit(order: Order, changed: Resubmission, *, scope: Scope, by: Actor) -> Order:
    """Submit a returned order again; the ERP is asked about what is left of it."""
    question = None
    if order.placed_by_id == by.buyer_id and order.status == OrderStatus.RETURNED:
        if order.origin == "quote":
            question = waiting_question(order)
        else:
            question = direct_question(order.company, priced_lines(scope, asked_lines(order, changed)))
    return resubmit_order(order, changed, by=by, live=_heard(question, order, by))


@dataclass(frozen=True)
class Outcome:
    """What became of one order of several that were decided on at once. problem: "" when it was done."""

    number: str
    problem: str = ""


def decide_together(
    numbers: Iterable[str], verb: str, said: Said, *, scope: Scope, by: Actor
) -> list[Outcome]:
    """Decide on several orders, each by itself: what is refused leaves the others as they are.

    verb: approve, reject or return.
    """
    outcomes = []
    for number in dict.fromkeys(numbers):
        try:
            order = order_by_number(scope, number)
            with scope.amounts_of(order.company_id):
                _decide(order, verb, said, scope=scope, by=by)
        except DomainError as refusal:
            outcomes.append(Outcome(number, str(refusal)))
        else:
            outcomes.append(Outcome(number))
    return outcomes


def _decide(order: Order, verb: str, said: Said, *, scope: Scope, by: Actor) -> None:
    if verb == "approve":
        approve(order, said, scope=scope, by=by)
    elif verb == "return":
        return_order(order, by=by, comment=said.comment)
    else:
        reject_order(order, by=by, comment=said.comment)


def _heard(question: LiveQuestion | None, order: Order, by: Actor) -> Confirmation | None:
    answers = live.ask(question, by=by) if question is not None else None
    if question is None or answers is None:
        return None
    return take_in(order.company, question, answers, by=by)
