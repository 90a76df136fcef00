"""Sign-in and security: password, second factors, passkeys, recovery codes, and where one is signed in."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.actions.security import require_second_factor
from accounts.queries.companies import acting_company, reaches_below
from accounts.queries.connections import all_only_way_for, identities_of
from accounts.queries.scopes import needs_second_factor
from accounts.second_factors import authenticators_of, sessions_of
from accounts.states import Right
from portal.browsers import described
from portal.middleware import BuyerRequest
from portal.openid.marks import has_shown_factor, is_vouched
from portal.views.replies import post_only


@login_required
def security(request: BuyerRequest) -> HttpResponse:
    """All about one's own sign-in on one page."""
    user: Any = request.user
    kinds: dict[str, list[Authenticator]] = {}
    for one in authenticators_of(user):
        kinds.setdefault(one.type, []).append(one)
    sessions = sessions_of(user)
    for session in sessions:
        session.browser = described(session.user_agent)
    codes = kinds.get(Authenticator.Type.RECOVERY_CODES, [])
    context = {
        "totp": next(iter(kinds.get(Authenticator.Type.TOTP, [])), None),
        "passkeys": [one.wrap() for one in kinds.get(Authenticator.Type.WEBAUTHN, [])],
        "codes_left": len(codes[0].wrap().get_unused_codes()) if codes else None,
        "sessions": sorted(sessions, key=lambda one: one.last_seen_at, reverse=True),
        "identities": identities_of(user),
        "only_way": all_only_way_for(user),
        "came_by_provider": is_vouched(request),
        "has_password": user.has_usable_password(),
        "company": None if request.scope.is_empty else acting_company(request.scope),
        "is_asked": needs_second_factor(request.scope),
        "has_shown": is_vouched(request) and has_shown_factor(request),
        "may_ask": reaches_below(request.scope, Right.MANAGE_PEOPLE),
    }
    return render(request, "portal/security.html", context)


@login_required
@post_only("portal:security")
def end_sessions(request: BuyerRequest) -> HttpResponse:
    """Sign out in one other place, or in all others; they end at their next request (ACC-12)."""
    others = [one for one in sessions_of(request.user) if not one.is_current()]
    wanted = request.POST.get("session", "")
    if wanted:
        others = [one for one in others if str(one.pk) == wanted]
        if not others:
            raise Http404
    for one in others:
        one.end()
    messages.success(request, _("Signed out there."))
    return redirect("portal:security")


@login_required
@post_only("portal:security")
def require(request: BuyerRequest) -> HttpResponse:
    """Ask everybody who acts for the company for a second factor, or no longer."""
    is_required = request.POST.get("required") == "1"
    has_shown = is_vouched(request) and has_shown_factor(request)
    require_second_factor(request.scope, is_required, has_shown=has_shown, by=request.actor)
    messages.success(
        request,
        _("From now on a second factor is asked for.") if is_required else _("No longer asked for."),
    )
    return redirect("portal:security")
