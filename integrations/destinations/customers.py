"""Customers that were admitted here, on their way to the ERP, which makes each of them once."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions.opening import Sent, note_company_opened, note_company_refused, sent_as
from accounts.queries.companies import all_companies
from accounts.records import CompanyAdmitted
from core.actor import Actor
from core.cases import CaseFacts, open_case, settle_cases
from core.errors import OutOfDate
from core.money import minor_unit
from integrations.actions.identifiers import keep_identifiers
from integrations.connectors.tryton.writing.customers import Made, write_customer
from integrations.failures import CallFailed, Refused, Transient
from integrations.systems import ERP, Message, flow_actor

FLOW = "erp.customers-out"
REFUSAL = "customer_refused"
LOOK_WITHIN = timedelta(hours=8)
# How often one message tells the ERP of a customer that is hung elsewhere all the while.
TURNS = 5


def send(message: Message) -> None:
    """Bring an admitted customer to the ERP; its ids come back. Harmless when it is called again.

    What of it may have changed here meanwhile, below whom it hangs and so its first limit, goes as it is now; also when
    it changes while the ERP is at it: then the ERP is told again before its word counts.
    """
    wish = CompanyAdmitted.model_validate(message.payload)
    company = all_companies().filter(number=wish.company_number).first()
    if company is None or company.merged_into_id:
        return None
    if company.erp_id:
        # A try whose answer was lost has made it, and the ERP's own feed was faster to say so.
        made = Made(company.number, company.erp_id, company.as_of or timezone.now())
        _opened(message, wish.company_number, made)
        return None
    for _turn in range(TURNS):
        company.refresh_from_db()
        sent = sent_as(company)
        limit = sent.limit_amount
        if limit is not None:
            # The ERP takes no more digits than the currency has.
            limit = limit.quantize(minor_unit(company.currency))
        now = {"parent_number": sent.parent_number, "credit_limit_amount": limit}
        made = write_customer(wish.model_copy(update=now))
        try:
            return _opened(message, wish.company_number, made, sent)
        except OutOfDate:
            continue
    raise Transient("It was hung elsewhere again and again while the ERP was told of it.")


def _opened(message: Message, number: str, made: Made, sent: Sent | None = None) -> None:
    by = _actor(message)
    note_company_opened(number, erp_number=made.number, erp_id=made.erp_id, at=made.at, sent=sent, by=by)
    keep_identifiers(ERP, "customer", [(made.erp_id, made.number)])
    settle_cases(message.subject, by=by, reason=_("The ERP has the customer now."), kinds=(REFUSAL,))


def bury(message: Message, failure: CallFailed) -> None:
    """A customer that the ERP does not take stays pending, and somebody sees to it."""
    by = _actor(message)
    said = failure.cause if isinstance(failure, Refused) else failure.reason
    note_company_refused(message.company_number, said, by=by)
    facts = CaseFacts(
        cause=_("A new customer could not be brought to the ERP: %(reason)s") % {"reason": said},
        promise=_("Its people sign in and see the catalogue; prices and orders wait."),
        system=ERP,
        company=message.company_number,
        evidence={"event": message.name, "message": message.key, "attempts": message.attempts},
        due_at=timezone.now() + LOOK_WITHIN,
    )
    open_case(REFUSAL, message.subject, facts, by=by)


def _actor(message: Message) -> Actor:
    return flow_actor(FLOW, correlation_id=message.correlation_id, company=message.company_number)
