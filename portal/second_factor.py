"""The second factor that a company, or the back office, asks for: who has none sees the page where to set one up, and nothing else."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.queries.scopes import needs_second_factor
from accounts.scope import Scope
from accounts.second_factors import has_second_factor
from portal.kept import kept, names
from portal.middleware import Respond, channel_of
from portal.openid.marks import has_shown_factor, is_vouched

ASKED = gettext_noop("A second factor is asked for at sign-in.")
OUT = ("/accounts/login/", "/accounts/logout/", "/admin/logout/")
# Open to whoever has none: the page where to set one up, ending one's sessions elsewhere, and ways to another company.
# Not what takes the demand itself back. Whoever has one and has not shown it could take it away there: so not to them.
OPEN = ("portal:security", "portal:security-sessions-end", "portal:company-switch", "portal:acting-stop")


class SecondFactorMiddleware:
    """Lets nobody on to a company's pages, files or API, or into the back office, without the second factor asked for (ACC-12)."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Lead to the page of security; what sets a second factor up, and the way out, stay open."""
        if not request.user.is_authenticated or not self._is_asked(request):
            return None
        if is_vouched(request) and has_shown_factor(request):
            return None
        has_one = has_second_factor(request.user)
        if has_one and has_shown_factor(request):
            return None
        if request.path.startswith(OUT) or (not has_one and self._sets_up(request.path)):
            return None
        if channel_of(request.path) == "api":
            return JsonResponse({"code": "second_factor", "detail": _(ASKED)}, status=403)
        if not has_one:
            messages.warning(request, _("A second factor is asked for here. Set one up to go on."))
            return redirect("portal:security")
        logout(request)
        messages.warning(request, _("A second factor is asked for now. Sign in again with yours."))
        back = request.get_full_path() if request.method == "GET" else reverse("portal:security")
        return redirect(f"{reverse('account_login')}?{urlencode({'next': back})}")

    def _sets_up(self, path: str) -> bool:
        return path.startswith("/accounts/") or path in {reverse(name) for name in OPEN}

    def _is_asked(self, request: HttpRequest) -> bool:
        if channel_of(request.path) == "admin":
            return settings.STAFF_SECOND_FACTOR and bool(request.user.is_staff)
        scope: Scope = request.scope  # type: ignore[attr-defined]
        if scope.is_empty:
            return False
        found: bool = kept(
            ("second factor", scope.lineage, *names(request, "people")),
            lambda: needs_second_factor(scope),
        )
        return found
