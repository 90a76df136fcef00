"""Changes of addresses that buyers propose: sent to the ERP once, in force when the ERP says the same (ACC-11).

What holds for proposals of every kind is here, too: they leave, are taken, refused or withdrawn.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Address, AddressProposal, Company, ContactProposal
from accounts.models.proposal import Proposal
from accounts.proposals import FIELDS, NEXT, OPEN, ProposalState
from accounts.queries.scopes import Acting, acting_as
from accounts.records import AddressRecord
from accounts.standing import OURS
from accounts.states import Right
from core import outbox, ownership
from core.actor import Actor, action
from core.changes import assign, differs
from core.errors import InvalidValue, NotAllowed, WrongState
from core.states import check_move

Kept = TypeVar("Kept", bound=Proposal)
# What the subject of events about a proposal begins with.
KINDS: dict[str, type[Proposal]] = {
    "address_proposal": AddressProposal,
    "contact_proposal": ContactProposal,
}


@action
def propose_address(
    company: Company, wish: Mapping[str, str | bool], *, address: Address | None = None, by: Actor
) -> AddressProposal:
    """Ask for an address as `wish` has it, see FIELDS; the own row stays as it is until the ERP has confirmed.

    address: the one to be changed, None for a further one. Needs the right to manage the company. Raises
    NotAllowed, InvalidValue, WrongState while another change of the same address is under way or the ERP does not
    know the company yet. Records `address.proposed`.
    """
    ownership.check(by, "accounts.AddressProposal", [*FIELDS, "company"])
    company = Company.objects.select_for_update(of=("self",), no_key=True).get(pk=company.pk)
    acting = require_manager(company, by)
    values = _checked(wish)
    if company.status in OURS or not company.erp_id:
        raise WrongState(_("Addresses can be changed when the registration has been approved."))
    if address is not None and (address.company_id != company.pk or not address.is_active):
        raise InvalidValue(_("This address is not in use here."), field="address")
    if address is not None and not differs(address, values):
        raise InvalidValue(_("Nothing of it is different."), field="street")

    proposal = AddressProposal(company=company, address=address, proposed_by=acting.membership.user, **values)
    try:
        with transaction.atomic():
            proposal.save()
    except IntegrityError:
        raise WrongState(_("A change of this address is under way already.")) from None

    outbox.record(
        "address.proposed",
        subject=f"address_proposal:{proposal.pk}",
        payload={
            "proposal": proposal.pk,
            "company_number": company.number,
            "erp_id": address.erp_id if address else "",
            **values,
        },
        by=by,
        company=company.number,
    )
    return proposal


def _checked(wish: Mapping[str, str | bool]) -> dict[str, str | bool]:
    values = {name: value.strip() if isinstance(value := wish[name], str) else value for name in FIELDS}
    for name in ("street", "postal_code", "city"):
        if not values[name]:
            raise InvalidValue(_("This is needed."), field=name)
    country = str(values["country"]).upper()
    if len(country) != 2 or not country.isalpha() or not country.isascii():
        raise InvalidValue(_("Two letters, such as AT or DE."), field="country")
    if not values["is_ship_to"] and not values["is_bill_to"]:
        raise InvalidValue(_("Say what it is for: deliveries, invoices or both."), field="is_ship_to")
    return {**values, "country": country}


@action
def let_proposal_leave(kind: type[Kept], pk: int, *, by: Actor) -> Kept | None:
    """Put a proposal on its way: from now on it cannot be withdrawn. None when there is nothing to send.

    One that could not be brought to the ERP is under way again, unless a newer change of the same is.
    """
    ownership.check(by, kind._meta.label, ["state"])
    proposal = kind._default_manager.select_for_update(of=("self",), no_key=True).filter(pk=pk).first()
    if proposal is not None and proposal.state == ProposalState.REFUSED and proposal.sent_at is None:
        return _reopened(proposal)
    if proposal is None or proposal.state not in OPEN or proposal.sent_at is not None:
        return None
    if proposal.state == ProposalState.PROPOSED:
        check_move(NEXT, ProposalState(proposal.state), ProposalState.SENT)
        proposal.state = ProposalState.SENT
        proposal.save(update_fields=["state"])
    return proposal


def _reopened(proposal: Kept) -> Kept | None:
    check_move(NEXT, ProposalState(proposal.state), ProposalState.SENT)
    assign(proposal, {"state": ProposalState.SENT, "reason": "", "settled_at": None})
    try:
        with transaction.atomic():
            proposal.save(update_fields=["state", "reason", "settled_at"])
    except IntegrityError:
        return None
    return proposal


@action
def note_proposal_sent(pk: int, *, erp_id: str, at: datetime, by: Actor) -> AddressProposal:
    """The ERP has taken it; in force it is when the ERP's own feed tells it. Repeats are quiet."""
    ownership.check(by, "accounts.AddressProposal", ["state", "erp_id", "sent_at"])
    proposal = locked_proposal(AddressProposal, pk)
    if proposal.state not in OPEN or proposal.sent_at is not None:
        return proposal

    proposal.state, proposal.erp_id, proposal.sent_at = ProposalState.SENT, erp_id, at
    proposal.save(update_fields=["state", "erp_id", "sent_at"])
    return proposal


@action
def refuse_proposal(pk: int, reason: str, *, by: Actor, kind: type[Proposal] = AddressProposal) -> Proposal:
    """The ERP will not take it. reason: in words for the buyer. Repeats are quiet."""
    ownership.check(by, kind._meta.label, ["state", "reason"])
    proposal = locked_proposal(kind, pk)
    if proposal.state not in OPEN:
        return proposal

    settle(proposal, ProposalState.REFUSED, reason[:300])
    return proposal


@action
def give_up_proposal(subject: str, reason: str, *, by: Actor) -> None:
    """Nothing comes of a proposal any more. reason: in words for the buyer, who reads them beside it.

    subject: what its events name. What is in force, was withdrawn or is no proposal stays as it is.
    """
    name, _colon, pk = subject.partition(":")
    if name not in KINDS:
        return
    proposal = locked_proposal(KINDS[name], int(pk))
    if proposal.state in OPEN:
        settle(proposal, ProposalState.REFUSED, reason[:300])
    elif proposal.state == ProposalState.REFUSED:
        proposal.reason = reason[:300]
        proposal.save(update_fields=["reason"])


@action
def withdraw_proposal(proposal: Kept, *, by: Actor) -> Kept:
    """Take back what has not left yet: until then it is ours, and nothing is sent of it. Repeats are quiet.

    Needs the right to manage the company. Raises NotAllowed, and WrongState for one that is on its way.
    """
    company = Company.objects.select_for_update(of=("self",), no_key=True).get(pk=proposal.company_id)
    require_manager(company, by)
    proposal = locked_proposal(type(proposal), proposal.pk)
    if proposal.state == ProposalState.WITHDRAWN:
        return proposal
    check_move(NEXT, ProposalState(proposal.state), ProposalState.WITHDRAWN)

    settle(proposal, ProposalState.WITHDRAWN, "")
    return proposal


def require_manager(company: Company, by: Actor) -> Acting:
    """Who acts, and may manage the company. Raises NotAllowed."""
    acting = acting_as(by.user_id, company.pk)
    if acting is None:
        raise NotAllowed(_("You do not act for this company."))
    acting.scope.require(Right.MANAGE_COMPANY)
    return acting


def settle(proposal: Proposal, state: ProposalState, reason: str) -> None:
    """End a proposal that is locked."""
    check_move(NEXT, ProposalState(proposal.state), state)
    assign(proposal, {"state": state, "reason": reason, "settled_at": timezone.now()})
    proposal.save(update_fields=["state", "reason", "settled_at"])


def settle_proposals(told: Mapping[str, tuple[datetime, AddressRecord]], *, by: Actor) -> None:
    """What the ERP tells of addresses settles the proposals that were sent for them; within the feed's action.

    told: {id over there: the ERP's time, the address}. The same values confirm; others, told after it had
    taken ours, mean that it decided otherwise. Nothing is sent: the change came from there.
    """
    ownership.check(by, "accounts.AddressProposal", ["state", "reason"])
    waiting = AddressProposal.objects.select_for_update(no_key=True).filter(
        state=ProposalState.SENT, erp_id__in=told
    )
    for proposal in waiting.order_by("pk"):
        as_of, address = told[proposal.erp_id]
        if not differs(proposal, address.model_dump(include=set(FIELDS))):
            state, reason = ProposalState.CONFIRMED, ""
        elif proposal.sent_at and as_of > proposal.sent_at:
            state, reason = ProposalState.REFUSED, _("We keep the address otherwise: please call us.")
        else:
            continue
        settle(proposal, state, reason)


def locked_proposal(kind: type[Kept], pk: int) -> Kept:
    """A proposal, locked."""
    return kind._default_manager.select_for_update(of=("self",), no_key=True).get(pk=pk)
