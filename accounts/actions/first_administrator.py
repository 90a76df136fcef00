"""A company that nobody manages: its first administrator is invited anew by the staff, since nobody there can."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions.opening import decider
from accounts.customers import customers_of
from accounts.models import Company, Invitation, Registration, User
from accounts.queries.administrators import all_administrators_of, all_waiting_administrator_of
from accounts.standing import SHUT
from core import outbox, ownership
from core.actor import Actor, action
from core.errors import NotFound, WrongState

VALID_FOR = timedelta(days=14)


@action
def invite_administrator_again(company: Company, *, by: Actor) -> Invitation:
    """Send the invitation of a company's first administrator again, with a new link; the old one opens nothing more.

    Records `member.invited`, whose mail carries the link. Raises NotAllowed for who does not decide on registrations,
    NotFound for a customer out of reach, WrongState where somebody manages its people, or nobody was invited to.
    """
    ownership.check(by, "accounts.Membership", ["roles"])
    user = decider(by)
    company = Company.objects.select_for_update(of=("self",), no_key=True).get(pk=company.pk)
    if not customers_of(user).hold(company.pk):
        raise NotFound(_("There is no such customer."))
    _check(company)
    old = all_waiting_administrator_of(company)
    if old is None:
        raise WrongState(_("Nobody was invited to administer this customer: admit or join somebody first."))
    old = Invitation.objects.select_for_update(of=("self",)).get(pk=old.pk)
    if old.accepted_at or old.withdrawn_at:
        raise WrongState(_("This invitation has been used or withdrawn already."))

    made = _renewed(old, user)

    outbox.record(
        "member.invited",
        subject=f"company:{company.number}",
        payload={
            "invitation": str(made.key),
            "person": {"name": made.name or made.email, "email": made.email, "locale": _locale(old)},
            "company_name": company.name,
            "invited_by": by.label,
        },
        by=by,
        company=company.number,
    )
    return made


def _check(company: Company) -> None:
    if company.status in SHUT or company.merged_into_id is not None:
        raise WrongState(_("Nobody acts for this customer any more."))
    if all_administrators_of(company):
        raise WrongState(
            _("Somebody of this customer, or of one above it, can invite people: nobody else needs to.")
        )


def _renewed(old: Invitation, user: User) -> Invitation:
    old.withdrawn_at = timezone.now()
    old.save(update_fields=["withdrawn_at"])
    made = Invitation.objects.create(
        company_id=old.company_id,
        email=old.email,
        name=old.name,
        invited_by=user,
        expires_at=timezone.now() + VALID_FOR,
        roles=old.roles,
        includes_branches=old.includes_branches,
        order_limit=old.order_limit,
    )
    made.own_roles.set(old.own_roles.all())
    Registration.objects.filter(invitation=old).update(invitation=made)
    return made


def _locale(invitation: Invitation) -> str:
    found = Registration.objects.filter(company=invitation.company_id, email__iexact=invitation.email).first()
    return found.locale if found else "en"
