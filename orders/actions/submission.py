"""Asking for the approval of an order: who is asked, in which order, until when."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.seats import Seat, seats_of
from core.actor import Actor
from orders.actions.moves import record
from orders.models import ApprovalRequest, ApprovalStep, Order
from orders.queries.approval import approvers_now
from orders.queries.outlook import asked_by_plan
from orders.rules.approval import NoApprover
from orders.rules.conditions import OrderFacts
from orders.rules.steps import Hit, StepPlan, plan
from orders.states import RequestState, StepState


def planned(
    hits: Sequence[Hit], order: Order, manager_id: int | None, submitter: int | None, seats: Sequence[Seat]
) -> list[StepPlan]:
    """The steps that rules ask of an order. Raises NoApprover where nobody could decide on one of them.

    A step that asks only people who may not decide, such as the buyer, is asked of everybody who may.
    """
    excluded = frozenset({order.placed_by_id, submitter or order.placed_by_id})
    steps = []
    for step in plan(hits, manager_id):
        if not asked_by_plan(step, seats, order.net_amount, excluded):
            step = _widened(step)
            if not asked_by_plan(step, seats, order.net_amount, excluded):
                raise NoApprover(
                    _(
                        "This order needs an approval, and your company has nobody who may approve it. "
                        "Ask its administrator."
                    )
                )
        steps.append(step)
    return steps


def _widened(step: StepPlan) -> StepPlan:
    return StepPlan(
        stage=step.stage,
        hit=step.hit,
        any_approver=True,
        roles=(),
        people=(),
        needs_all=False,
        remind_hours=step.remind_hours,
        escalate_hours=step.escalate_hours,
    )


def ask_for_approval(
    order: Order,
    hits: Sequence[Hit],
    facts: OrderFacts,
    manager_id: int | None,
    *,
    by: Actor,
    figures: dict[str, Any] | None = None,
    submitted_by: int | None = None,
) -> ApprovalRequest:
    """Open the next round of an order's approval. The order is written and locked; its lines may follow.

    figures: more that the approvers are to see. submitted_by: who pressed the button, if not `by`. Records `order.approval_requested`. Raises NoApprover.
    """
    seats = seats_of(order.company_id)
    submitter = submitted_by or by.user_id
    steps = planned(hits, order, manager_id, submitter, seats)
    now = timezone.now()
    last = order.approval_requests.aggregate(last=Max("round"))["last"] or 0
    request = ApprovalRequest.objects.create(
        order=order,
        round=last + 1,
        unit_id=order.company_id,
        requester_id=order.placed_by_id,
        submitted_by_id=submitter,
        rules=[hit.to_json() for hit in hits],
        figures={**facts.to_json(), **(figures or {})},
        opened_at=now,
    )
    ApprovalStep.objects.bulk_create([_row(request, step, now) for step in steps])
    tell_approvers(request, order, approvers_now(request, order, seats), by=by)
    return request


def _row(request: ApprovalRequest, step: StepPlan, now: Any) -> ApprovalStep:
    row = ApprovalStep(
        request=request,
        stage=step.stage,
        rule=step.hit.code,
        rule_name=step.hit.name,
        rule_version=step.hit.version,
        any_approver=step.any_approver,
        roles=list(step.roles),
        people=list(step.people),
        needs_all=step.needs_all,
        allows_own=step.hit.allows_own,
        remind_hours=step.remind_hours,
        escalate_hours=step.escalate_hours,
    )
    if step.stage == 1:
        open_step(row, now)
    return row


def open_step(step: ApprovalStep, now: Any) -> None:
    """Let a step be decided on from now: its clocks begin. Not saved."""
    step.state, step.opened_at = StepState.OPEN, now
    step.remind_at = now + timedelta(hours=step.remind_hours) if step.remind_hours else None
    step.due_at = now + timedelta(hours=step.escalate_hours) if step.escalate_hours else None


def tell_approvers(request: ApprovalRequest, order: Order, people: Iterable[User], *, by: Actor) -> None:
    """Record that an order waits for these people."""
    record("order.approval_requested", order, told_people(request, people), by=by)


def told_people(request: ApprovalRequest, people: Iterable[User]) -> dict[str, Any]:
    """The round of an order's approval and its approvers as events name them."""
    named = [{"name": str(user), "email": user.email, "locale": user.locale} for user in people]
    return {"approvers": named, "round": request.round, "stage": request.stage}


def close_request(request: ApprovalRequest, state: RequestState) -> None:
    """End a round; the steps that are still open are not needed any more."""
    request.state, request.closed_at = state, timezone.now()
    request.save(update_fields=["state", "closed_at"])
    request.steps.filter(state__in=[StepState.OPEN, StepState.WAITING]).update(state=StepState.ENDED)


def close_open_request(order: Order, state: RequestState = RequestState.CANCELLED) -> None:
    """End the round that an order waits by, if there is one."""
    request = order.approval_requests.filter(state=RequestState.OPEN).first()
    if request is not None:
        close_request(request, state)
