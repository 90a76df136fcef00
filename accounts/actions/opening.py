"""A customer that was let in on its way into the ERP: what it is there, what the ERP says, and below whom it hangs.

Until the ERP has it, it is pending and ours; from then on the ERP's word counts.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.applicants import may_decide, registrations_at
from accounts.customers import customers_of
from accounts.models import Company, CreditAccount, PaymentTerm, Registration, User
from accounts.queries.lines import line_of
from accounts.registrations import RegistrationState
from accounts.staff import SALES
from accounts.standing import SHUT, Standing
from core import outbox, ownership
from core.actor import Actor, action
from core.errors import InvalidValue, NotAllowed, NotFound, OutOfDate, WrongState


@action
def place_company(number: str, parent: str, *, by: Actor) -> Company:
    """Hang a customer that the ERP does not know yet below another one, or below none; afterwards the ERP says it.

    Refuses an own parent, one that is not there, and a circle, whoever else hangs customers at the same time (ACC-02).
    Raises NotFound, WrongState, InvalidValue.
    """
    ownership.check(by, "accounts.Registration", ["company"])
    user = decider(by)
    rows = Company.objects.select_for_update(of=("self",), no_key=True).filter(status=Standing.PENDING)
    company = {row.number: row for row in rows.order_by("pk")}.get(number)
    if company is None or not customers_of(user).hold(company.pk):
        raise NotFound(_("There is no such customer."))
    if company.erp_id:
        raise WrongState(
            _("The ERP knows this customer: hang it elsewhere there, it arrives here by itself.")
        )
    above = parent_named(user, parent, of=number)
    if above is not None and company.pk in {item.pk for item in line_of(above.pk)}:
        raise InvalidValue(
            _("%(parent)s hangs below this customer itself: that would be a circle. Choose another one.")
            % {"parent": above.number},
            field="parent",
        )
    if above is not None and above.currency != company.currency:
        raise InvalidValue(_("A branch trades in the currency of its parent."), field="parent")
    company.parent = above
    company.save(update_fields=["parent"])
    if above is not None:
        CreditAccount.objects.filter(company=company).delete()
    elif not CreditAccount.objects.filter(company=company).exists():
        begin_credit(company, Decimal(0))
    outbox.record(
        "company.placed",
        subject=f"company:{number}",
        payload={"parent_number": above.number if above else ""},
        by=by,
        company=number,
    )
    return company


def begin_credit(company: Company, limit_amount: Decimal) -> None:
    """Give a customer that the ERP does not know yet its first limit, so that it never counts as one without.

    limit_amount: with tax, in its currency. A branch gets none: it shares its group's. The ERP's first word replaces it.
    """
    CreditAccount.objects.create(
        company=company, currency=company.currency, limit_amount=limit_amount, as_of=timezone.now()
    )


@dataclass(frozen=True)
class Sent:
    """How a customer hung here when the ERP was told of it, and with which limit of its own (None: none)."""

    parent_number: str
    limit_amount: Decimal | None


@action
def note_company_opened(
    number: str, *, erp_number: str, erp_id: str, at: datetime, sent: Sent | None = None, by: Actor
) -> Company | None:
    """The ERP has a customer that was admitted here: its ids count from now on, and it may order. Repeats are quiet.

    sent: what the ERP was told; None where it told us. Records `company.opened`. None where the customer is unknown.
    Raises OutOfDate, with nothing done, where it was hung elsewhere meanwhile: the ERP is to be told before its word counts.
    """
    ownership.check(by, "accounts.Company", ["number", "status", "erp_id", "as_of"])
    company = Company.objects.select_for_update(of=("self",), no_key=True).filter(number=number).first()
    if company is None:
        return None
    if sent is not None and not company.erp_id and sent != sent_as(company):
        raise OutOfDate(_("It was hung elsewhere while the ERP was told of it."))
    company.number, company.erp_id = erp_number, erp_id
    # A whole reading that was begun before does not know it yet, and does not close it (apply_customers).
    company.as_of = max(at, company.as_of or at)
    if company.status == Standing.PENDING:
        company.status = Standing.ACTIVE
    company.save(update_fields=["number", "erp_id", "status", "as_of"])
    found = _admitted_as(number, company)
    if found is not None and found.opened_at is None:
        found.opened_at, found.erp_trouble = at, ""
        found.save(update_fields=["opened_at", "erp_trouble"])
        outbox.record(
            "company.opened",
            subject=f"company:{company.number}",
            payload={"registration": found.pk, "person": person_of(found), "company_name": company.name},
            by=by,
            company=company.number,
        )
    return company


def sent_as(company: Company) -> Sent:
    """How a customer stands now, as the ERP is told."""
    limits = CreditAccount.objects.filter(company=company).values_list("limit_amount", flat=True)
    return Sent(company.parent.number if company.parent else "", limits.first())


@action
def note_company_refused(number: str, trouble: str, *, by: Actor) -> None:
    """The ERP does not take a customer that was admitted here; it stays pending until somebody has seen to it."""
    ownership.check(by, "accounts.Company", ["erp_id"])
    company = Company.objects.select_for_update(of=("self",), no_key=True).filter(number=number).first()
    found = _admitted_as(number, company) if company else None
    if found is not None and found.opened_at is None:
        found.erp_trouble = trouble[:300]
        found.save(update_fields=["erp_trouble"])


def _admitted_as(number: str, company: Company) -> Registration | None:
    """The registration that a customer came of, locked; others may have been joined to it later."""
    rows = Registration.objects.select_for_update(of=("self",), no_key=True)
    rows = rows.filter(company=company, state=RegistrationState.APPROVED)
    return next((row for row in rows.order_by("pk") if number_for(row) == number), None)


@action
def send_company_again(pk: int, *, by: Actor) -> Registration:
    """Send a customer that the ERP has refused there once more, as it is now. Records `company.admitted`."""
    ownership.check(by, "accounts.Registration", ["state"])
    rows = Company.objects.select_for_update(of=("self",), no_key=True)
    company = rows.filter(registrations=pk).first()  # before its registration, as what the ERP answers does
    found, _user = reached(pk, by)
    if company is None or company.pk != found.company_id or company.erp_id or not found.erp_trouble:
        raise WrongState(_("Nothing of it is to be sent again."))
    found.erp_trouble = ""
    found.save(update_fields=["erp_trouble"])
    if company.parent_id is None and not CreditAccount.objects.filter(company=company).exists():
        begin_credit(company, Decimal(0))  # admitted before there was a first limit
    tell_erp(found, company, by=by)
    return found


def number_for(registration: Registration) -> str:
    """The customer number of ours that a registration gets; the ERP takes it over, or says another one."""
    return f"N{10000 + registration.pk}"


def parent_named(user: User, number: str, *, of: str) -> Company | None:
    """The customer that another one is to hang below; None for "". of: the number of that other one.

    Raises InvalidValue for itself and for one that is not there, is shut, or is somebody else's (ACC-02).
    """
    number = number.strip()
    if not number:
        return None
    if number == of:
        raise InvalidValue(
            _("A customer cannot be its own parent: choose another one, or none."), field="parent"
        )
    parent = customers_of(user).companies().filter(number=number, merged_into=None).first()
    if parent is None or parent.status in SHUT:
        raise InvalidValue(
            _(
                "There is no open customer %(number)s among yours to hang it below: choose another one, or none."
            )
            % {"number": number},
            field="parent",
        )
    return parent


def decider(by: Actor) -> User:
    """Who decides on registrations. Raises NotAllowed for everybody but the sales staff."""
    user = User.objects.filter(pk=by.user_id or 0).first()
    if user is None or not may_decide(user):
        raise NotAllowed(_("Registrations are decided on by the sales staff."), right=SALES)
    return user


def reached(pk: int, by: Actor) -> tuple[Registration, User]:
    """A registration within reach, locked, and who reached for it. Raises NotAllowed, NotFound."""
    user = decider(by)
    if not registrations_at(user).filter(pk=pk).exists():
        raise NotFound(_("There is no such registration."))
    return Registration.objects.select_for_update(of=("self",), no_key=True).get(pk=pk), user


def tell_erp(registration: Registration, company: Company, *, by: Actor) -> None:
    """Record `company.admitted`, which goes to the ERP.

    A group begins with the shortest terms there are, a branch with its parent's; who decides on credit says more there.
    """
    credit = CreditAccount.objects.filter(company=company).first()
    shortest = PaymentTerm.objects.order_by("net_days", "code").first()
    payload = {
        "company_number": company.number,
        "name": company.name,
        "parent_number": company.parent.number if company.parent else "",
        "payment_term_code": "" if company.parent or shortest is None else shortest.code,
        "country": registration.country,
        "tax_id": company.tax_id,
        "street": registration.street,
        "postal_code": registration.postal_code,
        "city": registration.city,
        "email": company.email,
        "phone": registration.phone,
        "credit_limit_amount": None if credit is None else str(credit.limit_amount),
    }
    outbox.record(
        "company.admitted",
        subject=f"company:{company.number}",
        payload=payload,
        by=by,
        company=company.number,
    )


def person_of(registration: Registration) -> dict[str, str]:
    """Whom mails about a registration go to."""
    return {
        "name": registration.person_name,
        "email": registration.email,
        "locale": registration.locale,
    }
