"""The way to a company's provider."""

from urllib.parse import urlsplit

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.models import SignInConnection
from portal.openid.adapter import is_complete
from portal.openid.failures import cause_of, failed


def lead_to(request: HttpRequest, connection: SignInConnection, *, email: str, next_url: str) -> HttpResponse:
    """The way to a provider, or the page that says why there is none just now."""
    if not url_has_allowed_host_and_scheme(next_url, {request.get_host()}, require_https=request.is_secure()):
        next_url = ""
    if not is_complete(connection):
        return failed(request, connection, "unreachable", exception=LookupError(), email=email)
    provider = get_adapter().get_provider(request, connection.key)
    try:
        address = provider.begin(request, email=email, next_url=next_url)
    except (OSError, OAuth2Error) as error:
        return failed(request, connection, cause_of(error), exception=error, email=email, next_url=next_url)
    # A page that leads on, since the policy of our pages lets no form be led to another host.
    context = {"connection": connection, "address": address, "host": urlsplit(address).hostname}
    return render(request, "account/company_sign_in_leaving.html", context)
