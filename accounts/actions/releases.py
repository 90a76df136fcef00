"""Proposals of buyers released or declined by who manages their company, before anything of them leaves it (ACC-11)."""

from django.utils.translation import gettext as _

from accounts.actions.proposing import Kept, locked_proposal, send_off, settle, settle_asking, tell
from accounts.customers import customers_of
from accounts.models import Company, User
from accounts.models.proposal import Proposal
from accounts.proposals import LEAVING, NEXT, ProposalState
from accounts.queries.members import all_members_with
from accounts.queries.scopes import acting_as
from accounts.staff import OPERATOR, SALES, SALES_MANAGER, is_in
from accounts.states import Right
from core.actor import Actor, action
from core.errors import InvalidValue, NotAllowed
from core.states import check_move


@action
def release_proposal(proposal: Kept, *, by: Actor) -> Kept:
    """Let a proposal go to the ERP. Repeats are quiet, also when it has left meanwhile.

    Raises NotAllowed, and WrongState for one that was declined or withdrawn. Records `proposal.released` and the
    event that takes it to the ERP.
    """
    proposal = _locked(proposal)
    decider = _decider(proposal, by)
    if proposal.state in LEAVING | {ProposalState.CONFIRMED}:
        return proposal
    check_move(NEXT, ProposalState(proposal.state), ProposalState.PROPOSED)

    proposal.state, proposal.decided_by = ProposalState.PROPOSED, decider
    proposal.save(update_fields=["state", "decided_by"])

    told = {"decided_by": str(decider)}
    tell("proposal.released", proposal, to=[proposal.proposed_by], by=by, more=told)
    send_off(proposal, by=by)
    settle_asking(proposal, _("It was released."), by=by)
    return proposal


@action
def decline_proposal(proposal: Kept, reason: str, *, by: Actor) -> Kept:
    """Keep a proposal from leaving. reason: in words for whoever proposed it, up to 300 characters. Repeats are quiet.

    Raises NotAllowed, InvalidValue without a reason, and WrongState for one that was released or withdrawn. Records
    `proposal.declined`.
    """
    proposal = _locked(proposal)
    decider = _decider(proposal, by)
    if proposal.state == ProposalState.DECLINED:
        return proposal
    check_move(NEXT, ProposalState(proposal.state), ProposalState.DECLINED)
    reason = reason.strip()[:300]
    if not reason:
        raise InvalidValue(
            _("Say why: %(person)s reads it.") % {"person": proposal.proposed_by}, field="reason"
        )

    settle(proposal, ProposalState.DECLINED, reason)
    proposal.decided_by = decider
    proposal.save(update_fields=["decided_by"])

    told = {"decided_by": str(decider), "reason": reason}
    tell("proposal.declined", proposal, to=[proposal.proposed_by], by=by, more=told)
    settle_asking(proposal, _("It was declined."), by=by)
    return proposal


def _locked(proposal: Kept) -> Kept:
    Company.objects.select_for_update(of=("self",), no_key=True).get(pk=proposal.company_id)
    return locked_proposal(type(proposal), proposal.pk)


def _decider(proposal: Proposal, by: Actor) -> User:
    """Who decides: somebody who manages the company, or our own people while nobody does. Raises NotAllowed."""
    acting = acting_as(by.user_id, proposal.company_id)
    if acting is not None:
        acting.scope.require(Right.MANAGE_COMPANY)
        return acting.membership.user
    user = User.objects.filter(pk=by.user_id or 0, is_active=True).first()
    if user is None or not is_in(user, SALES, SALES_MANAGER, OPERATOR):
        raise NotAllowed(_("You do not act for this company."))
    if not customers_of(user).hold(proposal.company_id):
        raise NotAllowed(_("This customer is looked after by somebody else."))
    if all_members_with(Right.MANAGE_COMPANY, [proposal.company_id]):
        raise NotAllowed(_("The company's own people release it: ask its administrator."))
    return user
