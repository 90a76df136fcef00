"""Sign-in: by e-mail, for people who were invited; nobody signs up alone."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.urls import reverse


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
