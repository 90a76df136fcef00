"""The contact data of the acting company: a change is proposed."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render

from accounts.actions.contacts import propose_contacts
from accounts.proposals import CONTACT_FIELDS
from accounts.queries.companies import acting_company
from core.errors import InvalidValue, WrongState
from portal.forms.companies import ContactForm
from portal.middleware import BuyerRequest
from portal.views.addresses import release_context, require_proposer, say_proposed
from portal.views.replies import move_on, show_again


@login_required
def contact_change(request: BuyerRequest) -> HttpResponse:
    """Propose other contact data (ACC-11)."""
    require_proposer(request.scope)
    company = acting_company(request.scope)
    first = {name: getattr(company, name) for name in CONTACT_FIELDS}
    form = ContactForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            proposal = propose_contacts(company, form.cleaned_data, by=request.actor)
        except (InvalidValue, WrongState) as error:
            name = str(error.details.get("field", ""))
            form.add_error(name if name in form.fields else None, str(error))
        else:
            say_proposed(request, proposal)
            return move_on(request, "portal:address-list")
    context = {"form": form, "company": company, **release_context(request, company)}
    if form.is_bound:
        return show_again(request, "portal/company/contacts.html", context)
    return render(request, "portal/company/contacts.html", context)
