"""Sign-in at a company's own provider: there, and back."""

from allauth.core import ratelimit
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.queries.connections import all_connection_by_key, all_connection_of
from portal.openid.adapter import Client
from portal.openid.failures import failed
from portal.openid.leading import lead_to


@never_cache
@require_POST
def company_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead to the provider of an address' domain; whether anybody has the address is not looked at."""
    limited = ratelimit.consume_or_429(request, action="login")
    if limited is not None:
        return limited
    email = request.POST.get("email", "").strip()[:254]
    connection = all_connection_of(email)
    if connection is None:
        messages.info(request, _("No company sign-in is set up for that address. Use your password."))
        return redirect("account_login")
    return lead_to(request, connection, email=email, next_url=request.POST.get("next", ""))


@never_cache
@require_GET
def company_sign_in_done(request: HttpRequest, key: str) -> HttpResponse:
    """Where the provider leads back to, with a code or with a reason why not."""
    connection = all_connection_by_key(key)
    if connection is None:
        raise Http404
    view = OAuth2CallbackView.adapter_view(Client(request, key))
    try:
        answer: HttpResponse = view(request)
    except (OAuth2Error, KeyError, ValueError, TypeError) as error:
        return failed(request, connection, "untrusted", exception=error)
    return answer
