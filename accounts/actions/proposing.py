"""What holds for proposed changes of every kind: who may propose, how they leave, are taken, refused or withdrawn (ACC-11)."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.assistance import acting_by
from accounts.models import AddressProposal, Company, ContactProposal, User
from accounts.models.proposal import Proposal
from accounts.proposals import LEAVING, NEXT, PROPOSES, UNRELEASED, ProposalState
from accounts.queries.members import all_members_with
from accounts.queries.scopes import Acting
from accounts.states import Right, check_right
from core import outbox, ownership
from core.actor import Actor, action
from core.cases import CaseFacts, open_case, settle_cases
from core.changes import assign
from core.errors import NotAllowed, WrongState
from core.states import check_move

Kept = TypeVar("Kept", bound=Proposal)
# What the subject of events about a proposal begins with.
KINDS: dict[str, type[Proposal]] = {
    "address_proposal": AddressProposal,
    "contact_proposal": ContactProposal,
}
# The event that takes one to the ERP.
LEAVES_AS: dict[type[Proposal], str] = {
    AddressProposal: "address.proposed",
    ContactProposal: "contact.proposed",
}


def require_proposer(company: Company, by: Actor) -> Acting:
    """Who acts, and may propose changes for the company. Raises NotAllowed."""
    acting = acting_by(by, company.pk)
    if acting is None:
        raise NotAllowed(_("You do not act for this company."))
    if not any(acting.scope.may(right) for right in PROPOSES):
        check_right((), Right.MANAGE_COMPANY)
    return acting


def begin(proposal: Proposal, acting: Acting, *, by: Actor) -> None:
    """Put a new proposal on its way: to the ERP by who manages the company, else to those who do, for release.

    Where nobody of the company could release it, our own people are asked by a case. Raises WrongState while
    another change of the same is under way. Records `address.proposed` or `contact.proposed`, or
    `proposal.requested`.
    """
    may_release = acting.scope.may(Right.MANAGE_COMPANY)
    proposal.state = ProposalState.PROPOSED if may_release else ProposalState.WAITING
    try:
        with transaction.atomic():
            proposal.save()
    except IntegrityError:
        raise WrongState(
            _("A change of it is under way already; the list below shows how far it is.")
        ) from None

    if may_release:
        send_off(proposal, by=by)
        return
    people = all_members_with(Right.MANAGE_COMPANY, [proposal.company_id])
    tell("proposal.requested", proposal, to=people, by=by)
    if not people:
        _ask_staff(proposal, by=by)


def send_off(proposal: Proposal, *, by: Actor) -> None:
    """Record what takes a proposal to the ERP."""
    company = proposal.company
    payload: dict[str, Any] = {"proposal": proposal.pk, "company_number": company.number}
    outbox.record(
        LEAVES_AS[type(proposal)],
        subject=proposal.subject,
        payload={**payload, **proposal.wish},
        by=by,
        company=company.number,
    )


def tell(
    name: str, proposal: Proposal, *, to: list[User], by: Actor, more: Mapping[str, str] | None = None
) -> None:
    """Record what people are told of a proposal by mail. to: who is told. more: decided_by, reason."""
    company, person = proposal.company, proposal.proposed_by
    payload = {
        "proposal": proposal.pk,
        "company_number": company.number,
        "company_name": company.name,
        "buyer": {"name": str(person), "email": person.email, "locale": person.locale},
        "to": [{"name": str(one), "email": one.email, "locale": one.locale} for one in to],
        "wish": str(proposal),
        **(more or {}),
    }
    outbox.record(name, subject=proposal.subject, payload=payload, by=by, company=company.number)


def _ask_staff(proposal: Proposal, *, by: Actor) -> None:
    facts = CaseFacts(
        cause=_("%(person)s proposes a change, and nobody of %(company)s may release it: %(wish)s")
        % {"person": proposal.proposed_by, "company": proposal.company.name, "wish": proposal},
        promise=_("The buyer reads that it waits for us, since the company has no administrator."),
        company=proposal.company.number,
    )
    open_case(UNRELEASED, proposal.subject, facts, by=by)


def settle_asking(proposal: Proposal, reason: str, *, by: Actor) -> None:
    """End the case that asked our own people to release a proposal, if there is one."""
    settle_cases(proposal.subject, by=by, reason=reason, kinds=(UNRELEASED,))


@action
def let_proposal_leave(kind: type[Kept], pk: int, *, by: Actor) -> Kept | None:
    """Put a proposal on its way: from now on it cannot be withdrawn. None when there is nothing to send.

    One that could not be brought to the ERP is under way again, unless a newer change of the same is.
    """
    ownership.check(by, kind._meta.label, ["state"])
    proposal = kind._default_manager.select_for_update(of=("self",), no_key=True).filter(pk=pk).first()
    if proposal is not None and proposal.state == ProposalState.REFUSED and proposal.sent_at is None:
        return _reopened(proposal)
    if proposal is None or proposal.state not in LEAVING or proposal.sent_at is not None:
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
def refuse_proposal(pk: int, reason: str, *, by: Actor, kind: type[Proposal] = AddressProposal) -> Proposal:
    """The ERP will not take it. reason: in words for the buyer. Repeats are quiet."""
    ownership.check(by, kind._meta.label, ["state", "reason"])
    proposal = locked_proposal(kind, pk)
    if proposal.state not in LEAVING:
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
    if proposal.state in LEAVING:
        settle(proposal, ProposalState.REFUSED, reason[:300])
    elif proposal.state == ProposalState.REFUSED:
        proposal.reason = reason[:300]
        proposal.save(update_fields=["reason"])


@action
def withdraw_proposal(proposal: Kept, *, by: Actor) -> Kept:
    """Take one's own proposal back before it has left: nothing is sent of it then. Repeats are quiet.

    Raises NotAllowed for somebody else's, and WrongState for one that is on its way.
    """
    Company.objects.select_for_update(of=("self",), no_key=True).get(pk=proposal.company_id)
    acting = acting_by(by, proposal.company_id)
    proposal = locked_proposal(type(proposal), proposal.pk)
    if acting is None or acting.scope.buyer_id != proposal.proposed_by_id:
        raise NotAllowed(_("Whoever proposed it may withdraw it."))
    if proposal.state == ProposalState.WITHDRAWN:
        return proposal
    check_move(NEXT, ProposalState(proposal.state), ProposalState.WITHDRAWN)

    settle(proposal, ProposalState.WITHDRAWN, "")
    settle_asking(proposal, _("It was withdrawn."), by=by)
    return proposal


def settle(proposal: Proposal, state: ProposalState, reason: str) -> None:
    """End a proposal that is locked."""
    check_move(NEXT, ProposalState(proposal.state), state)
    assign(proposal, {"state": state, "reason": reason, "settled_at": timezone.now()})
    proposal.save(update_fields=["state", "reason", "settled_at"])


def locked_proposal(kind: type[Kept], pk: int) -> Kept:
    """A proposal, locked."""
    return kind._default_manager.select_for_update(of=("self",), no_key=True).get(pk=pk)
