"""Sign-in: by e-mail, for people who were invited; nobody signs up alone."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.stages import AuthenticateStage
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actions.security import ask_new_password
from accounts.models import User
from accounts.queries.connections import all_only_way_for
from accounts.vouching import only_way_words
from portal.browsers import described
from portal.openid.marks import ASKS_OURS, FACTOR_SESSION, VOUCHED, VOUCHED_SESSION, is_vouched
from portal.sealed import cipher_for
from portal.sign_in_words import ACCOUNT, SECOND_FACTOR

NOT_BY_PROVIDER = gettext_noop(
    "You signed in with your company's sign-in: that makes no password or passkey here. "
    "Have a link for a password mailed to you from the sign-in page, sign in with it, and add a passkey then."
)


class AccountAdapter(DefaultAccountAdapter):
    """Closes sign-up and sends staff to the back office, buyers to the portal."""

    error_messages = {**DefaultAccountAdapter.error_messages, **ACCOUNT}

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes an account for himself."""
        return False

    def pre_login(self, request: HttpRequest, user: Any, **more: Any) -> HttpResponse | None:
        """Let nobody in by another way than the only one of his or her company: not by a passkey either."""
        if not more.get("signal_kwargs"):
            connection = all_only_way_for(user)
            if connection is not None:
                messages.warning(request, only_way_words(connection.name))
                return redirect("account_login")
        answer: HttpResponse | None = super().pre_login(request, user, **more)
        return answer

    def post_login(self, request: HttpRequest, user: Any, **more: Any) -> HttpResponse:
        """Let a session that a provider vouched for end after some hours, since nobody tells us who left there."""
        login = (more.get("signal_kwargs") or {}).get("sociallogin")
        if login is not None:
            said = login.account.extra_data
            request.session[VOUCHED_SESSION] = said[VOUCHED]
            if not said[ASKS_OURS]:
                request.session[FACTOR_SESSION] = True
            request.session.set_expiry(int(settings.SIGN_IN_HOURS * 3600))
        answer: HttpResponse = super().post_login(request, user, **more)
        return answer

    def get_login_stages(self) -> list[str]:
        """The library's stages, with our own look at who asks for the second factor."""
        ours = f"{SecondFactorStage.__module__}.{SecondFactorStage.__qualname__}"
        return [ours if path.endswith(".AuthenticateStage") else path for path in super().get_login_stages()]

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Not the password, where there is none to be used."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if user.is_authenticated and all_only_way_for(user) is not None:
            return [method for method in methods if method["id"] != "reauthenticate"]
        return methods

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count attempts per address tried and place they come from: nobody locks somebody else out."""
        key = super()._get_login_attempts_cache_key(request, **credentials)
        return f"{key}:{self.get_client_ip(request)}"

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Back to where it was begun."""
        return reverse("portal:security")

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """The library's mails in our words, which name the browser as people do and our address, not the asked host."""
        agent = str(context.get("user_agent", ""))
        more = {
            "shop_name": settings.SHOP_NAME,
            "browser": described(agent),
            "reset_url": settings.SITE_URL + reverse("account_reset_password"),
        }
        super().send_mail(template_prefix, email, {**context, **more})

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        """By the worker, as every mail of ours: who is known here is answered as fast as who is not."""
        ask_new_password(user, by=self.request.actor)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Staff without a membership work in the back office."""
        user: Any = request.user
        if user.is_staff and not user.memberships.filter(is_active=True).exists():
            return reverse("admin:index")
        return reverse("portal:home")


class SecondFactorStage(AuthenticateStage):
    """Asks for the second factor unless a company's provider has asked already, or is always trusted to."""

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Nothing to ask where the provider's word is enough."""
        login = (self.login.signal_kwargs or {}).get("sociallogin")
        if login is not None and not login.account.extra_data.get(ASKS_OURS, True):
            return None, True
        asked: tuple[HttpResponse | None, bool] = super().handle()
        return asked


class SecondFactors(DefaultMFAAdapter):
    """Keeps secrets of second factors encrypted, so that a copy of the database alone is of no use."""

    error_messages = {**DefaultMFAAdapter.error_messages, **SECOND_FACTOR}

    def generate_authenticator_name(self, user: Any, type: str) -> str:
        """The browser that it is added in, until its owner names it otherwise."""
        return described(context.request.META.get("HTTP_USER_AGENT", ""))

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


def own_only(view: Callable[..., Any], *, makes_one: bool = True) -> Callable[..., Any]:
    """A page of the library's about an own password or passkey, closed to whom the company's sign-in is the only way.

    makes_one: whether it makes one. That is closed in a session that a provider vouched for, too: the provider must
    not open a way that stays when its word has ended (failure bank 21).
    """

    @wraps(view)
    def seen(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        connection = all_only_way_for(request.user) if isinstance(request.user, User) else None
        if connection is None and not (makes_one and is_vouched(request)):
            return view(request, *args, **kwargs)
        messages.warning(request, only_way_words(connection.name) if connection else _(NOT_BY_PROVIDER))
        return redirect("portal:security")

    return seen
