"""Reads of how somebody signs in: second factors, and the sessions that are open."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import QuerySet

KINDS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def has_second_factor(user: Any) -> bool:
    """Whether somebody has an authenticator or a passkey; recovery codes alone are none. One statement."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=KINDS).exists())


def has_other_factor(user: Any, than: Authenticator) -> bool:
    """Whether somebody has a second factor besides this one."""
    others = Authenticator.objects.filter(user_id=user.pk, type__in=KINDS).exclude(pk=than.pk)
    return bool(others.exists())


def authenticators_of(user: Any) -> QuerySet[Any]:
    """All second factors of a person, recovery codes too, the oldest first."""
    found: QuerySet[Any] = Authenticator.objects.filter(user_id=user.pk).order_by("pk")
    return found


def sessions_of(user: Any) -> list[Any]:
    """The open sessions of a person; those that have ended are cleared away."""
    return list(UserSession.objects.purge_and_list(user))


def note_session(request: Any) -> None:
    """Note address, browser and time of a session that is signed in. request: with its user and session."""
    UserSession.objects.create_from_request(request)
