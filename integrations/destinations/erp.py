"""Orders on their way to the ERP: submit, take back, and what a dead letter means for the order."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from core.actor import Actor
from core.cases import CaseFacts, open_case, settle_cases
from core.models import Severity
from integrations.actions.cancelled import leave_cancelled
from integrations.compared import Compared
from integrations.connectors.tryton.writing import posting, reserving
from integrations.connectors.tryton.writing.comparing import compare_cancellation, compare_order
from integrations.failures import CallFailed, Refused
from integrations.models import Process
from integrations.processes.definitions import ORDER_SUBMISSION
from integrations.processes.engine import carry_on, give_up, take_back
from integrations.queries import all_order_status
from integrations.states import ProcessState
from integrations.systems import ERP, Message, flow_actor
from orders.actions import erp as facts
from orders.actions.moves import hold_still
from orders.records import OrderSnapshot
from orders.states import OrderStatus

FLOW = "erp.orders-out"
REFUSAL, DEAD_LETTER, UNDO_FAILED = "erp_refusal", "dead_letter", "undo_failed"
KINDS = (REFUSAL, DEAD_LETTER, UNDO_FAILED)
# Within how long somebody should have looked at an order that does not get through.
LOOK_WITHIN = timedelta(hours=1)
WITHDRAWN = (OrderStatus.CANCELLED, OrderStatus.REJECTED)


def send(message: Message) -> None:
    """Bring one event of an order to the ERP. Harmless when it is called again.

    An order goes there as a process, whose steps are each done once; a cancellation takes back what
    was done of it. The answer is the ERP's word and is written down as such. Source: ORD-03, INT-37,
    INT-38, INT-43.
    """
    by = _actor(message)
    if message.name == "order.cancelled":
        reason = message.payload.get("reason") or _("The order was cancelled.")
        take_back(ORDER_SUBMISSION, message.subject, reason=reason, by=by)
        # Whatever else of it is there under our number, also without a process of ours.
        posting.unpost_order(message.number)
        reserving.release_order(message.number)
        leave_cancelled(message.number, by=by)
        return
    if all_order_status(message.number) in WITHDRAWN:
        # Its cancellation follows and asks the ERP for what may already have got there.
        return
    done = carry_on(ORDER_SUBMISSION, message.subject, {"event": message.key}, by=by)
    settle_cases(
        message.subject,
        by=by,
        reason=_("The ERP confirmed the order as %(number)s.") % {"number": done["record"]["erp_number"]},
        kinds=KINDS,
    )


def compare(message: Message) -> list[Compared]:
    """What the ERP says of an event that is held; nothing is written there. Raises CallFailed."""
    if message.name == "order.cancelled":
        return compare_cancellation(message.number)
    return compare_order(OrderSnapshot.model_validate(message.payload["order"]))


def bury(message: Message, failure: CallFailed) -> None:
    """An order that does not get through becomes a case; one that the ERP refuses is on hold.

    What was done for it is undone by then, or its process waits for a person (ORD-06).
    """
    by = _actor(message)
    hold_still(message.number)
    process = give_up(ORDER_SUBMISSION, message.subject, failure)
    if process is not None and process.state == ProcessState.UNDONE:
        settle_cases(message.subject, by=by, reason=_("It is undone now."), kinds=(UNDO_FAILED,))
    if process is not None and "undo" in process.failure:
        if message.name != "order.cancelled":
            facts.hold_order(message.number, _why(process.failure), by=by)
        open_case(UNDO_FAILED, message.subject, _not_undone(message, process), by=by)
    elif isinstance(failure, Refused):
        if message.name != "order.cancelled":
            facts.hold_order(message.number, failure.cause, by=by)
        open_case(REFUSAL, message.subject, _refused(message, failure), by=by)
    else:
        open_case(DEAD_LETTER, message.subject, _dead(message, failure), by=by)


def _refused(message: Message, failure: Refused) -> CaseFacts:
    return _facts(
        message,
        cause=failure.cause,
        promise=_("The buyer sees the order on hold; nothing is delivered until this is settled."),
        evidence={"code": failure.code, **failure.evidence},
    )


def _why(failure: dict[str, Any]) -> str:
    return str(failure.get("cause") or failure.get("reason", ""))


def _not_undone(message: Message, process: Process) -> CaseFacts:
    undo = process.failure["undo"]
    return _facts(
        message,
        cause=_("What was done for the order in the ERP could not be taken back: %(reason)s")
        % {"reason": _why(undo)},
        promise=_("The buyer sees the order as cancelled.")
        if message.name == "order.cancelled"
        else _("The buyer sees the order on hold; nothing is sent again until this is settled."),
        evidence={
            "code": undo.get("code") or undo["error_class"],
            "undone_because": _why(process.failure),
            **undo.get("evidence", {}),
        },
    )


def _dead(message: Message, failure: CallFailed) -> CaseFacts:
    return _facts(
        message,
        cause=_("The order could not be brought to the ERP: %(reason)s") % {"reason": failure.reason},
        promise=_("The buyer sees the order as received, not as confirmed."),
        evidence={"code": str(failure.error_class)},
    )


def _facts(message: Message, *, cause: str, promise: str, evidence: dict[str, object]) -> CaseFacts:
    order = message.payload.get("order", {})
    amount = order.get("gross_amount")
    return CaseFacts(
        cause=cause,
        promise=promise,
        severity=Severity.AT_RISK,
        system=ERP,
        company=message.company_number,
        amount=Decimal(amount) if amount is not None else None,
        currency=order.get("currency", ""),
        evidence={**evidence, "event": message.name, "message": message.key, "attempts": message.attempts},
        due_at=timezone.now() + LOOK_WITHIN,
    )


def _actor(message: Message) -> Actor:
    return flow_actor(FLOW, correlation_id=message.correlation_id, company=message.company_number)
