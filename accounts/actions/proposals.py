"""Addresses that buyers propose: sent to the ERP once, in force when the ERP says the same (ACC-11)."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.actions.proposing import begin, locked_proposal, require_proposer, settle
from accounts.models import Address, AddressProposal, Company
from accounts.proposals import FIELDS, LEAVING, ProposalState
from accounts.records import AddressRecord
from accounts.standing import OURS
from accounts.states import Right
from core import ownership
from core.actor import Actor, action
from core.changes import differs
from core.errors import InvalidValue, WrongState


@action
def propose_address(
    company: Company, wish: Mapping[str, str | bool], *, address: Address | None = None, by: Actor
) -> AddressProposal:
    """Ask for an address as `wish` has it, see FIELDS; the own row stays as it is until the ERP has confirmed.

    address: the one to be changed, None for a further one. Who manages the company proposes any; who buys or asks
    there proposes where goods go, and the company releases it. Raises NotAllowed, InvalidValue, WrongState while
    another change of the same address is under way or the ERP does not know the company yet. Records
    `address.proposed`, or `proposal.requested`.
    """
    ownership.check(by, "accounts.AddressProposal", [*FIELDS, "company"])
    company = Company.objects.select_for_update(of=("self",), no_key=True).get(pk=company.pk)
    acting = require_proposer(company, by)
    if address is not None and (address.company_id != company.pk or not address.is_active):
        raise InvalidValue(_("This address is not in use here."), field="address")
    if not acting.scope.may(Right.MANAGE_COMPANY):
        wish = _for_deliveries(wish, address)
    values = _checked(wish)
    if company.status in OURS or not company.erp_id:
        raise WrongState(_("Addresses can be changed when the registration has been approved."))
    if address is not None and not differs(address, values):
        raise InvalidValue(_("Nothing of it is different."), field="street")

    proposal = AddressProposal(company=company, address=address, proposed_by=acting.membership.user, **values)
    begin(proposal, acting, by=by)
    return proposal


def _for_deliveries(wish: Mapping[str, str | bool], address: Address | None) -> dict[str, str | bool]:
    """A wish of somebody who does not manage the company: what an address is for stays as it is."""
    if address is not None and not address.is_ship_to:
        raise InvalidValue(_("Only who manages the company proposes where invoices go."), field="address")
    return {**wish, "is_ship_to": True, "is_bill_to": address is not None and address.is_bill_to}


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
def note_proposal_sent(pk: int, *, erp_id: str, at: datetime, by: Actor) -> AddressProposal:
    """The ERP has taken it; in force it is when the ERP's own feed tells it. Repeats are quiet."""
    ownership.check(by, "accounts.AddressProposal", ["state", "erp_id", "sent_at"])
    proposal = locked_proposal(AddressProposal, pk)
    if proposal.state not in LEAVING or proposal.sent_at is not None:
        return proposal

    proposal.state, proposal.erp_id, proposal.sent_at = ProposalState.SENT, erp_id, at
    proposal.save(update_fields=["state", "erp_id", "sent_at"])
    return proposal


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
