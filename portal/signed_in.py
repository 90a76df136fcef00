"""Sign-ins, sign-outs, failures and new passwords, as the sign-in libraries tell of them, into the audit log."""

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa.signals import authenticator_added, authenticator_removed
from axes.signals import user_locked_out
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from accounts.actions.security import end_sessions_of
from accounts.queries.people import all_user_id_of
from accounts.second_factors import KINDS, has_other_factor, note_session
from core import audit
from core.actor import Actor, new_correlation_id
from portal.openid.marks import FACTOR_SESSION
from portal.sign_in import address_tried


def _log(action: str, request: Any, user_id: int | None, **data: Any) -> None:
    known = getattr(request, "actor", None)
    by = Actor(
        channel=known.channel if known else "portal",
        label="",
        user_id=user_id,
        correlation_id=known.correlation_id if known else new_correlation_id(),
    )
    audit.log(action, by=by, about=f"user:{user_id}" if user_id else "", data=data)


@receiver(user_logged_in)
def _opened(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    _log("session.opened", request, user.pk)


@receiver(user_logged_out)
def _closed(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    if user is not None:
        _log("session.closed", request, user.pk)


@receiver(user_login_failed)
def _failed(sender: Any, credentials: Any, request: Any = None, **kwargs: Any) -> None:
    """An attempt: at whose account, if there is such an account; what was typed is not kept."""
    tried = address_tried(request, credentials) if request is not None else ""
    at = all_user_id_of(tried)
    known = getattr(request, "actor", None)
    by = Actor(
        channel="portal", label="", correlation_id=known.correlation_id if known else new_correlation_id()
    )
    audit.log("session.refused", by=by, about=f"user:{at}" if at else "user:unknown")


@receiver(user_locked_out)
def _locked_out(sender: Any, request: Any, username: str = "", **kwargs: Any) -> None:
    at = all_user_id_of(username)
    by = Actor(channel="portal", label="")
    audit.log("session.locked", by=by, about=f"user:{at}" if at else "user:unknown")


@receiver(authenticator_added)
def _second_factor_added(sender: Any, request: Any, user: Any, authenticator: Any, **kwargs: Any) -> None:
    """With the first second factor every session ends that began without one, but for the one it is set up in."""
    _log("second_factor.added", request, user.pk, kind=authenticator.type)
    if authenticator.type not in KINDS:
        return
    request.session[FACTOR_SESSION] = True
    if not has_other_factor(user, authenticator):
        update_session_auth_hash(request, end_sessions_of(user, by=request.actor))
        note_session(request)


@receiver(authenticator_removed)
def _second_factor_removed(sender: Any, request: Any, user: Any, authenticator: Any, **kwargs: Any) -> None:
    _log("second_factor.removed", request, user.pk, kind=authenticator.type)


@receiver([password_changed, password_reset, password_set])
def _new_password(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    _log("password.changed", request, user.pk)
