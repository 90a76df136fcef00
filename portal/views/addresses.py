"""Addresses and contact data of the acting company, proposed ones, and which terms count for it and from where."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.actions.proposals import propose_address
from accounts.models import Address, Company
from accounts.models.proposal import Proposal
from accounts.proposals import CONTACT_FIELDS, FIELDS
from accounts.queries.addresses import address_in, addresses_for
from accounts.queries.companies import acting_company
from accounts.queries.proposed import (
    addresses_in_change,
    are_contacts_in_change,
    contact_proposals_for,
    may_propose,
    proposals_for,
    releasers_of,
    to_release,
)
from accounts.scope import Scope
from accounts.states import Right
from core.errors import InvalidValue, WrongState
from portal.forms.companies import AddressForm
from portal.middleware import BuyerRequest
from portal.usecases.effective import effective
from portal.views.replies import move_on, show_again

# What of the effective values a customer reads here; lists and assortments show where they count.
SHOWN = ("terms", "credit", "bill_to")
SHOWN_PROPOSALS = 20


def contact_rows(company: Company) -> list[tuple[str, str]]:
    """The contact data of a company, (what it is, what it says)."""
    return [(Company._meta.get_field(name).verbose_name, getattr(company, name)) for name in CONTACT_FIELDS]


def require_proposer(scope: Scope) -> None:
    """Raise NotAllowed for whoever may not propose changes in the acting company."""
    if not may_propose(scope):
        scope.require(Right.BUY)


def release_context(request: BuyerRequest, company: Company) -> dict[str, Any]:
    """What the forms say of the release: who is asked, nobody where this person needs none."""
    if request.scope.may(Right.MANAGE_COMPANY):
        return {"needs_release": False}
    return {"needs_release": True, "releasers": releasers_of(company)}


def say_proposed(request: BuyerRequest, proposal: Proposal) -> None:
    """Tell that it is proposed, and what comes next."""
    if not proposal.is_waiting:
        messages.success(request, _("Proposed. It counts as soon as it is confirmed; you see it here."))
        return
    names = releasers_of(proposal.company)
    if names:
        asked = _("Proposed. To be released by: %(names)s. You see here what became of it.")
        messages.success(request, asked % {"names": ", ".join(names)})
        return
    messages.success(request, _("Proposed. Nobody of your company may release it, so we look at it."))


@login_required
def address_list(request: BuyerRequest) -> HttpResponse:
    """Addresses, contact data, proposed changes, and terms with their origin (ACC-04, ACC-08, ACC-11)."""
    require_proposer(request.scope)
    company = acting_company(request.scope)
    manages = request.scope.may(Right.MANAGE_COMPANY)
    context = {
        "company": company,
        "manages": manages,
        "addresses": addresses_for(request.scope),
        "proposals": list(proposals_for(request.scope)[:SHOWN_PROPOSALS]),
        "to_release": to_release(request.scope),
        "in_change": addresses_in_change(request.scope),
        "contacts": contact_rows(company),
        "contact_proposals": list(contact_proposals_for(request.scope)[:SHOWN_PROPOSALS]),
        "are_contacts_in_change": are_contacts_in_change(request.scope),
        "effective": [item for item in effective(company) if item.kind in SHOWN] if manages else [],
        **release_context(request, company),
    }
    return render(request, "portal/company/addresses.html", context)


@login_required
def address_new(request: BuyerRequest) -> HttpResponse:
    """Propose a further address."""
    return _propose(request, None)


@login_required
def address_change(request: BuyerRequest, erp_id: str) -> HttpResponse:
    """Propose a change of an address."""
    require_proposer(request.scope)
    return _propose(request, address_in(request.scope, erp_id))


def _propose(request: BuyerRequest, address: Address | None) -> HttpResponse:
    require_proposer(request.scope)
    company = acting_company(request.scope)
    first: dict[str, Any] = {name: getattr(address, name) for name in FIELDS} if address else {}
    form = AddressForm(
        request.POST or None,
        initial=first or {"is_ship_to": True},
        says_uses=request.scope.may(Right.MANAGE_COMPANY),
    )
    if request.method == "POST" and form.is_valid():
        try:
            proposal = propose_address(company, form.cleaned_data, address=address, by=request.actor)
        except (InvalidValue, WrongState) as error:
            name = str(error.details.get("field", ""))
            form.add_error(name if name in form.fields else None, str(error))
        else:
            say_proposed(request, proposal)
            return move_on(request, "portal:address-list")
    context = {"form": form, "address": address, **release_context(request, company)}
    if form.is_bound:
        return show_again(request, "portal/company/address.html", context)
    return render(request, "portal/company/address.html", context)
