"""What a stranger does to become a customer, and what registers and the ERP answer about it.

Whoever asks is told the same, whatever is known here: what differs is the mail that the address gets.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Registration, User
from accounts.plain_names import check_name
from accounts.registrations import NEXT, RegistrationState, TaxAnswer, key_of
from accounts.tax_ids import checked_tax_id
from core import outbox, ownership
from core.actor import Actor, action
from core.errors import InvalidValue, NotFound, WrongState
from core.states import check_move

VALID_FOR = timedelta(hours=48)
ASKED_AGAIN_AFTER = timedelta(hours=6)
NEEDED = ("company_name", "street", "postal_code", "city", "person_name", "email")


@dataclass(frozen=True)
class Application:
    """What somebody types to register a company. country: ISO 3166 alpha-2. locale: of the mails."""

    company_name: str
    country: str
    tax_id: str
    street: str
    postal_code: str
    city: str
    person_name: str
    email: str
    phone: str = ""
    wish: str = ""
    locale: str = "en"
    has_agreed: bool = False


@action
def submit_registration(asked: Application, *, is_told: bool = True, by: Actor) -> None:
    """Take in that a company would like to be a customer; nothing reaches the staff before the address is confirmed.

    Answers nothing, so that nobody learns who is known here: an address that can sign in, or whose registration waits
    already, gets a mail that says so; every other one the link that confirms it. is_told: whether the address gets a
    mail now; without one nothing is kept. Raises InvalidValue naming the field.
    Records `registration.submitted`, `registration.known` or `registration.repeated`.
    """
    ownership.check(by, "accounts.Registration", ["company_name", "tax_id", "email"])
    values, answer = _checked(asked)
    email = str(values["email"])
    if not is_told:
        return
    told: dict[str, object] = {
        "person": {"name": values["person_name"], "email": email, "locale": asked.locale},
        "company_name": values["company_name"],
    }
    if User.objects.filter(email__iexact=email).exists():
        _tell("registration.known", f"registration_answer:{uuid4()}", told, by=by)
        return
    if Registration.objects.filter(email__iexact=email, state=RegistrationState.WAITING).exists():
        _tell("registration.repeated", f"registration_answer:{uuid4()}", told, by=by)
        return
    now = timezone.now()
    made = Registration.objects.create(
        **values,
        locale=asked.locale,
        tax_answer=answer,
        agreed_at=now if asked.has_agreed else None,
        expires_at=now + VALID_FOR,
    )
    _tell("registration.submitted", subject_of(made), {**told, "registration_key": str(made.key)}, by=by)


def _checked(asked: Application) -> tuple[dict[str, str], TaxAnswer]:
    values = {name: text.strip() for name, text in asdict(asked).items() if isinstance(text, str)}
    values.pop("locale")
    for name in NEEDED:
        if not values[name]:
            raise InvalidValue(_("This is needed."), field=name)
    country = values["country"].upper()
    if len(country) != 2 or not country.isalpha() or not country.isascii():
        raise InvalidValue(_("Choose the country."), field="country")
    try:
        validate_email(values["email"])
    except ValidationError:
        raise InvalidValue(_("Enter an e-mail address such as name@company.com."), field="email") from None
    for name in ("company_name", "person_name"):
        check_name(values[name], field=name)  # it stands in a mail to an address that nobody has confirmed
    tax = checked_tax_id(country, values["tax_id"])
    for name, text in values.items():
        most = Registration._meta.get_field(name).max_length  # type: ignore[union-attr]
        if most and len(text) > most:
            raise InvalidValue(_("At most %(most)s characters.") % {"most": most}, field=name)
    answer = TaxAnswer.FORM if tax.is_checkable else TaxAnswer.UNCHECKABLE
    return {**values, "country": country, "tax_id": tax.number}, answer


def open_registration(word: str, *, now: datetime | None = None) -> Registration:
    """The registration that a link would confirm. Raises NotFound for a wrong link, WrongState for one that is over."""
    found = Registration.objects.filter(key=key_of(word)).first()
    if found is None:
        raise NotFound(_("This link does not exist. Please register again."))
    if found.state != RegistrationState.UNCONFIRMED:
        raise WrongState(
            _("This link has been used: the address is confirmed, and we have your registration.")
        )
    if found.expires_at <= (now or timezone.now()):
        raise WrongState(_("This link is over. Please register again; it takes a minute."))
    return found


@action
def confirm_registration(word: str, *, by: Actor) -> Registration:
    """The address is the asker's: from now on the staff sees the registration, and the register is asked.

    The link works once, whoever is faster. Raises as open_registration, and WrongState when another registration of
    the same address waits already. Records `registration.confirmed`.
    """
    ownership.check(by, "accounts.Registration", ["state"])
    rows = Registration.objects.select_for_update(of=("self",), no_key=True)
    found = rows.filter(pk=open_registration(word).pk).first()
    if found is None:  # forgotten in this moment, since its time was over
        raise WrongState(_("This link is over. Please register again; it takes a minute."))
    if found.state != RegistrationState.UNCONFIRMED:
        raise WrongState(
            _("This link has been used: the address is confirmed, and we have your registration.")
        )
    check_move(NEXT, found.state, RegistrationState.WAITING)

    found.state, found.confirmed_at = RegistrationState.WAITING, timezone.now()
    found.tax_answer, found.tax_asked_at = _to_be_asked(found), found.confirmed_at
    found.version += 1
    try:
        with transaction.atomic():
            found.save(update_fields=["state", "confirmed_at", "tax_answer", "tax_asked_at", "version"])
    except IntegrityError:
        raise WrongState(_("A registration of this address waits already: we have it.")) from None

    _tell("registration.confirmed", subject_of(found), asked_of(found), by=by)
    return found


def _to_be_asked(registration: Registration) -> TaxAnswer:
    tax = checked_tax_id(registration.country, registration.tax_id)
    return TaxAnswer.ASKED if tax.is_registered else TaxAnswer(registration.tax_answer)


def subject_of(registration: Registration) -> str:
    """What events and cases about a registration name."""
    return f"registration:{registration.pk}"


def asked_of(registration: Registration) -> dict[str, object]:
    """What the register and the staff are told of a registration: the company, and nobody's name."""
    return {
        "registration": registration.pk,
        "company_name": registration.company_name,
        "country": registration.country,
        "tax_id": registration.tax_id,
    }


@dataclass(frozen=True)
class RegisterWord:
    """What a register of tax ids answers. consultation: the number under which it remembers that it was asked."""

    is_valid: bool
    consultation: str = ""
    name: str = ""
    address: str = ""


@action
def note_register_word(pk: int, word: RegisterWord, *, at: datetime, by: Actor) -> Registration:
    """Keep what the register says of a tax id; a later word replaces an earlier one."""
    ownership.check(by, "accounts.Registration", ["tax_answer"])
    found = _locked(pk)
    found.tax_answer = TaxAnswer.VALID if word.is_valid else TaxAnswer.INVALID
    found.tax_answered_at, found.tax_consultation = at, word.consultation[:60]
    found.tax_name, found.tax_address, found.tax_trouble = word.name[:300], word.address[:500], ""
    found.save(
        update_fields=[
            "tax_answer",
            "tax_answered_at",
            "tax_consultation",
            "tax_name",
            "tax_address",
            "tax_trouble",
        ]
    )
    return found


@action
def note_register_silence(pk: int, *, trouble: str = "", by: Actor) -> Registration:
    """The register gave no answer and will give none by itself; what it said earlier stays.

    trouble: why it could not be asked, "" where no register is set up.
    """
    ownership.check(by, "accounts.Registration", ["tax_answer"])
    found = _locked(pk)
    if found.tax_answer != TaxAnswer.ASKED:
        return found
    found.tax_answer = TaxAnswer.UNREACHED if trouble else TaxAnswer.FORM
    found.tax_trouble = trouble[:300]
    found.save(update_fields=["tax_answer", "tax_trouble"])
    return found


@action
def ask_silent_registers(now: datetime, *, by: Actor) -> int:
    """Ask again about the registrations that wait and whose register did not answer for long; tell how many.

    Records `registration.register_asked` for each.
    """
    ownership.check(by, "accounts.Registration", ["tax_answer"])
    silent = Registration.objects.select_for_update(of=("self",), no_key=True, skip_locked=True).filter(
        state=RegistrationState.WAITING,
        tax_answer=TaxAnswer.UNREACHED,
        tax_asked_at__lt=now - ASKED_AGAIN_AFTER,
    )
    rows = list(silent.order_by("pk"))
    for found in rows:
        have_asked(found, at=now, by=by)
    return len(rows)


def have_asked(registration: Registration, *, at: datetime, by: Actor) -> None:
    """Let the register be asked about a locked registration; until it answers nothing is known."""
    registration.tax_answer, registration.tax_asked_at, registration.tax_trouble = TaxAnswer.ASKED, at, ""
    registration.save(update_fields=["tax_answer", "tax_asked_at", "tax_trouble"])
    _tell("registration.register_asked", subject_of(registration), asked_of(registration), by=by)


def _locked(pk: int) -> Registration:
    return Registration.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)


def _tell(event: str, subject: str, payload: dict[str, object], *, by: Actor) -> None:
    outbox.record(event, subject=subject, payload=payload, by=by)
