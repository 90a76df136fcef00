"""Companies' own sign-ins as the sign-in library's client sees them: an app per connection, our checks, our words."""

import secrets
from pathlib import Path
from typing import Any

import structlog
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthError, AuthProcess
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import Http404, HttpRequest
from django.urls import reverse

from accounts.actions.connections import enter_by_connection
from accounts.models import SignInConnection
from accounts.queries.connections import all_connection_by_key
from accounts.vouching import asks_ours, claims_of
from core.errors import DomainError
from portal.openid.failures import cause_of, failed
from portal.openid.marks import ASKS_OURS, VOUCHED
from portal.openid.tokens import BadAnswer, checked, document_of

logger = structlog.get_logger("sign_in")


class Client(OpenIDConnectOAuth2Adapter):
    """The code flow with one provider; what it answers is checked by `portal.openid.tokens`."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """The provider's document, read once per step."""
        if not hasattr(self, "_openid_config"):
            self._openid_config = document_of(self.get_provider().app.settings["server_url"])
        return self._openid_config

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Where the provider leads back to: by our own name, whatever host was asked for."""
        return settings.SITE_URL + reverse("portal:company-sign-in-done", args=[app.provider_id])

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> SocialLogin:
        """Who signed in, by the ID token alone."""
        word = kwargs["response"].get("id_token")
        if not isinstance(word, str):
            raise BadAnswer("no token")
        said = checked(word, self.openid_config, client_id=app.client_id)
        return self.get_provider().sociallogin_from_response(request, {"id_token": said})


class Provider(OpenIDConnectProvider):
    """A connection as a provider of the library: always with a proof key (PKCE) and a nonce."""

    pkce_enabled_default = True
    oauth2_adapter_class = Client

    def begin(self, request: HttpRequest, *, email: str, next_url: str) -> str:
        """The address at the provider where somebody signs in. Raises OSError or BadAnswer where that cannot be."""
        nonce = secrets.token_urlsafe(32)
        asked = {"nonce": nonce, **({"login_hint": email} if email else {})}
        led = self.redirect(
            request, AuthProcess.LOGIN, next_url=next_url or None, auth_params=asked, nonce=nonce, email=email
        )
        return str(led.url)

    def serialize(self) -> dict[str, Any]:
        """How a sign-in that waits for our second factor names it: by the connection's key."""
        return {"id": self.app.provider_id, "app.client_id": self.app.client_id}


class CompanySignIns(DefaultSocialAccountAdapter):
    """Connections as apps; the person is found by our action, never by the library's tables."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """The connection of a key as an app that is stored nowhere, with the secret as it is now (SEC-03)."""
        connection = all_connection_by_key(provider or "")
        return [app_of(connection)] if connection else []

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Provider:
        """The provider of a connection's key. Raises Http404 for none."""
        apps = self.list_apps(request, provider)
        if not apps:
            raise Http404
        return Provider(request, app=apps[0])

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Newcomers are made by our action or not at all."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find the person whom a checked token names; leave word of what the session must know."""
        said = sociallogin.account.extra_data["id_token"]
        connection = all_connection_by_key(sociallogin.account.provider)
        if connection is None or not secrets.compare_digest(
            str(said.get("nonce", "")), sociallogin.state.get("nonce") or "-"
        ):
            raise BadAnswer("nonce")
        claims = claims_of(said)
        by = request.actor  # type: ignore[attr-defined]
        try:
            sociallogin.user = enter_by_connection(connection, claims, by=by)
        except DomainError as error:
            logger.warning(
                "sign_in.refused", connection=connection.key, reason=str(error.details.get("reason", ""))
            )
            raise ImmediateHttpResponse(
                failed(request, connection, "refused", status=403, words=str(error))
            ) from error
        sociallogin.token = None  # nothing more is asked of the provider, so nothing is kept that could
        sociallogin.account.extra_data = {
            VOUCHED: connection.key,
            ASKS_OURS: asks_ours(connection.second_factor, claims),
        }

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Provider,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: Any = None,
    ) -> None:
        """Say what happened in our words; the log gets a reason and nothing that the provider said."""
        state = (extra_context or {}).get("state") or {}
        connection = all_connection_by_key(provider.app.provider_id)
        if connection is None:
            raise Http404
        why = "cancelled" if error == AuthError.CANCELLED else cause_of(exception) if state else "late"
        raise ImmediateHttpResponse(
            failed(request, connection, why, exception=exception, email=state.get("email", ""),
                   next_url=state.get("next", ""))
        )  # fmt: skip


def app_of(connection: SignInConnection) -> SocialApp:
    """A connection in the library's form, with the secret as it is now."""
    return SocialApp(
        provider="openid_connect",
        provider_id=connection.key,
        name=connection.name,
        client_id=connection.client_id,
        secret=secret_of(connection.secret_name),
        settings={"server_url": connection.issuer},
    )


def secret_of(name: str) -> str:
    """The secret of a name: of its file, read now, or of the environment; "" for none."""
    file = settings.SIGN_IN_SECRETS.get(f"{name}_FILE")
    if name and file:
        try:
            return Path(file).read_text().strip()
        except OSError as error:
            logger.error("sign_in.no_secret", name=name, reason=type(error).__name__)
            return ""
    return str(settings.SIGN_IN_SECRETS.get(name, "")) if name else ""


def is_complete(connection: SignInConnection) -> bool:
    """Whether the secret that a connection names is there."""
    return not connection.secret_name or bool(secret_of(connection.secret_name))
