"""Registrations: companies that ask to become customers, their states, the register's word, and the link that confirms."""

from django.core import signing
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from core.errors import NotFound

SALT = "accounts.registration"


class RegistrationState(TextChoices):
    """How far a registration has come."""

    UNCONFIRMED = "unconfirmed", _("E-mail not confirmed")
    WAITING = "waiting", _("Waiting for a decision")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")


NEXT: dict[RegistrationState, frozenset[RegistrationState]] = {
    RegistrationState.UNCONFIRMED: frozenset({RegistrationState.WAITING}),
    RegistrationState.WAITING: frozenset({RegistrationState.APPROVED, RegistrationState.REJECTED}),
    RegistrationState.APPROVED: frozenset(),
    RegistrationState.REJECTED: frozenset(),
}


class TaxAnswer(TextChoices):
    """What is known of a tax id. Nobody's silence makes it valid or invalid."""

    UNCHECKABLE = "uncheckable", _("not checkable: no form of such numbers is known")
    FORM = "form", _("form is right; no register was asked")
    ASKED = "asked", _("form is right; the register has not answered yet")
    VALID = "valid", _("valid by the register")
    INVALID = "invalid", _("not valid by the register")
    UNREACHED = "unreached", _("form is right; the register does not answer, it is asked again")


# Of what a registration says, what the asker types.
TYPED = (
    "company_name",
    "country",
    "tax_id",
    "street",
    "postal_code",
    "city",
    "person_name",
    "email",
    "phone",
    "wish",
)


def pass_of(key: str) -> str:
    """The part of a link that confirms the address of the registration of this key."""
    return signing.dumps(str(key), salt=SALT)


def key_of(word: str) -> str:
    """The key of the registration that a link confirms. Raises NotFound for a word that is none of ours."""
    try:
        return str(signing.loads(word, salt=SALT))
    except signing.BadSignature:
        raise NotFound(_("This link does not exist. Please register again.")) from None
