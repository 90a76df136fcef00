"""Sign-in: by e-mail, for people who were invited; nobody signs up alone."""

from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.sealed import cipher_for


class AccountAdapter(DefaultAccountAdapter):
    """Closes sign-up and sends staff to the back office, buyers to the portal."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes an account for himself."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Staff without a membership work in the back office."""
        user: Any = request.user
        if user.is_staff and not user.memberships.filter(is_active=True).exists():
            return reverse("admin:index")
        return reverse("portal:home")


class SecondFactors(DefaultMFAAdapter):
    """Keeps secrets of second factors encrypted, so that a copy of the database alone is of no use."""

    def encrypt(self, text: str) -> str:
        """The text under the first of the keys."""
        return cipher_for("second factors").encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The text; keys that SECRET_KEY_FALLBACKS still names are tried, too."""
        return cipher_for("second factors").decrypt(encrypted_text.encode()).decode()


def address_tried(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str:
    """The e-mail address of an attempt to sign in, in one spelling: by it and the network address attempts count."""
    tried = (credentials or {}).get("email") or request.POST.get("login") or ""
    return str(tried).strip().lower()


def nobody_changes_it(request: HttpRequest) -> HttpResponse:
    """The sign-in library's page of one's own addresses: an address is who somebody is, and is invited."""
    raise Http404(_("Your e-mail address is changed by the administrator of your company."))
