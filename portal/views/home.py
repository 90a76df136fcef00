"""The start page and the company switch."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts import queries
from core.errors import NotFound
from portal.middleware import ACTING_COMPANY, BuyerRequest


@login_required
def home(request: BuyerRequest) -> HttpResponse:
    """What waits for this person."""
    return render(request, "portal/home.html")


@login_required
@require_POST
def switch_company(request: BuyerRequest) -> HttpResponse:
    """Act for another company that the person is a member of (ACC-12)."""
    memberships = queries.memberships_of(request.user.pk or 0)
    chosen = memberships.filter(company__number=request.POST.get("company", "")).first()
    if chosen is None:
        raise NotFound(_("There is no such company."))
    request.session[ACTING_COMPANY] = chosen.company_id
    return redirect("portal:home")
