"""Addresses that customers propose, on their way to the ERP; what the ERP refuses is a case with words to the buyer."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions.proposals import note_proposal_sent
from accounts.actions.proposing import let_proposal_leave, refuse_proposal
from accounts.models import AddressProposal
from accounts.records import AddressProposed
from core.actor import Actor
from core.cases import CaseFacts, open_case, settle_cases
from integrations.connectors.tryton.writing.addresses import write_address
from integrations.failures import CallFailed, Refused
from integrations.systems import ERP, Message, flow_actor

FLOW = "erp.addresses-out"
REFUSAL = "address_refused"
LOOK_WITHIN = timedelta(hours=8)


def send(message: Message) -> None:
    """Bring a proposed address to the ERP. Harmless when it is called again."""
    wish = AddressProposed.model_validate(message.payload)
    by = _actor(message)
    if let_proposal_leave(AddressProposal, wish.proposal, by=by) is None:
        settle_cases(message.subject, by=by, reason=_("Nothing of it is left to send."), kinds=(REFUSAL,))
        return
    erp_id, at = write_address(wish)
    note_proposal_sent(wish.proposal, erp_id=erp_id, at=at, by=by)
    settle_cases(message.subject, by=by, reason=_("The ERP has it now."), kinds=(REFUSAL,))


def bury(message: Message, failure: CallFailed) -> None:
    """An address that the ERP does not take is refused, and somebody calls the buyer."""
    by = _actor(message)
    said = failure.cause if isinstance(failure, Refused) else failure.reason
    refuse_proposal(
        int(message.number), _("It could not be taken over: we call you, or please call us."), by=by
    )
    facts = CaseFacts(
        cause=_("A proposed address could not be brought to the ERP: %(reason)s") % {"reason": said},
        promise=_("The buyer reads that it was refused and that somebody calls."),
        system=ERP,
        company=message.company_number,
        evidence={"event": message.name, "message": message.key, "attempts": message.attempts},
        due_at=timezone.now() + LOOK_WITHIN,
    )
    open_case(REFUSAL, message.subject, facts, by=by)


def _actor(message: Message) -> Actor:
    return flow_actor(FLOW, correlation_id=message.correlation_id, company=message.company_number)
