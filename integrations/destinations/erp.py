"""Orders on their way to the ERP: submit, take back, and what a dead letter means for the order."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from core.actor import Actor
from core.cases import CaseFacts, open_case, settle_cases
from core.models import Severity
from integrations.actions.cancelled import leave_cancelled
from integrations.actions.identifiers import keep_identifiers
from integrations.connectors.tryton import writing
from integrations.failures import CallFailed, Refused
from integrations.queries import all_order_status
from integrations.systems import ERP, Message, flow_actor
from orders.actions import erp as facts
from orders.records import OrderSnapshot
from orders.states import OrderStatus

FLOW = "erp.orders-out"
REFUSAL, DEAD_LETTER = "erp_refusal", "dead_letter"
# Within how long somebody should have looked at an order that does not get through.
LOOK_WITHIN = timedelta(hours=1)
WITHDRAWN = (OrderStatus.CANCELLED, OrderStatus.REJECTED)


def send(message: Message) -> None:
    """Bring one event of an order to the ERP. Harmless when it is called again.

    The answer is the ERP's word and is written down as such. Source: ORD-03, INT-37, INT-38.
    """
    if message.name == "order.cancelled":
        writing.cancel_order(message.number)
        leave_cancelled(message.number, by=_actor(message))
        return
    if all_order_status(message.number) in WITHDRAWN:
        # Its cancellation follows and asks the ERP for what may already have got there.
        return
    answer = writing.submit_order(OrderSnapshot.model_validate(message.payload["order"]))
    by = _actor(message)
    keep_identifiers(ERP, "order", [(answer.erp_id, message.number)])
    lines = [(line.erp_id, f"{message.number}/{line.position}") for line in answer.lines]
    keep_identifiers(ERP, "order_line", lines)
    facts.confirm_order(message.number, answer, by=by)
    settle_cases(
        message.subject,
        by=by,
        reason=_("The ERP confirmed the order as %(number)s.") % {"number": answer.erp_number},
        kinds=(REFUSAL, DEAD_LETTER),
    )


def bury(message: Message, failure: CallFailed) -> None:
    """An order that does not get through becomes a case; one that the ERP refuses is on hold."""
    by = _actor(message)
    if isinstance(failure, Refused):
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
