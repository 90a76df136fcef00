"""Whose requests are written down one by one: a partner's, whose access ends by itself, and a superuser's who acts for a buyer."""

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
    """Ends what is over and lists what a partner does (SEC-11); costs nobody else a statement.

    A superuser meets every customer and no separation of duties holds such an account: what is asked for in a buyer's
    place is listed, too.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        if user.is_authenticated and user.is_superuser and user.access_until is None:
            return self._superuser(request)
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

    def _superuser(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        assistance = getattr(request, "assistance", None)
        if assistance is not None:
            told = {"method": request.method, "path": request.path[:200], "status": response.status_code}
            audit.log(
                "superuser.requested",
                by=request.actor,  # type: ignore[attr-defined]
                about=f"user:{assistance.principal_id}",
                company=assistance.company.number,
                data={**told, "assistance": assistance.pk},
            )
        return response
