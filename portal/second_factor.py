"""The second factor that a company asks for: who has none sees the page where to set one up, and nothing else."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.queries.scopes import needs_second_factor
from accounts.scope import Scope
from accounts.second_factors import has_second_factor
from portal.kept import kept, names
from portal.middleware import Respond, channel_of

# Open without it: the page where to set one up, ending one's sessions elsewhere, and ways to another company. Not what
# takes the demand itself back.
OPEN = ("portal:security", "portal:security-sessions-end", "portal:company-switch", "portal:acting-stop")


class SecondFactorMiddleware:
    """Lets nobody on to a company's pages, files or API without the second factor that it asks for (ACC-12)."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Lead to the page of security; what sets a second factor up, and the way out, stay open."""
        scope: Scope = request.scope  # type: ignore[attr-defined]
        if scope.is_empty or not self._is_asked(request, scope) or has_second_factor(request.user):
            return None
        if request.path.startswith("/accounts/") or request.path in {reverse(name) for name in OPEN}:
            return None
        if channel_of(request.path) == "api":
            told = {"code": "second_factor", "detail": _("This company asks for a second factor at sign-in.")}
            return JsonResponse(told, status=403)
        messages.warning(request, _("This company asks for a second factor. Set one up here to go on."))
        return redirect("portal:security")

    def _is_asked(self, request: HttpRequest, scope: Scope) -> bool:
        found: bool = kept(
            ("second factor", scope.lineage, *names(request, "people")),
            lambda: needs_second_factor(scope),
        )
        return found
