"""Steps of what was proposed for a company: released or declined by who manages it, withdrawn by who proposed it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.utils.translation import gettext as _

from accounts.actions.proposing import withdraw_proposal
from accounts.actions.releases import decline_proposal, release_proposal
from accounts.queries.proposed import own_proposal, proposal_to_release
from accounts.states import Right
from portal.middleware import BuyerRequest
from portal.views.replies import move_on, post_only

BACK = "portal:address-list"


@login_required
@post_only(BACK)
def proposal_release(request: BuyerRequest, key: str) -> HttpResponse:
    """Let a proposal go to the ERP (ACC-11)."""
    request.scope.require(Right.MANAGE_COMPANY)
    proposal = release_proposal(proposal_to_release(request.scope, key), by=request.actor)
    person = proposal.proposed_by
    messages.success(
        request, _("Released and on its way to us. %(person)s is told by mail.") % {"person": person}
    )
    return move_on(request, BACK)


@login_required
@post_only(BACK)
def proposal_decline(request: BuyerRequest, key: str) -> HttpResponse:
    """Keep a proposal from leaving, with a reason for whoever proposed it."""
    request.scope.require(Right.MANAGE_COMPANY)
    proposal = proposal_to_release(request.scope, key)
    decline_proposal(proposal, request.POST.get("reason", ""), by=request.actor)
    person = proposal.proposed_by
    messages.success(request, _("Declined. %(person)s is told by mail why.") % {"person": person})
    return move_on(request, BACK)


@login_required
@post_only(BACK)
def proposal_withdraw(request: BuyerRequest, key: str) -> HttpResponse:
    """Take one's own proposal back."""
    withdraw_proposal(own_proposal(request.scope, key), by=request.actor)
    messages.success(request, _("Withdrawn: nothing of it was sent."))
    return move_on(request, BACK)
