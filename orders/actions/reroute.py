"""A step of an approval that is stuck, since whom it asks has left: the staff asks somebody else instead.

The staff never decides on a customer's order (APR-06): it says who of the customer's own people is asked, and never
the one who ordered.
"""

from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.customers import check_meets
from accounts.models import User
from accounts.seats import Seat, seats_of
from core import audit
from core.actor import Actor, action
from core.cases import settle_cases
from core.errors import InvalidValue, NotAllowed, NotFound, WrongState
from orders.actions.moves import lock_order, record
from orders.actions.reminders import STUCK
from orders.actions.submission import open_step, told_people
from orders.models import ApprovalRequest, ApprovalStep, Order
from orders.queries.approval import approvers_now, asked_of, open_request, sitting
from orders.states import OrderStatus, StepState

RIGHT = "orders.change_approvalstep"


@action
def reroute_step(order: Order, key: int, to: Sequence[int], *, reason: str, by: Actor) -> ApprovalStep:
    """Let a step that is not decided ask other people of the customer; its clocks begin anew.

    key: of the step. to: ids of people who may approve there; none for everybody who may. Decisions that were made
    stay. Records `order.approval_rerouted`. Raises NotAllowed without the right and for whoever ordered it or entered
    it, NotFound for somebody else's customer and for an unknown step, WrongState, InvalidValue for people who could
    not decide and without a reason.
    """
    order = lock_order(order)
    _check_staff(order, by)
    request = open_request(order)
    if request is None or order.status != OrderStatus.PENDING_APPROVAL:
        raise WrongState(_("This order does not wait for an approval."), old=order.status)
    step = next((one for one in request.steps.all() if one.pk == key), None)
    if step is None:
        raise NotFound(_("There is no such step."))
    if step.state not in (StepState.OPEN, StepState.WAITING):
        raise WrongState(_("This step is decided already."), old=step.state)
    if not reason.strip():
        raise InvalidValue(
            _("Say why somebody else is asked, and who of the customer wants it."), field="reason"
        )
    was = {"people": list(step.people), "roles": list(step.roles), "any_approver": step.any_approver}

    step.any_approver, step.roles, step.people = not to, [], sorted(set(to))
    step.needs_all = step.needs_all and bool(to)
    step.escalated_at = step.reminded_at = None
    _check_people(step, request, order, seats_of(order.company_id))
    if step.state == StepState.OPEN:
        open_step(step, timezone.now())
    step.save()

    people = approvers_now(request, order) if step.state == StepState.OPEN else []
    told = {**told_people(request, people), "reason": reason.strip()}
    record("order.approval_rerouted", order, told, by=by)
    settle_cases(order.subject, by=by, reason=str(_("Somebody else is asked now.")), kinds=(STUCK,))
    audit.log(
        "approval.rerouted",
        by=by,
        about=f"order:{order.number}",
        company=order.company.number,
        data={"step": step.pk, "was": was, "to": sorted(set(to)), "reason": reason.strip()},
    )
    return step


def _check_staff(order: Order, by: Actor) -> None:
    person = User.objects.filter(pk=by.user_id or 0, is_staff=True, is_active=True).first()
    if person is None or not person.has_perm(RIGHT):
        raise NotAllowed(_("Your role does not let you change who approves a customer's order."), right=RIGHT)
    check_meets(person, order.company_id)
    if person.pk in (order.placed_by_id, order.entered_by_id):
        raise NotAllowed(
            _("You entered this order yourself: somebody else has to say who decides on it."), right=RIGHT
        )


def _check_people(step: ApprovalStep, request: ApprovalRequest, order: Order, seats: Sequence[Seat]) -> None:
    """Refuse whom the step could not ask: strangers, the buyer, people whose limit is too low."""
    asked = {seat.holder_id for seat in sitting(asked_of(step, request, order.net_amount), seats)}
    if not asked or not set(step.people) <= asked:
        raise InvalidValue(
            _(
                "Choose people who may approve this order: of the customer, with a high enough limit, and not its buyer."
            ),
            field="to",
        )
