"""What a session remembers of how it began: the provider that vouched for the person, and a second factor."""

from typing import Any

from allauth.account.authentication import get_authentication_records

# In the answer of a provider that has been checked: the key of its connection, and whether we ask for a second factor.
VOUCHED, ASKS_OURS = "vouched_by", "asks_ours"
# In the session: the key of that connection, and that a second factor was shown, there or here.
VOUCHED_SESSION, FACTOR_SESSION = "sign_in_vouched_by", "sign_in_second_factor"


def is_vouched(request: Any) -> bool:
    """Whether the session began at a company's provider."""
    return bool(request.session.get(VOUCHED_SESSION))


def has_shown_factor(request: Any) -> bool:
    """Whether a second factor was shown in this session: to us, or to the provider that it began at."""
    if request.session.get(FACTOR_SESSION):
        return True
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user))
