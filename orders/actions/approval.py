"""Deciding on orders that wait for an approver."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actions.holding import hold_access
from accounts.queries.companies import asks_for_approval
from accounts.queries.lines import lineage_of
from accounts.queries.scopes import scope_for
from accounts.seats import Seat, seats_of
from accounts.segments import ages_judged_for
from catalog.actions.allocation import release_allocation
from core.actor import Actor, action
from core.errors import InvalidValue, NotAllowed, OutOfDate, WrongState
from core.models import trace
from core.states import check_move
from orders.actions.again import look_again
from orders.actions.facts import budget_figures
from orders.actions.live import Confirmation
from orders.actions.moves import lock_order, move, record
from orders.actions.place import lock_credit
from orders.actions.resubmit import take_new_prices
from orders.actions.review import pass_on
from orders.actions.submission import close_request, open_step, tell_approvers
from orders.models import ApprovalDecision, ApprovalRequest, ApprovalStep, Order, OrderLine
from orders.queries.again import Change, digest_of
from orders.queries.approval import approvers_now, asked_of, deciders_of, may_decide, sitting
from orders.queries.budget import states_without
from orders.queries.credit import all_credit_outlook
from orders.rules.approval import check_approver, check_own
from orders.rules.credit import check_credit
from orders.rules.live import Decision, decisions_of
from orders.states import NEXT, ApprovalOutcome, Condition, OrderStatus, RequestState, StepState


@action
def approve_order(
    order: Order,
    *,
    by: Actor,
    comment: str = "",
    seen: str = "",
    confirmed: str = "",
    live: Confirmation | None = None,
) -> Order:
    """Approve a waiting order, for each step that asks this person; after the last one it goes on to the ERP.

    At the last step price, entitlement and credit are looked at again (APR-07). A price that is another now is
    taken when `confirmed` says that it was shown (`digest_of` the changes), else it refuses; where a further rule
    asks for the new total, or the ERP has begun to ask for approvals (APR-12), the approval starts again. seen: `stamp_of` the request as the page showed it; what
    was decided meanwhile refuses. live: what the ERP said just before. Records `order.approved` and what
    `pass_on` records at the end, `order.step_approved` before.
    Raises NotAllowed for one's own order or without the right, WrongState, OutOfDate with the changes as
    details, LinesRefused, OnHold, OverLimit, OverBudget.
    """
    hold_access(by.user_id)
    order = lock_order(order)
    request = _open(order, OrderStatus.RECEIVED, by, seen)
    mine = _mine(order, request, by)
    done = deciders_of(request) | {(step.pk, seat.holder_id) for seat, steps in mine for step in steps}
    asked = [step for step in request.steps.all() if any(step in steps for _seat, steps in mine)]
    finished = [step for step in asked if _is_done(step, request, order, done)]
    is_last = _is_last(request, finished)
    figures: dict[str, Any] = {}
    if is_last:
        with ages_judged_for(lambda: lineage_of(order.company_id)):
            changes, doubts = look_again(order, live)
        if changes and confirmed != digest_of(changes):
            raise _changed(changes)
        lineage = lineage_of(order.company_id)
        lock_credit(lineage)
        figures["changes"] = [change.to_json() for change in changes]
        is_news = bool(changes) or (asks_for_approval(lineage) and not request.speaks_of(Condition.ERP_HOLD))
        starts_again = is_news and take_new_prices(order, request, changes, by=by)
        heard = (*(live.decisions if live else ()), *doubts)
        if heard:
            order.live_checks = [one.to_json() for one in merged(order.live_checks, heard)]
            order.save(update_fields=["live_checks"])
        outlook = all_credit_outlook(order.company, order.gross_amount, without=order.pk)
        check_credit(outlook.figures, order.currency)
        figures["credit"] = outlook.story()

    _keep(request, order, mine, ApprovalOutcome.APPROVED, comment, by, figures)
    if is_last and starts_again:
        return order
    now = timezone.now()
    for step in finished:
        step.state, step.decided_at = StepState.APPROVED, now
        step.save(update_fields=["state", "decided_at"])
    if is_last:
        close_request(request, RequestState.APPROVED)
        order.credit_decision = figures["credit"]
        _decide(order, OrderStatus.RECEIVED, comment, by, ("credit_decision",))
        news = {"comment": comment, "decided_by": by.label, "has_new_prices": bool(changes)}
        record("order.approved", order, news, by=by)
        pass_on(order, by=by)
        return order
    record("order.step_approved", order, {"comment": comment}, by=by)
    _next_stage(request, order, by)
    return order


@action
def reject_order(order: Order, *, by: Actor, comment: str, seen: str = "") -> Order:
    """Refuse a waiting order for good, with a reason for the buyer; stock, credit and budgets are free again.

    Records `order.rejected`. Raises as approve_order, and InvalidValue without a comment.
    """
    return _turn_down(order, OrderStatus.REJECTED, comment, by, seen)


@action
def return_order(order: Order, *, by: Actor, comment: str, seen: str = "") -> Order:
    """Give a waiting order back to its buyer, who changes it and submits it again; all is free meanwhile.

    Records `order.returned`. Raises as reject_order.
    """
    return _turn_down(order, OrderStatus.RETURNED, comment, by, seen)


def _turn_down(order: Order, new: OrderStatus, comment: str, by: Actor, seen: str) -> Order:
    hold_access(by.user_id)
    order = lock_order(order)
    request = _open(order, new, by, seen)
    mine = _mine(order, request, by)
    if not comment.strip():
        raise InvalidValue(_("Say why, so that the buyer knows what to change."), field="comment")

    outcome = ApprovalOutcome.REJECTED if new == OrderStatus.REJECTED else ApprovalOutcome.RETURNED
    _keep(request, order, mine, outcome, comment, by, {})
    close_request(request, RequestState(outcome.value))
    _decide(order, new, comment, by)
    release_allocation(order.subject, by=by)
    OrderLine.objects.filter(order=order).update(allocated=0, backordered=0)
    if new == OrderStatus.REJECTED:
        record("order.rejected", order, {"comment": comment}, by=by)
    else:
        record("order.returned", order, {"comment": comment}, by=by)
    return order


def stamp_of(request: ApprovalRequest) -> str:
    """The state of a request as a page showed it: another round, stage or decision changes it."""
    return f"{request.round}:{request.stage}:{request.decisions.count()}"


def _open(order: Order, new: OrderStatus, by: Actor, seen: str) -> ApprovalRequest:
    """The request that the order waits by. Raises WrongState when somebody has decided meanwhile."""
    request = order.approval_requests.filter(state=RequestState.OPEN).prefetch_related("steps").first()
    if request is None or order.status != OrderStatus.PENDING_APPROVAL:
        last = ApprovalDecision.objects.filter(request__order=order).order_by("-pk").first()
        if last is not None and last.actor_user_id != by.user_id and order.status != OrderStatus.CANCELLED:
            raise _told_already(last)
        check_move(NEXT, OrderStatus(order.status), new)
        raise WrongState(_("This order does not wait for an approval."), old=order.status)
    if seen and seen != stamp_of(request):
        last = request.decisions.order_by("-pk").first()
        raise (
            _told_already(last)
            if last
            else WrongState(
                _("The order has been changed and submitted again meanwhile: look at it once more.")
            )
        )
    return request


def _changed(changes: Sequence[Change]) -> OutOfDate:
    """The refusal that shows what is another since the order was submitted."""
    told = ", ".join(f"{one.sku}: {one.was.normalize():f} → {one.now.normalize():f}" for one in changes[:5])
    return OutOfDate(
        _("Prices have changed since the order was submitted, so nothing was approved yet: %(changes)s")
        % {"changes": told},
        changes=[one.to_json() for one in changes],
        confirm=digest_of(changes),
    )


def merged(kept: Any, newer: Sequence[Decision]) -> list[Decision]:
    """The decisions on what the ERP was asked, the newest of each kind and key."""
    found = {(one.kind, one.key): one for one in (*decisions_of(kept), *newer)}
    return list(found.values())


def _told_already(last: ApprovalDecision) -> WrongState:
    return WrongState(
        _("%(person)s has decided meanwhile: %(outcome)s. Nothing was changed by you.")
        % {"person": last.actor_label, "outcome": last.get_outcome_display().lower()},
        decided_by=last.actor_label,
        outcome=last.outcome,
    )


def _mine(order: Order, request: ApprovalRequest, by: Actor) -> list[tuple[Seat, list[ApprovalStep]]]:
    """The seats by which this person decides, each with the open steps that ask it.

    Raises NotAllowed (APR-06, failure bank 19).
    """
    steps = [step for step in request.steps.all() if step.state == StepState.OPEN]
    own = {request.requester_id, request.submitted_by_id}
    check_own(by.user_id, own, is_allowed=any(step.allows_own for step in steps))
    seats = seats_of(order.company_id, by.user_id) if by.user_id else []
    check_approver(by.user_id, {seat.user.pk for seat in seats})
    if not may_decide(scope_for(by.user_id, order.company_id), order):
        raise NotAllowed(
            _("This order does not wait for you: its rule asks somebody else, or it is above your limit."),
            right="approve",
        )
    done = deciders_of(request)
    asked = [
        (
            seat,
            [
                step
                for step in steps
                if (step.pk, seat.holder_id) not in done
                and sitting(asked_of(step, request, order.net_amount), [seat])
            ],
        )
        for seat in seats
    ]
    return [(seat, asking) for seat, asking in asked if asking]


def _is_done(step: ApprovalStep, request: ApprovalRequest, order: Order, done: set[tuple[int, int]]) -> bool:
    """Whether a step has all that it needs: one decision, or one of each who may decide now."""
    if not step.needs_all or step.escalated_at is not None:
        return any(step_id == step.pk for step_id, _holder in done)
    asked = sitting(asked_of(step, request, order.net_amount), seats_of(order.company_id))
    return {seat.holder_id for seat in asked} <= {holder for step_id, holder in done if step_id == step.pk}


def _is_last(request: ApprovalRequest, finished: Sequence[ApprovalStep]) -> bool:
    ids = {step.pk for step in finished}
    return all(step.state == StepState.APPROVED or step.pk in ids for step in request.steps.all())


def _next_stage(request: ApprovalRequest, order: Order, by: Actor) -> None:
    """Open the next stage once the current one is through, and tell those whom it asks."""
    steps = list(request.steps.all())
    if any(step.state == StepState.OPEN for step in steps):
        return
    now = timezone.now()
    request.stage = min(step.stage for step in steps if step.state == StepState.WAITING)
    request.save(update_fields=["stage"])
    for step in steps:
        if step.stage == request.stage:
            open_step(step, now)
            step.save(update_fields=["state", "opened_at", "remind_at", "due_at"])
    tell_approvers(request, order, approvers_now(request, order), by=by)


def _keep(
    request: ApprovalRequest,
    order: Order,
    mine: Sequence[tuple[Seat, Sequence[ApprovalStep]]],
    outcome: ApprovalOutcome,
    comment: str,
    by: Actor,
    figures: dict[str, Any],
) -> None:
    """Write down what was decided, with the rules' versions and what the person saw: a row per seat.

    Each row names the steps that ask its seat, and no others. The budgets are those of now, as the order's page
    shows them, not those of the time it was submitted.
    """
    seen = {
        **request.figures,
        "budget_figures": budget_figures(states_without(order)),
        "net_amount": str(order.net_amount),
        "gross_amount": str(order.gross_amount),
        **figures,
    }
    now = timezone.now()
    for seat, steps in mine:
        ApprovalDecision.objects.create(
            request=request,
            steps=[step.pk for step in steps],
            outcome=outcome,
            comment=comment.strip(),
            instead_of=seat.instead_of,
            rules=request.rules,
            figures=seen,
            at=now,
            **trace(by),
        )


def _decide(order: Order, new: OrderStatus, comment: str, by: Actor, fields: tuple[str, ...] = ()) -> None:
    order.decided_by_id = by.user_id
    order.decided_at = timezone.now()
    order.decision_comment = comment.strip()
    columns = ("decided_by", "decided_at", "decision_comment", *fields)
    move(order, new, by=by, reason=comment.strip(), fields=columns)
