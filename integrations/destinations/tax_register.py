"""Tax ids of companies that register, on their way to the register that the operator has set up."""

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions.registrations import note_register_silence, note_register_word
from accounts.applicants import all_tax_answer
from accounts.records import RegistrationAsked
from accounts.registrations import TaxAnswer
from core.actor import Actor
from core.cases import CaseFacts, open_case, settle_cases
from integrations.connectors.tax_register import reading
from integrations.connectors.tax_register.transport import is_set_up
from integrations.failures import CallFailed
from integrations.systems import TAX, Message, job_actor

# The words are kept with our question, which is ours.
JOB = "tax-register"
SILENT = "tax_register_silent"


def send(message: Message) -> None:
    """Ask for one number and keep the word. Harmless when it is called again: who has an answer is not asked for."""
    asked = RegistrationAsked.model_validate(message.payload)
    if all_tax_answer(asked.registration) != TaxAnswer.ASKED:
        return
    by = _actor(message)
    if not is_set_up():
        note_register_silence(asked.registration, by=by)
        return
    word = reading.ask(asked.tax_id)
    note_register_word(asked.registration, word, at=timezone.now(), by=by)
    settle_cases(message.subject, by=by, reason=_("The register has answered."), kinds=(SILENT,))


def bury(message: Message, failure: CallFailed) -> None:
    """Without an answer the number is neither valid nor invalid: the staff reads so, and it is asked again later."""
    by = _actor(message)
    asked = RegistrationAsked.model_validate(message.payload)
    note_register_silence(asked.registration, trouble=failure.reason, by=by)
    facts = CaseFacts(
        cause=_("The register of tax numbers could not be asked: %(reason)s") % {"reason": failure.reason},
        promise=_("The registration waits; its VAT number counts as not answered."),
        system=TAX,
        evidence={"event": message.name, "message": message.key, "attempts": message.attempts},
    )
    open_case(SILENT, message.subject, facts, by=by)


def _actor(message: Message) -> Actor:
    return job_actor(JOB, message.correlation_id)
