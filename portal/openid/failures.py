"""How a sign-in at a company's provider can fail, and the page that says so."""

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import SignInConnection

logger = structlog.get_logger("sign_in")


def cause_of(exception: Exception | None) -> str:
    """Whether a provider was not there, or answered what cannot be believed."""
    return "unreachable" if isinstance(exception, OSError) else "untrusted"


STATUSES = {"unreachable": 503, "untrusted": 403, "late": 400, "cancelled": 200}


def failed(
    request: HttpRequest,
    connection: SignInConnection,
    why: str,
    *,
    status: int = 0,
    words: str = "",
    exception: Exception | None = None,
    email: str = "",
    next_url: str = "",
) -> HttpResponse:
    """The page that says why somebody is not signed in, and what to do; trying again keeps where one was going."""
    if exception is not None:
        reason = getattr(exception, "reason", "")
        logger.warning(
            "sign_in.failed", connection=connection.key, why=why, error=type(exception).__name__,
            reason=reason if isinstance(reason, str) else "",
        )  # fmt: skip
    context = {"connection": connection, "why": why, "words": words, "email": email, "next_url": next_url}
    return render(request, "account/company_sign_in.html", context, status=status or STATUSES[why])
