"""The link by which somebody chooses a new password: made when it is mailed, and stored nowhere."""

from allauth.account import app_settings
from allauth.account.utils import user_pk_to_url_str

from accounts.models import User


def pass_of(user_id: int) -> str:
    """The part of a link that lets a person choose a new password once; "" for somebody who is not there."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return ""
    made: str = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
    return f"{user_pk_to_url_str(user)}-{made}"
