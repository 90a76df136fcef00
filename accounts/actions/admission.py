"""What the staff decides about a registration: let in as a new customer, join to one there is, or reject (ACC-17).

Everybody decides on what was shown: a registration that somebody else has touched meanwhile is refused as out of date.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions.opening import (
    begin_credit,
    decider,
    number_for,
    parent_named,
    person_of,
    reached,
    tell_erp,
)
from accounts.actions.registrations import have_asked, subject_of
from accounts.actions.segments import put_in_segment
from accounts.applicants import TAX_ID, registrations_at, seen_by, similar_to
from accounts.customers import customers_of
from accounts.models import Company, Invitation, Registration, Segment, User
from accounts.registrations import NEXT, RegistrationState, TaxAnswer
from accounts.staff import SALES, SALES_MANAGER, is_in
from accounts.standing import SHUT, Standing
from accounts.states import Role
from accounts.stewards import check_steward, steward_of
from accounts.tax_ids import checked_tax_id
from core import outbox, ownership
from core.actor import Actor, action
from core.errors import InvalidValue, NotAllowed, NotFound, OutOfDate, WrongState
from core.states import check_move

VALID_FOR = timedelta(days=14)
# Who has one of these decides for the customer: not given by whoever sells to it.
DECIDING = frozenset({Role.ADMINISTRATOR, Role.APPROVER})


@dataclass(frozen=True)
class Admission:
    """What a new customer is to be. parent: a customer number, "" for none. segments: keys of the own table.

    sales_rep: the id of a person of the sales staff. is_no_double: said by the steward where a customer looks the
    same. currency, credit_limit: of a customer without a parent, the limit with tax and zero for no credit; a branch
    trades in its parent's currency and shares its limit.
    """

    currency: str
    parent: str = ""
    segments: tuple[int, ...] = ()
    sales_rep: int | None = None
    is_no_double: bool = False
    credit_limit: Decimal = Decimal(0)


@action
def admit_company(pk: int, admission: Admission, *, version: int, by: Actor) -> Registration:
    """Let a registered company in as a new customer: pending until the ERP has it, its person invited as administrator.

    Records `registration.approved`, whose mail carries the link, and `company.admitted`, which goes to the ERP. Raises
    NotFound for one out of reach, OutOfDate, WrongState, InvalidValue for a parent that cannot be one or a double
    that nobody has spoken for, NotAllowed when somebody but the steward does.
    """
    ownership.check(by, "accounts.Registration", ["state", "company", "decided_by"])
    ownership.check(by, "accounts.Company", ["sales_rep"])
    found, user = _decided(pk, version, RegistrationState.APPROVED, by)
    _check_double(found, admission, user, by)
    parent = parent_named(user, admission.parent, of=number_for(found))
    rep = _sales_rep(admission.sales_rep, user)
    segments = list(Segment.objects.filter(pk__in=admission.segments))
    if admission.credit_limit < 0:
        raise InvalidValue(_("A limit is zero or more."), field="credit_limit")

    company = Company(
        number=number_for(found),
        name=found.company_name,
        status=Standing.PENDING,
        currency=parent.currency if parent else admission.currency,
        tax_id=found.tax_id,
        email=found.email,
        parent=parent,
        sales_rep=rep,
    )
    try:
        with transaction.atomic():
            company.save()
    except IntegrityError:
        raise WrongState(
            _("%(number)s is another customer's number: give that one another code in the ERP first.")
            % {"number": company.number}
        ) from None
    if parent is None:
        begin_credit(company, admission.credit_limit)
    for segment in segments:
        put_in_segment(segment, company, by=by)
    _approve(found, company, (Role.ADMINISTRATOR,), user, by)
    tell_erp(found, company, by=by)
    return found


@action
def attach_person(pk: int, number: str, roles: Iterable[str], *, version: int, by: Actor) -> Registration:
    """Invite the person of a registration into a customer that there is: nothing new comes into being.

    roles: ready-made ones; those that decide for the customer by the steward alone. Records `registration.approved`.
    Raises as admit_company, and InvalidValue for a customer out of reach, shut, or of another tax id.
    """
    ownership.check(by, "accounts.Registration", ["state", "company", "decided_by"])
    found, user = _decided(pk, version, RegistrationState.APPROVED, by)
    company = customers_of(user).companies().filter(number=number, merged_into=None).first()
    if company is None or company.status in SHUT:
        raise InvalidValue(_("Choose one of your open customers."), field="company")
    if not any(TAX_ID in item.rules for item in similar_to(found) if item.company.pk == company.pk):
        raise InvalidValue(
            _("%(name)s has another VAT number: only people of the same company are joined to it.")
            % {"name": company.name},
            field="company",
        )
    wanted = tuple(dict.fromkeys(roles))
    if not wanted or set(wanted) - set(Role.values):
        raise InvalidValue(_("Choose at least one role."), field="roles")
    if set(wanted) & DECIDING:
        check_steward("company", by=by)
    _approve(found, company, wanted, user, by)
    return found


@action
def reject_registration(pk: int, reason: str, *, version: int, by: Actor) -> Registration:
    """Say no, with a reason that the person gets by mail. Records `registration.rejected`. Raises as admit_company."""
    ownership.check(by, "accounts.Registration", ["state", "reason", "decided_by"])
    found, user = _decided(pk, version, RegistrationState.REJECTED, by)
    if not reason.strip():
        raise InvalidValue(_("Say why: the person gets the reason by mail."), field="reason")

    _note_decision(found, RegistrationState.REJECTED, user, reason=reason.strip()[:500])
    outbox.record(
        "registration.rejected",
        subject=subject_of(found),
        payload={
            "registration": found.pk,
            "person": person_of(found),
            "company_name": found.company_name,
            "reason": found.reason,
        },
        by=by,
    )
    return found


@action
def hand_over_registration(pk: int, to: int | None, *, version: int, by: Actor) -> Registration:
    """Let a person of the sales staff look after a registration; only a manager says who."""
    ownership.check(by, "accounts.Registration", ["sales_rep"])
    found, user = _decided(pk, version, None, by)
    if not is_in(user, SALES_MANAGER):
        raise NotAllowed(_("Who looks after a registration is said by a sales manager."), right=SALES_MANAGER)
    found.sales_rep = _sales_rep(to, user)
    found.version += 1
    found.save(update_fields=["sales_rep", "version"])
    return found


@action
def ask_register_again(pk: int, *, by: Actor) -> Registration:
    """Have the register of tax ids asked once more. Records `registration.register_asked`."""
    ownership.check(by, "accounts.Registration", ["tax_answer"])
    found = reached(pk, by)[0]
    if found.tax_answer == TaxAnswer.ASKED:
        return found
    if not checked_tax_id(found.country, found.tax_id).is_registered:
        raise WrongState(_("No register can be asked for numbers of this country."))
    have_asked(found, at=timezone.now(), by=by)
    return found


def _decided(pk: int, version: int, to: RegistrationState | None, by: Actor) -> tuple[Registration, User]:
    """A registration as stored now, locked with all that wait with the same tax id, and who decides on it."""
    user = decider(by)
    seen = registrations_at(user).filter(pk=pk).first()
    if seen is None:
        raise NotFound(_("There is no such registration."))
    same = Registration.objects.filter(tax_id=seen.tax_id).exclude(state=RegistrationState.UNCONFIRMED)
    rows = {row.pk: row for row in same.select_for_update(of=("self",), no_key=True).order_by("pk")}
    found = rows[pk]
    if found.decided_at is not None:
        raise WrongState(
            _("%(person)s has decided on it already: %(state)s.")
            % {"person": found.decided_by, "state": found.get_state_display().lower()}
        )
    check_move(NEXT, found.state, to or RegistrationState.REJECTED)
    if found.version != version:
        raise OutOfDate(_("Somebody has changed this registration meanwhile. Look at it again."))
    return found, user


def _check_double(registration: Registration, admission: Admission, user: User, by: Actor) -> None:
    """Refuse a customer that there seems to be already, unless the steward says that it is none (ACC-17)."""
    alike = [item for item in seen_by(user, similar_to(registration)) if item.is_certain]
    named = {item.company.number for item in alike if item.may_see}
    if not alike or admission.parent.strip() in named:
        return
    if not admission.is_no_double:
        raise InvalidValue(
            _(
                "%(numbers)s looks like the same company: join the person to it, hang the new one below it, or let a "
                "%(role)s say that it is another one."
            )
            % {
                "numbers": ", ".join(sorted(named)) or _("A customer of somebody else"),
                "role": steward_of("company"),
            },
            field="is_no_double",
        )
    check_steward("company", by=by)


def _sales_rep(pk: int | None, user: User) -> User | None:
    """Who is to look after the customer: anybody of the sales staff, by a manager; else the person alone."""
    if not is_in(user, SALES_MANAGER):
        return user
    if pk is None:
        return None
    rep = User.objects.filter(pk=pk).first()
    if rep is None or not is_in(rep, SALES, SALES_MANAGER) or rep.is_superuser:
        raise InvalidValue(_("Choose somebody of the sales staff."), field="sales_rep")
    return rep


def _approve(
    registration: Registration, company: Company, roles: tuple[str, ...], user: User, by: Actor
) -> None:
    Invitation.objects.filter(
        company=company, email__iexact=registration.email, accepted_at=None, withdrawn_at=None
    ).update(withdrawn_at=timezone.now())
    invitation = Invitation.objects.create(
        company=company,
        email=registration.email,
        name=registration.person_name,
        roles=[str(role) for role in roles],
        invited_by=user,
        expires_at=timezone.now() + VALID_FOR,
    )
    registration.company, registration.invitation = company, invitation
    _note_decision(registration, RegistrationState.APPROVED, user)
    outbox.record(
        "registration.approved",
        subject=subject_of(registration),
        payload={
            "registration": registration.pk,
            "invitation": str(invitation.key),
            "person": person_of(registration),
            "company_name": company.name,
            "company_number": company.number,
            "roles": list(invitation.roles),
        },
        by=by,
        company=company.number,
    )


def _note_decision(
    registration: Registration, state: RegistrationState, user: User, *, reason: str = ""
) -> None:
    registration.state, registration.reason = state, reason
    registration.decided_at, registration.decided_by = timezone.now(), user
    registration.version += 1
    registration.save(
        update_fields=["state", "reason", "decided_at", "decided_by", "company", "invitation", "version"]
    )
