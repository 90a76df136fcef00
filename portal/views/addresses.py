"""Addresses and contact data of the acting company, proposed ones, and which terms count for it and from where."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.actions.proposals import propose_address
from accounts.models import Address, Company
from accounts.proposals import CONTACT_FIELDS, FIELDS, OPEN
from accounts.queries.addresses import address_in, addresses_for, contact_proposals_for, proposals_for
from accounts.queries.companies import acting_company
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


@login_required
def address_list(request: BuyerRequest) -> HttpResponse:
    """Addresses, contact data, proposed changes, and terms with their origin (ACC-04, ACC-08, ACC-11)."""
    request.scope.require(Right.MANAGE_COMPANY)
    company = acting_company(request.scope)
    proposals = list(proposals_for(request.scope)[:SHOWN_PROPOSALS])
    context = {
        "company": company,
        "addresses": addresses_for(request.scope),
        "proposals": proposals,
        "waiting": {item.address_id for item in proposals if item.state in OPEN},
        "contacts": contact_rows(company),
        "contact_proposals": list(contact_proposals_for(request.scope)[:SHOWN_PROPOSALS]),
        "effective": [item for item in effective(company) if item.kind in SHOWN],
    }
    return render(request, "portal/company/addresses.html", context)


@login_required
def address_new(request: BuyerRequest) -> HttpResponse:
    """Propose a further address."""
    return _propose(request, None)


@login_required
def address_change(request: BuyerRequest, erp_id: str) -> HttpResponse:
    """Propose a change of an address."""
    request.scope.require(Right.MANAGE_COMPANY)
    return _propose(request, address_in(request.scope, erp_id))


def _propose(request: BuyerRequest, address: Address | None) -> HttpResponse:
    request.scope.require(Right.MANAGE_COMPANY)
    first: dict[str, Any] = {name: getattr(address, name) for name in FIELDS} if address else {}
    form = AddressForm(request.POST or None, initial=first or {"is_ship_to": True})
    if request.method == "POST" and form.is_valid():
        company = acting_company(request.scope)
        try:
            propose_address(company, form.cleaned_data, address=address, by=request.actor)
        except (InvalidValue, WrongState) as error:
            name = str(error.details.get("field", ""))
            form.add_error(name if name in form.fields else None, str(error))
        else:
            messages.success(request, _("Proposed. It counts as soon as it is confirmed; you see it here."))
            return move_on(request, "portal:address-list")
    context = {"form": form, "address": address}
    if form.is_bound:
        return show_again(request, "portal/company/address.html", context)
    return render(request, "portal/company/address.html", context)
