"""The end of acting for a buyer; it begins in the back office."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.actions.assistance import stop_assistance
from accounts.models import Assistance
from portal.middleware import ASSISTANCE, BuyerRequest
from portal.views.replies import post_only


@login_required
@post_only("portal:home")
def stop(request: BuyerRequest) -> HttpResponse:
    """Stop acting for a buyer and go back to the customer in the back office."""
    assistance: Assistance | None = getattr(request, "assistance", None)
    if assistance is None:
        return redirect("portal:home")
    stop_assistance(assistance, by=request.actor)
    request.session.pop(ASSISTANCE, None)
    messages.success(request, _("You no longer act for %(person)s.") % {"person": assistance.principal})
    return redirect("admin:accounts_company_change", assistance.company_id)
