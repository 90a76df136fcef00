"""The link of an invitation: signed over its key, so that nothing stored can be turned into one."""

from django.core import signing
from django.utils.translation import gettext_lazy as _

from core.errors import NotFound

SALT = "accounts.invitation"


def pass_of(key: str) -> str:
    """The part of a link that opens the invitation of this key."""
    return signing.dumps(str(key), salt=SALT)


def key_of(word: str) -> str:
    """The key of the invitation that a link opens. Raises NotFound for a word that is none of ours."""
    try:
        return str(signing.loads(word, salt=SALT))
    except signing.BadSignature:
        raise NotFound(_("This invitation does not exist. Ask for a new one.")) from None
