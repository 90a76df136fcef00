"""The contact data of the acting company: a change is proposed, and taken back while it has not left."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.actions.contacts import propose_contacts
from accounts.actions.proposals import withdraw_proposal
from accounts.proposals import CONTACT_FIELDS, OPEN
from accounts.queries.addresses import contact_proposals_for
from accounts.queries.companies import acting_company
from accounts.states import Right
from core.errors import InvalidValue, NotFound, WrongState
from portal.forms.companies import ContactForm
from portal.middleware import BuyerRequest
from portal.views.replies import move_on, show_again


@login_required
def contact_change(request: BuyerRequest) -> HttpResponse:
    """Propose other contact data (ACC-11)."""
    request.scope.require(Right.MANAGE_COMPANY)
    company = acting_company(request.scope)
    first = {name: getattr(company, name) for name in CONTACT_FIELDS}
    form = ContactForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            propose_contacts(company, form.cleaned_data, by=request.actor)
        except (InvalidValue, WrongState) as error:
            name = str(error.details.get("field", ""))
            form.add_error(name if name in form.fields else None, str(error))
        else:
            messages.success(request, _("Proposed. It counts as soon as it is confirmed; you see it here."))
            return move_on(request, "portal:address-list")
    context = {"form": form, "company": company}
    if form.is_bound:
        return show_again(request, "portal/company/contacts.html", context)
    return render(request, "portal/company/contacts.html", context)


@login_required
@require_POST
def contact_withdraw(request: BuyerRequest) -> HttpResponse:
    """Take the open proposal back."""
    request.scope.require(Right.MANAGE_COMPANY)
    proposal = contact_proposals_for(request.scope).filter(state__in=OPEN).first()
    if proposal is None:
        raise NotFound(_("No change of the contact data is under way."))
    withdraw_proposal(proposal, by=request.actor)
    messages.success(request, _("Withdrawn: nothing of it was sent."))
    return move_on(request, "portal:address-list")
