"""The link of a mail that asks for an approval: signed, for some days, and worth nothing but the way there.

It names an order and a round. It decides nothing and opens nothing: who follows it signs in and sees what he or
she may see anyway.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.core import signing
from django.utils.translation import gettext_lazy as _

from core.errors import NotFound, WrongState

SALT = "orders.approval"
VALID_FOR = timedelta(days=14)


@dataclass(frozen=True)
class Asked:
    """What a link asks about: an order, and which round of its approval."""

    number: str
    round: int


def word_of(asked: Asked) -> str:
    """The part of a link that names an order's round."""
    return signing.dumps([asked.number, asked.round], salt=SALT)


def asked_by(word: str) -> Asked:
    """What a link names. Raises NotFound for a word that is none of ours, WrongState for one that is too old."""
    try:
        number, turn = signing.loads(word, salt=SALT, max_age=VALID_FOR)
    except signing.SignatureExpired:
        raise WrongState(
            _(
                "This link is more than %(days)s days old. What still waits for you stands among your approvals."
            )
            % {"days": VALID_FOR.days}
        ) from None
    except signing.BadSignature:
        raise NotFound(_("This link does not exist. Open your approvals instead.")) from None
    return Asked(str(number), int(turn))
