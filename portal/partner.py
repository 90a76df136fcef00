"""Partners in the back office: the access ends by itself at the next request, and each request is written down."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from core import audit
from portal.middleware import Respond


class PartnerMiddleware:
    """Ends what is over and lists what a partner does (SEC-11); costs nobody else a statement."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        if not user.is_authenticated or not user.is_staff or user.access_until is None:
            return self.get_response(request)
        is_over = user.access_until <= timezone.now()
        if is_over:
            by = request.actor  # type: ignore[attr-defined]
            logout(request)
            messages.warning(request, _("Your access has ended. Ask whoever let you in to renew it."))
            response: HttpResponse = redirect("account_login")
        else:
            by = request.actor  # type: ignore[attr-defined]
            response = self.get_response(request)
        told = {"method": request.method, "path": request.path[:200], "status": response.status_code}
        audit.log("partner.refused" if is_over else "partner.requested", by=by, data=told)
        return response
