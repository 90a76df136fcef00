"""Approvals that wait too long: reminded, then escalated to everybody who may approve (APR-09)."""

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from core.actor import Actor, action
from core.cases import CaseFacts, open_case
from core.models import Severity
from orders.actions.moves import lock_order, record
from orders.actions.submission import told_people
from orders.models import ApprovalStep, Order
from orders.queries.approval import approvers_now, open_request
from orders.states import OrderStatus, StepState

STUCK = "approval_stuck"
AT_ONCE = 100


def wake_approvals(now: datetime, *, by: Actor) -> int:
    """Remind and escalate what is due, each order in a transaction of its own; tell how many were.

    now: the moment that counts. One statement while nothing is due; a repeat does nothing more.
    """
    open_steps = ApprovalStep.objects.filter(state=StepState.OPEN, request__state="open")
    due = Q(remind_at__lte=now, reminded_at=None, escalated_at=None) | Q(due_at__lte=now, escalated_at=None)
    numbers = list(
        open_steps.filter(due)
        .order_by("request__order_id")
        .values_list("request__order__number", flat=True)
        .distinct()[:AT_ONCE]
    )
    return sum(_wake(number, now, by=by) for number in numbers)


@action
def _wake(number: str, now: datetime, *, by: Actor) -> int:
    order = lock_order(number)
    request = open_request(order)
    if request is None or order.status != OrderStatus.PENDING_APPROVAL:
        return 0
    steps = [step for step in request.steps.all() if step.state == StepState.OPEN]
    late = [step for step in steps if step.due_at and step.due_at <= now and step.escalated_at is None]
    slow = [
        step
        for step in steps
        if step not in late
        and step.remind_at
        and step.remind_at <= now
        and step.reminded_at is None
        and step.escalated_at is None
    ]
    for step in late:
        step.escalated_at = now
        step.save(update_fields=["escalated_at"])
    for step in slow:
        step.reminded_at = now
        step.save(update_fields=["reminded_at"])
    people = approvers_now(request, order) if late or slow else []
    if late:
        record("order.approval_escalated", order, told_people(request, people), by=by)
    elif slow:
        record("order.approval_reminded", order, told_people(request, people), by=by)
    if (late or slow) and not people:
        _nobody_left(order, by)
    return int(bool(late or slow))


def _nobody_left(order: Order, by: Actor) -> None:
    """Nobody may decide on it any more: a person of ours has to ask the customer."""
    facts = CaseFacts(
        cause=_("Nobody of %(company)s may approve order %(order)s any more.")
        % {"company": order.company.name, "order": order.number},
        promise=_("The buyer waits; nothing has gone to the ERP."),
        severity=Severity.AT_RISK,
        company=order.company.number,
        amount=order.gross_amount,
        currency=order.currency,
    )
    open_case(STUCK, order.subject, facts, by=by)
