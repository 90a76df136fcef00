"""Changes of contact data that buyers propose, and what the ERP says of them (ACC-11)."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from accounts.actions.proposing import begin, locked_proposal, require_proposer, settle
from accounts.models import Company, ContactProposal
from accounts.proposals import CONTACT_FIELDS, LEAVING, ProposalState
from accounts.records import CustomerRecord
from accounts.standing import OURS
from core import ownership
from core.actor import Actor, action
from core.errors import InvalidValue, WrongState

PHONE = re.compile(r"\+?[0-9 ()/.-]{5,40}")


@action
def propose_contacts(company: Company, wish: Mapping[str, str], *, by: Actor) -> ContactProposal:
    """Ask for contact data as `wish` has them, see CONTACT_FIELDS; the own row stays as it is until the ERP confirms.

    Only what differs is asked for; who buys or asks there proposes, and the company releases it. Raises NotAllowed,
    InvalidValue, WrongState while another change is under way or the ERP does not know the company yet. Records
    `contact.proposed`, or `proposal.requested`.
    """
    ownership.check(by, "accounts.ContactProposal", ["company", "changes", "was"])
    company = Company.objects.select_for_update(of=("self",), no_key=True).get(pk=company.pk)
    acting = require_proposer(company, by)
    values = _checked(wish)
    if company.status in OURS or not company.erp_id:
        raise WrongState(_("Contact data can be changed when the registration has been approved."))
    changes = {name: value for name, value in values.items() if value != getattr(company, name)}
    if not changes:
        raise InvalidValue(_("Nothing of it is different."), field="phone")
    was = {name: getattr(company, name) for name in changes}

    proposal = ContactProposal(company=company, changes=changes, was=was, proposed_by=acting.membership.user)
    begin(proposal, acting, by=by)
    return proposal


def _checked(wish: Mapping[str, str]) -> dict[str, str]:
    values = {name: wish[name].strip() for name in CONTACT_FIELDS}
    if values["phone"] and not PHONE.fullmatch(values["phone"]):
        raise InvalidValue(_("Digits with the code of the country, such as +43 1 5550100."), field="phone")
    for name in ("email", "invoice_email"):
        if values[name]:
            try:
                validate_email(values[name])
            except ValidationError:
                raise InvalidValue(_("This is no e-mail address."), field=name) from None
    if values["invoice_contact"] and not values["invoice_email"]:
        raise InvalidValue(_("Say where this person gets the invoices."), field="invoice_email")
    for name, most in {"invoice_contact": 120, "email": 254, "invoice_email": 254}.items():
        if len(values[name]) > most:
            raise InvalidValue(_("This is too long."), field=name)
    return values


@action
def note_contacts_sent(pk: int, *, at: datetime, by: Actor) -> ContactProposal:
    """The ERP has taken them; in force they are when its own feed tells them. at: its clock. Repeats are quiet."""
    ownership.check(by, "accounts.ContactProposal", ["state", "sent_at"])
    proposal = locked_proposal(ContactProposal, pk)
    if proposal.state not in LEAVING or proposal.sent_at is not None:
        return proposal

    proposal.state, proposal.sent_at = ProposalState.SENT, at
    proposal.save(update_fields=["state", "sent_at"])
    return proposal


def settle_contacts(records: Iterable[CustomerRecord], *, by: Actor) -> None:
    """What the ERP tells of customers settles the proposals that were sent for them; within the feed's action.

    The same values confirm; others, told after it had taken ours, mean that it decided otherwise. Nothing is
    sent: the change came from there.
    """
    told = {record.number: record for record in records}
    waiting = ContactProposal.objects.select_for_update(of=("self",), no_key=True).filter(
        state=ProposalState.SENT, sent_at__isnull=False, company__number__in=told
    )
    for proposal in waiting.select_related("company").order_by("pk"):
        ownership.check(by, "accounts.ContactProposal", ["state", "reason"])
        record, was = told[proposal.company.number], proposal.was
        if all(
            _is_met(getattr(record, name), new, was.get(name, "")) for name, new in proposal.changes.items()
        ):
            settle(proposal, ProposalState.CONFIRMED, "")
        elif proposal.sent_at and record.as_of > proposal.sent_at:
            settle(proposal, ProposalState.REFUSED, _("We keep it otherwise: please call us."))


def _is_met(theirs: str, wanted: str, was: str) -> bool:
    """Whether the ERP has done what was wanted. Where one was taken away, its next one may stand in the place."""
    return _is_same(theirs, wanted) or (not wanted and bool(was) and not _is_same(theirs, was))


def _is_same(theirs: str, ours: str) -> bool:
    """Whether two texts mean the same: spaces and case are the ERP's own way of writing it."""
    return re.sub(r"[\s()/.-]", "", theirs).casefold() == re.sub(r"[\s()/.-]", "", ours).casefold()
